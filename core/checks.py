"""More of what the doctor asks: the worker, the clock, settings, secrets and the files of the installation."""

import logging
import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from socket import gethostname
from typing import TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, hosts, noted, outbox
from core.audit import TrailEntry
from core.chores import chore
from core.db import Base, database, reading, session, writing
from core.health import Finding, Grade, LookError, UnwellError, check, examine, title_of
from core.i18n import _, _l, _n
from core.outbox import Job, handler, promise
from core.settings import Settings

log = logging.getLogger(__name__)
LOOK = "health.look"
LANE = "health"  # some checks ask machines that may not answer
LOOK_EVERY = 60.0  # seconds
WORST = 5  # that are named of other machines
SILENT = timedelta(minutes=5)  # after which no worker is held to run
BACKUP = "backup"  # what a backup that was made is noted as
BACKUP_EACH = timedelta(hours=36)
AHEAD = timedelta(minutes=1)
APART = timedelta(seconds=5)
GUESSED = re.compile(r"secret|change.?me|password|example|spiral|12345|abcde", re.IGNORECASE)


class HealthState(Base):
    """Since when a check of the whole ends as it does, as a worker saw it; its newest look says that a worker runs."""

    __tablename__ = "health_states"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    grade: Mapped[str] = mapped_column(sa.String(8))
    since: Mapped[datetime]
    seen_at: Mapped[datetime]


class MachineState(Base):
    """The same of what each machine (with a data folder of its own) looks after by itself."""

    __tablename__ = "machine_states"

    place: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    machine: Mapped[str] = mapped_column(sa.String(120))
    grade: Mapped[str] = mapped_column(sa.String(8))
    since: Mapped[datetime]
    seen_at: Mapped[datetime]


State = TypeVar("State", HealthState, MachineState)


@chore(every=LOOK_EVERY)
def look_again() -> None:
    """The worker looks after the installation each minute, through the outbox: so its look proves that, too."""
    mine = sa.select(outbox.OutboxJob.id).where(outbox.OutboxJob.topic == LOOK)
    given_up = outbox.OutboxJob.parked_at.is_not(None)
    session.execute(sa.delete(outbox.OutboxJob).where(outbox.OutboxJob.topic == LOOK, given_up))  # begun anew here
    if session.scalar(mine.limit(1)) is None:
        promise(LOOK, "all")


@handler(LOOK, lane=LANE)
def look(jobs: Sequence[Job]) -> None:
    """What the checks of the whole say now is kept, and since when; a state that stays keeps its time."""
    found = examine(slow=False, local=False)
    with writing() as s:
        known = {one.name: one for one in s.scalars(sa.select(HealthState))}
        _keep(found, known, lambda name: HealthState(name=name))


@chore(every=LOOK_EVERY, local=True, outside=True)
def look_here() -> None:
    """What this machine has by itself – its disk, its clock – is kept as its own, for the others to see."""
    found, here = examine(slow=False, local=True), hosts.place()
    with writing() as s:
        known = {one.name: one for one in s.scalars(sa.select(MachineState).where(MachineState.place == here))}
        _keep(found, known, lambda name: MachineState(place=here, name=name))
        for state in known.values():
            state.machine = gethostname()[:120]
        s.execute(sa.delete(MachineState).where(MachineState.seen_at < clock.now() - timedelta(days=1)))


def _keep(found: list[Finding], known: dict[str, State], new: Callable[[str], State]) -> None:
    now = clock.now()
    for name in known.keys() - {one.name for one in found}:
        session.delete(known.pop(name))
    for one in found:
        if one.name not in known:
            known[one.name] = new(one.name)
            session.add(known[one.name])
        state = known[one.name]
        state.seen_at = now
        if state.grade != one.grade:
            state.grade, state.since = one.grade.value, now


def since() -> dict[str, HealthState | MachineState]:
    """The kept states by the name of their check, those of this machine among them (needs a ``reading()`` block)."""
    mine = session.scalars(sa.select(MachineState).where(MachineState.place == hosts.place()))
    return {one.name: one for one in (*session.scalars(sa.select(HealthState)), *mine)}


def looked_at() -> datetime | None:
    """When a worker looked after the whole last (needs a ``reading()`` block)."""
    return session.scalar(sa.select(sa.func.max(HealthState.seen_at)))


@check("elsewhere", ready=False, title=_l("The other machines"))
def _elsewhere() -> str:
    """The worst of what they said of themselves lately, each with its name."""
    lately = (MachineState.place != hosts.place(), MachineState.seen_at > clock.now() - SILENT)
    with reading() as s:
        rows = s.scalars(sa.select(MachineState).where(*lately)).all()
    bad = sorted((row for row in rows if row.grade != Grade.GOOD), key=lambda row: (row.grade, row.since))
    if not bad:
        machines = len({row.place for row in rows})
        return (
            _n("%(num)s other machine is well", "%(num)s other machines are well", machines)
            if machines
            else _("there is no other machine")
        )
    said = "; ".join(_("%(machine)s: %(what)s", machine=row.machine, what=title_of(row.name)) for row in bad[:WORST])
    kind: type[UnwellError] = UnwellError if bad[0].grade == Grade.BROKEN else LookError
    raise kind(said, _("It says more on that machine itself: flask --app wsgi doctor"), since=bad[0].since)


