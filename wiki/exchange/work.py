"""The worker's part of an import: in batches, each a transaction of its own, so that a crash repeats nothing.

A row and what became of it are committed together. The promise is made anew every few seconds until the work is done:
whoever keeps it next goes on behind the last row that was committed.
"""

import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from accounts.rules import Role
from core import clock
from core.actors import Actor
from core.db import lock, reading, session, writing
from core.errors import DiskFull, DomainError, Invalid, Unavailable
from core.i18n import _, force_locale
from core.outbox import Job, Postponed, handler, promise
from wiki.articles.content import Content
from wiki.articles.media import Examined
from wiki.articles.publishing import Row
from wiki.exchange import ops, pictures, showing, taking
from wiki.exchange import reading as files
from wiki.exchange.columns import Options
from wiki.exchange.models import Import, ImportRow
from wiki.exchange.rows import Line, Picture
from wiki.exchange.rules import FOUND_OF, Found, Outcome, State, Way

BATCH = 25  # rows of one transaction
SLICE = 8.0  # seconds until others in the lane have their turn
ROOM = 48 << 20  # bytes of pictures that are in memory at once
AWAY = 30.0  # seconds until a store that is away is asked again
BROKEN = (sa.exc.DataError, sa.exc.IntegrityError, RecursionError, OSError)


@handler(ops.TOPIC, lane="imports")
def work(jobs: Sequence[Job]) -> None:
    """Go on with some imports, each for a while."""
    for job in jobs:
        go_on(int(job.key), until=time.monotonic() + SLICE)


def go_on(import_id: int, *, until: float) -> None:
    """The import is done, or has moved on and is promised again."""
    with reading() as s:
        row = s.get(Import, import_id)
        user = s.get(User, row.created_by_id) if row is not None else None
        actor = actor_of(user) if user is not None else None
    acts: dict[State, Callable[[Import, Actor, float], bool]] = {State.CHECKING: _check, State.RUNNING: _run}
    if row is None or user is None or actor is None or row.state not in acts:
        return
    with force_locale(user.locale or "zh_Hans"):
        if not user.active or not actor.holds(Role.MANAGER):
            _refuse(import_id, _("Whoever brought this is no knowledge manager any more."))
            return
        try:
            whole = acts[row.state](row, actor, until)
        except files.UnreadableFile as error:
            _refuse(import_id, str(error))
            return
        except Unavailable as error:
            raise Postponed(error.sentence, AWAY) from error
    if not whole:
        with writing():
            promise(ops.TOPIC, str(import_id))


def _refuse(import_id: int, why: str) -> None:
    with writing():
        row = lock(Import, import_id)
        if row is not None and row.state in {State.CHECKING, State.RUNNING}:
            ops.move(row, "refuse")
            row.error = why[:500]


def _still(import_id: int, state: State) -> Import | None:
    """The import, locked, while it is in this state: somebody may have stopped it."""
    row = lock(Import, import_id)
    return row if row is not None and row.state is state else None


# ── the dry run ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _check(row: Import, actor: Actor, until: float) -> bool:
    """Examine rows until the time is up; true when all are."""
    with reading() as s:
        done = s.scalar(sa.select(sa.func.count()).where(ImportRow.import_id == row.id)) or 0
    options = Options(row.mapping, row.kind, row.category, row.audience)
    every = enumerate(files.once_each(files.read(_unpacked(row), options, skip=done)), 1)
    lines = islice(every, done, None)
    while chunk := list(islice(lines, BATCH)):
        for _number, line in chunk:
            for one in line.pictures:
                ops.set_aside(row, one.address.removeprefix("picture:"), one.data)
        with reading():
            places = taking.Places()
        examined = [_examined(row, actor, number, line, places) for number, line in chunk]
        with writing():
            found = _still(row.id, State.CHECKING)
            if found is None:
                return True
            session.add_all(examined)
            found.updated_at = clock.now()
        if time.monotonic() > until:
            return False
    with writing():
        found = _still(row.id, State.CHECKING)
        if found is not None:
            ops.move(found, "finish")
    return True


def _unpacked(row: Import) -> Path:
    """The file, or the folder into which a zip was unpacked once."""
    source = ops.source_of(row)
    if source.suffix != ".zip":
        return source
    folder = ops.folder_of(row) / "unpacked"
    if not folder.exists():
        scratch = ops.folder_of(row) / "unpacking"
        files.unpack(source, scratch)
        scratch.mkdir(exist_ok=True)
        scratch.rename(folder)
    return folder


