"""A file of readings on its way: kept, its columns named, tried without taking anything, taken in, or forgotten."""

import secrets
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from core import audit, brought, clock
from core.actors import Actor
from core.archives import UnreadableFile
from core.backup.folders import kept
from core.chores import chore
from core.db import after_commit, lock, reading, session
from core.errors import IllegalMove, Invalid, NotFound
from core.i18n import _
from core.permissions import require
from core.tables import Sheet, as_csv
from core.texts import one_line
from wiki.kpi import queries, sheets
from wiki.kpi.bringing import Report, import_readings
from wiki.kpi.dealing_models import ImportState, ReadingImport
from wiki.kpi.permissions import P
from wiki.kpi.sheets import Columns

KEPT = timedelta(days=30)  # a file that nobody takes in is forgotten
ROOM = kept("readings")
REFUSED_AT_MOST = 20_000


def root() -> Path:
    """Where files lie until they are taken in."""
    found: Path = current_app.config["SPIRAL"].var / ROOM
    return found


def path_of(row: ReadingImport) -> Path:
    """The file that was brought, on this machine."""
    return brought.fetched(ROOM, row.key, root() / row.key / f"source{Path(row.name).suffix.lower()}")


def begin(actor: Actor, name: str, data: bytes) -> ReadingImport:
    """The file is kept; its columns are those of the last one of its make, else guessed.

    Raises:
        Forbidden. Invalid: field ``file``.
    """
    require(actor, P.BRING_READINGS)
    name = one_line(name).replace("\\", "/").rpartition("/")[2][-200:]
    if Path(name).suffix.lower() not in sheets.KINDS:
        raise Invalid({"file": _("Give a file that ends in %(kinds)s.", kinds=", ".join(sheets.KINDS))})
    key = secrets.token_hex(16)
    path = root() / key / f"source{Path(name).suffix.lower()}"
    path.parent.mkdir(parents=True, mode=0o750)
    path.write_bytes(data)
    try:
        headings, sample = sheets.head_of(path)
    except UnreadableFile as error:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise Invalid({"file": str(error).replace(path.name, name)}) from error
    brought.shared(ROOM, key, path)
    mark = sheets.signature(headings)
    row = ReadingImport(
        key=key,
        name=name,
        size=len(data),
        state=ImportState.WAITING,
        headings=headings[:100],
        sample=[[cell[:80] for cell in line[:100]] for line in sample],
        mapping=(remembered(mark, headings) or sheets.guess(headings)).as_data(),
        signature=mark,
        refused=[],
        created_by_id=actor.id,
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def remembered(mark: str, headings: list[str]) -> Columns | None:
    """How the last file with these headings was read."""
    last = session.scalar(
        sa.select(ReadingImport)
        .where(ReadingImport.signature == mark, ReadingImport.state == ImportState.DONE)
        .order_by(ReadingImport.id.desc())
        .limit(1)
    )
    if last is None:
        return None
    old = sheets.mapping_of(last.mapping)
    roles = {place: old.columns.get(heading, "") for place, heading in enumerate(last.headings)}
    columns = {heading: roles[place] for place, heading in enumerate(headings) if roles.get(place)}
    return Columns(columns, old.indicator, "")  # the period of a whole file is never that of the last one


def find(actor: Actor, import_id: int) -> ReadingImport:
    """The import of this number, locked where this request writes.

    Raises:
        Forbidden, NotFound.
    """
    require(actor, P.BRING_READINGS)
    row = lock(ReadingImport, import_id) if session.info.get("writes") else session.get(ReadingImport, import_id)
    if row is None:
        raise NotFound(_("There is no such file; it may have been forgotten after 30 days."))
    return row


def choose(row: ReadingImport, columns: Columns) -> None:
    """How the file is to be read.

    Raises:
        IllegalMove: it was taken in already. Invalid: field ``columns``.
    """
    _must_wait(row)
    chosen = [role for role in columns.columns.values() if role]
    twice = [role for role in chosen if chosen.count(role) > 1]
    if twice:
        raise Invalid({"columns": _("Two columns cannot both be «%(part)s».", part=twice[0])})
    if any(role not in sheets.ROLES for role in chosen):
        raise Invalid({"columns": _("There is no such part.")})
    if columns.indicator and queries.indicator(columns.indicator) is None:
        raise Invalid({"indicator": _("There is no indicator %(code)s.", code=columns.indicator[:64])})
    row.mapping = columns.as_data()
    session.flush()


def _must_wait(row: ReadingImport) -> None:
    if row.state is not ImportState.WAITING:
        raise IllegalMove(_("This file was taken in already; what it brought stays."))


def try_out(actor: Actor, row: ReadingImport) -> Report:
    """What the file would do. Nothing is changed.

    Raises:
        IllegalMove: it was taken in already, or its file is gone.
    """
    _must_wait(row)
    return import_readings(actor, _rows(row, []), source=row.name, dry_run=True)


def take(actor: Actor, row: ReadingImport, *, why: str = "") -> Report:
    """The sound rows are taken, the others named and kept with what is wrong; the file itself is forgotten.

    Raises:
        IllegalMove: it was taken in already, or its file is gone.
    """
    _must_wait(row)
    seen: list[tuple[int, list[str]]] = []
    report = import_readings(
        actor, _rows(row, seen), source=row.name, why=one_line(why)[:300], import_id=row.id
    )  # fmt: skip
    wrong = dict(report.errors)
    cells = {line: found for line, found in seen if line in wrong}
    row.added, row.corrected, row.unchanged = report.added, report.corrected, report.unchanged
    row.refused = [[line, said, cells.get(line, [])] for line, said in report.errors[:REFUSED_AT_MOST]]
    row.why = one_line(why)[:300]
    row.state, row.done_at = ImportState.DONE, clock.now()
    audit.record(actor, "readings_taken", subject_kind="reading_import", subject_id=row.id, note=row.name)
    session.flush()
    _forget_file(row)
    return report


def _forget_file(row: ReadingImport) -> None:
    folder, keys = root() / row.key, [row.key]
    after_commit(lambda: brought.forgotten(ROOM, keys, folder))


def _rows(row: ReadingImport, seen: list[tuple[int, list[str]]]) -> Iterator[Any]:
    """The rows for ``import_readings``; every line is noted with its cells on the way."""
    if not path_of(row).exists():
        raise IllegalMove(_("The file itself is gone; bring it again."))
    for line, found, cells in sheets.lines(path_of(row), sheets.mapping_of(row.mapping)):
        seen.append((line, [cell[:300] for cell in cells]))
        yield found if isinstance(found, Exception) else (line, found)


def broken_rows(row: ReadingImport) -> bytes:
    """The refused rows as they stood, as CSV, with line and sentence: to be mended and brought again."""
    width = max([len(row.headings), *(len(cells) for _line, _said, cells in row.refused)])
    heads = [*row.headings, *[""] * (width - len(row.headings))]
    lines = [[line, said, *cells] for line, said, cells in row.refused]
    return as_csv(Sheet("refused", [_("Line"), _("Why it was left out"), *heads], lines))


def forget(actor: Actor | None, row: ReadingImport) -> None:
    """A file that was not taken in is gone.

    Raises:
        IllegalMove: it was taken in; what it brought stays.
    """
    _must_wait(row)
    audit.record(actor, "readings_forgotten", subject_kind="reading_import", subject_id=row.id, note=row.name)
    _forget_file(row)
    session.delete(row)
    session.flush()


@chore(every=6 * 3600)
def forget_old() -> None:
    """Files that nobody took in for a month are forgotten."""
    limit = clock.now() - KEPT
    waiting = sa.select(ReadingImport).where(
        ReadingImport.state == ImportState.WAITING, ReadingImport.created_at < limit
    )  # fmt: skip
    for row in session.scalars(waiting):
        forget(None, row)


def _keys() -> set[str]:
    with reading() as s:
        return set(s.scalars(sa.select(ReadingImport.key).where(ReadingImport.state == ImportState.WAITING)))


@chore(every=6 * 3600, outside=True)
def clear() -> None:
    """What the store holds of files that nobody waits for any more is gone."""
    brought.cleared(ROOM, _keys, (clock.now() - KEPT).timestamp())


@chore(every=6 * 3600, local=True, outside=True)
def sweep() -> None:
    """Folders that never became an import, or whose import is over, are gone from this disk."""
    brought.swept(root(), _keys(), (clock.now() - KEPT).timestamp())
