"""A review moved: the submission follows, and an approved one is published in the same transaction."""

from sqlalchemy.orm import lazyload

from core import clock
from core.db import session
from core.events import on
from wiki.articles.models import Submission, SubmissionState
from wiki.articles.provisional_ends import approved, ended
from wiki.articles.rules import Because
from workflows.events import ReviewMoved
from workflows.rules import State

FOLLOWS = {
    State.IN_REVIEW: SubmissionState.IN_REVIEW,
    State.RETURNED: SubmissionState.RETURNED,
    State.REJECTED: SubmissionState.REJECTED,
    State.WITHDRAWN: SubmissionState.WITHDRAWN,
    State.APPROVED: SubmissionState.APPROVED,
}
ENDS = {
    State.RETURNED: Because.RETURNED,
    State.REJECTED: Because.REJECTED,
    State.WITHDRAWN: Because.WITHDRAWN,
}  # what that is to something published before its review


@on(ReviewMoved)
def follow_the_review(event: ReviewMoved) -> None:
    """The submission's state repeats the review's; approval publishes the revision that was approved, or confirms it.

    Any other end takes down what was published before the review.
    """
    if event.subject_kind != "submission":
        return
    with session.no_autoflush:  # what the review has written meanwhile is written with what follows here
        submission = session.get_one(Submission, event.subject_id, options=[lazyload(Submission.author_rows)])
    submission.state = FOLLOWS[event.after.state]
    submission.updated_at = event.at
    if submission.state is SubmissionState.IN_REVIEW:
        submission.submitted_at = submission.submitted_at or event.at
    if submission.state in {SubmissionState.REJECTED, SubmissionState.WITHDRAWN}:
        submission.closed_at = clock.now()
    session.flush()
    if event.after.state is State.APPROVED:
        approved(submission, by=event.actor_id)
    elif event.after.state in ENDS:
        ended(submission, ENDS[event.after.state])
