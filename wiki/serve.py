"""``python -m wiki.serve``, what ``make run`` executes: one process, from an empty folder to a served page.

Settings → the folder is ours → tables at head → demo or set-up link on the first start → worker, flusher, waitress.
SIGTERM and Ctrl-C let requests in flight finish, then stop the worker between two jobs, and end with 0.
"""

import gc
import importlib
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import IO, Any

import sqlalchemy as sa
from flask import Flask

from accounts import ops
from accounts.models import User
from core import alone, logs, migrate
from core.buffers import Flusher
from core.db import Database, UnsafeDatabaseError, reading, session, writing
from core.outbox import Worker
from core.settings import Settings, SettingsError, load
from core.web import largest_body

DRAIN = 20.0  # seconds that requests in flight may take to finish


class StartRefusedError(Exception):
    """The server does not start; the sentence says why and what to do."""


def main() -> int:
    """Serve until told to end. Exit code 0 after a clean end, 1 with one sentence otherwise."""
    try:
        settings = load()
        logs.begin(settings.log_level)
        host, port = address()
        lock = only_here(settings)
        must_be_free(host, port)
        app, first = prepared(settings)
        greet(app, first, host, port)
        serve(app, settings, host, port)
        if lock is not None:
            lock.close()
    except (SettingsError, StartRefusedError, UnsafeDatabaseError) as error:
        print(f"Spiral does not start: {error}", file=sys.stderr)
        return 1
    except sa.exc.OperationalError as error:
        print(f"Spiral does not start: the database does not answer: {error.orig}", file=sys.stderr)
        return 1
    return 0


def address() -> tuple[str, int]:
    """Where to listen: ``HOST`` (default: this machine only) and ``PORT`` (default 8000)."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StartRefusedError(f"PORT={text} is not a port; use a number from 1 to 65535")
    return os.environ.get("HOST") or "127.0.0.1", int(text)


def must_be_free(host: str, port: int) -> None:
    """Notice an occupied port before any work is done."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartRefusedError(
                f"{host}:{port} cannot be used ({error.strerror}); choose another: PORT=8001"
            ) from error


def only_here(settings: Settings) -> IO[str] | None:
    """The folder's lock: one server on one SQLite database. It goes with the process, however that ends."""
    if not settings.database.startswith("sqlite"):
        return None
    try:
        return alone.hold(settings.var)
    except alone.TakenError as error:
        raise StartRefusedError(
            f"{error} serves {settings.var} already; end it first, or choose another folder: SPIRAL_VAR="
        ) from error


# ── the first start ──────────────────────────────────────────────────────────────────────────────────────────────────


def prepared(settings: Settings) -> tuple[Flask, bool]:
    """The application over a database at head; true when there was none before."""
    from wiki.app import create_app

    unfinished = settings.var / "first-start"  # there while a first start is under way
    if unfinished.exists():
        _set_aside(settings)
    app = create_app(settings)
    database: Database = app.extensions["spiral.database"]
    at = migrate.current(database)
    first = at is None
    if first:
        unfinished.touch()
    if at != migrate.head():
        migrate.bring_up(app)
    if first and settings.demo:
        with app.app_context():
            load_demo(settings)
    unfinished.unlink(missing_ok=True)
    return app, first


def _set_aside(settings: Settings) -> None:
    """A first start was killed: what it left is half a demo that nobody has used."""
    path = sa.make_url(settings.database).database
    if settings.database.startswith("sqlite") and path:
        for suffix in ("", "-wal", "-shm"):
            Path(path + suffix).unlink(missing_ok=True)


def load_demo(settings: Settings) -> None:
    """Fill the empty database with the demo, where it is installed, and keep its logins for the owner's eyes only."""
    try:
        load_it = importlib.import_module("wiki.demo.load").load
    except ModuleNotFoundError as error:
        if error.name not in {"wiki.demo", "wiki.demo.load"}:
            raise
        return
    print("First start: loading the demo …", flush=True)
    keep_logins(settings.var / "demo-logins", load_it())


def keep_logins(path: Path, logins: Iterable[Iterable[str]]) -> None:
    """(username, password, name, roles) of each person, tab-separated, mode 0600; there is whole or not at all."""
    text = "".join("\t".join(login) + "\n" for login in logins)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def greet(app: Flask, first: bool, host: str, port: int) -> None:
    """Say where it is and how to sign in."""
    settings: Settings = app.config["SPIRAL"]
    base = settings.base_url or f"http://{'127.0.0.1' if host in {'0.0.0.0', '::'} else host}:{port}"  # noqa: S104
    lines = ["", f"  Spiral is at {base}"]
    logins = settings.var / "demo-logins"
    with app.app_context():
        with reading():
            empty = session.scalar(sa.select(User.id).limit(1)) is None
        if empty:
            with writing():
                token = ops.make_setup_link()
            lines += ["  Nobody can sign in yet. Open this link once to become its administrator:"]
            lines += [f"  {base}/setup/{token}"]
        elif first and logins.exists():
            lines += ["  Sign in as (kept in " + str(logins) + "):", ""]
            for row in logins.read_text("utf-8").splitlines():
                username, password, name, roles = [*row.split("\t"), "", "", ""][:4]
                lines.append(f"    {username:<16} {password:<26} {name} ({roles})")
        elif logins.exists():
            lines += [f"  How to sign in is kept in {logins}"]
    print("\n".join(lines), "\n", flush=True)


# ── serving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def serve(app: Flask, settings: Settings, host: str, port: int) -> None:
    """Answer requests until SIGTERM or SIGINT; then let those in flight finish."""
    from waitress.server import create_server

    try:
        server = create_server(
            app,
            host=host,
            port=port,
            threads=settings.threads,
            connection_limit=2000,
            asyncore_use_poll=True,  # select() ends at 1,024 files
            max_request_body_size=largest_body(),  # also for addresses that read no body
            clear_untrusted_proxy_headers=settings.proxies == 0,
            trusted_proxy=None,
            ident=None,
            channel_timeout=60,
        )
    except OSError as error:
        raise StartRefusedError(f"{host}:{port} cannot be used ({error.strerror})") from error
    ending: list[float] = []

    def end(_number: int, _frame: FrameType | None) -> None:
        if ending:
            os._exit(1)  # asked twice: somebody is in a hurry
        ending.append(time.monotonic())

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    # A decision lets go of the interpreter at each of its statements. At the usual 5 ms it would wait that long each
    # time for a worker that is busy writing notices (p99 of a decision was 150 ms so).
    sys.setswitchinterval(0.0005)
    settle()
    worker, flusher = Worker(app), Flusher(app)
    worker.start()
    flusher.start()
    try:
        while not ending:
            server.asyncore.loop(timeout=0.5, map=server._map, use_poll=True, count=1)  # noqa: SLF001
        drain(server, until=ending[0] + DRAIN)
    finally:
        server.task_dispatcher.shutdown(timeout=1)
        worker.stop()
        flusher.stop()
        app.extensions["spiral.database"].close()


def settle() -> None:
    """What is there by now stays: the collector need not look at it again. Walking through 200,000 objects of modules
    and tables took 60 ms and more, and everybody who asked in that moment waited."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def drain(server: Any, *, until: float) -> None:
    """Take no new connection; return when every answer that was begun has been sent."""
    server.del_channel(server._map)  # noqa: SLF001 - waitress ends abruptly by itself
    server.socket.close()
    while time.monotonic() < until:
        if not any(c.requests or c.total_outbufs_len for c in list(server.active_channels.values())):
            return
        server.asyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)  # noqa: SLF001


if __name__ == "__main__":
    sys.exit(main())
