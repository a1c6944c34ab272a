"""Every published text that a person may read, with what is the matter with it; one statement, then arithmetic."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from accounts.models import Team, User
from core import clock
from core.actors import Actor
from core.db import UtcDateTime, session
from core.i18n import choose_zone
from core.permissions import allowed, can
from wiki.articles.link_models import Link
from wiki.articles.models import Article, Category
from wiki.articles.permissions import P as Articles
from wiki.articles.permissions import kept
from wiki.articles.queries import below
from wiki.feedback import figures
from wiki.feedback.figure_models import ArticleFigures
from wiki.feedback.flag_models import Flag
from wiki.feedback.flag_rules import FlagState
from wiki.feedback.permissions import P
from wiki.insight.health_rules import (
    BLOCK,
    ENDS_WITHIN,
    UNREAD_AFTER,
    USED_IN_CALLS,
    Facts,
    Finding,
    Reason,
    findings,
    score,
)
from wiki.search.twin_models import Twin


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which texts: ``mine`` are those that the person keeps; the others are ids, codes and slugs, empty for all."""

    mine: bool = False
    kind: str = ""
    category: str = ""
    owner: str = ""
    team: str = ""
    reason: str = ""
    slug: str = ""


@dataclass(slots=True)
class Case:
    """A text with what is the matter with it."""

    row: Any
    facts: Facts
    findings: tuple[Finding, ...]

    @property
    def score(self) -> int:
        """The sum of its points."""
        return score(self.findings)


def sick(actor: Actor, wanted: Wanted) -> list[Case]:
    """The texts that need somebody, worst first; equal ones in the order of their publication."""
    found = [case for case in examined(actor, wanted, suspects=True) if case.findings]
    if wanted.reason:
        found = [case for case in found if any(one.reason == wanted.reason for one in case.findings)]
    return sorted(found, key=lambda case: (-case.score, case.row.id))


def examined(actor: Actor, wanted: Wanted, *, suspects: bool = False) -> list[Case]:
    """All of these texts in the order of their publication, well or not; ``suspects``: those that are surely well may
    be missing."""
    now, since = clock.now(), figures.began()
    zone = ZoneInfo(choose_zone())
    today = now.astimezone(zone).date()
    cases = []
    statement = _statement(actor, wanted)
    for row in session.execute(statement.where(_suspected(now, today)) if suspects else statement):
        facts = Facts(
            kind=row.kind,
            published_at=(row.published_at or now).astimezone(zone),
            has_owner=row.owner_id is not None,
            has_team=row.owner_team_id is not None,
            has_category=row.category_id is not None,
            verify_due_at=row.verify_due_at,
            expires_at=row.expires_at,
            open_flags=row.open_flags or 0,
            late_flags=row.late_flags or 0,
            broken_links=row.broken_links or 0,
            linked=bool(row.linked),
            last_opened=row.last_day,
            counted_since=since,
            helpful=row.helpful or 0,
            not_helpful=row.not_helpful or 0,
            used=row.used or 0,
            twin_percent=row.percent if row.percent and row.twin_id else 0,
            twin_differs=bool(row.differs),
        )
        cases.append(Case(row, facts, findings(facts, now, today)))
    return cases


_other = aliased(Article)
_flags = (
    sa.select(
        Flag.article_id,
        sa.func.count().label("open_flags"),
        sa.func.count().filter(Flag.state == FlagState.OPEN, Flag.due_at <= sa.bindparam("now", type_=UtcDateTime()))
        .label("late_flags"),
    )
    .where(Flag.state != FlagState.ANSWERED)
    .group_by(Flag.article_id)
    .subquery("open_flags")
)  # fmt: skip


def _of_links() -> tuple[sa.Subquery, sa.ColumnElement[bool]]:
    """(links of a text that lead nowhere, whether a published text leads here)."""
    target, again = aliased(Article), aliased(Article)
    broken = (
        sa.select(Link.from_id, sa.func.count().label("broken_links"))
        .outerjoin(target, target.id == Link.to_id)
        .where(sa.or_(Link.to_id.is_(None), sa.not_(target.live)))
        .group_by(Link.from_id)
        .subquery("broken")
    )
    leads = sa.select(Link.to_id).join(again, again.id == Link.from_id).where(again.live, Link.to_id.is_not(None))
    return broken, Article.id.in_(leads.correlate(None))


_broken, _linked = _of_links()


