"""What somebody who may still give a second opinion must not see: what was found since the seat opened.

Decisions and remarks are kept from them in ``queries.hidden_from``; this is the same wall for everything else that
tells – the trail, opinions, where the review has gone.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from core.actors import Actor
from core.db import session
from workflows.models import Review, ReviewAuthor, Task
from workflows.rules import TaskState

# what authors do is seen by everybody; these acts say, or hint at, what a reviewer found
TELLING = frozenset(
    {"approve", "send_back", "reject", "comment", "claim", "release", "hand_over", "take_back", "ask_expert",
     "give_opinion", "revoke_expert", "second_opinion", "resolve_remark", "reopen_remark", "named", "back",
     "publish", "publish_now", "roll_back"}
)  # fmt: skip


def blind_since(actor: Actor, subject_kind: str, subject_id: int) -> datetime | None:
    """Since when what others do is hidden from this person; ``None``: nothing is.

    Those who hold the role of an open second opinion are blind, authors never: the remarks are for them.
    """
    wrote = sa.exists().where(ReviewAuthor.review_id == Review.id, ReviewAuthor.user_id == actor.id)
    opened = (
        sa.select(sa.func.min(Task.opened_at))
        .join(Review, Review.id == Task.review_id)
        .where(
            Review.subject_kind == subject_kind,
            Review.subject_id == subject_id,
            Task.blind,
            Task.state == TaskState.OPEN,
            Task.role.in_(sorted(str(role) for role in actor.roles)),
            sa.not_(wrote),
        )
    )
    return session.scalar(opened)


def blind_among(actor: Actor, subject_kind: str, subject_ids: Sequence[int]) -> frozenset[int]:
    """Of these subjects those for which ``blind_since`` gives a time; one query."""
    wrote = sa.exists().where(ReviewAuthor.review_id == Review.id, ReviewAuthor.user_id == actor.id)
    found = (
        sa.select(Review.subject_id)
        .join(Task, Task.review_id == Review.id)
        .where(
            Review.subject_kind == subject_kind,
            Review.subject_id.in_(subject_ids),
            Task.blind,
            Task.state == TaskState.OPEN,
            Task.role.in_(sorted(str(role) for role in actor.roles)),
            sa.not_(wrote),
        )
    )
    return frozenset(session.scalars(found))


def hides(since: datetime | None, actor: Actor, verb: str, at: datetime, actor_id: int | None) -> bool:
    """True when an act must not be shown to this person yet."""
    return since is not None and at >= since and verb in TELLING and actor_id != actor.id
