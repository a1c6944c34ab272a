"""What the machine compares after every step: the model with the engine, and both with what must never be."""

import contextlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from hypothesis.stateful import RuleBasedStateMachine

from accounts import absences
from core import clock as core_clock
from core.actors import Actor
from core.audit import TrailEntry
from core.db import session
from core.permissions import allowed, can
from tests.workflows import model as plain
from tests.workflows import model_parts as parts
from tests.workflows.machine_house import KIND, START, House, rolled_back
from workflows.models import Decision, Review, Round, Task
from workflows.permissions import P
from workflows.queries import eligible_for
from workflows.rules import Claim, TaskState, Verb


class Compared(RuleBasedStateMachine):
    """The model and the engine side by side: what they tell must be the same, and some things must never be."""

    house: House
    world: plain.World

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.stack.enter_context(core_clock.fixed(START))
        self.stack.enter_context(rolled_back())
        self.revisions = 0
        self.ids: dict[Any, int] = {}  # of tasks, open and past
        self.versions: dict[int, int] = {}

    def actor(self, who: int) -> Actor:
        return self.house.actors[who]

    def compare(self) -> None:
        reviews = list(session.scalars(sa.select(Review).where(Review.subject_kind == KIND).order_by(Review.id)))
        places = [(one.subject_id, one.state.value, one.stage, one.round_number) for one in reviews]
        assert places == [(run.subject, run.state, run.stage, run.round) for run in self.world.runs]
        numbers = {review.id: number for number, review in enumerate(reviews)}
        tasks = {self._key(task, numbers): task for task in self._open()}
        self.ids |= {key: task.id for key, task in tasks.items()}
        told = {task.key: self._told(task) for task in self.world.tasks}
        differ(told, {key: self._found(task) for key, task in tasks.items()})
        with _reading_once():
            self._compare_rights(tasks)
        self._versions_only_grow(tasks.values())
        trail = sa.select(TrailEntry.subject_id, TrailEntry.verb).where(TrailEntry.subject_kind == KIND)
        acts: dict[int, list[str]] = {}
        for subject, verb in session.execute(trail.order_by(TrailEntry.id)):
            acts.setdefault(subject, []).append(verb)
        assert acts == self.world.acts

    def _open(self) -> list[Task]:
        found = sa.select(Task).join(Review, Review.id == Task.review_id).where(Review.subject_kind == KIND)
        return list(session.scalars(found.where(Task.state == TaskState.OPEN).order_by(Task.id)))

    def _key(self, task: Task, numbers: dict[int, int]) -> tuple[int, int, str, str, bool]:
        return numbers[task.review_id], task.round.number, task.stage, task.seat, task.blind

    def _found(self, task: Task) -> dict[str, Any]:
        return {
            "role": task.role,
            "team": self.house.teams.get(task.team_id),
            "category": task.category,
            "named": {row.user_id for row in task.people} if task.named else None,
            "needed": task.needed,
            "holder": task.claimed_by_id,
            "taken": task.claim_kind is Claim.TAKEN,
            "blocked": task.blocked_at is not None,
        }

    def _told(self, task: parts.Task) -> dict[str, Any]:
        return {name: getattr(task, name) for name in (
            "role", "team", "category", "named", "needed", "holder", "taken", "blocked"
        )}  # fmt: skip

    def _compare_rights(self, tasks: dict[Any, Task]) -> None:
        """Predicate, list, the list from the task's side, and the model: one answer for every person and task."""
        told = {task.key: set(self.world.able(task)) for task in self.world.tasks}
        differ(told, {key: {user.id for user in eligible_for(task)} for key, task in tasks.items()})
        for who, person in self.world.people.items():
            if not person.active:
                continue  # cannot sign in
            actor = self.actor(who)
            listed = set(session.scalars(sa.select(Task.id).where(allowed(actor, P.DECIDE))))
            assert listed == {task.id for key, task in tasks.items() if who in told[key]}, person.username
            assert listed == {task.id for task in tasks.values() if can(actor, P.DECIDE, task)}, person.username

    def _versions_only_grow(self, tasks: Any) -> None:
        for task in tasks:
            assert task.version >= self.versions.get(task.id, 1)
            self.versions[task.id] = task.version

    def teardown(self) -> None:
        absences._standing.clear()
        with self.stack:
            if hasattr(self, "world"):
                never()


def differ(told: dict[Any, Any], found: dict[Any, Any]) -> None:
    """Say what differs, and nothing of what does not."""
    unlike = {key: (told.get(key), found.get(key)) for key in {*told, *found} if told.get(key) != found.get(key)}
    assert not unlike, f"the model and the engine by (review, round, stage, seat, blind): {unlike}"


def never() -> None:
    """What no order of acts may bring about, asked of the tables alone."""
    verdicts = sa.select(Decision).where(Decision.verb != Verb.COMMENT)
    acted: set[tuple[int, int]] = set()
    for one in session.scalars(verdicts):
        review = session.get_one(Review, one.review_id)
        round_of = session.get_one(Round, one.round_id)
        for who in {one.actor_id, one.on_behalf_of_id} - {None}:
            assert (one.round_id, who) not in acted, "somebody judged twice in a round"
            acted.add((one.round_id, who))
        assert one.actor_id != one.on_behalf_of_id
        assert round_of.number <= review.round_number
        for vote in round_of.carried:
            assert not vote.decision.blind
            assert vote.decision.verb is Verb.APPROVE
            assert not {vote.decision.actor_id, vote.decision.on_behalf_of_id} & {
                one.actor_id,
                one.on_behalf_of_id or 0,
            }
    waiting = sa.select(Task).where(Task.state == TaskState.OPEN, sa.not_(Task.blind))
    for task in session.scalars(waiting):
        assert task.review.state.value == "in_review"
        assert (task.stage, task.round.number) == (task.review.stage, task.review.round_number)
    alive = sa.select(Review.subject_id).where(Review.state.in_(["in_review", "returned"]))
    subjects_alive = list(session.scalars(alive))
    assert len(subjects_alive) == len(set(subjects_alive)), "two open reviews of one thing"


@contextlib.contextmanager
def _reading_once() -> Iterator[None]:
    """Who is away is read once and kept, as in a request; before and afterwards nothing of it is remembered."""
    absences._standing.clear()
    changed = session.info.pop(absences.CHANGED, None)
    try:
        yield
    finally:
        session.info[absences.CHANGED] = changed
        absences._standing.clear()
