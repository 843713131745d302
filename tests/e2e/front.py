"""What is in front of the web processes: it ends TLS, as `deploy/nginx.conf` does, and records what it sends to browsers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Set by the front alone, whatever a client claims; and nothing is compressed, so that what is recorded can be read.
OWN = {"connection", "x-forwarded-for", "x-forwarded-proto", "accept-encoding"}


class Front:
    """Passes each request to the next of the web processes at `ports`. `port` is its own.

    `answered` is everything that browsers were sent: the first line of a request, and all bytes that came back, including those
    of sockets.
    """

    def __init__(self, host: str, folder: Path, ports: list[int]) -> None:
        self.host = host
        self.port = 0
        self.answered: list[tuple[str, bytearray]] = []
        self._turn = cycle(ports)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._certificate, self.key_digest = _certificate(host, folder)
        self._tls.load_cert_chain(self._certificate)

    @property
    def chromium(self) -> list[str]:
        """The arguments with which Chromium finds the host here, and trusts its certificate: as if it were any other."""
        return [
            f"--host-resolver-rules=MAP {self.host}:443 127.0.0.1:{self.port}",
            f"--ignore-certificate-errors-spki-list={self.key_digest}",
        ]

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A browser opens connections ahead of its requests, and leaves pages while they are loading.
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", next(self._turn))
            inner_writer.write(_rewritten(head))
            kept = bytearray()
            self.answered.append((head[0], kept))
            onwards = asyncio.create_task(_pass_on(reader, inner_writer))
            await _pass_on(inner_reader, writer, kept)
            onwards.cancel()
            inner_writer.close()
        writer.close()


def _rewritten(head: list[str]) -> bytes:
    """Return the head of a request as a proxy passes it on: one request for each connection, unless it becomes a socket."""
    first, *lines = (line for line in head if line)
    names = {line.partition(":")[0].lower() for line in lines}
    kept = [line for line in lines if line.partition(":")[0].lower() not in OWN]
    connection = "Upgrade" if "upgrade" in names else "close"
    own = [f"Connection: {connection}", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https"]
    return "\r\n".join([first, *kept, *own, "", ""]).encode("latin-1")


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter, kept: bytearray | None = None) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            if kept is not None:
                kept += data
            target.write(data)
            await target.drain()


def _certificate(host: str, folder: Path) -> tuple[Path, str]:
    """Write a certificate for `host` with its key; return where, and the digest of its public key in Chromium's form."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "front.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(pem))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return path, base64.b64encode(hashlib.sha256(public).digest()).decode()


@contextmanager
def front(host: str, folder: Path, ports: list[int]) -> Iterator[Front]:
    """Run a front for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running = Front(host, folder, ports)
    server = asyncio.run_coroutine_threadsafe(running.start(), loop).result()

    async def end() -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    try:
        yield running
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
