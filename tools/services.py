"""PostgreSQL and Redis on this machine: running ones, installed ones that can be started, else how to get them."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from . import system

# Only ever on this machine's loopback; DATABASE_URL and REDIS_URL choose others.
NAME = PASSWORD = "almia"  # noqa: S105
DATABASE_URL = f"postgres://{NAME}:{PASSWORD}@127.0.0.1:5432/{NAME}"
REDIS_URL = "redis://127.0.0.1:6379/9"


def listens(port: int) -> bool:
    """Return whether anything listens on `port` of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_for(port: int, name: str) -> None:
    deadline = time.monotonic() + 30
    while not listens(port):
        if time.monotonic() > deadline:
            system.stop(f"{name} was started but does not answer on port {port}.")
        time.sleep(0.2)


def _quietly(*command: str) -> bool:
    return subprocess.call(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def _redis() -> None:
    if listens(6379):
        return
    server = system.need("redis-server", purpose="make test-services")
    if not listens(6379):  # the package may have started it
        _quietly(server, "--daemonize", "yes", "--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--dir", "/tmp")  # noqa: S108
    _wait_for(6379, "Redis")


def _postgres() -> None:
    if not listens(5432):
        system.need("pg_ctlcluster", purpose="make test-services")
        listed = subprocess.run(["pg_lsclusters", "--no-header"], capture_output=True, text=True, check=False).stdout.split()
        if len(listed) < 2:
            system.stop("PostgreSQL is installed but has no cluster: `pg_createcluster <version> main` as root makes one.")
        if not listens(5432):
            _quietly("pg_ctlcluster", listed[0], listed[1], "start")
    _wait_for(5432, "PostgreSQL")
    if not _database_answers():
        _create_database()
    if not _database_answers():
        system.stop(
            "PostgreSQL runs, but role and database 'almia' are not there and could not be created. As an administrator: "
            "CREATE ROLE almia LOGIN CREATEDB PASSWORD 'almia'; CREATE DATABASE almia OWNER almia; or set DATABASE_URL."
        )


def _database_answers() -> bool:
    try:
        psycopg.connect(DATABASE_URL.replace("postgres://", "postgresql://"), connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _create_database() -> None:
    """As the system's postgres user when this process may become it."""
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    name = sql.Identifier(NAME).as_string()
    secret = sql.Literal(PASSWORD).as_string()
    for statement in (
        f"CREATE ROLE {name} LOGIN CREATEDB PASSWORD {secret}",
        f"ALTER ROLE {name} LOGIN CREATEDB PASSWORD {secret}",
        f"CREATE DATABASE {name} OWNER {name}",
    ):
        _quietly(*as_postgres, "psql", "-qc", statement)


def lacking() -> str:
    """Return which of this machine's services are missing for `own_database` and `own_redis`; empty if both are available."""
    if not (listens(5432) and _database_answers()):
        return "PostgreSQL with role and database 'almia' on port 5432"
    return "" if system.find("redis-server") else "the program redis-server"


@contextmanager
def own_database(purpose: str) -> Iterator[str]:
    """Create an empty database for as long as the block lasts; its address. `purpose` is part of its name."""
    admin = os.environ.get("DATABASE_URL") or DATABASE_URL
    name = f"almia_{purpose}_{uuid.uuid4().hex[:12]}"

    def tell(statement: str) -> None:
        with psycopg.connect(admin.replace("postgres://", "postgresql://"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    tell("CREATE DATABASE {}")
    try:
        yield f"{admin.rsplit('/', 1)[0]}/{name}"
    finally:
        tell("DROP DATABASE {} WITH (FORCE)")


@contextmanager
def own_redis(folder: Path, purpose: str) -> Iterator[str]:
    """Run an empty Redis for as long as the block lasts, on a free port; its address. `folder`: the only place it may write to.

    Stops with a sentence about `purpose` if the program is missing.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = system.need("redis-server", purpose=purpose)
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, "Redis")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def ready() -> dict[str, str]:
    """Return the environment that points to working services, starting and preparing those on localhost if need be."""
    environment = {}
    if not os.environ.get("REDIS_URL"):
        _redis()
        environment["REDIS_URL"] = REDIS_URL
    if not os.environ.get("DATABASE_URL"):
        _postgres()
        environment["DATABASE_URL"] = DATABASE_URL
    return environment
