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
from wiki.feedback.queries import authors_of, is_taken_back, turns, use_of_call, uses_today, vote_of
from wiki.feedback.rules import checked, checked_call


def say(
    article: Article,
    actor: Actor,
    *,
    helpful: bool | None = None,
    used_in_call: bool = False,
    reason: str = "",
    comment: str = "",
    call_ref: str = "",
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
        mark_used(article, actor, reason="" if helpful is not None else reason, call_ref=call_ref)


def vote(article: Article, actor: Actor, *, helpful: bool, reason: str = "", comment: str = "") -> Feedback:
    """The person's vote on the present major version is ``helpful`` afterwards; saying the same again changes nothing,
    also when a comma has been mended meanwhile."""
    revision_id = _live(article)
    lock(User, actor.id)  # two votes of one person at one instant wait for each other
    before = vote_of(article, actor.id)
    counted = before.helpful if before is not None and not is_taken_back(before) else None
    if before is not None and counted == helpful and not (reason or comment):
        return before
    row = _row(article, revision_id, actor, helpful=helpful, reason=reason, comment=comment)
    row.turn = turns(article, actor.id) + 1
    session.add(row)
    session.flush()
    if counted != helpful:
        _tell_vote(article, row, before if counted is not None else None)
    return row


def take_back(article: Article, actor: Actor, *, vote: bool = False, call_ref: str = "") -> Feedback:
    """The person's vote on the live revision, or their last use of it today (or the one of this call), counts no more;
    it stays on record.

    Raises:
        Forbidden: this person may not read the article.
        Conflict: there is nothing to take back (``nothing-to-take-back``).
    """
    require(actor, P.SAY, article)
    _live(article)
    lock(User, actor.id)
    row = vote_of(article, actor.id) if vote else _use_to_take_back(article, actor, call_ref)
    if row is None or is_taken_back(row):
        raise Conflict(_("There is no mark of yours from today here; earlier ones stay."), code="nothing-to-take-back")
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
            left=not vote and _used_again(article, row),
            said_at=row.at,
            at=now,
        )
    )
    return row


def _use_to_take_back(article: Article, actor: Actor, call_ref: str) -> Feedback | None:
    today = list(session.scalars(uses_today(actor.id, article)))
    named = [row for row in today if call_ref and (row.call_ref or "").partition("#")[0] == call_ref]
    return next(iter(named or today), None)


def _used_again(article: Article, row: Feedback) -> bool:
    """Another use of that revision by them stands today."""
    return session.scalar(uses_today(row.user_id, article).where(Feedback.revision_id == row.revision_id)) is not None


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


def mark_used(
    article: Article, actor: Actor, *, reason: str = "", call_ref: str = "", reported_by: Actor | None = None
) -> Feedback:
    """Remember that the live revision was used in a call. Every call is a use; what it earns is capped elsewhere.

    The same ``call_ref`` again is the same use. One that its person took back comes back when they press again, and
    not when a program repeats itself.

    Raises:
        Invalid: ``call_ref`` is no name of a call.
    """
    revision_id = _live(article)
    call_ref = checked_call(call_ref)
    lock(User, actor.id)  # two marks of one call at one instant are one
    known = use_of_call(article.id, call_ref) if call_ref else None
    while known is not None:
        if reported_by is not None or known.user_id != actor.id or not is_taken_back(known):
            return known
        call_ref = _once_more(call_ref)
        known = use_of_call(article.id, call_ref)
    row = _row(article, revision_id, actor, used_in_call=True, reason=reason)
    row.call_ref, row.reported_by_id = call_ref or None, reported_by.id if reported_by else None
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


def _once_more(call_ref: str) -> str:
    """The name of a use that was taken back and pressed again: ``call#2``, ``call#3``, …"""
    name, _sep, number = call_ref.partition("#")
    return f"{name}#{int(number or 1) + 1}"


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
