"""What counts beside words: use in calls, freshness and trust, as one bounded factor for each article.

Kept in each process by article, read from the database when it is asked for first; a new vote, mark, flag, version or
verification is noticed within a second and has that article read again, and so have five minutes in any case. Nothing
is ever written, least of all the index.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from core import clock
from core.caches import Cache
from core.db import session
from core.once import once
from wiki.articles.models import Article, Publication, Verification
from wiki.articles.rules import ProvisionalKind
from wiki.feedback.flag_models import Flag, FlagNote
from wiki.feedback.flag_rules import FlagState
from wiki.feedback.models import Feedback, Withdrawal, stands
from wiki.feedback.queries import counted_use
from wiki.search.weights import Facts, weighed, weight

USED_WITHIN = timedelta(days=180)  # an older use weighs next to nothing
Uses = Sequence[tuple[date, int]]


class Stamp(NamedTuple):
    """The newest rows of what is looked at; rows are only ever added."""

    feedback: int = 0
    publication: int = 0
    verification: int = 0
    flag: int = 0
    withdrawal: int = 0
    note: int = 0


_held: Cache[Facts] = Cache(50_000, seconds=300)  # the factors are made anew for each question: they follow the clock
_stamps: Cache[Stamp] = Cache(1, seconds=1.0, until_write=True)
_seen: Cache[Stamp] = Cache(1)


class Weigher:
    """For one question: weighs its candidates, and can say afterwards what each weight came from."""

    def __init__(self) -> None:
        self.of: dict[str, Facts] = {}
        self.now = clock.now()

    def __call__(self, ids: Sequence[str]) -> Mapping[str, float]:
        """Each article's factor, between the bounds; 1 where nothing is known."""
        self.of = known(ids)
        return {each: weight(facts, self.now) for each, facts in self.of.items()}


def known(ids: Iterable[str]) -> dict[str, Facts]:
    """The facts of these articles, from what is kept or from the database."""
    _notice()
    wanted = [int(each) for each in ids if each.isdecimal()]
    found = {each: facts for each in wanted if (facts := _held.get(each)) is not None}
    missing = [each for each in wanted if each not in found]
    if missing:
        for each, facts in _read(missing).items():
            _held.put(each, facts)
            found[each] = facts
    return {str(each): facts for each, facts in found.items()}


def _notice() -> None:
    """Forget the articles of which something new is said."""
    if _stamps.get(0) is not None:
        return
    now = _newest()
    _stamps.put(0, now)
    before = _seen.get(0)
    _seen.put(0, now)
    if before is None:
        _held.clear()
    elif before != now:
        for article_id in _touched_since(before, now):
            _held.forget(article_id)


def _newest() -> Stamp:
    tables = (Feedback, Publication, Verification, Flag, Withdrawal, FlagNote)
    row = session.execute(sa.select(*(sa.select(sa.func.max(table.id)).scalar_subquery() for table in tables))).one()
    return Stamp(*(value or 0 for value in row))


def _touched_since(before: Stamp, now: Stamp) -> set[int]:
    tables = (
        (Feedback, "feedback"),
        (Publication, "publication"),
        (Verification, "verification"),
        (Flag, "flag"),
        (Withdrawal, "withdrawal"),
    )
    asked = [
        sa.select(table.article_id).where(table.id > getattr(before, name))
        for table, name in tables
        if getattr(now, name) != getattr(before, name)
    ]
    if now.note != before.note:
        asked.append(sa.select(Flag.article_id).join(FlagNote).where(FlagNote.id > before.note))
    return set(session.scalars(sa.union(*asked))) if asked else set()


def _read(ids: list[int]) -> dict[int, Facts]:
    """Most texts have neither votes nor flags: those are told by one statement, which a question waits for."""
    rows = session.execute(_plain(), {"ids": ids}).all()
    told = [row.id for row in rows if row.told]
    flagged = _flagged(ids) if any(row.flags for row in rows) else set()
    uses, votes = (_uses(told), _votes(told)) if told else ({}, {})
    today = clock.now().date()
    return {
        row.id: _facts(row, uses.get(row.id, ()), votes.get(row.id, (0, 0)), row.id in flagged, today) for row in rows
    }


