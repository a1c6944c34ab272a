"""Somebody goes on with a text that another person began: they become its co-author, and read what it says."""

from accounts.models import User
from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import IllegalMove
from core.i18n import _
from wiki.articles.models import EDITABLE, Submission, SubmissionAuthor
from wiki.articles.ops import SUBJECT
from workflows import ops as reviewing


def join(submission_id: int, user: User, actor: Actor | None) -> Submission:
    """This person is a co-author: they write on, hand in and answer what comes back. Joining twice is joining once.

    Who may let them in was asked above (``wiki.people``); ``None``: the day came on which the author left.

    Raises:
        IllegalMove: it is closed. Conflict: they have judged it.
    """
    review = reviewing.hold(SUBJECT, submission_id)  # first the review, then its subject: the order of a decision
    submission = lock(Submission, submission_id)
    if submission is None or submission.state not in EDITABLE:
        raise IllegalMove(_("This text is closed; nobody needs to go on with it."))
    if user.id in submission.author_ids:
        return submission
    if review is not None:
        reviewing.join(SUBJECT, submission.id, [user.id])
    submission.author_rows.append(SubmissionAuthor(user_id=user.id, position=len(submission.author_rows)))
    submission.updated_at = clock.now()
    session.flush()
    audit.record(actor, "join", subject_kind=SUBJECT, subject_id=submission.id, details={"author": user.username})
    return submission
