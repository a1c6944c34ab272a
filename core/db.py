"""Two engines and one rule: reads begin plainly, writes begin ``IMMEDIATE``, and one block owns each transaction.

On SQLite the writing engine has a pool of exactly one connection: that pool *is* the in-process write lock, taken at
the first statement and not before (SQLAlchemy's default lost 96 % of 1,000 concurrent read-modify-writes while
answering 'ok'; with IMMEDIATE and one writer none). Reading connections are ``query_only``: a read that writes is an
error, not a slow surprise.
"""

import enum
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeVar, cast

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import TypeDecorator

from core import caches, watch
from core.patience import CONNECT, Watch, connector

T = TypeVar("T")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time; stored in UTC, returned aware. A naive time is a bug and raises ``ValueError``."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time {value!r} refused")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _Scaled(TypeDecorator[Decimal]):
    """A decimal kept as an integer: SQLAlchemy's ``Numeric`` is a float on SQLite, and points are never floats."""

    impl = sa.BigInteger
    cache_ok = True
    places = 0

    def process_bind_param(self, value: Decimal | int | None, dialect: sa.Dialect) -> int | None:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError("a float is not an amount")
        scaled = Decimal(value).scaleb(self.places)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more than {self.places} places")
        return int(scaled)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-self.places)


class Points(_Scaled):
    """Points and credits: hundredths in the database, ``Decimal`` in code."""

    cache_ok = True
    places = 2


class Reading(_Scaled):
    """Numerators and denominators of indicators: millionths in the database, ``Decimal`` in code."""

    cache_ok = True
    places = 6


def enum_column(kind: type[enum.Enum]) -> sa.Enum:
    """A ``StrEnum`` stored by its value; the invariants that need it are written as check constraints beside it."""
    return sa.Enum(
        kind, values_callable=lambda e: [m.value for m in e], native_enum=False, create_constraint=False, length=32
    )


Json = sa.JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Every table of the house. Subclasses live in their package's ``models.py``."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime, dict[str, Any]: Json, list[Any]: Json}


class Database:
    """The pair of engines over one address."""

    def __init__(self, url: str, *, readers: int = 24, allow_unsafe: bool = False, slow_ms: int = 0) -> None:
        self.allow_unsafe, self.slow_ms = allow_unsafe, slow_ms
        self.url = sa.make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.watch = Watch()
        self.reader = self._engine(readers, writes=False)
        self.writer = self._engine(1 if self.sqlite else readers, writes=True)

    def _engine(self, size: int, *, writes: bool) -> sa.Engine:
        engine = sa.create_engine(
            self.url,
            poolclass=watch.WritePool if writes else QueuePool,
            pool_size=size,
            max_overflow=0,
            pool_timeout=30,
            pool_use_lifo=True,  # the connection used last knows the pages that are asked for most
            pool_pre_ping=not self.sqlite,
            connect_args={"check_same_thread": False, "timeout": 30} if self.sqlite else {"connect_timeout": CONNECT},
            hide_parameters=True,  # an error is logged, and what was bound to the statement is people's
        )
        if not self.sqlite:
            connect = connector(self.watch)
            sa.event.listen(engine, "do_connect", lambda _dialect, _record, words, about: connect(*words, **about))
        if self.sqlite:
            sa.event.listen(engine, "connect", _sqlite_connection(writes))
            begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
            sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        elif not writes:
            sa.event.listen(engine, "connect", _postgres_read_only)
        elif not self.allow_unsafe:
            sa.event.listen(engine, "first_connect", _postgres_keeps_its_word)
        if writes:
            watch.writes(engine)  # after the BEGIN above, whose waiting it counts
        if self.slow_ms:
            watch.statements(engine, self.slow_ms)
        return engine

    def close(self) -> None:
        """Close every pooled connection."""
        self.reader.dispose()
        self.writer.dispose()


def _sqlite_connection(writes: bool) -> Callable[[Any, Any], None]:
    def prepare(dbapi: Any, _: Any) -> None:
        dbapi.isolation_level = None  # we say BEGIN ourselves
        cursor = dbapi.cursor()
        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        cursor.execute("PRAGMA busy_timeout=30000")
        if writes:
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.execute("PRAGMA cache_size=-4000")
        cursor.execute("PRAGMA journal_size_limit=33554432")  # after a rush the log gives its room back
        if not writes:
            cursor.execute("PRAGMA query_only=ON")
            wanted.pop("journal_mode")  # a file that nobody has written yet is not WAL yet
        for name, value in wanted.items():
            got = cursor.execute(f"PRAGMA {name}").fetchone()[0]
            if got != value and dbapi_is_file(cursor):
                raise UnsafeDatabaseError(f"SQLite would not set {name} to {value} (it is {got}); work could be lost")
        cursor.close()

    return prepare


def dbapi_is_file(cursor: Any) -> bool:
    """False for an in-memory database, which has no journal to speak of."""
    row = cursor.execute("PRAGMA database_list").fetchone()
    return bool(row and row[2])


def _postgres_read_only(dbapi: Any, _: Any) -> None:
    dbapi.read_only = True


def _postgres_keeps_its_word(dbapi: Any, _: Any) -> None:
    """Refuse a server that may forget what it acknowledged."""
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        value = dbapi.execute(f"SHOW {name}").fetchone()[0]
        if value == "off":
            raise UnsafeDatabaseError(
                f"PostgreSQL runs with {name} = off and could lose what it acknowledged; "
                "switch it on, or set SPIRAL_ALLOW_UNSAFE_DATABASE=1"
            )
    dbapi.rollback()


