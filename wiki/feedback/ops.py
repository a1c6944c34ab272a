"""What readers do: vote, and mark that they used it."""

from accounts.models import User
from core import clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, NotFound
from core.events import emit
from core.i18n import _
from core.permissions import require
from wiki.articles.models import Article
from wiki.feedback.events import HelpfulVoted, TakenBack, UsedInCall
from wiki.feedback.models import Feedback, Withdrawal
from wiki.feedback.permissions import P
from wiki.feedback.queries import authors_of, is_taken_back, last_use, last_vote
from wiki.feedback.rules import checked


def say(
    article: Article,
    actor: Actor,
    *,
    helpful: bool | None = None,
    used_in_call: bool = False,
    reason: str = "",
    comment: str = "",
) -> None:
    """Take one form of a reader: a vote, a mark, or both, on what readers see now.

    Raises:
        Invalid: nothing was said, or not in a form we take.
        Forbidden: this person may not read the article.
    """
    require(actor, P.SAY, article)
    reason, comment = checked(helpful, used_in_call, reason, comment)
    if helpful is not None:
        vote(article, actor, helpful=helpful, reason=reason, comment=comment)
    if used_in_call:
        mark_used(article, actor, reason="" if helpful is not None else reason)


def vote(article: Article, actor: Actor, *, helpful: bool, reason: str = "", comment: str = "") -> Feedback:
    """The person's vote on the live revision is ``helpful`` afterwards; saying the same again changes nothing."""
    revision_id = _live(article)
    lock(User, actor.id)  # two votes of one person at one instant wait for each other
    before = last_vote(actor.id, revision_id)
    counted = before.helpful if before is not None and not is_taken_back(before) else None
    if before is not None and counted == helpful and not (reason or comment):
        return before
    row = _row(article, revision_id, actor, helpful=helpful, reason=reason, comment=comment)
    row.turn = (before.turn or 0) + 1 if before else 1
    session.add(row)
    session.flush()
    if counted != helpful:
        _tell_vote(article, row, before if counted is not None else None)
    return row


def take_back(article: Article, actor: Actor, *, vote: bool) -> None:
    """The person's vote on the live revision, or their last use of it today, counts no more; it stays on record.

    Raises:
        Forbidden: this person may not read the article. Conflict: there is nothing to take back.
    """
    require(actor, P.SAY, article)
    revision_id = _live(article)
    lock(User, actor.id)
    row = last_vote(actor.id, revision_id) if vote else last_use(actor.id, revision_id)
    if row is None or is_taken_back(row):
        raise Conflict(_("There is nothing to take back."), code="nothing-said")
    now = clock.now()
    session.add(Withdrawal(feedback_id=row.id, user_id=actor.id, article_id=article.id, at=now))
    session.flush()
    emit(
        TakenBack(
            feedback_id=row.id,
            article_id=article.id,
            slug=article.slug,
            revision_id=row.revision_id,
            author_ids=tuple(row.author_ids),
            user_id=actor.id,
            helpful=row.helpful,
            used_in_call=row.used_in_call,
            left=not vote and last_use(actor.id, revision_id) is not None,
            said_at=row.at,
            at=now,
        )
    )


def _tell_vote(article: Article, row: Feedback, before: Feedback | None) -> None:
    emit(
        HelpfulVoted(
            feedback_id=row.id,
            previous_feedback_id=before.id if before else None,
            article_id=article.id,
            slug=article.slug,
            revision_id=row.revision_id,
            author_ids=tuple(row.author_ids),
            voter_id=row.user_id,
            helpful=bool(row.helpful),
            before=before.helpful if before else None,
            at=row.at,
        )
    )


def mark_used(article: Article, actor: Actor, *, reason: str = "") -> Feedback:
    """Remember that the live revision was used in a call. Every call is a use; what it earns is capped elsewhere."""
    row = _row(article, _live(article), actor, used_in_call=True, reason=reason)
    session.add(row)
    session.flush()
    emit(
        UsedInCall(
            feedback_id=row.id,
            article_id=article.id,
            slug=article.slug,
            revision_id=row.revision_id,
            author_ids=tuple(row.author_ids),
            user_id=actor.id,
            at=row.at,
        )
    )
    return row


def _live(article: Article) -> int:
    if not article.live or article.revision_id is None:
        raise NotFound(_("There is no such article, or you may not see it."))
    return article.revision_id


def _row(
    article: Article,
    revision_id: int,
    actor: Actor,
    *,
    helpful: bool | None = None,
    used_in_call: bool = False,
    reason: str = "",
    comment: str = "",
) -> Feedback:
    authors = authors_of(article)
    return Feedback(
        article_id=article.id,
        revision_id=revision_id,
        user_id=actor.id,
        helpful=helpful,
        used_in_call=used_in_call,
        reason=reason,
        comment=comment,
        own=actor.id in authors,
        author_ids=list(authors),
        at=clock.now(),
    )
