"""Flags: raised by readers, answered by those who keep the text true, told to whoever raised them."""

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import lock, session
from core.errors import Conflict, IllegalMove, Invalid, NotFound
from core.events import emit, on
from core.i18n import _
from core.permissions import can, require
from wiki.articles.events import ArticleRetired
from wiki.articles.models import Article, Publication
from wiki.feedback.events import FlagMoved, FlagOverdue, FlagRaised
from wiki.feedback.flag_models import Flag, FlagNote
from wiki.feedback.flag_rules import COMMENT_LIMIT, KINDS, MOVES, WORKING_MINUTES, Act, FlagState, Outcome
from wiki.feedback.permissions import P
from wiki.feedback.rules import Reason
from workflows.calendar_queries import OFFICE, calendar_of
from workflows.calendars import add

SOME = 200  # flags in one turn of a chore


def flag(article: Article, actor: Actor, *, reason: str, comment: str, quote: str = "") -> Flag:
    """What readers see is flagged; whoever keeps it true answers within three working days of the office.

    Raises:
        Forbidden, Invalid, Conflict (``already-flagged``): this reader's flag of this sort still waits.
    """
    require(actor, P.SAY, article)
    if article.revision_id is None or not article.live:
        raise NotFound(_("There is no such article, or you may not see it."))
    comment, quote = comment.strip(), " ".join(quote.split())[:300]
    errors = {}
    if reason not in set(KINDS):
        errors["reason"] = _("Please say what is the matter with it.")
    if not comment:
        errors["comment"] = _("Please say what should be different, so that it can be mended.")
    if len(comment) > COMMENT_LIMIT:
        errors["comment"] = _("A comment may have %(n)s characters at most.", n=COMMENT_LIMIT)
    if errors:
        raise Invalid(errors)
    if open_flag(article.id, actor.id, Reason(reason)) is not None:
        raise Conflict(_("You have said so already; the answer is on its way."), code="already-flagged")
    return raised(article, article.revision_id, actor.id, Reason(reason), comment, quote=quote, by=actor)


def raised(
    article: Article, revision_id: int, reporter_id: int, reason: Reason, comment: str, *, by: Actor, quote: str = ""
) -> Flag:
    """A flag of this reporter is open; it was they who read ``revision_id``. Nothing is asked about rights here."""
    now = clock.now()
    row = Flag(
        article_id=article.id,
        revision_id=revision_id,
        reporter_id=reporter_id,
        reason=reason,
        quote=quote,
        comment=comment,
        state=FlagState.OPEN,
        raised_at=now,
        due_at=add(calendar_of(OFFICE), now, WORKING_MINUTES),
    )
    session.add(row)
    session.flush()
    audit.record(by, "flag", subject_kind="article", subject_id=article.id, revision_id=row.revision_id)
    emit(FlagRaised(row.id, article.id, reporter_id, row.reason.value, row.due_at, now))
    return row


def open_flag(article_id: int, reporter_id: int, reason: Reason) -> Flag | None:
    """This reader's flag of this sort that still waits."""
    found = sa.select(Flag).where(
        Flag.article_id == article_id,
        Flag.reporter_id == reporter_id,
        Flag.reason == reason,
        Flag.state != FlagState.ANSWERED,
    )
    return session.scalar(found)


def find(flag_id: int, actor: Actor, *, locked: bool = False) -> Flag:
    """The flag, for its reporter and for those who keep the text.

    Raises:
        NotFound.
    """
    row = lock(Flag, flag_id) if locked else session.get(Flag, flag_id)
    if row is None or not can(actor, P.SEE_FLAG, row):
        raise NotFound(_("There is no such flag, or you may not see it."))
    return row


def ask(row: Flag, actor: Actor, text: str) -> None:
    """The keeper asks the reporter something.

    Raises:
        Forbidden, IllegalMove, Invalid.
    """
    require(actor, P.ANSWER_FLAG, row)
    _move(row, actor, Act.ASK, text)


