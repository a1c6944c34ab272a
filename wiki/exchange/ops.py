"""The verbs of an import: bring a file, check it, run it, stop it, forget it. Allow, change, remember, tell."""

import hashlib
import os
import secrets
import shutil
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from core import audit, brought, clock, db
from core.actors import Actor
from core.backup.folders import kept
from core.chores import chore
from core.db import after_commit, lock, session
from core.errors import IllegalMove, Invalid, NotFound
from core.i18n import _
from core.outbox import promise
from core.permissions import require
from core.texts import one_line
from wiki.articles.kinds import KINDS
from wiki.articles.models import Audience
from wiki.articles.permissions import P
from wiki.articles.queries import category_by_slug
from wiki.exchange import columns, reading
from wiki.exchange.models import Import, ImportRow
from wiki.exchange.rules import MOVES, WORKING, State, Way

TOPIC = "exchange.import"
ROOM = kept("imports")
KEPT = timedelta(days=30)  # then the file and its rows are forgotten: they hold what people wrote


def root() -> Path:
    """Where brought files lie until they are forgotten."""
    found: Path = current_app.config["SPIRAL"].var / ROOM
    return found


def folder_of(row: Import) -> Path:
    """The folder of one import."""
    return root() / row.key


def source_of(row: Import) -> Path:
    """The file that was brought, on this machine."""
    return brought.fetched(ROOM, row.key, folder_of(row) / f"source{Path(row.name).suffix.lower()}")


def picture_of(row: Import, digest: str) -> Path:
    """A picture that stands beside the rows, on this machine (once it was set aside on one)."""
    return brought.fetched(ROOM, brought.key_for(row.key, digest), folder_of(row) / "pictures" / digest)


def set_aside(row: Import, digest: str, data: bytes) -> None:
    """A picture lies beside the rows until they are taken."""
    path = folder_of(row) / "pictures" / digest
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".new")
        scratch.write_bytes(data)
        brought.shared(ROOM, brought.key_for(row.key, digest), scratch)
        scratch.rename(path)


def keep_file(name: str, data: bytes) -> tuple[str, Path]:
    """The bytes lie in a folder of their own; returns its key and the file. Outside of a transaction: it is slow.

    Raises:
        Invalid: field ``file``.
    """
    name = one_line(name).replace("\\", "/").rpartition("/")[2]
    if Path(name).suffix.lower() not in reading.KINDS:
        raise Invalid({"file": _("Give a file that ends in %(kinds)s.", kinds=", ".join(sorted(reading.KINDS)))})
    if not data:
        raise Invalid({"file": _("«%(name)s» is empty.", name=name)})
    key = secrets.token_hex(16)
    path = root() / key / f"source{Path(name).suffix.lower()}"
    path.parent.mkdir(parents=True, mode=0o750)
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # its row will say that it is here
        brought.shared(ROOM, key, path)
    except OSError:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    return key, path