def _statement(actor: Actor, wanted: Wanted) -> sa.Select[Any]:
    columns = (
        Article.id, Article.slug, Article.title, Article.kind, Article.category_id, Article.owner_id,
        Article.owner_team_id, Article.published_at, Article.verify_due_at, Article.expires_at,
    )  # fmt: skip
    kept_ones = (ArticleFigures.opens, ArticleFigures.last_day, ArticleFigures.helpful, ArticleFigures.not_helpful)
    found = (
        sa.select(*columns, *kept_ones, ArticleFigures.used, ArticleFigures.at.label("reckoned_at"))
        .add_columns(Twin.percent, Twin.differs, _other.id.label("twin_id"), _other.slug.label("twin_slug"))
        .add_columns(_other.title.label("twin_title"), _linked.label("linked"))
        .add_columns(_flags.c.open_flags, _flags.c.late_flags, _broken.c.broken_links)
        .outerjoin(ArticleFigures, ArticleFigures.article_id == Article.id)
        .outerjoin(Twin, Twin.article_id == Article.id)
        .outerjoin(_other, sa.and_(_other.id == Twin.other_id, _other.id.in_(_readable(actor))))
        .outerjoin(_flags, _flags.c.article_id == Article.id)
        .outerjoin(_broken, _broken.c.from_id == Article.id)
        .where(Article.live, allowed(actor, Articles.READ))
        .order_by(Article.id)
        .params(now=clock.now())
    )
    return _narrowed(found, actor, wanted)


def _suspected(now: datetime, today: date) -> sa.ColumnElement[bool]:
    """Something may be the matter: as wide as the rules, or wider; ``health_rules`` decide."""
    long_ago = today - timedelta(days=UNREAD_AFTER - 1)
    return sa.or_(
        _flags.c.open_flags.is_not(None),
        _broken.c.broken_links.is_not(None),
        _other.id.is_not(None),
        Article.owner_id.is_(None),
        Article.category_id.is_(None),
        Article.verify_due_at <= now,
        Article.expires_at <= now + timedelta(days=ENDS_WITHIN),
        ArticleFigures.not_helpful > 1,
        ArticleFigures.last_day.is_(None),
        ArticleFigures.last_day < long_ago,
        sa.and_(Article.kind.in_(USED_IN_CALLS), sa.func.coalesce(ArticleFigures.used, 0) == 0),
        sa.and_(Article.kind == BLOCK, sa.not_(_linked)),
    )


def _readable(actor: Actor) -> sa.Select[int]:
    """Ids of what this person may read: of a text that they may not, they do not learn that it is alike."""
    return sa.select(Article.id).where(allowed(actor, Articles.READ)).correlate(None)


def _narrowed(found: sa.Select[Any], actor: Actor, wanted: Wanted) -> sa.Select[Any]:
    if wanted.mine or not can(actor, P.SEE_HEALTH):
        found = found.where(kept(actor))
    if wanted.kind:
        found = found.where(Article.kind == wanted.kind)
    if wanted.category:
        found = found.where(Article.category_id.in_(below(wanted.category)))
    if wanted.owner:
        found = found.where(Article.owner_id.in_(sa.select(User.id).where(User.username == wanted.owner)))
    if wanted.team:
        theirs = sa.select(Team.id).where(Team.slug == wanted.team)
        members = sa.select(User.id).where(User.team_id.in_(theirs))
        found = found.where(sa.or_(Article.owner_team_id.in_(theirs), Article.owner_id.in_(members)))
    if wanted.slug:
        found = found.where(Article.slug == wanted.slug)
    return found


def how_many(cases: list[Case]) -> dict[Reason, int]:
    """How many texts each reason concerns."""
    found = Counter(one.reason for case in cases for one in case.findings)
    return {reason: found[reason] for reason in Reason}


def names(cases: list[Case]) -> tuple[dict[int, Any], dict[int, str], dict[int, str]]:
    """Owners (name, username), teams and categories of some texts, by id."""
    users = {case.row.owner_id for case in cases} - {None}
    owners = session.execute(sa.select(User.id, User.name, User.username).where(User.id.in_(users)))
    teams = session.execute(sa.select(Team.id, Team.name))
    categories = session.execute(sa.select(Category.id, Category.name))
    return (
        {row.id: row for row in owners},
        {row.id: row.name for row in teams},
        {row.id: row.name for row in categories},
    )


def choices() -> dict[str, list[tuple[str, str]]]:
    """Owners, teams and categories that the filters offer, by name."""
    owners_of = sa.select(Article.owner_id).where(Article.live, Article.owner_id.is_not(None))
    owners = session.execute(
        sa.select(User.username, User.name).where(User.id.in_(owners_of)).order_by(User.name, User.username)
    )
    teams = session.execute(sa.select(Team.slug, Team.name).order_by(Team.name))
    categories = session.execute(sa.select(Category.slug, Category.name).order_by(Category.path))
    return {
        "owner": [(row.username, row.name) for row in owners],
        "team": [(row.slug, row.name) for row in teams],
        "category": [(row.slug, row.name) for row in categories],
    }


def keeps(actor: Actor) -> sa.ColumnElement[bool]:
    """Published texts that this person keeps true, over ``Article``."""
    return sa.and_(Article.live, kept(actor))