def reply(row: Flag, actor: Actor, text: str) -> None:
    """The reporter answers what they were asked.

    Raises:
        NotFound, IllegalMove, Invalid.
    """
    _only_reporter(row, actor)
    _move(row, actor, Act.REPLY, text)


def answer(row: Flag, actor: Actor, *, outcome: str, text: str) -> None:
    """What became of it. 'Changed' needs a version published since; it is named in the answer.

    Raises:
        Forbidden, IllegalMove, Invalid.
    """
    require(actor, P.ANSWER_FLAG, row)
    if outcome not in set(Outcome):
        raise Invalid({"outcome": _("Please say what became of it.")})
    publication = _change_since(row) if outcome == Outcome.CHANGED else None
    if outcome == Outcome.CHANGED and publication is None:
        raise Invalid({"outcome": _("No version was published since. Propose the change first; it is answered then.")})
    row.outcome, row.publication_id = Outcome(outcome), publication.id if publication is not None else None
    row.closed_at, row.closed_by_id = clock.now(), actor.id
    _move(row, actor, Act.ANSWER, text)


def reopen(row: Flag, actor: Actor, text: str) -> None:
    """The reporter is not content with the answer.

    Raises:
        NotFound, IllegalMove, Invalid.
    """
    _only_reporter(row, actor)
    due = add(calendar_of(OFFICE), clock.now(), WORKING_MINUTES)  # it may read, and the row is not whole until it moves
    row.outcome = row.publication_id = row.closed_at = row.closed_by_id = None
    row.due_at, row.pressed_at = due, None
    _move(row, actor, Act.REOPEN, text)


def _only_reporter(row: Flag, actor: Actor) -> None:
    if row.reporter_id != actor.id:
        raise NotFound(_("There is no such flag, or you may not see it."))


def _change_since(row: Flag) -> Publication | None:
    found = sa.select(Publication).where(
        Publication.article_id == row.article_id,
        Publication.published_at > row.raised_at,
        Publication.revision_id != row.revision_id,
    )
    return session.scalar(found.order_by(Publication.id.desc()).limit(1))


def _move(row: Flag, actor: Actor, act: Act, text: str) -> None:
    text = text.strip()
    target = MOVES.get((row.state, act))
    if target is None:
        raise IllegalMove(_("This cannot be done with the flag any more; it was answered or asked about meanwhile."))
    if not text or len(text) > COMMENT_LIMIT:
        raise Invalid({"text": _("Please write something, at most %(n)s characters.", n=COMMENT_LIMIT)})
    row.state = target
    session.add(FlagNote(flag_id=row.id, user_id=actor.id, act=act.value, text=text, at=clock.now()))
    session.flush()
    session.expire(row, ["notes"])
    audit.record(
        actor,
        f"flag-{act.value}",
        subject_kind="article",
        subject_id=row.article_id,
        revision_id=row.revision_id,
        details={"flag": row.id},
    )
    emit(
        FlagMoved(
            row.id,
            row.article_id,
            row.reporter_id,
            actor.id,
            act.value,
            row.outcome.value if row.outcome else None,
            row.publication_id,
            clock.now(),
        )
    )


@on(ArticleRetired)
def close_with_the_article(event: ArticleRetired) -> None:
    """Nothing is left to mend in what readers no longer see."""
    found = sa.select(Flag).where(Flag.article_id == event.article_id, Flag.state != FlagState.ANSWERED)
    for row in session.scalars(found).all():
        row.state, row.outcome, row.closed_at = FlagState.ANSWERED, Outcome.RETIRED, event.at
    session.flush()


@chore(every=300)
def press() -> None:
    """Flags that nobody answered in time are told once to those who can hurry them."""
    now = clock.now()
    late = sa.select(Flag).where(Flag.state == FlagState.OPEN, Flag.due_at <= now, Flag.pressed_at.is_(None))
    for row in session.scalars(late.order_by(Flag.due_at).limit(SOME)).all():
        row.pressed_at = now
        emit(FlagOverdue(row.id, row.article_id, row.due_at, now))
    session.flush()