@check("worker", ready=False, title=_l("Worker"))
def _worker() -> str:
    with reading():
        seen, waiting = looked_at(), outbox.waiting()
    todo = _("Start the server, or where it runs without one: flask --app wsgi worker")
    if seen is None:
        raise LookError(_("no worker has looked after this installation yet"), todo)
    minutes = int((clock.now() - seen).total_seconds() // 60)
    if clock.now() - seen <= SILENT:
        return _("it looked after everything %(n)s min ago", n=minutes) if minutes > 0 else _("at work")
    said = _("no worker has been seen for %(n)s min", n=minutes)
    if waiting:
        raise UnwellError(said, todo, since=seen)
    raise LookError(said, todo, since=seen)


@check("clock", ready=False, local=True, title=_l("Clock"))
def _clock() -> str:
    now = clock.now()
    with reading() as s:
        if not database().sqlite:
            there = s.scalar(sa.select(sa.func.clock_timestamp()))
            if there is not None and abs(there - now) > APART:
                raise LookError(
                    _("the database's clock and ours are %(n)s s apart", n=int(abs(there - now).total_seconds())),
                    _("Let both machines follow one time server."),
                )
        newest = s.scalar(sa.select(TrailEntry.at).order_by(TrailEntry.id.desc()).limit(1))
    if newest is not None and newest - now > AHEAD:
        raise LookError(
            _(
                "the trail has an entry from %(n)s s ahead: the clock was set back",
                n=int((newest - now).total_seconds()),
            ),
            _("Let this machine follow a time server; deadlines and months depend on it."),
        )
    return _("%(at)s UTC", at=f"{now:%Y-%m-%d %H:%M:%S}")


@check("settings", ready=False, local=True, title=_l("Settings"))
def _chosen() -> str:
    settings = _settings()
    host = urlsplit(settings.base_url).hostname or ""
    if settings.base_url and not settings.secure and host not in {"localhost", "127.0.0.1", "::1"}:
        raise LookError(
            _("the public address is http: passwords travel in the clear"),
            _("Put TLS in front and set SPIRAL_BASE_URL to the https address."),
        )
    if settings.proxies and not settings.base_url:
        raise LookError(
            _("a proxy is believed, and no public address is set"), _("Set SPIRAL_BASE_URL to the address people use.")
        )
    if settings.base_url and (settings.var / "demo-logins").exists():
        raise LookError(
            _("this installation has a public address and the people of the demo"),
            _("Disable them, then remove the list of their passwords: demo-logins in the data folder."),
        )
    return _("nothing odd in them")


@check("secret", ready=False, title=_l("Secret key"))
def _secret() -> str:
    key = _settings().secret_key
    if len(set(key)) < 10 or GUESSED.search(key):
        raise UnwellError(
            _("the secret key can be guessed"),
            _("Leave SPIRAL_SECRET_KEY out, or set 32 random characters or more; everybody signs in again."),
        )
    return _("%(n)s characters", n=len(key))


@check("files", ready=False, local=True, title=_l("Files of the installation"))
def _files() -> str:
    var = _settings().var
    for name in ("secret-key", "demo-logins", "spiral.toml"):
        path = var / name
        if path.exists() and _mode(path) & 0o077:
            kind: type[UnwellError] = UnwellError if name == "secret-key" else LookError
            raise kind(_("%(name)s can be read by others", name=name), _("Run: chmod 600 %(path)s", path=path))
    if _mode(var) & 0o007:
        raise LookError(_("others on this machine can look into the data folder"), f"chmod o-rwx {var}")
    for name in ("", "spiral.db", "files", "search"):
        path = var / name
        if path.exists() and not os.access(path, os.W_OK):
            raise UnwellError(
                _("%(name)s cannot be written to", name=name or _("the data folder")),
                _("Give it to the user the server runs as: %(path)s", path=path),
            )
    return _("readable for this user alone")


@check("backup", ready=False, title=_l("Backup"))
def _backup() -> str:
    with reading():
        found = noted.last(BACKUP)  # of the installation, whichever machine made it
    todo = _("Let the machine run each night: flask --app wsgi backup FILE – and try a restore once.")
    if found is None:
        if _settings().base_url:  # people work here
            raise LookError(_("no backup of this installation is known"), todo)
        return _("none is known")
    age = clock.now() - found.at
    said = _("the last one was made %(n)s h ago", n=max(0, int(age.total_seconds() // 3600)))
    if age > BACKUP_EACH:
        raise LookError(said, todo, since=found.at + BACKUP_EACH)
    return said


def backed_up() -> None:
    """A good backup has been made: whoever makes one says so here. One that cannot be noted is a good one all the same:
    of tables older than this program, of a database without room."""
    try:
        with writing():
            noted.note(BACKUP)
    except sa.exc.SQLAlchemyError as error:
        log.warning("the backup was made and could not be noted: %s", (str(error).splitlines() or [""])[0])


def _mode(path: Path) -> int:
    return path.stat().st_mode


def _settings() -> Settings:
    found: Settings = current_app.config["SPIRAL"]
    return found


def worst(grades: list[Grade]) -> Grade:
    """The grade of the whole."""
    return max(grades, key=[Grade.GOOD, Grade.LOOK, Grade.BROKEN].index, default=Grade.GOOD)
