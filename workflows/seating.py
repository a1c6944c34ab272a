"""Who could sit where: the people of a seat as the engine itself would let them in, before there is any review.

A seat that has not opened is asked through a task that is never stored, with the very predicate that guards decisions.
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from accounts import queries as people_queries
from accounts.models import Team, User
from accounts.people import actor_of
from accounts.rules import Role
from core import clock
from core.db import session
from core.permissions import can
from workflows.definitions import ALL, Seat, Stage
from workflows.models import AUTHOR, Review, ReviewAuthor, Task, TaskPerson
from workflows.permissions import P
from workflows.routing import category_for
from workflows.rules import State, TaskState


def task_of(stage: Stage, seat: Seat, *, path: str | None = None, authors: Iterable[int] = ()) -> Task:
    """The task that would open for a seat, over something in a category (its path) by these authors; not stored."""
    review = Review(
        state=State.IN_REVIEW,
        category=path,
        authors=[ReviewAuthor(user_id=author, part=AUTHOR) for author in authors],
    )
    ids = session.scalars(sa.select(User.id).where(User.username.in_(seat.people))) if seat.people else ()
    team_id = session.scalar(sa.select(Team.id).where(Team.slug == seat.team)) if seat.team else None
    return Task(
        review=review,
        round_id=0,  # of no round: nobody has acted yet
        stage=stage.key,
        seat=seat.key,
        role=seat.role,
        team_id=-1 if seat.team and team_id is None else team_id,  # nobody is in a team that is not there
        category=category_for(seat, path),
        named=bool(seat.people),
        needed=1,
        blind=False,
        state=TaskState.OPEN,
        version=1,
        opened_at=clock.now(),
        people=[TaskPerson(user_id=user_id) for user_id in ids],
    )


def sitters(task: Task) -> list[User]:
    """The active people who could decide it now, by name."""
    if task.role not in set(Role):
        return []
    holders = session.scalars(people_queries.holders(Role(task.role)))
    return [user for user in holders if can(actor_of(user), P.DECIDE, task)]


def needed(seat: Seat, pool: Sequence[User]) -> int:
    """How many approvals the seat would need of these people."""
    return max(1, len(pool)) if seat.approvals == ALL else seat.approvals


def unseated(wanted: Sequence[tuple[int, Iterable[int]]]) -> int | None:
    """The first seat that cannot be filled when nobody takes two, whoever sits where; ``None`` when all can.

    Each seat is (how many it needs, who could sit there). Found by augmenting paths, so the answer is exact.
    """
    sits: dict[int, int] = {}  # person → seat
    pools = [sorted(set(people)) for _count, people in wanted]

    def seat_one(seat: int, tried: set[int]) -> bool:
        for person in pools[seat]:
            if person in tried:
                continue
            tried.add(person)
            if person not in sits or seat_one(sits[person], tried):
                sits[person] = seat
                return True
        return False

    for number, (count, _people) in enumerate(wanted):
        if count > len(pools[number]) or not all(seat_one(number, set()) for _ in range(count)):
            return number
    return None