class UnsafeDatabaseError(RuntimeError):
    """The database is set up so that acknowledged work could be lost."""


class _Later:
    """A reading session that nobody has asked for anything yet."""

    __slots__ = ("made",)

    def __init__(self) -> None:
        self.made: Session | None = None

    def session(self) -> Session:
        """The session, made at the first question."""
        if self.made is None:
            self.made = _reader()
        return self.made


_current: ContextVar[Session | _Later | None] = ContextVar("spiral_session", default=None)


class _CurrentSession:
    """Forwards to the session of the innermost ``reading()`` or ``writing()`` block."""

    def __getattr__(self, name: str) -> Any:
        found = _current.get()
        if found is None:
            raise RuntimeError("no transaction: wrap the call in core.db.reading() or writing()")
        return getattr(found.session() if isinstance(found, _Later) else found, name)


session = cast(Session, _CurrentSession())


def _began() -> float | None:
    found = _current.get()
    made = found.made if isinstance(found, _Later) else found
    return None if made is None else cast(float, made.info["began"])


caches.transactions_begin(_began)


def has_session() -> bool:
    """True inside a ``reading()`` or ``writing()`` block."""
    return _current.get() is not None


def database() -> Database:
    """The database of the current application."""
    return cast(Database, current_app.extensions["spiral.database"])


@contextmanager
def reading(*, hold: bool = False) -> Iterator[Session]:
    """A transaction that only reads; it is rolled back at the end. ``hold``: what was read once is not read again."""
    found = _reader(hold=hold)
    token = _current.set(found)
    try:
        yield found
    finally:
        _current.reset(token)
        found.close()


def _reader(*, hold: bool = False) -> Session:
    known = {"holds": hold, "began": time.monotonic()}
    return Session(database().reader, autoflush=False, expire_on_commit=False, info=known)


class perhaps_reading:  # noqa: N801 - reads like the block it is
    """A ``reading()`` block that begins with its first question: a page that was kept is answered without one."""

    __slots__ = ("_later", "_token")

    def __enter__(self) -> None:
        self._later = _Later()
        self._token = _current.set(self._later)

    def __exit__(self, *_error: object) -> None:
        _current.reset(self._token)
        if self._later.made is not None:
            self._later.made.close()


@contextmanager
def writing() -> Iterator[Session]:
    """A transaction that writes: leaving the block commits, an exception rolls back. Then what waited for it runs.

    Blocks do not nest: a verb that opened its own transaction could commit half of its caller's.
    """
    outer = _current.get()
    if isinstance(outer, Session) and outer.info.get("writes"):
        raise RuntimeError("a writing() block inside a writing() block")
    found = Session(database().writer, expire_on_commit=False, info={"writes": True, "began": time.monotonic()})
    token = _current.set(found)
    try:
        yield found
        found.commit()
        caches.written()
    except BaseException:
        found.rollback()
        raise
    finally:
        _current.reset(token)
        found.close()
    for act in found.info.get("after_commit", ()):
        act()


@sa.event.listens_for(Session, "loaded_as_persistent")
def _hold(found: Session, thing: Any) -> None:
    """A write keeps what it has read: the session alone would let go of it, and read it again a step later."""
    if found.info.get("writes") or found.info.get("holds"):
        found.info.setdefault("held", []).append(thing)


def let_go() -> None:
    """The current write keeps nothing any more of what it has read or written: for work on very many rows, in pieces.
    Nobody may go on with a row from before."""
    session.flush()
    session.expunge_all()
    session.info.pop("held", None)


@sa.event.listens_for(Session, "after_soft_rollback")
def _nothing_follows(found: Session, ended: SessionTransaction) -> None:
    """What waited for the commit of a transaction that was undone is not done: a refusal leaves files alone, too."""
    if ended.parent is None:
        found.info.pop("after_commit", None)


def after_commit(act: Callable[[], None]) -> None:
    """Run ``act`` once the current transaction has committed; forgotten when it rolls back. Must not raise."""
    session.info.setdefault("after_commit", []).append(act)


def lock(kind: type[T], key: Any) -> T | None:
    """The row, locked against others until the transaction ends, fresh from the database; ``None`` when absent.

    On SQLite the write transaction itself is the lock. The row is read again there, too: of what belongs to it the
    session may hold what was true before this transaction changed it.
    """
    return session.get(kind, key, with_for_update=not database().sqlite, populate_existing=True)


@contextmanager
def alone(name: str, *, wait: bool = False) -> Iterator[bool]:
    """True inside when no other process of any machine is inside a block of this name; one that dies lets go.

    ``wait`` until that is so. On SQLite there is one machine, and whoever needs more than a write transaction has a
    lock of their own.
    """
    if database().sqlite:
        yield True
        return
    key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
    with database().writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        take = sa.func.pg_advisory_lock(key) if wait else sa.func.pg_try_advisory_lock(key)
        free = connection.scalar(sa.select(take)) is not False  # who waits is told nothing, and has it
        try:
            yield free
        finally:
            if free:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))


def init_app(app: Flask, url: str, *, threads: int = 16, allow_unsafe: bool = False, slow_ms: int = 0) -> None:
    """Give the application its database, with room for so many threads and for the eight that work beside them;
    statements that take ``slow_ms`` and more are noted."""
    app.extensions["spiral.database"] = Database(url, readers=threads + 8, allow_unsafe=allow_unsafe, slow_ms=slow_ms)
