"""Must-read: who has to confirm which notice by when, and that they did."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts.models import User
from accounts.people import actor_of
from core import audit, clock
from core.actors import Actor
from core.db import session
from core.errors import Conflict
from core.i18n import _
from core.permissions import can, require
from wiki.articles.models import Article
from wiki.articles.permissions import P as Articles
from wiki.articles.queries import approved_revision_id
from wiki.articles.rules import tokens_of
from wiki.training.models import Acknowledgement

WINDOW = timedelta(days=180)  # older notices are history, whoever has not confirmed them


@dataclass(frozen=True, slots=True)
class MustRead:
    """A notice somebody still has to confirm, and by when."""

    article: Article
    due_at: datetime


def concerns(actor: Actor, article: Article) -> bool:
    """The notice asks to be confirmed, and by this person.

    A new notice asks also before its review: in an emergency that is what it is for, and what was confirmed stays
    confirmed when the review approves the text. A *change* before its review asks nobody again until it is approved,
    and a rollback brings back the text that was confirmed.
    """
    if is_unreviewed_change(article):
        return False
    fields = article.revision.fields if article.revision else {}
    if article.kind != "notice" or not fields.get("acknowledge_by") or not can(actor, Articles.READ, article):
        return False
    circle = fields.get("audience_ack") or []
    return not circle or not tokens_of(actor).isdisjoint(circle)


def is_unreviewed_change(article: Article) -> bool:
    """Readers see a change whose review goes on; the text before it was approved."""
    return article.provisional is not None and approved_revision_id(article) is not None


def confirmed(actor: Actor, revision_id: int) -> datetime | None:
    """When this person confirmed this revision."""
    return session.scalar(
        sa.select(Acknowledgement.at).where(
            Acknowledgement.revision_id == revision_id, Acknowledgement.user_id == actor.id
        )
    )


def confirmed_stamp() -> sa.ColumnElement[int | None]:
    """Changes when the person ``reader`` confirms the live revision of ``Article``."""
    mine = Acknowledgement.user_id == sa.bindparam("reader", type_=sa.Integer())
    found = sa.select(sa.func.max(Acknowledgement.id)).where(Acknowledgement.revision_id == Article.revision_id, mine)
    return found.scalar_subquery()


def asked() -> list[Article]:
    """Live notices of the last half-year that ask to be confirmed."""
    found = (
        sa.select(Article)
        .where(Article.live, Article.kind == "notice", Article.updated_at >= clock.now() - WINDOW)
        .options(joinedload(Article.revision))
        .order_by(Article.id)
    )
    return [a for a in session.scalars(found) if a.revision and a.revision.fields.get("acknowledge_by")]


def must_read(actor: Actor) -> list[MustRead]:
    """What this person still has to confirm, soonest first."""
    notices = [article for article in asked() if concerns(actor, article)]
    ids = [article.revision_id for article in notices]
    done = set(
        session.scalars(
            sa.select(Acknowledgement.revision_id).where(
                Acknowledgement.user_id == actor.id, Acknowledgement.revision_id.in_(ids)
            )
        )
    )
    waiting = [MustRead(a, _due(a)) for a in notices if a.revision_id not in done]
    return sorted(waiting, key=lambda one: one.due_at)


def _due(article: Article) -> datetime:
    fields: dict[str, Any] = article.revision.fields if article.revision else {}
    return datetime.fromisoformat(fields["acknowledge_by"])


def unread_in(team_id: int | None) -> dict[int, int]:
    """Per active member of a team: how many notices are still to be confirmed."""
    notices = asked()
    people = session.scalars(
        sa.select(User).where(User.team_id == team_id, User.active).options(joinedload(User.team))
    ).all()
    rows = session.execute(
        sa.select(Acknowledgement.user_id, Acknowledgement.revision_id).where(
            Acknowledgement.revision_id.in_([a.revision_id for a in notices])
        )
    )
    done = {(user_id, revision_id) for user_id, revision_id in rows}
    out: dict[int, int] = {}
    for user in people:
        actor = actor_of(user)
        out[user.id] = sum(1 for a in notices if (user.id, a.revision_id) not in done and concerns(actor, a))
    return out


def acknowledge(actor: Actor, article: Article) -> Acknowledgement:
    """This person has read and understood what is live now; saying it twice is saying it once.

    Raises:
        Forbidden, Conflict: the notice asks nobody, or not this person.
    """
    require(actor, Articles.READ, article)
    if not concerns(actor, article):
        raise Conflict(_("This notice does not ask you to confirm it."), code="not-asked")
    known = session.scalar(
        sa.select(Acknowledgement).where(
            Acknowledgement.revision_id == article.revision_id, Acknowledgement.user_id == actor.id
        )
    )
    if known is not None:
        return known
    row = Acknowledgement(article_id=article.id, revision_id=article.revision_id, user_id=actor.id, at=clock.now())
    session.add(row)
    audit.record(actor, "acknowledge", subject_kind="article", subject_id=article.id, revision_id=article.revision_id)
    session.flush()
    return row