def begin(actor: Actor, key: str, name: str, data: bytes, headings: list[str], sample: list[list[str]]) -> Import:
    """A file is here, and waits to be told how it is to be read.

    Raises:
        Forbidden.
    """
    require(actor, P.MANAGE_ARTICLES)
    now = clock.now()
    row = Import(
        key=key,
        name=one_line(name)[-200:],
        size=len(data),
        digest=hashlib.sha256(data).hexdigest(),
        state=State.NEW,
        way=Way.PUBLISH,
        kind="",
        category="",
        audience="",
        headings=headings[:200],
        sample=[[cell[:200] for cell in line[:200]] for line in sample],
        mapping=columns.guess(headings),
        error="",
        created_by_id=actor.id,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(actor, "import_brought", subject_kind="import", subject_id=row.id, note=row.name)
    return row


def find(actor: Actor, import_id: int) -> Import:
    """The import of this number, locked.

    Raises:
        Forbidden, NotFound.
    """
    require(actor, P.MANAGE_ARTICLES)
    row = lock(Import, import_id) if session.info.get("writes") else session.get(Import, import_id)
    if row is None:
        raise NotFound(_("There is no such import; it may have been forgotten after 30 days."))
    return row


def choose(row: Import, *, way: str, kind: str, category: str, audience: str, mapping: dict[str, str]) -> None:
    """How the file is to be read, and what becomes of its rows.

    Raises:
        Invalid: field by field.
    """
    errors: dict[str, str] = {}
    if way not in list(Way):
        errors["way"] = _("Choose what becomes of the rows.")
    if kind and kind not in KINDS:
        errors["kind"] = _("There is no such kind.")
    if category and category_by_slug(category) is None:
        errors["category"] = _("There is no category %(name)s.", name=category[:60])
    if audience not in {"", Audience.PUBLIC.value, Audience.INTERNAL.value}:
        errors["audience"] = _("The audience of a whole file is public or internal.")
    chosen = {heading: mapping[heading] for heading in row.headings if mapping.get(heading)}
    twice = [target for target in chosen.values() if list(chosen.values()).count(target) > 1]
    if twice:
        errors["mapping"] = _("Two columns cannot both be «%(field)s».", field=twice[0])
    elif row.headings and not {"title", "question", "process_no", "scenario", "situation"} & set(chosen.values()):
        errors["mapping"] = _("Say which column is the title.")
    if any(target not in columns.targets() for target in chosen.values()):
        errors["mapping"] = _("There is no such field.")
    if errors:
        raise Invalid(errors)
    row.way, row.kind, row.category, row.audience, row.mapping = Way(way), kind, category, audience, chosen


def check(row: Import, actor: Actor) -> None:
    """The dry run begins, from the first row.

    Raises:
        IllegalMove: it is at work already, or done.
    """
    move(row, "check")
    session.execute(sa.delete(ImportRow).where(ImportRow.import_id == row.id))
    row.error = ""
    audit.record(actor, "import_checked", subject_kind="import", subject_id=row.id, note=row.name)
    promise(TOPIC, str(row.id))


def run(row: Import, actor: Actor) -> None:
    """The rows are taken from now on, those that are right.

    Raises:
        IllegalMove: it was not checked, is at work already, or done.
    """
    move(row, "run")
    row.created_by_id = actor.id  # in whose name the articles appear
    audit.record(actor, "import_run", subject_kind="import", subject_id=row.id, note=row.name)
    promise(TOPIC, str(row.id))


def stop(row: Import, actor: Actor) -> None:
    """The worker leaves it alone after the batch in hand; what is done is done.

    Raises:
        IllegalMove: nothing is under way.
    """
    move(row, "stop")
    audit.record(actor, "import_stopped", subject_kind="import", subject_id=row.id, note=row.name)


def move(row: Import, verb: str) -> None:
    """The next state.

    Raises:
        IllegalMove.
    """
    target = MOVES.get((row.state, verb))
    if target is None:
        raise IllegalMove(_("This import is not in a state for that; look again."))
    row.state, row.updated_at = target, clock.now()
    session.flush()


def forget(row: Import, actor: Actor | None) -> None:
    """File and rows are gone; articles stay.

    Raises:
        IllegalMove: it is at work.
    """
    if row.state in WORKING:
        raise IllegalMove(_("This import is at work; stop it first."))
    folder, keys = folder_of(row), [row.key]
    for names in session.scalars(sa.select(ImportRow.pictures).where(ImportRow.import_id == row.id)):
        keys += [brought.key_for(row.key, digest) for digest, _name in names]
    audit.record(actor, "import_forgotten", subject_kind="import", subject_id=row.id, note=row.name)
    session.execute(sa.delete(ImportRow).where(ImportRow.import_id == row.id))
    session.delete(row)
    session.flush()
    after_commit(lambda: brought.forgotten(ROOM, keys, folder))


@chore(every=6 * 3600)
def forget_old() -> None:
    """Imports that nobody has touched for a month are forgotten."""
    limit = clock.now() - KEPT
    for row in session.scalars(sa.select(Import).where(Import.updated_at < limit, Import.state.not_in(WORKING))):
        forget(row, None)


@chore(every=6 * 3600, outside=True)
def clear() -> None:
    """What the store holds of imports that are forgotten is gone."""
    brought.cleared(ROOM, _keys, (clock.now() - KEPT).timestamp())


def _keys() -> set[str]:
    """Under which the store keeps files and pictures of imports."""
    found = sa.select(Import.key, ImportRow.pictures).outerjoin(ImportRow, ImportRow.import_id == Import.id)
    keys: set[str] = set()
    with db.reading() as s:
        for key, names in s.execute(found):
            keys |= {key, *(brought.key_for(key, digest) for digest, _name in names or ())}
    return keys


@chore(every=6 * 3600, local=True, outside=True)
def sweep() -> None:
    """Files that never became an import, or whose import was forgotten elsewhere, are gone from this disk."""
    with db.reading() as s:
        known = set(s.scalars(sa.select(Import.key)))
    brought.swept(root(), known, (clock.now() - KEPT).timestamp())
