"""The live socket: one websocket per tab at `/ws/`, JSON frames `{type, …}`. docs/websocket.md lists every frame.

An app declares what it answers to in its `commands.py`:

    class Stop(msgspec.Struct):
        run: uuid.UUID

    @live.command("chat.stop", frame=Stop, capability="chat.use")
    def stop(user: User, frame: Stop) -> live.Reply: ...

A command runs on a database thread, in the person's language, after the session and the capability have been checked again.
What must continue afterwards (following a stream) is `Reply.then`, a coroutine function that gets the connection.
"""

from .errors import LiveError
from .push import push, user_group
from .registry import Reply, command, set_gate, tell_more

__all__ = ["LiveError", "Reply", "command", "push", "set_gate", "tell_more", "user_group"]
