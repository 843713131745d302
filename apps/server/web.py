"""The web server: uvicorn with this project's limits, on a socket that was bound before anything else was started."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from django.conf import settings
from django.utils.translation import gettext as _
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

from .errors import CannotServe

WS_MAX_BYTES = 512 * 1024
GRACE_SECONDS = 3
UNREAD_SECONDS = 25.0


def take_port(host: str, port: int) -> socket.socket:
    """Bind `host`:`port` and return the socket, which does not listen yet. Raises CannotServe."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OverflowError as error:
        raise CannotServe(_("PORT must lie between 1 and 65535, not %(port)s.") % {"port": port}) from error
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            sentence = _(
                "Port %(port)s is already in use: stop what uses it, or choose another one, for example PORT=%(other)s make run."
            )
            raise CannotServe(sentence % {"port": port, "other": port + 80}) from error
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise CannotServe(_("You may not use port %(port)s: choose one above 1023.") % {"port": port}) from error
        raise CannotServe(
            _("Port %(port)s of %(host)s cannot be used: %(reason)s.") % {"port": port, "host": host, "reason": error.strerror}
        ) from error
    taken.set_inheritable(False)
    return taken


class SocketProtocol(WebSocketsSansIOProtocol):
    """Cuts off a client that reads nothing for `UNREAD_SECONDS`, and one that sends invalid text in a text frame.

    uvicorn would close the former only once everything on its way has been read, which is never, and writes a traceback about
    the latter.
    """

    _deadline: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._deadline = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._forget_deadline()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.conn.fail(CloseCode.INVALID_DATA)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def configuration() -> uvicorn.Config:
    """Return uvicorn's configuration for `settings.ASGI_APPLICATION`. Raises CannotServe."""
    if settings.FORCE_SCRIPT_NAME:
        sentence = _("Almia is served at the root of a host name of its own: FORCE_SCRIPT_NAME (%(path)s) must not be set.")
        raise CannotServe(sentence % {"path": settings.FORCE_SCRIPT_NAME})
    return uvicorn.Config(
        ":".join(settings.ASGI_APPLICATION.rsplit(".", 1)),
        loop="uvloop",
        http="httptools",
        ws=SocketProtocol,
        ws_max_size=WS_MAX_BYTES,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_per_message_deflate=False,  # it would cost more processor time than it saves bandwidth
        lifespan="on",
        log_config=None,  # Django's logging applies
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


class WebServer(uvicorn.Server):
    """Calls `when_serving` once the first request can be answered. Signals end it without ending the process."""

    def __init__(self, config: uvicorn.Config, *, when_serving: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_serving = when_serving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._when_serving()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would restore the old handlers and raise the signal again, which kills the process before it could
        # stop what else it has started. Here the handlers stay until the process ends.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self.handle_exit)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True
