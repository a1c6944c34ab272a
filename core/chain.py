"""The trail as a chain: sealed in batches, each seal with the digest of every entry and the hash of the seal before it.

What the chain shows: that an entry which was sealed was changed, removed, or slipped in between later – by anybody who
did not also make all later seals anew. Who owns the database *can* make them anew, and can cut the end off together
with its seals: no chain shows that by itself. Therefore every seal's hash is also written down outside the database –
in ``var/trail-seals``, one line each, and in the log – and ``audit verify`` compares. Whoever owns all three places
is found out only by a head that somebody noted elsewhere (``audit verify --head``). What is newer than the last seal
(seconds, while a worker runs) is not protected yet, and said so.

The words of an entry enter by their digest. When they are redacted (personal data found later) the digest stays
beside the mark, and the chain still holds.
"""

import base64
import itertools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm
from flask import current_app
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.audit import ENTRY, REDACTED, TrailEntry
from core.chores import chore
from core.db import Base, after_commit, database, reading, session
from core.digests import digest

log = logging.getLogger(__name__)
BATCH = 500  # entries of one seal
PAGE = 20  # seals that are held at once
WIDTH = 32  # bytes of a digest
BEGINNING = "0" * 64  # what the first seal follows
WITNESS = "trail-seals"
LOCK = 0x5350_5452  # 'SPTR'


class TrailSeal(Base):
    """A batch of entries that nobody can change unnoticed. ``digests``: one after the other, in the order of ids."""

    __tablename__ = "trail_seals"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    former: Mapped[str] = mapped_column(sa.String(64))
    first_id: Mapped[int]
    last_id: Mapped[int]
    steps: Mapped[str] = mapped_column(sa.Text)  # from one id to the next, like "1,3,1"; empty where all are 1
    digests: Mapped[str] = mapped_column(sa.Text)  # base64
    hash: Mapped[str] = mapped_column(sa.String(64))


class Broken(Exception):
    """The trail is not what was sealed; the sentence names the first place."""


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chain reaches."""

    number: int
    hash: str
    entries: int
    newest: int
    unsealed: int
    redacted: int


def entry_digest(entry: TrailEntry) -> str:
    """The digest of one act. The note enters by its own digest, so that it may be redacted."""
    return digest(
        {
            "id": entry.id,
            "at": entry.at,
            "actor": [entry.actor_id, entry.actor_name, entry.on_behalf_of_id],
            "verb": entry.verb,
            "subject": [entry.subject_kind, entry.subject_id, entry.revision_id],
            "stage": entry.stage,
            "note": entry.note_digest or digest(entry.note),
            "details": entry.details,
            "from": [entry.address, entry.request_id],
            "changed": [entry.changed, entry.before_hash, entry.after_hash],
        }
    )


def seal_hash(seal: TrailSeal) -> str:
    """The hash of a seal: of all it says, the former's hash among it."""
    return digest([seal.id, seal.at, seal.former, seal.first_id, seal.last_id, seal.steps, seal.digests])


# ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@chore(every=2)
def seal() -> None:
    """The oldest batch that is settled and not sealed yet is sealed; nothing is written when there is none.

    Called inside a ``writing()`` block, and reckons before it takes the right to write.
    """
    with reading() as s:
        former = s.scalars(sa.select(TrailSeal).order_by(TrailSeal.id.desc()).limit(1)).first()
        after = former.last_id if former else 0
        if (s.scalar(sa.select(sa.func.max(TrailEntry.id))) or 0) <= after:
            return
    settled = _settled()
    with reading() as s:
        found = sa.select(TrailEntry).where(TrailEntry.id > after, TrailEntry.id <= settled)
        entries = list(s.scalars(found.order_by(TrailEntry.id).limit(BATCH)))
        made = _sealed(former, entries) if entries else None
    if made is not None and session.get(TrailSeal, made.id) is None:  # another worker may have been faster
        session.add(made)
        session.flush()
        witness, line = _witness(), f"{made.id} {made.last_id} {made.hash}"
        after_commit(lambda: _tell(witness, line))


