"""Who hears that authors are to agree how they share, and what is said of it.

As in ``audiences``: each first line says in plain words who it is, and ``docs/notices.md`` prints it.
"""

from typing import Any

from core.db import session
from wiki.articles.models import Submission
from wiki.notifications.audiences import People
from wiki.notifications.facts import Fact, name_of, path_to


def other_authors(event: Any) -> People:
    """its other authors"""
    return set(event.user_ids)


def proposer(event: Any) -> People:
    """who proposed it"""
    return {event.proposed_by_id}


def shared(event: Any) -> Fact | None:
    """A text whose authors are to agree."""
    submission = session.get(Submission, event.submission_id)
    if submission is None or submission.head is None:
        return None
    params = {"title": submission.head.title, "kind": submission.kind, "who": name_of(event.by_id)}
    url = path_to("submissions.show", submission_id=submission.id)
    return Fact("submission", submission.id, url, event.at, params)
