"""What the lifecycle pages show: one text's whole life, and the lists of those who keep texts true."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload

from accounts.models import Team, User
from core import clock
from core.actors import Actor
from core.audit import TrailEntry, trail
from core.db import session
from core.i18n import _, _n
from core.permissions import allowed, can
from wiki.articles.approvers import approvers_of
from wiki.articles.lifecycle_rules import INTERVALS, WARNING
from wiki.articles.models import Article, Submission, SubmissionState, Verification
from wiki.articles.permissions import P, kept, knowable
from wiki.articles.presenting import significance_word
from wiki.articles.queries import versions

VIEWS = ("due", "scheduled", "ending", "ended", "ownerless")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened in a text's life."""

    at: datetime
    what: str
    who: str = ""
    note: str = ""
    url: str | None = None


def facts(article: Article) -> dict[str, Any]:
    """Whose it is, when it was looked at last, and what comes next."""
    owner = session.get(User, article.owner_id) if article.owner_id else None
    team = session.get(Team, article.owner_team_id) if article.owner_team_id else None
    return {
        "owner": owner.name if owner else None,
        "owner_username": owner.username if owner else "",
        "team": team.name if team else None,
        "verified_at": article.verified_at,
        "due_at": article.verify_due_at if article.live else None,
        "months": article.verify_months,
        "interval": interval_word(article.verify_months),
        "expires_at": article.expires_at,
        "live": article.live,
    }


def interval_word(months: int) -> str:
    """'every 6 months', or that nobody is asked."""
    return _n("every month", "every %(num)s months", months) if months else _("never; it ends by itself or is changed")


def intervals(present: int) -> list[tuple[int, str]]:
    """What may be chosen."""
    return [(months, interval_word(months)) for months in sorted({*INTERVALS, present})]


def life(article: Article, actor: Actor) -> list[Moment]:
    """Everything that happened to it, newest first."""
    found = [*_publications(article, actor), *_looks(article), *_acts(article)]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _publications(article: Article, actor: Actor) -> list[Moment]:
    rows = versions(actor, article)
    return [
        Moment(
            row.published_at,
            _(
                "version %(version)s published (%(size)s)",
                version=row.version,
                size=significance_word(row.significance),
            ),
            row.revision.author.name,
            _("approved by %(names)s", names=_(", ").join(names)) if names else row.reason,
            url_for("articles.show", slug=article.slug, rev=row.version),
        )
        for row, names in zip(rows, approvers_of(rows), strict=True)
    ]


def _looks(article: Article) -> list[Moment]:
    rows = session.scalars(
        sa.select(Verification).where(Verification.article_id == article.id).options(joinedload(Verification.user))
    )
    return [Moment(row.at, _("looked at and found true"), row.user.name, row.note) for row in rows]


def _acts(article: Article) -> list[Moment]:
    return [_act(row) for row in session.scalars(trail("article", article.id)) if row.verb in _words()]


def _act(row: TrailEntry) -> Moment:
    return Moment(row.at, _words()[row.verb], row.actor_name if row.actor_id else "", row.note or _changes(row))


def _words() -> dict[str, str]:
    return {
        "retire": _("retired"),
        "put_back": _("put back"),
        "expire": _("its time was over"),
        "ownership_fell": _("its owner is gone; it fell to the team"),
        "keep": _("its keeping was changed"),
        "ask_to_look": _("its keeper was asked to look at it"),
    }


def _changes(row: TrailEntry) -> str:
    names = {
        "owner": _("Owner"),
        "team": _("Team"),
        "verify_months": _("Months between two looks"),
        "expires_at": _("Ends"),
    }
    pairs = [(names[key], *value) for key, value in row.details.items() if key in names]
    return _("; ").join(
        f"{name}: {old if old is not None else '–'} → {new if new is not None else '–'}" for name, old, new in pairs
    )


def gone(article: Article | None) -> Moment | None:
    """How readers lost an article; ``None`` while they see it, or never did."""
    if article is None or article.live or article.revision_id is None:
        return None
    end = session.scalar(
        trail("article", article.id)
        .where(TrailEntry.verb.in_(("retire", "expire")))
        .order_by(None)
        .order_by(TrailEntry.id.desc())
        .limit(1)
    )
    return _act(end) if end else Moment(article.updated_at or clock.now(), "")  # rolled back before it was judged


def waiting(article: Article, actor: Actor) -> Submission | None:
    """The approved text that waits for its day, as far as the person may know of it."""
    found = session.scalar(
        sa.select(Submission).where(Submission.article_id == article.id, Submission.state == SubmissionState.APPROVED)
    )
    return found if found is not None and can(actor, P.KNOW_SUBMISSION, found) else None


def listed(view: str, actor: Actor) -> sa.Select[Any]:
    """The texts of a list: those that this person keeps; all, for a manager."""
    now = clock.now()
    if view == "scheduled":
        waits = sa.and_(Submission.state == SubmissionState.APPROVED, knowable(actor))
        return sa.select(Submission).where(waits).order_by(Submission.publish_at, Submission.id)
    mine = sa.true() if actor.holds("manager") else sa.and_(kept(actor), allowed(actor, P.READ))
    found = sa.select(Article).where(mine)
    if view == "due":
        return found.where(Article.live, Article.verify_due_at <= now + WARNING).order_by(Article.verify_due_at)
    if view == "ending":
        return found.where(Article.live, Article.expires_at.is_not(None)).order_by(Article.expires_at)
    if view == "ended":
        return found.where(sa.not_(Article.live), Article.revision_id.is_not(None)).order_by(Article.updated_at.desc())
    return found.where(Article.live, Article.owner_id.is_(None)).order_by(Article.id)


def count_due(actor: Actor) -> int:
    """How many texts this person keeps are to be looked at now."""
    due = sa.and_(Article.live, Article.verify_due_at <= clock.now(), kept(actor))
    return session.scalar(sa.select(sa.func.count()).select_from(Article).where(due)) or 0


def row_of(article: Article) -> dict[str, Any]:
    """One line of a list."""
    return {
        "title": article.title,
        "kind": article.kind,
        "url": url_for("lifecycle.show", slug=article.slug),
        **facts(article),
    }