def _examined(owner: Import, actor: Actor, number: int, line: Line, places: taking.Places) -> ImportRow:
    """What would become of the line: it is taken in a transaction of its own, of which nothing stays."""
    settled = places.settled(line.row) if line.row is not None else None
    found, said, remarks = Found.WRONG, line.error, list(line.remarks)
    if settled is not None:
        with writing():
            known = pictures.known(actor, pictures.waiting(settled.content))
            outcome, said, _ids = attempt(lambda: taking.take(actor, settled, known, owner.way))
            session.rollback()
            found = FOUND_OF.get(outcome, Found.WRONG)
            remarks += taking.remarks_on(settled) if found is not Found.WRONG else []
    return ImportRow(
        import_id=owner.id,
        number=number,
        place=line.place[:300],
        external_id=settled.id if settled else "",
        title=settled.content.title[:300] if settled else "",
        found=found,
        said=said,
        remarks=remarks[:20],
        row=as_data(settled) if settled and found is not Found.WRONG else {},
        cells=line.cells,
        pictures=[[one.address.removeprefix("picture:"), one.name] for one in line.pictures],
    )


def attempt(act: Callable[[], taking.Taken]) -> tuple[Outcome, str, taking.Taken | None]:
    """What comes of it, and the sentence when nothing does – and then nothing of it is left."""
    point = session.begin_nested()
    try:
        taken = act()
        point.commit()
    except Invalid as error:
        point.rollback()
        return Outcome.REFUSED, _sentences(error), None
    except DomainError as error:
        point.rollback()
        return Outcome.REFUSED, error.sentence, None
    except BROKEN as error:
        point.rollback()
        return Outcome.REFUSED, f"{type(error).__name__}: {error}"[:300], None
    return taken.outcome, "", taken


def _sentences(error: Invalid) -> str:
    """What is wrong, field by field, with the fields called as the page calls them."""
    names = dict(showing.fields())
    return " ".join(
        f"{names.get(field.removeprefix('fields.'), field)}{_(': ')}{said}" for field, said in error.errors.items()
    )


# ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _run(row: Import, actor: Actor, until: float) -> bool:
    """Take rows until the time is up; true when all are taken."""
    while True:
        ready = _ahead(row, actor)
        with writing():
            owner = _still(row.id, State.RUNNING)
            if owner is None:
                return True
            rows = list(session.scalars(_waiting(row)))
            for one in rows:
                if one.id in ready:
                    _take(actor, one, ready[one.id], owner.way)
            owner.updated_at = clock.now()
            if not rows:
                ops.move(owner, "finish")
                return True
        if time.monotonic() > until:
            return False


def _waiting(row: Import) -> sa.Select[ImportRow]:
    """The next rows to take."""
    open_ = (ImportRow.import_id == row.id, ImportRow.found != Found.WRONG, ImportRow.outcome.is_(None))
    return sa.select(ImportRow).where(*open_).order_by(ImportRow.number).limit(BATCH)


def _ahead(row: Import, actor: Actor) -> dict[int, pictures.Ready]:
    """The pictures of the next rows, by row: fetched, examined and put where they stay, in no transaction.

    Raises:
        Unavailable.
    """
    with reading() as s:
        waiting = [(one.id, one.pictures) for one in s.scalars(_waiting(row))]
    ready: dict[int, pictures.Ready] = {}
    known: dict[str, Examined] = {}
    for key, names in waiting:
        try:
            brought = [Picture(name, ops.picture_of(row, digest).read_bytes()) for digest, name in names]
            ready[key] = pictures.ahead(actor, brought, known)
        except (DiskFull, OSError) as error:
            ready[key] = pictures.Ready(error=error)
        if sum(found.size for found in known.values()) > ROOM:
            break
    return ready


def _take(actor: Actor, one: ImportRow, ready: pictures.Ready, way: Way) -> None:
    def act() -> taking.Taken:
        if ready.error is not None:
            raise ready.error
        kept, remarks = pictures.keep_all(actor, ready)
        one.remarks = [*one.remarks, *remarks]
        return taking.take(actor, row_of(one.row), kept, way)

    outcome, said, taken = attempt(act)
    one.outcome, one.said, one.taken_at = outcome, said, clock.now()
    if taken is not None:
        one.article_id, one.submission_id = taken.article_id, taken.submission_id
    session.flush()


def as_data(row: Row) -> dict[str, Any]:
    """A row as plain data."""
    content = row.content
    names = ("title", "body", "fields", "category", "tags", "services", "audience", "readers")
    return {"id": row.id, "kind": row.kind, "slug": row.slug, **{name: getattr(content, name) for name in names}}


def row_of(data: dict[str, Any]) -> Row:
    """The same, back."""
    rest = {key: value for key, value in data.items() if key not in {"id", "kind", "slug"}}
    return Row(id=data["id"], kind=data["kind"], slug=data["slug"], content=Content(**rest))
