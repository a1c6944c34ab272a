"""``python -m wiki.serve``, what ``make run`` executes: one process, from an empty folder to a served page.

Settings → the folder is ours → tables at head → demo or set-up link on the first start → worker, flusher, waitress.
SIGTERM and Ctrl-C let requests in flight finish, then stop the worker between two jobs, and end with 0.
With ``SPIRAL_WORKERS`` above 1 the last step is Gunicorn, which keeps as many processes (``deploy/gunicorn.conf.py``).
"""

import importlib
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

import sqlalchemy as sa
from flask import Flask

from accounts import ops
from accounts.models import User
from core import hosts, logs, migrate
from core.alone import TakenError, hold
from core.db import Database, UnsafeDatabaseError, alone, reading, session, writing
from core.heaps import few_heaps
from core.loading import loading
from core.running import Beside, leave, settle
from core.settings import ROOT, Settings, SettingsError, load
from core.web import largest_body
from wiki.draining import drain, prepare

SENT_AT_ONCE = 64 << 10  # bytes
DRAIN = 20.0  # seconds that requests in flight may take to finish
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - what a host may be told to listen on # nosec B104


class StartRefusedError(Exception):
    """The server does not start; the sentence says why and what to do."""


def main() -> int:
    """Serve until told to end. Exit code 0 after a clean end, 1 with one sentence otherwise."""
    few_heaps()
    try:
        settings = load()
        logs.begin(settings.log_level, settings.log_format)
        host, port = address()
        lock = only_here(settings)
        must_be_free(host, port)
        app, first = prepared(settings)
        with app.app_context():
            hosts.must_fit_in()
        greet(app, first, host, port)
        if settings.workers > 1:
            serve_many(app)
        serve(app, settings, host, port)
        if lock is not None:
            lock.close()
    except (SettingsError, StartRefusedError, UnsafeDatabaseError, hosts.StrangerError) as error:
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
        return hold(settings.var)
    except TakenError as error:
        raise StartRefusedError(
            f"{error} serves {settings.var} already; end it first, or choose another folder: SPIRAL_VAR="
        ) from error


# ── the first start ──────────────────────────────────────────────────────────────────────────────────────────────────


def prepared(settings: Settings) -> tuple[Flask, bool]:
    """The application over a database at head; true when there was none before."""
    with loading():
        from wiki.app import create_app

    unfinished = settings.var / "first-start"  # there while a first start is under way
    if unfinished.exists():
        _set_aside(settings)
    app = create_app(settings)
    database: Database = app.extensions["spiral.database"]
    with app.app_context(), alone("first start", wait=True):  # of several machines that begin together one migrates
        empty = migrate.current(database) is None
        if empty:
            unfinished.touch()
        else:
            hosts.must_fit_in()  # a stranger changes nothing here, the tables least of all
        first = empty or unfinished.exists()
        if not migrate.is_whole(database):
            _bring_up(app, database)
        if first and settings.demo and not _anybody():
            load_demo(settings)
    unfinished.unlink(missing_ok=True)
    return app, first


def _anybody() -> bool:
    with reading():
        return session.scalar(sa.select(User.id).limit(1)) is not None


def _bring_up(app: Flask, database: Database) -> None:
    at = migrate.current(database)
    if at is not None and not migrate.knows(at):
        raise StartRefusedError(
            f"the database is at {at}, which a newer version made and this one ({migrate.head()}) does not suit; "
            "start the newer version, or restore a backup"
        )
    migrate.bring_up(app)


def _set_aside(settings: Settings) -> None:
    """A first start was killed: what it left nobody has used. (On PostgreSQL the demo is there whole or not at all.)"""
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
    base = settings.base_url or f"http://{'127.0.0.1' if host in EVERYWHERE else host}:{port}"
    lines = ["", f"  Spiral is at {base}"]
    logins = settings.var / "demo-logins"
    with app.app_context():
        if not _anybody():
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
            # nobody believes them where no proxy is known; but they show that one stands in front (wiki/health.py)
            clear_untrusted_proxy_headers=False,
            trusted_proxy=None,
            ident=None,
            channel_timeout=60,
            # A page goes out in one piece from the main loop, as small answers do. A thread that sends lets go of the
            # interpreter for it, and stands in line to get it back: 2,000 pages of 20 kB a second so, 2,800 like this.
            send_bytes=SENT_AT_ONCE,
        )
    except OSError as error:
        raise StartRefusedError(f"{host}:{port} cannot be used ({error.strerror})") from error
    prepare(server)
    ending: list[float] = []  # for how many seconds people are let in still
    beside = Beside(app, drain=settings.drain)

    def end(_number: int, _frame: FrameType | None) -> None:
        if ending:
            os._exit(1)  # asked twice: somebody is in a hurry
        ending.append(leave(settings))
        beside.hurry()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    settle()
    beside.start()
    try:
        while not ending:
            server.asyncore.loop(timeout=0.5, map=server._map, use_poll=True, count=1)  # noqa: SLF001
        drain(server, stays=ending[0], patience=DRAIN)
    finally:
        server.task_dispatcher.shutdown(timeout=1)
        beside.stop()


def serve_many(app: Flask) -> NoReturn:
    """This process becomes Gunicorn, which reads the same settings; it never comes back."""
    app.extensions["spiral.database"].close()
    sys.stdout.flush()
    os.chdir(ROOT)
    words = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:application"]
    os.execv(sys.executable, words)  # noqa: S606 - our own program


if __name__ == "__main__":
    sys.exit(main())