def _sealed(former: TrailSeal | None, entries: list[TrailEntry]) -> TrailSeal:
    ids = [entry.id for entry in entries]
    steps = [late - early for early, late in itertools.pairwise(ids)]
    made = TrailSeal(
        id=former.id + 1 if former else 1,
        at=clock.now(),
        former=former.hash if former else BEGINNING,
        first_id=ids[0],
        last_id=ids[-1],
        steps=",".join(map(str, steps)) if set(steps) - {1} else "",
        digests=base64.b64encode(b"".join(bytes.fromhex(entry_digest(entry)) for entry in entries)).decode(),
    )
    made.hash = seal_hash(made)
    return made


def _settled() -> int:
    """The newest id of which all older ones are committed, or never will be: a number taken is not yet a row.

    PostgreSQL hands out numbers before their rows are committed. A lock that no writer holds says that none is under
    way; it is given back at once. When it cannot be had within a tenth of a second, the next turn tries again.
    """
    newest = sa.select(sa.func.max(TrailEntry.id))
    if database().sqlite:  # one writer at a time: what can be seen is all there is
        with reading() as s:
            return s.scalar(newest) or 0
    if not session.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": LOCK}):
        return 0
    mark = session.begin_nested()
    try:
        session.execute(sa.text("SET LOCAL lock_timeout = '100ms'"))
        session.execute(sa.text("LOCK TABLE trail_entries IN SHARE MODE"))
        return session.scalar(newest) or 0
    except sa.exc.OperationalError:
        return 0
    finally:
        mark.rollback()


def _witness() -> Path:
    found: Path = current_app.config["SPIRAL"].var / WITNESS
    return found


def _tell(witness: Path, line: str) -> None:
    log.info("trail sealed: %s", line)
    try:
        with witness.open("a", encoding="ascii") as file:
            file.write(line + "\n")
    except OSError as error:
        log.warning("%s could not be written: %s", witness.name, error)


# ── verifying ────────────────────────────────────────────────────────────────────────────────────────────────────────


def verify(*, head: str = "", step: Callable[[int], None] = lambda _n: None) -> Head:
    """How far the chain reaches, when the whole trail is as it was sealed. In a ``reading()`` block.

    ``head``: ``number:hash`` as an earlier call gave it, kept elsewhere. ``step`` hears of so many entries looked at.

    Raises:
        Broken: the first entry, else the first seal, that is not as it was; or what is missing at the end.
    """
    known: dict[int, set[str]] = {}
    for told, said in _heads(head):
        known.setdefault(told, set()).add(said)
    number, former, last, entries = 0, BEGINNING, 0, 0
    for made in _seals():
        _unbroken(made, number, former, last)
        entries += _compare(made, last)
        step(len(_ids(made)))
        number, former, last = made.id, made.hash, made.last_id
        if known.pop(number, {former}) != {former}:
            raise Broken(f"seal {number} is not the one that was noted outside the database: the chain was made anew")
    if known:
        raise Broken(
            f"seal {min(known)} was noted outside the database, but the chain ends with seal {number}: "
            f"the entries after {last} that were sealed there are missing at the end (or this is an older backup)"
        )
    newer = sa.select(sa.func.count()).select_from(TrailEntry)
    _told_of_redactions()
    return Head(
        number, former, entries, last,
        unsealed=session.scalar(newer.where(TrailEntry.id > last)) or 0,
        redacted=session.scalar(newer.where(TrailEntry.note_digest.is_not(None))) or 0,
    )  # fmt: skip


def _told_of_redactions() -> None:
    """Words were taken out of the trail only where the trail says who did so."""
    act = sa.orm.aliased(TrailEntry)
    told = sa.exists().where(act.verb == "redacted", act.subject_kind == ENTRY, act.subject_id == TrailEntry.id)
    silent = sa.select(sa.func.min(TrailEntry.id)).where(TrailEntry.note_digest.is_not(None), ~told)
    found = session.scalar(silent)
    if found is not None:
        raise Broken(f"the words of entry {found} were taken out, and no entry says by whom")