_IDS: sa.BindParameter[list[int]] = sa.bindparam("ids", expanding=True)


@once
def _plain() -> sa.Select[Any]:
    """What is known of the articles ``ids`` by themselves. Saying it takes longer than the answer."""
    own = (Article.id, Article.kind, Article.updated_at, Article.verified_at, Article.verify_due_at)
    columns: list[Any] = [*own, Article.provisional, _confirmed().label("confirmed")]
    for beside, name in ((Feedback, "told"), (Flag, "flags")):
        columns.append(sa.exists().where(beside.article_id == Article.id).correlate(Article).label(name))
    return sa.select(*columns).where(Article.id.in_(_IDS))


def _facts(row: Any, uses: Uses, votes: tuple[int, int], flagged: bool, today: date) -> Facts:
    provisional: ProvisionalKind | None = row.provisional
    return Facts(
        kind=row.kind,
        changed_at=row.updated_at,
        seen_at=row.verified_at,
        due_at=row.verify_due_at,
        confirmed=bool(row.confirmed),
        provisional=provisional is not None,
        flagged=flagged,
        helpful=votes[0],
        not_helpful=votes[1],
        uses=sum(people for _day, people in uses),
        used=weighed(uses, today),
        used_on=today,
    )


def _confirmed() -> sa.ColumnElement[bool]:
    """Somebody has looked at the very text that readers see, and found it true."""
    return sa.exists().where(
        Verification.article_id == Article.id, Verification.revision_id == Article.revision_id
    ).correlate(Article)  # fmt: skip


def _uses(ids: list[int]) -> dict[int, list[tuple[date, int]]]:
    """(day, people) by article: everybody counts once a day, and nobody for their own work."""
    found: dict[int, list[tuple[date, int]]] = {}
    for article_id, at, people in session.execute(_uses_of(), {"ids": ids, "since": clock.now() - USED_WITHIN}):
        found.setdefault(article_id, []).append((_day(at), people))
    return found


@once
def _uses_of() -> sa.Select[Any]:
    day = sa.func.date(Feedback.at)
    return (
        sa.select(Feedback.article_id, day, sa.func.count(sa.distinct(Feedback.user_id)))
        .where(Feedback.article_id.in_(_IDS), counted_use(), sa.not_(Feedback.own))
        .where(Feedback.at >= sa.bindparam("since"))
        .group_by(Feedback.article_id, day)
        .order_by(Feedback.article_id, day)
    )


def _day(value: date | datetime | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _votes(ids: list[int]) -> dict[int, tuple[int, int]]:
    """(helpful, not helpful) by article: everybody's last vote on the text as it is since its last major version."""
    return {article_id: (yes, no) for article_id, yes, no in session.execute(_votes_of(), {"ids": ids})}


@once
def _votes_of() -> sa.Select[int, int, int]:
    newest = (
        sa.select(sa.func.max(Feedback.id))
        .join(Publication, Publication.revision_id == Feedback.revision_id)
        .join(Article, sa.and_(Article.id == Feedback.article_id, Article.major == Publication.major))
        .where(Feedback.article_id.in_(_IDS), Feedback.helpful.is_not(None), sa.not_(Feedback.own))
        .group_by(Feedback.article_id, Feedback.user_id)
    )
    return (
        sa.select(
            Feedback.article_id,
            sa.func.count().filter(Feedback.helpful.is_(True)),
            sa.func.count().filter(Feedback.helpful.is_(False)),
        )
        .where(Feedback.id.in_(newest), stands())
        .group_by(Feedback.article_id)
    )


def _flagged(ids: list[int]) -> set[int]:
    """Those with a flag that waits for its answer."""
    return set(
        session.scalars(sa.select(Flag.article_id).where(Flag.article_id.in_(ids), Flag.state != FlagState.ANSWERED))
    )
