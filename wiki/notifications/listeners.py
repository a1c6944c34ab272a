"""Hears what the packages below tell, and promises to tell people – one row of the outbox for each event."""

from core.db import session
from core.events import on
from wiki.articles.events import ArticlePublished, RevisionSaved
from wiki.articles.models import Submission, SubmissionState
from wiki.feedback.events import HelpfulVoted
from wiki.notifications.table import EVENTS, rows_for
from wiki.notifications.telling import settle_later, tell_later
from workflows.events import TaskDecided
from workflows.models import Review


def hear(event: object) -> None:
    """Promise it, if a row of the table concerns it."""
    if any(row.when(event) for row in rows_for(type(event))) and worth_it(event):
        tell_later(event)


def worth_it(event: object) -> bool:
    """Not what happens in thousands and would find nobody: imported texts, drafts that are saved."""
    if isinstance(event, ArticlePublished):
        return not event.imported
    if isinstance(event, RevisionSaved):
        submission = session.get(Submission, event.submission_id)
        return submission is not None and submission.state is SubmissionState.IN_REVIEW
    return not isinstance(event, HelpfulVoted) or bool(event.author_ids)


@on(TaskDecided)
def settle(event: TaskDecided) -> None:
    """A seat was filled and the review waits for another: what waited for people may wait no longer.

    A review that moves is told by itself, and settles with it.
    """
    review = session.get_one(Review, event.review_id)
    if review.stage == event.stage and review.round_number == event.round:
        settle_later(review.id)


for _kind in EVENTS.values():
    on(_kind)(hear)
