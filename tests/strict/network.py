"""No test talks to anything beyond this machine."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest


class BeyondLoopback(AssertionError):
    """A test tried to reach the network."""


def _check(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return
    assert isinstance(name, str)
    try:
        if ipaddress.ip_address(name.split("%")[0]).is_loopback:
            return
    except ValueError:
        pass
    raise BeyondLoopback(f"A test tried to reach {name}.")


def install(patch: pytest.MonkeyPatch) -> None:
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def strict_connect(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            _check(address[0])
        connect(self, address)

    def strict_connect_ex(self: socket.socket, address: Any) -> int:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            _check(address[0])
        return connect_ex(self, address)

    def strict_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        _check(host)
        return resolve(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", strict_connect)
    patch.setattr(socket.socket, "connect_ex", strict_connect_ex)
    patch.setattr(socket, "getaddrinfo", strict_resolve)
