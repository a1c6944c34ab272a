"""Reads of the ledger."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from accounts.models import User
from core.actors import Actor
from core.db import session
from core.errors import Invalid
from core.i18n import _, choose_zone
from core.permissions import allowed
from wiki.articles.models import Article, Publication
from wiki.articles.permissions import P as Articles
from wiki.scoring.models import LedgerEntry, ScoringAct, ScoringRule
from wiki.scoring.permissions import P
from wiki.scoring.rules import NOTHING, Act, Rule, Unit


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: of a person, from a moment on, before a moment, of periods, of a unit, of events."""

    user_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None
    periods: Sequence[str] = field(default=())
    unit: Unit | None = None
    events: Sequence[str] = field(default=())


def _conditions(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.user_id is not None:
        found.append(LedgerEntry.user_id == wanted.user_id)
    if wanted.since is not None:
        found.append(LedgerEntry.at >= wanted.since)
    if wanted.before is not None:
        found.append(LedgerEntry.at < wanted.before)
    if wanted.periods:
        found.append(LedgerEntry.period.in_(wanted.periods))
    if wanted.unit is not None:
        found.append(LedgerEntry.unit == wanted.unit)
    if wanted.events:
        found.append(LedgerEntry.event.in_(wanted.events))
    return found


def ledger(wanted: Filter) -> sa.Select[LedgerEntry]:
    """Entries, newest first."""
    return sa.select(LedgerEntry).where(*_conditions(wanted)).order_by(LedgerEntry.at.desc(), LedgerEntry.id.desc())


def sums(wanted: Filter) -> dict[Unit, Decimal]:
    """What the entries of a filter amount to, by unit; both are always there."""
    rows = session.execute(
        sa.select(LedgerEntry.unit, sa.func.sum(LedgerEntry.points, type_=LedgerEntry.points.type))
        .where(*_conditions(wanted))
        .group_by(LedgerEntry.unit)
    )
    nothing = Decimal("0.00")
    return {Unit.POINTS: nothing, Unit.CREDITS: nothing, **dict(rows.all())}


def by_rule(wanted: Filter) -> list[tuple[str, Unit, int, Decimal]]:
    """(rule, unit, how often, how much) of a filter, the most first."""
    total = sa.func.sum(LedgerEntry.points, type_=LedgerEntry.points.type)
    rows = session.execute(
        sa.select(LedgerEntry.rule, LedgerEntry.unit, sa.func.count(), total)
        .where(*_conditions(wanted))
        .group_by(LedgerEntry.rule, LedgerEntry.unit)
        .order_by(LedgerEntry.unit.desc(), sa.desc(sa.func.sum(LedgerEntry.points)), LedgerEntry.rule)
    )
    return [(rule, unit, count, amount) for rule, unit, count, amount in rows]


def rules(event: str | None = None) -> list[Rule]:
    """Every rule that ever was in force – for one event, where one is named: an act needs no others."""
    return [row.rule for row in session.scalars(_rules(one=event is not None), {"event": event} if event else {})]


@cache
def _rules(*, one: bool) -> sa.Select[ScoringRule]:
    found = sa.select(ScoringRule).order_by(ScoringRule.id)
    return found.where(ScoringRule.event == sa.bindparam("event", type_=sa.String)) if one else found


def rules_in_force(day: date) -> sa.Select[ScoringRule]:
    """The rules of a day, by event."""
    return (
        sa.select(ScoringRule)
        .where(ScoringRule.valid_from <= day, sa.or_(ScoringRule.valid_to.is_(None), ScoringRule.valid_to >= day))
        .order_by(ScoringRule.unit.desc(), ScoringRule.event, ScoringRule.points.desc())
    )


def acts_streamed(at_once: int, *conditions: sa.ColumnElement[bool]) -> Iterator[tuple[int, Act]]:
    """Acts with their numbers, in the order in which they were recorded, some thousand at a time."""
    one = ScoringAct
    rows = session.execute(
        sa.select(
            one.id, one.event, one.source, one.people, one.day, one.period, one.variant, one.amount, one.score,
            one.undoes, one.does, one.shares,
        )
        .where(*conditions)
        .order_by(one.id)
        .execution_options(yield_per=at_once)
    )  # fmt: skip
    for number, event, source, people, day, period, variant, amount, score, undoes, does, shares in rows:
        yield (
            number,
            Act(
                event, source, tuple(people), day, period, variant, amount, score, undoes, does,
                tuple(shares) if shares else None,
            ),
        )  # fmt: skip


def act_of(event: str, source: str) -> ScoringAct | None:
    """The act of this name."""
    return session.scalar(sa.select(ScoringAct).where(ScoringAct.event == event, ScoringAct.source == source))


def is_recorded(event: str, source: str) -> bool:
    """There is an act of this name."""
    return session.scalar(_named(), {"event": event, "source": source}) is not None


@cache  # asked before anything is recorded
def _named() -> sa.Select[int]:
    event, source = sa.bindparam("event", type_=sa.String), sa.bindparam("source", type_=sa.String)
    return sa.select(ScoringAct.id).where(ScoringAct.event == event, ScoringAct.source == source)


def acts_named(events: Collection[str], sources: Collection[str]) -> dict[tuple[str, str], ScoringAct]:
    """The acts of these events and names, by both."""
    found = sa.select(ScoringAct).where(ScoringAct.event.in_(events), ScoringAct.source.in_(sources))
    return {(row.event, row.source): row for row in session.scalars(found)}


def following(first: ScoringAct) -> sa.Select[ScoringAct]:
    """The acts that refer to this one, in order."""
    return (
        sa.select(ScoringAct)
        .where(ScoringAct.event == first.event, ScoringAct.undoes == first.source, ScoringAct.id > first.id)
        .order_by(ScoringAct.id)
    )


def followings(firsts: Sequence[ScoringAct]) -> dict[int, list[ScoringAct]]:
    """The acts that refer to each of these, by its number, in order; one statement."""
    found: dict[int, list[ScoringAct]] = {first.id: [] for first in firsts}
    known = {(first.event, first.source): first.id for first in firsts}
    events, sources = ({one[n] for one in known} for n in (0, 1))
    rows = session.scalars(
        sa.select(ScoringAct)
        .where(ScoringAct.event.in_(events), ScoringAct.undoes.in_(sources))
        .order_by(ScoringAct.id)
    )
    for row in rows:
        first = known.get((row.event, row.undoes or ""))
        if first is not None and row.id > first:
            found[first].append(row)
    return found


def entries_by_act(ids: Sequence[int]) -> dict[int, list[LedgerEntry]]:
    """The entries of some acts, with their corrections, by act."""
    found: dict[int, list[LedgerEntry]] = defaultdict(list)
    rows = sa.select(LedgerEntry).where(LedgerEntry.act_id.in_(ids)).order_by(LedgerEntry.id)
    for row in session.scalars(rows):
        found[row.act_id].append(row)
    return found


def spent(user_id: int, rule: str, span: date | str) -> Decimal:
    """What a person has earned by a rule on a day or in a month of the ledger; what was taken back stays spent."""
    by_day = isinstance(span, date)
    return session.scalar(_spent(by_day=by_day), {"user": user_id, "rule": rule, "span": span}) or NOTHING


@cache  # asked for each cap of whoever earns
def _spent(*, by_day: bool) -> sa.Select[Decimal | None]:
    user, rule = sa.bindparam("user", type_=sa.Integer), sa.bindparam("rule", type_=sa.String)
    span = LedgerEntry.day if by_day else LedgerEntry.period
    pays = sa.select(ScoringAct.id).where(ScoringAct.id == LedgerEntry.act_id, ScoringAct.undoes.is_(None)).exists()
    return sa.select(sa.func.sum(LedgerEntry.points, type_=LedgerEntry.points.type)).where(
        LedgerEntry.user_id == user, LedgerEntry.rule == rule, span == sa.bindparam("span", type_=span.type), pays
    )


def accepted_act(article_id: int, author_ids: Sequence[int]) -> ScoringAct | None:
    """The newest acceptance of an article by which exactly these people earned."""
    rows = session.scalars(_accepted(), {"article": article_id})
    return next((row for row in rows if row.people == list(author_ids)), None)


@cache  # asked with every vote and every use in a call
def _accepted() -> sa.Select[ScoringAct]:
    return (
        sa.select(ScoringAct)
        .join(Publication, Publication.submission_id == ScoringAct.source_id)
        .where(Publication.article_id == sa.bindparam("article", type_=sa.Integer))
        .where(ScoringAct.source_kind == "submission", ScoringAct.event.in_(("article.accepted", "revision.accepted")))
        .where(ScoringAct.undoes.is_(None))
        .order_by(ScoringAct.id.desc())
    )


def is_own(user_id: int, author_ids: Sequence[int]) -> bool:
    """This person is one of them, or has an account under the same mail address as one of them."""
    return user_id in author_ids or is_same_person(user_id, *author_ids)


def is_same_person(user_id: int, *others: int) -> bool:
    """Another account of the same person, as far as we can know: the same mail address."""
    return session.scalar(_same_person(), {"user": user_id, "others": others}) is not None


@cache
def _same_person() -> sa.Select[int]:
    user, others = sa.bindparam("user", type_=sa.Integer), sa.bindparam("others", type_=sa.Integer, expanding=True)
    mine = sa.select(sa.func.lower(User.email)).where(User.id == user, User.email != "").scalar_subquery()
    same = sa.select(User.id).where(User.id.in_(others), User.id != user, sa.func.lower(User.email) == mine)
    return same.limit(1)


def people_seen_by(actor: Actor) -> sa.Select[User]:
    """Whose ledger this person may open, by name."""
    return sa.select(User).where(allowed(actor, P.SEE_LEDGER), User.active).order_by(User.name, User.id)


def titles(actor: Actor, article_ids: Sequence[int]) -> dict[int, str]:
    """Titles of those articles that the actor may read."""
    if not article_ids:
        return {}
    rows = session.execute(
        sa.select(Article.id, Article.title).where(Article.id.in_(article_ids), allowed(actor, Articles.READ))
    )
    return dict(rows.all())


def moment(text: str | None, name: str, *, end: bool = False) -> datetime | None:
    """A moment of a filter: a day on the centre's clock (``end``: the whole day counts), or a time with offset.

    Raises:
        Invalid: it is neither.
    """
    if not text:
        return None
    zone = ZoneInfo(choose_zone())
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return datetime.combine(day + timedelta(days=1 if end else 0), time(), zone).astimezone(UTC)
        found = datetime.fromisoformat(text.replace(" ", "+"))  # a '+' of an offset arrives as a blank
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid({name: _("Write a day like 2026-11-30, or a time with its offset.")}) from None
