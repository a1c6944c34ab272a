"""Must-read: who has to confirm which text by when, and that they did.

A notice asks by its own fields, again after each change. Any text may be asked about besides (``ReadingAsk``): that is
confirmed once, in whatever version is live then. Who is asked is found when it is read: who joins a team is asked, too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts.models import Team, User, UserRole
from core import audit, clock
from core.actors import Actor
from core.db import session
from core.errors import Conflict
from core.i18n import _
from core.permissions import can, require
from wiki.articles.models import Article, Audience
from wiki.articles.permissions import P as Articles
from wiki.articles.queries import approved_revision_id
from wiki.articles.rules import tokens_of
from wiki.training.models import Acknowledgement
from wiki.training.must_read_models import ReadingAsk

WINDOW = timedelta(days=180)  # older notices are history, whoever has not confirmed them


@dataclass(frozen=True, slots=True)
class Ask:
    """A text that is to be confirmed: by whom (tokens; none: all who may read it) and until when."""

    key: str
    article: Article
    since: datetime
    due_at: datetime
    circle: frozenset[str]
    urgent: bool = False
    row: ReadingAsk | None = None

    def concerns(self, actor: Actor, tokens: frozenset[str] | None = None) -> bool:
        """It asks this person, who may read the text."""
        mine = tokens_of(actor) if tokens is None else tokens
        if self.circle and mine.isdisjoint(self.circle):
            return False
        article = self.article
        return (article.live and article.audience is not Audience.RESTRICTED) or can(actor, Articles.READ, article)

    @property
    def counts(self) -> sa.ColumnElement[bool]:
        """The acknowledgements that answer it."""
        live = Acknowledgement.revision_id == self.article.revision_id
        if self.row is None or self.article.kind == "notice":
            return live
        since = sa.and_(Acknowledgement.article_id == self.article.id, Acknowledgement.at >= self.row.created_at)
        return sa.or_(live, since)


@dataclass(frozen=True, slots=True)
class MustRead:
    """A text somebody still has to confirm, and by when."""

    article: Article
    due_at: datetime
    urgent: bool = False


def is_unreviewed_change(article: Article) -> bool:
    """Readers see a change whose review goes on; the text before it was approved."""
    return article.provisional is not None and approved_revision_id(article) is not None


def _ask(article: Article, row: ReadingAsk | None) -> Ask | None:
    """What is asked about a text, if anything.

    A new notice asks also before its review: in an emergency that is what it is for, and what was confirmed stays
    confirmed when the review approves the text. A *change* before its review asks nobody again until it is approved,
    and a rollback brings back the text that was confirmed.
    """
    if not article.live or is_unreviewed_change(article):
        return None
    if row is not None:
        return Ask(f"q{row.id}", article, row.created_at, row.due_at, frozenset(row.circle), row.urgent, row)
    fields = article.revision.fields if article.revision else {}
    if article.kind != "notice" or not fields.get("acknowledge_by"):
        return None
    due = datetime.fromisoformat(fields["acknowledge_by"])
    since = article.updated_at or article.created_at
    return Ask(f"r{article.revision_id}", article, since, due, frozenset(fields.get("audience_ack") or ()))


def open_row(article_id: int) -> ReadingAsk | None:
    """What somebody asked about a text, while it is open."""
    return session.scalar(
        sa.select(ReadingAsk).where(ReadingAsk.article_id == article_id, ReadingAsk.closed_at.is_(None))
    )


def asked_about(article: Article) -> Ask | None:
    """What is asked about this text now."""
    return _ask(article, open_row(article.id))


def concerns(actor: Actor, article: Article) -> bool:
    """The text asks to be confirmed, and by this person."""
    ask = asked_about(article)
    return ask is not None and ask.concerns(actor)


def confirmed(actor: Actor, article: Article) -> datetime | None:
    """When this person confirmed what is asked about the text."""
    ask = asked_about(article)
    counts = ask.counts if ask else Acknowledgement.revision_id == article.revision_id
    return session.scalar(sa.select(sa.func.max(Acknowledgement.at)).where(counts, Acknowledgement.user_id == actor.id))


def confirmed_stamp() -> sa.ColumnElement[str]:
    """Changes when the person ``reader`` confirms ``Article``, and when others are asked about it or no more."""
    mine = Acknowledgement.user_id == sa.bindparam("reader", type_=sa.Integer())
    found = sa.select(sa.func.max(Acknowledgement.id)).where(Acknowledgement.article_id == Article.id, mine)
    asked = sa.select(sa.func.max(ReadingAsk.id)).where(
        ReadingAsk.article_id == Article.id, ReadingAsk.closed_at.is_(None)
    )
    parts = [sa.cast(sa.func.coalesce(one.scalar_subquery(), 0), sa.String()) for one in (found, asked)]
    return parts[0] + ":" + parts[1]


def asked() -> list[Ask]:
    """All that is asked now: what somebody asked, and notices of the last half-year. Two statements."""
    rows = sa.select(ReadingAsk).where(ReadingAsk.closed_at.is_(None)).join(ReadingAsk.article).where(Article.live)
    rows = rows.options(joinedload(ReadingAsk.article).joinedload(Article.revision))
    known = {row.article_id: row for row in session.scalars(rows.order_by(ReadingAsk.article_id))}
    notices = (
        sa.select(Article)
        .where(Article.live, Article.kind == "notice", Article.updated_at >= clock.now() - WINDOW)
        .options(joinedload(Article.revision))
        .order_by(Article.id)
    )
    articles = {article.id: article for article in session.scalars(notices)}
    articles |= {row.article_id: row.article for row in known.values()}
    found = [_ask(article, known.get(key)) for key, article in sorted(articles.items())]
    return [one for one in found if one is not None]


def must_read(actor: Actor) -> list[MustRead]:
    """What this person still has to confirm, soonest first."""
    asks = [ask for ask in asked() if ask.concerns(actor)]
    done = answered(asks, {actor.id})
    waiting = [MustRead(a.article, a.due_at, a.urgent) for a in asks if (a.key, actor.id) not in done]
    return sorted(waiting, key=lambda one: one.due_at)


def answered(asks: list[Ask], people: Iterable[int]) -> set[tuple[str, int]]:
    """Which of these people have answered which of these asks; one statement."""
    if not asks:
        return set()
    of_text = {ask.article.id: ask for ask in asks}
    rows = session.execute(
        sa.select(Acknowledgement.article_id, Acknowledgement.user_id).where(
            Acknowledgement.user_id.in_(sorted(people)), sa.or_(*(ask.counts for ask in asks))
        )
    )
    return {(of_text[article_id].key, user_id) for article_id, user_id in rows}


def who_answered(ask: Ask) -> dict[int, datetime]:
    """Who has confirmed it, and when first."""
    found = sa.select(Acknowledgement.user_id, sa.func.min(Acknowledgement.at)).where(ask.counts)
    return dict(iter(session.execute(found.group_by(Acknowledgement.user_id))))


def everybody(team_id: int | None = None) -> list[Actor]:
    """The active people (of a team) as actors; two statements, however many they are."""
    active = sa.and_(User.active, User.team_id == team_id) if team_id is not None else User.active
    roles: dict[int, set[str]] = {}
    for user_id, role in session.execute(
        sa.select(UserRole.user_id, UserRole.role).join(User, User.id == UserRole.user_id).where(active)
    ):
        roles.setdefault(user_id, set()).add(role)
    people = (
        sa.select(User.id, User.username, User.name, User.team_id, Team.slug, Team.site_id, User.tier_id, User.locale)
        .outerjoin(Team, Team.id == User.team_id)
        .where(active)
        .order_by(User.name, User.id)
    )
    return [
        Actor(row[0], row[1], row[2], frozenset(roles.get(row[0], ())), *row[3:]) for row in session.execute(people)
    ]


def who_is_asked(article: Article) -> set[int]:
    """Everybody whom a text asks to be confirmed."""
    ask = asked_about(article)
    return {actor.id for actor in everybody() if ask.concerns(actor)} if ask is not None else set()


def unread_in(team_id: int | None) -> dict[int, int]:
    """Per active member of a team: how many texts are still to be confirmed."""
    asks = asked()
    people = everybody(team_id) if team_id is not None else []
    done = answered(asks, [actor.id for actor in people])
    return {
        actor.id: sum(1 for ask in asks if (ask.key, actor.id) not in done and ask.concerns(actor)) for actor in people
    }


def acknowledge(actor: Actor, article: Article) -> Acknowledgement:
    """This person has read and understood what is live now; saying it twice is saying it once.

    Raises:
        Forbidden, Conflict: the text asks nobody, or not this person.
    """
    require(actor, Articles.READ, article)
    if not concerns(actor, article):
        raise Conflict(_("This text does not ask you to confirm it."), code="not-asked")
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
