"""A mail server that keeps what it is given: where production's e-mails arrive."""

from __future__ import annotations

import re
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

ARRIVAL_SECONDS = 20.0
LINK = re.compile(r"https?://\S+")


class Mailbox(socketserver.ThreadingTCPServer):
    """Just enough SMTP. `letters` are all e-mails that arrived, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[EmailMessage] = []
        self.port: int = self.server_address[1]

    def wait_for(self, address: str) -> EmailMessage:
        """Return the first e-mail to `address`, once there is one."""
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while time.monotonic() < deadline:
            for letter in self.letters:
                if address in letter["To"]:
                    return letter
            time.sleep(0.05)
        raise AssertionError(f"No letter to {address} within {ARRIVAL_SECONDS:.0f} s; there are {len(self.letters)} others.")


class _Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("220 mailbox")
        while line := self.rfile.readline():
            match line[:4].strip().upper():
                case b"DATA":
                    self._say("354 go on")
                    self.server.letters.append(self._letter())
                    self._say("250 kept")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _letter(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b"..") else line)
        return message_from_bytes(b"".join(lines), policy=default)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


def text_of(letter: EmailMessage) -> str:
    """Return the text of an e-mail, its subject first."""
    body = letter.get_body(("plain",))
    assert body is not None
    return f"{letter['Subject']}\n{body.get_content()}"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Run a mail server for as long as the block lasts."""
    with Mailbox() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
