"""Which processes serve this database, and whether they are set up alike.

Several machines may serve one PostgreSQL database. What they must share – the key that signs cookies, the search
index, the folder or bucket of files – is told by each as a *mark*; a process whose marks differ from those of one that
serves already does not start, because its people would be signed out at every second click, or find half of the texts.
"""

import hashlib
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.orm import Mapped, load_only, mapped_column

from core import clock, migrate
from core.db import Base, database, reading, session, writing
from core.i18n import _, _l, force_locale
from core.settings import Settings
from core.store import of
from core.whole import word_in

log = logging.getLogger(__name__)
EVERY = 10.0  # seconds between two signs of life
GONE = timedelta(seconds=60)  # without a sign of life a process counts as gone


class Host(Base):
    """One process that serves or works. Its row goes when it ends; of one that was killed, after a day."""

    __tablename__ = "hosts"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    process: Mapped[int]
    role: Mapped[str] = mapped_column(sa.String(16))
    place: Mapped[str] = mapped_column(sa.String(32))
    version: Mapped[str] = mapped_column(sa.String(64))  # the tables that its program was written for
    marks: Mapped[dict[str, Any]]
    begun_at: Mapped[datetime]
    seen_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Alike:
    """What must be the same everywhere, and what to say to one who differs (``%(who)s`` is the other)."""

    told: Callable[[], str]
    sentence: Any  # lazy: the page of health says it in the reader's language


_alike: dict[str, Alike] = {}


class StrangerError(Exception):
    """Another process serves this database with other settings; the sentence says which and what to do."""


def alike(name: str, sentence: Any) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Register something that every process must have alike: the function tells it, in at most 200 characters."""

    def register(function: Callable[[], str]) -> Callable[[], str]:
        _alike[name] = Alike(function, sentence)
        return function

    return register


def _settings() -> Settings:
    return cast(Settings, current_app.config["SPIRAL"])


def place() -> str:
    """A word that belongs to this data folder, made on first use."""
    return word_in(_settings().var / "place")


@alike(
    "secret",
    _l("%(who)s signs cookies with another key, so nobody would stay signed in; set the same SPIRAL_SECRET_KEY"),
)
def _secret() -> str:
    return hashlib.sha256(b"spiral installation\0" + _settings().secret_key.encode()).hexdigest()[:16]


@alike(
    "files", _l("%(who)s keeps pictures and documents elsewhere; set the same SPIRAL_FILES_URL, a folder that all see")
)
def _files() -> str:
    return hashlib.sha256(of("files").mark().encode()).hexdigest()[:16]


def marks() -> dict[str, str]:
    """What this process tells of itself."""
    return {name: one.told() for name, one in _alike.items()}


def living() -> sa.Select[Host]:
    """The processes that gave a sign of life within the last minute, oldest first.

    Only what the table has had from its beginning: a newer program asks on the tables of an older one.
    """
    known = load_only(Host.name, Host.process, Host.role, Host.place, Host.marks, Host.begun_at, Host.seen_at)
    return sa.select(Host).where(Host.seen_at > clock.now() - GONE).order_by(Host.begun_at, Host.id).options(known)


def strangers(*, named: bool) -> Iterator[str]:
    """A sentence for each thing in which a process that serves already differs from us. Whoever came first is right.

    ``named``: with the name of its machine, for those who run it. Reads the database.
    """
    mine, rows = marks(), [row for row in session.scalars(living()) if not _dead(row)]
    here = next((row for row in rows if _is_us(row)), None)
    for row in rows[: rows.index(here)] if here else rows:
        for name, one in _alike.items():
            if row.marks.get(name) not in {None, mine[name]}:
                who = _("process %(n)s on %(name)s", n=row.process, name=row.name) if named else _("another process")
                yield str(one.sentence) % {"who": who}


def _is_us(row: Host) -> bool:
    return row.process == os.getpid() and row.name == socket.gethostname() and row.place == place()


def _dead(row: Host) -> bool:
    """It was killed on this very machine (or container) within the last minute."""
    if row.name != socket.gethostname() or row.place != place():
        return False
    try:
        os.kill(row.process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def must_fit_in() -> None:
    """Nobody serves this database with other settings (on SQLite the folder's lock sees to that).

    Raises:
        StrangerError.
    """
    if database().sqlite:
        return
    try:
        with reading() as s, force_locale("en"):
            if not sa.inspect(s.connection()).has_table(Host.__tablename__):
                return  # tables of a time when nobody told
            found = next(strangers(named=True), None)
    except OSError as error:
        raise StrangerError(str(error)) from error
    if found is not None:
        raise StrangerError(f"{found} (a process that was killed is forgotten after a minute)")


class Pulse(threading.Thread):
    """Gives signs of life until it is stopped. A database that is away is no reason to end."""

    def __init__(self, app: Flask, role: str) -> None:
        super().__init__(name="pulse", daemon=True)
        self.app, self.role, self.id = app, role, secrets.token_hex(16)
        self.stopping = threading.Event()

    def start(self) -> None:
        """The first sign is given before this returns, so that whoever starts next sees us."""
        self._beat()
        super().start()

    def run(self) -> None:
        while not self.stopping.wait(EVERY):
            self._beat()

    def stop(self) -> None:
        """We are gone."""
        self.stopping.set()
        if self.is_alive():
            self.join(timeout=5)
        self._do(lambda: session.execute(sa.delete(Host).where(Host.id == self.id)))

    def _beat(self) -> None:
        self._do(self._sign)

    def _sign(self) -> None:
        now = clock.now()
        row = session.get(Host, self.id)
        if row is None:
            about = {"name": socket.gethostname()[:120], "process": os.getpid(), "place": place()}
            row = Host(
                id=self.id, role=self.role, version=migrate.head(), marks=marks(), begun_at=now, seen_at=now, **about
            )
            session.add(row)
        row.seen_at = now
        session.execute(sa.delete(Host).where(Host.seen_at < now - timedelta(days=1)))

    def _do(self, act: Callable[[], Any]) -> None:
        with self.app.app_context():
            if database().sqlite:
                return
            try:
                with writing():
                    act()
            except Exception as error:  # noqa: BLE001 - it goes on with the next sign
                log.warning("no sign of life could be given: %s", str(error).splitlines()[0])
