"""Who has an editor open just now. Renewed by the page, gone when it is left, faded after a minute.

Names are told to those who may know of the text itself: two people in one submission see each other, two people who
change one open article too. Of a closed circle, and where a second opinion is given blind, only 'somebody' is told.
"""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import joinedload

from accounts.models import User
from accounts.people import actor_of
from core import clock
from core.actors import Actor
from core.chores import chore
from core.db import session
from core.permissions import can
from wiki.articles.models import Article, Audience, Presence, Submission
from wiki.articles.permissions import P
from workflows.blindness import blind_since

FADES = timedelta(seconds=60)
KEPT = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else's open editor. ``name`` is empty where it must not be told; ``same``: of the very same text."""

    name: str
    same: bool


def seen(actor: Actor, page: str, *, submission: Submission | None = None, article: Article | None = None) -> None:
    """This person has this page open now."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    article_id = article.id if article else submission.article_id if submission else None
    row = insert(Presence).values(
        user_id=actor.id,
        page=page[:40],
        submission_id=submission.id if submission else None,
        article_id=article_id,
        seen_at=clock.now(),
    )
    new = {name: row.excluded[name] for name in ("submission_id", "article_id", "seen_at")}
    session.execute(row.on_conflict_do_update(index_elements=["user_id", "page"], set_=new))


def left(actor: Actor, page: str) -> None:
    """This person has shut this page; what it saved is still known, in case they come back to it."""
    mine = (Presence.user_id == actor.id, Presence.page == page[:40])
    session.execute(sa.delete(Presence).where(*mine, Presence.saved_revision_id.is_(None)))
    session.execute(sa.update(Presence).where(*mine).values(seen_at=clock.now() - FADES))


def saved(actor: Actor, page: str, submission: Submission, revision_id: int | None) -> None:
    """This page has saved this revision, which says just what it says (``None``: it was merged), and is left now."""
    if page:
        seen(actor, page, submission=submission)
        mine = (Presence.user_id == actor.id, Presence.page == page[:40])
        gone = clock.now() - FADES
        session.execute(sa.update(Presence).where(*mine).values(saved_revision_id=revision_id, seen_at=gone))


def saved_from(actor: Actor, page: str) -> int | None:
    """The revision that this page saved last."""
    found = sa.select(Presence.saved_revision_id).where(Presence.user_id == actor.id, Presence.page == page[:40])
    return session.scalar(found) if page else None


def pages_open(actor: Actor, submission: Submission) -> frozenset[str]:
    """The pages on which this person has the submission open now."""
    found = sa.select(Presence.page).where(
        Presence.user_id == actor.id, Presence.submission_id == submission.id, Presence.seen_at > clock.now() - FADES
    )
    return frozenset(session.scalars(found))


def others(actor: Actor, submission: Submission | None, article: Article | None) -> list[Other]:
    """Who else has this text, or another change of its article, open now; each person once, the same text first."""
    if article is not None and not can(actor, P.READ, article):
        article = None  # who has left the circle learns nothing more of it
    here = []
    if submission is not None:
        here.append(Presence.submission_id == submission.id)
    if article is not None:
        here.append(Presence.article_id == article.id)
    if not here:
        return []
    rows = session.execute(
        sa.select(Presence, User)
        .join(User, User.id == Presence.user_id)
        .options(joinedload(User.team))
        .where(sa.or_(*here), Presence.user_id != actor.id, Presence.seen_at > clock.now() - FADES)
        .order_by(User.name, User.id)
    ).all()
    own_id = submission.id if submission else None
    found: dict[int, Other] = {}
    for row, user in sorted(rows, key=lambda pair: pair[0].submission_id != own_id or own_id is None):
        same = own_id is not None and row.submission_id == own_id
        named = _in_one_text(actor, user, submission) if same and submission else _beside(actor, row, article)
        found.setdefault(user.id, Other(user.name if named else "", same))
    return list(found.values())


def _in_one_text(actor: Actor, other: User, submission: Submission) -> bool:
    """Authors are known to everybody in it; a reviewer is not while this person, or the reviewer, is to judge blind."""
    if other.id in submission.author_ids:
        return True
    return not any(blind_since(who, "submission", submission.id) for who in (actor, actor_of(other)))


def _beside(actor: Actor, row: Presence, article: Article | None) -> bool:
    """Somebody with another change of the article: named if this person may know of that change, or if it is not handed
    in yet and no closed circle is touched."""
    text = session.get(Submission, row.submission_id) if row.submission_id else None
    if text is not None and can(actor, P.KNOW_SUBMISSION, text):
        return blind_since(actor, "submission", text.id) is None
    if article is None or article.audience is Audience.RESTRICTED:
        return False
    handed_in = text is not None and text.submitted_at is not None
    closed = text is not None and text.head is not None and text.head.audience is Audience.RESTRICTED
    return not handed_in and not closed


@chore(every=300)
def sweep() -> None:
    """Forget pages that nobody has looked at for half a day."""
    session.execute(sa.delete(Presence).where(Presence.seen_at < clock.now() - KEPT))
