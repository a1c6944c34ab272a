"""Every published text that a person may read, with what is the matter with it; one statement, then arithmetic."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from accounts.models import Team, User
from core import clock
from core.actors import Actor
from core.db import session
from core.i18n import local
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
from wiki.insight.health_rules import Facts, Finding, Reason, findings, score
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


@dataclass(frozen=True, slots=True)
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
    found = [case for case in examined(actor, wanted) if case.findings]
    if wanted.reason:
        found = [case for case in found if any(one.reason == wanted.reason for one in case.findings)]
    return sorted(found, key=lambda case: (-case.score, case.row.id))


def examined(actor: Actor, wanted: Wanted) -> list[Case]:
    """All of these texts, well or not, in the order of their publication."""
    now, since = clock.now(), figures.began()
    today = local(now).date()
    cases = []
    for row in session.execute(_statement(actor, wanted)):
        facts = Facts(
            kind=row.kind,
            published_at=row.published_at or now,
            has_owner=row.owner_id is not None,
            has_team=row.owner_team_id is not None,
            has_category=row.category_id is not None,
            verify_due_at=row.verify_due_at,
            expires_at=row.expires_at,
            open_flags=row.open_flags,
            late_flags=row.late_flags,
            broken_links=row.broken_links,
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


def _statement(actor: Actor, wanted: Wanted) -> sa.Select[Any]:
    other = aliased(Article)
    columns = (
        Article.id, Article.slug, Article.title, Article.kind, Article.category_id, Article.owner_id,
        Article.owner_team_id, Article.published_at, Article.verify_due_at, Article.expires_at,
    )  # fmt: skip
    kept_ones = (ArticleFigures.opens, ArticleFigures.last_day, ArticleFigures.helpful, ArticleFigures.not_helpful)
    found = (
        sa.select(*columns, *kept_ones, ArticleFigures.used, ArticleFigures.at.label("reckoned_at"))
        .add_columns(Twin.percent, Twin.differs, other.id.label("twin_id"), other.slug.label("twin_slug"))
        .add_columns(other.title.label("twin_title"), *_counted())
        .outerjoin(ArticleFigures, ArticleFigures.article_id == Article.id)
        .outerjoin(Twin, Twin.article_id == Article.id)
        .outerjoin(other, sa.and_(other.id == Twin.other_id, other.id.in_(_readable(actor))))
        .where(Article.live, allowed(actor, Articles.READ))
        .order_by(Article.id)
    )
    return _narrowed(found, actor, wanted)


def _readable(actor: Actor) -> sa.Select[int]:
    """Ids of what this person may read: of a text that they may not, they do not learn that it is alike."""
    return sa.select(Article.id).where(allowed(actor, Articles.READ)).correlate(None)


def _counted() -> list[sa.ColumnElement[Any]]:
    """Open flags, those that are late, links that lead nowhere, and whether anything leads here."""
    target, again = aliased(Article), aliased(Article)
    flags = sa.select(sa.func.count()).where(Flag.article_id == Article.id, Flag.state != FlagState.ANSWERED)
    late = flags.where(Flag.state == FlagState.OPEN, Flag.due_at <= clock.now())
    broken = (
        sa.select(sa.func.count())
        .select_from(Link)
        .outerjoin(target, target.id == Link.to_id)
        .where(Link.from_id == Article.id, sa.or_(Link.to_id.is_(None), sa.not_(target.live)))
    )
    leads = sa.exists().where(Link.to_id == Article.id, again.id == Link.from_id, again.live)
    return [
        flags.correlate(Article).scalar_subquery().label("open_flags"),
        late.correlate(Article).scalar_subquery().label("late_flags"),
        broken.correlate(Article).scalar_subquery().label("broken_links"),
        leads.correlate(Article).label("linked"),
    ]


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


def choices(actor: Actor) -> dict[str, list[tuple[str, str]]]:
    """Owners, teams and categories that the filters offer, by name."""
    owns = sa.exists().where(Article.owner_id == User.id, Article.live)
    owners = session.execute(sa.select(User.username, User.name).where(owns).order_by(User.name))
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