def _heads(given: str) -> Iterator[tuple[int, str]]:
    """What is known outside the database: number and hash of seals."""
    if given:
        number, _, said = given.partition(":")
        if not number.isdecimal() or len(said) != 64:
            raise Broken(f"{given} is no head; it looks like 12:9f86…, as an earlier verify printed it")
        yield int(number), said
    try:
        lines = _witness().read_text("ascii").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        number, _last, said = (*line.split(), "", "", "")[:3]
        if number.isdecimal() and len(said) == 64:  # the last line may be cut short by a crash
            yield int(number), said


def _unbroken(made: TrailSeal, number: int, former: str, last: int) -> None:
    """This seal follows the one before it and says what it said."""
    where = f"seal {made.id} (entries {made.first_id} to {made.last_id})"
    if made.id != number + 1:
        raise Broken(f"seal {number + 1} is missing: it covered the entries after {last}")
    if made.hash != seal_hash(made):
        raise Broken(f"{where} was changed: its hash is not that of what it says")
    if made.former != former or made.first_id <= last:
        raise Broken(f"{where} does not follow seal {number}: the chain is broken there")


def _compare(made: TrailSeal, last: int) -> int:
    """The entries of a seal are there as they were, and no others between them."""
    packed = base64.b64decode(made.digests)
    sealed = {key: packed[at * WIDTH : (at + 1) * WIDTH].hex() for at, key in enumerate(_ids(made))}
    found = sa.select(TrailEntry).where(TrailEntry.id > last, TrailEntry.id <= made.last_id).order_by(TrailEntry.id)
    there = {entry.id: entry for entry in session.scalars(found)}
    for key in sorted(sealed.keys() | there.keys()):
        if key not in there:
            raise Broken(f"entry {key} is missing; seal {made.id} of {made.at:%Y-%m-%d %H:%M} UTC knows it")
        entry = there[key]
        if key not in sealed:
            raise Broken(f"entry {key} was slipped in after the entries around it had been sealed")
        if entry_digest(entry) != sealed[key]:
            raise Broken(f"entry {key} ({entry.verb}, {entry.subject_kind} {entry.subject_id}) was changed")
        if entry.note_digest is not None and entry.note != REDACTED:
            raise Broken(f"entry {key} ({entry.verb}) shows other words than the mark of what was redacted")
        session.expunge(entry)  # memory stays flat
    return len(sealed)


def _seals() -> Iterator[TrailSeal]:
    """All seals in order, a page at a time."""
    last = 0
    found = sa.select(TrailSeal).order_by(TrailSeal.id).limit(PAGE)
    while page := session.scalars(found.where(TrailSeal.id > last)).all():
        yield from page
        last = page[-1].id
        for made in page:
            session.expunge(made)


def _ids(made: TrailSeal) -> list[int]:
    """The ids of the entries of a seal, in order."""
    count = len(base64.b64decode(made.digests)) // WIDTH
    steps = [int(part) for part in made.steps.split(",")] if made.steps else [1] * (count - 1)
    return list(itertools.accumulate(steps, initial=made.first_id))


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def lines() -> Iterator[dict[str, Any]]:
    """The whole trail for other programs: each act with its digest, each seal after the acts that it covers.

    ``entry_digest`` and ``seal_hash`` say how they are reckoned; with both at hand nobody needs this program to check.
    """
    last = 0
    for made in _seals():
        yield from _entries(last, made.last_id)
        yield {"seal": made.id, **_columns(made)}
        last = made.last_id
    newest = session.scalar(sa.select(sa.func.max(TrailEntry.id))) or 0
    for start in range(last, newest, BATCH):
        yield from _entries(start, min(start + BATCH, newest))


def _entries(after: int, until: int) -> Iterator[dict[str, Any]]:
    found = sa.select(TrailEntry).where(TrailEntry.id > after, TrailEntry.id <= until).order_by(TrailEntry.id)
    for entry in session.scalars(found).all():
        yield {"entry": entry.id, **_columns(entry), "digest": entry_digest(entry)}
        session.expunge(entry)


def _columns(row: Base) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in sa.inspect(type(row)).column_attrs if column.key != "id"}
