"""Is this installation well? Checks that packages register, asked by ``/readyz`` and ``flask doctor``."""

import enum
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from core import clock, hosts, migrate, outbox
from core.db import UnsafeDatabaseError, database, reading, session
from core.i18n import _, _l, _n, size
from core.settings import Settings

log = logging.getLogger(__name__)
Check = Callable[[], str]
OUTBOX_PATIENCE = timedelta(minutes=5)
DISK_FREE = 200 << 20  # bytes below which the installation is not well
DISK_LOOK = 1 << 30  # bytes below which somebody should look


class Grade(enum.StrEnum):
    """How a check ended: all is well, somebody should look, or something does not work."""

    GOOD = "good"
    LOOK = "look"
    BROKEN = "broken"


class UnwellError(Exception):
    """Something is wrong; the sentence says what, and ``todo`` what to do."""

    grade = Grade.BROKEN

    def __init__(self, said: str, todo: str = "", *, since: datetime | None = None) -> None:
        super().__init__(said)
        self.todo, self.since = todo, since


class LookError(UnwellError):
    """Nothing is broken, and somebody should look at it before it is."""

    grade = Grade.LOOK


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check."""

    name: str
    well: bool  # false when something is broken
    said: str
    grade: Grade = Grade.GOOD
    todo: str = ""
    since: datetime | None = None
    title: str = ""  # the name in the reader's language
    link: str = ""  # the endpoint of the page where something can be done


@dataclass(frozen=True, slots=True)
class Kind:
    """A check with what it is called, and who asks it."""

    function: Check
    ready: bool
    slow: bool
    title: Any
    link: str
    local: bool = False  # it tells of this machine, not of the installation


_checks: dict[str, Kind] = {}


def check(
    name: str, *, ready: bool = True, slow: bool = False, local: bool = False, title: Any = "", link: str = ""
) -> Callable[[Check], Check]:
    """Register a check: it answers a sentence about the good state, or raises ``UnwellError`` or ``LookError``.

    Without ``ready`` it cannot take the installation out of service: the doctor asks it, and the page of the
    administrator. What is ``slow``, or asks other machines, is asked by the doctor alone. What is ``local`` may be
    otherwise on each machine.
    """

    def register(function: Check) -> Check:
        _checks[name] = Kind(function, ready, slow, title, link, local)
        return function

    return register


def examine(
    *, ready: bool = False, slow: bool = True, local: bool | None = None, strangers: bool = False
) -> list[Finding]:
    """Ask every check, or only those that decide whether to serve, or all but the slow ones; only what tells of this
    machine (``local``), or only what tells of the whole.

    ``strangers``: anybody may read the answer. What a driver or the system says – addresses, users, paths – goes to
    the log only.
    """
    some = [(name, kind) for name, kind in _checks.items() if (kind.ready or not ready) and (slow or not kind.slow)]
    return [_ask(name, kind, strangers=strangers) for name, kind in some if local in {None, kind.local}]


def title_of(name: str) -> str:
    """What a check is called, in the reader's language."""
    return str(_checks[name].title) if name in _checks else name


def _ask(name: str, kind: Kind, *, strangers: bool) -> Finding:
    title, link = str(kind.title) or name, kind.link

    def bad(said: str, grade: Grade = Grade.BROKEN, todo: str = "", since: datetime | None = None) -> Finding:
        return Finding(name, grade is not Grade.BROKEN, said, grade, todo, since, title, link)

    try:
        return Finding(name, True, kind.function(), title=title, link=link)
    except UnwellError as error:
        return bad(str(error), error.grade, error.todo, error.since)
    except UnsafeDatabaseError as error:
        return bad(str(error))
    except SQLAlchemyError as error:
        said = (str(getattr(error, "orig", error)).strip().splitlines() or [""])[0]
        if strangers:
            log.warning("%s: %s", name, said)
            said = type(error).__name__
        return bad(_("the database does not answer: %(said)s", said=said), todo=_("Start it, or mend its address."))
    except OSError as error:
        if strangers:
            log.warning("%s: %s", name, error)
        return bad((error.strerror or type(error).__name__) if strangers else str(error))


def _settings() -> Settings:
    found: Settings = current_app.config["SPIRAL"]
    return found


@check("database", title=_l("Database"))
def _database() -> str:
    at, wanted = migrate.fits(database()), migrate.head()
    if at is None:
        found = migrate.current(database()) or "nothing"
        raise UnwellError(
            _("the database is at %(found)s, this version needs %(wanted)s", found=found, wanted=wanted),
            _("Bring its tables up: flask --app wsgi db upgrade"),
        )
    if at == wanted:
        return _("at %(at)s", at=at)
    return _("at %(at)s, newer than this version (%(wanted)s), which still suits it: restart", at=at, wanted=wanted)


@check("hosts", title=_l("Machines"))
def _hosts() -> str:
    if database().sqlite:
        return _("one process")
    with reading():
        found = next(hosts.strangers(named=False), None)  # strangers may read this: no name
        living = session.scalars(hosts.living()).all()
    if found:
        raise UnwellError(found)
    machines = len({row.name for row in living})
    return _("%(machines)s machines, %(processes)s processes", machines=machines, processes=len(living))


@check("durability", ready=False, title=_l("Nothing acknowledged is lost"))
def _durability() -> str:
    with database().writer.connect() as connection:  # connecting already refuses what could lose work
        if not database().sqlite:
            if database().allow_unsafe:
                raise LookError(
                    _("not checked, as SPIRAL_ALLOW_UNSAFE_DATABASE tells"),
                    _("Take the setting out where people work."),
                )
            return _("PostgreSQL flushes what it acknowledges")
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    if found != {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}:
        raise UnwellError(_("SQLite is set up as %(found)s", found=found))
    return _("WAL, synchronous=FULL, foreign keys on")


@check("outbox", title=_l("Work behind the pages"), link="jobs.show")
def _outbox() -> str:
    with reading():
        oldest, waiting = outbox.oldest(), outbox.waiting()
    age = clock.now() - oldest if oldest else timedelta(0)
    seconds = int(age.total_seconds())
    if age > OUTBOX_PATIENCE:
        raise UnwellError(
            _("%(n)s promises wait, the oldest for %(seconds)s s", n=waiting, seconds=seconds),
            _("See that a worker runs: flask --app wsgi worker"),
            since=oldest,
        )
    return (
        _("%(n)s waiting, the oldest for %(seconds)s s", n=waiting, seconds=seconds) if waiting else _("nothing waits")
    )


@check("parked", ready=False, title=_l("Jobs that were given up"), link="jobs.show")
def _parked() -> str:
    with reading() as s:
        parked = outbox.given_up()
        first = s.scalars(outbox.parked().order_by(None).order_by(outbox.OutboxJob.parked_at).limit(1)).first()
    if parked:
        raise UnwellError(
            _n(
                "%(num)s job was given up after %(tries)s tries",
                "%(num)s jobs were given up after %(tries)s tries",
                parked,
                tries=outbox.TRIES,
            ),
            _("Read their errors, mend the cause, then have them tried again: /admin/jobs"),
            since=first.parked_at if first else None,
        )
    return _("nothing was given up")


@check("disk", local=True, title=_l("Room on the disk"))
def _disk() -> str:
    usage = shutil.disk_usage(_settings().var)
    free = usage.free
    said = _("%(size)s free in the data folder", size=size(free))  # strangers may read this: no path
    if free < DISK_FREE:
        raise UnwellError(said, _("Make room: without it nothing can be saved."))
    if free < DISK_LOOK:
        raise LookError(said, _("Make room before it is needed."))
    return said
