"""Definition × verbs × people, against the model of ``model.py``: after every step both tell the same story.

What is compared: where each review stands, every open task with its people and whoever it lies with, who may decide it
(predicate, list, ``eligible_for`` and model), the trail – and that nobody judges their own work or twice in a round.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from accounts import absences
from accounts.models import Absence, User
from core import clock as core_clock
from core.db import database, session
from core.errors import DomainError
from tests.make import Make
from tests.workflows import model as plain
from tests.workflows import model_parts as parts
from tests.workflows.machine_compare import Compared
from tests.workflows.machine_house import KIND, PATHS, START, TEXTS, House, documents
from workflows import claiming, deciding, housekeeping, ops
from workflows.definitions import parse
from workflows.models import Pipeline, Task
from workflows.rules import Verb

pytestmark = pytest.mark.both_databases
SHRINK = bool(os.environ.get("SHRINK"))  # the shortest story that fails, which takes minutes


class Machine(Compared):
    """Two things under review at once, ten people, and whatever comes to their minds."""

    @initialize(data=st.data())
    def begin(self, data: Any) -> None:
        judged = {number: data.draw(documents(), f"definition {number}") for number in (1, 2)}
        paths = {number: data.draw(st.sampled_from(PATHS), "category") for number in judged}
        for number, document in judged.items():
            whole = parse({**document, "applies": {"topics": [f"thing{number}"]}}).model_dump(mode="json")
            session.add(Pipeline(key=f"thing{number}", version=1, document=whole, created_at=START))
        self.world = plain.World(self.house.cast(), judged, paths, START, texts={number: {} for number in judged})
        session.flush()
        for number, author in zip(judged, sorted(self.world.people)[-2:], strict=True):
            self.both(lambda s=number, a=author: self.world.submit(s, a), lambda s=number, a=author: self._submit(s, a))

    # ── doing a thing twice: in the model and for real ───────────────────────────────────────────────────────────────

    def both(self, told: Callable[[], Any], done: Callable[[], Any]) -> tuple[Any, Any]:
        """The same answer or the same refusal; then the same world."""
        at = self.world.now = core_clock.now() + timedelta(minutes=1)
        core_clock._fixed[-1] = at
        expected = got = answer = found = None
        try:
            answer = told()
        except parts.Refused as refused:
            expected = refused.code
        point = session.begin_nested()
        absences._standing.clear()  # it is kept for a second, and in a test that is a lifetime
        try:
            found = done()
            session.flush()
            point.commit()
        except DomainError as error:
            point.rollback()
            got = error.code
        assert got == expected, f"refused with {got!r}, and the model says {expected!r}"
        self.compare()
        return answer, found

    def revision(self, subject: int) -> int:
        """The number under which a subject's text of now is known."""
        self.revisions += 1
        TEXTS[self.revisions] = dict(self.world.texts[subject])
        return self.revisions

    def pick(self, data: Any) -> tuple[parts.Task, int]:
        """An open task, and mostly somebody who may decide it."""
        tasks = self.world.tasks
        decidable = [task for task in tasks if self.world.able(task)]
        task = data.draw(st.sampled_from(decidable * 8 + tasks), "task")
        able = self.world.able(task)
        everybody = [one.id for one in self.world.people.values() if one.active]
        if able and data.draw(st.integers(0, 9)) < 8:
            holder = [task.holder] if task.holder in able else []
            deputies = [who for who in able if self.world.right(who, task) != parts.MINE]
            return task, data.draw(st.sampled_from(holder + deputies * 4 + able), "who")
        return task, data.draw(st.sampled_from(everybody), "whoever")

    # ── authors ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(data=st.data(), subject=st.sampled_from([1, 2]))
    def submit(self, data: Any, subject: int) -> None:
        run = self.world.run_of(subject)
        if run is not None and run.state == "in_review" and data.draw(st.integers(0, 9)) < 9:
            subject = 3 - subject
        writers = sorted(self.world.writers.get(subject, ())) or sorted(self.world.people)[-2:]
        who = data.draw(st.sampled_from(writers), "author")
        self.both(lambda: self.world.submit(subject, who), lambda: self._submit(subject, who))

    def _submit(self, subject: int, who: int) -> None:
        ops.submit(
            self.house.actors[who],
            subject_kind=KIND,
            subject_id=subject,
            revision_id=self.revision(subject),
            topic=f"thing{subject}",
            title=f"Thing {subject}",
            category="/".join(self.world.paths[subject]) or None,
            author_ids=tuple(sorted(self.world.writers[subject])),
        )

    @precondition(lambda self: self.world.runs)
    @rule(data=st.data(), subject=st.sampled_from([1, 2]))
    def revise(self, data: Any, subject: int) -> None:
        if subject not in self.world.writers:
            return
        writers = sorted(self.world.writers[subject])
        who = data.draw(st.sampled_from(writers * 3 + sorted(self.world.people)), "writer")
        changed = data.draw(st.sampled_from([["price"], ["steps"], ["price", "steps"], []]), "fields")
        self.both(
            lambda: self.world.revise(subject, who, changed),
            lambda: ops.revise(
                KIND,
                subject,
                self.house.actors[who],
                revision_id=self.revision(subject),
                author_ids=tuple(sorted(self.world.writers[subject])),
            ),
        )

    @precondition(lambda self: self.world.runs)
    @rule(data=st.data(), subject=st.sampled_from([1, 2]), act=st.sampled_from(["withdraw", "bar", "bar"]))
    def withdraw_or_bar(self, data: Any, subject: int, act: str) -> None:
        if data.draw(st.integers(0, 9)) < 6:
            return
        boss = next(iter(self.house.actors.values()))
        if act == "withdraw":
            self.both(lambda: self.world.withdraw(subject), lambda: ops.withdraw(KIND, subject, boss))
            return
        two = data.draw(st.lists(st.sampled_from(sorted(self.world.people)), min_size=2, max_size=2), "publishers")
        self.both(lambda: self.world.bar(subject, two), lambda: ops.bar(KIND, subject, boss, two))

    # ── reviewers ────────────────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.world.tasks)
    @rule(data=st.data())
    def approve(self, data: Any) -> None:
        self._approve(data)

    @precondition(lambda self: self.world.tasks)
    @rule(data=st.data())
    def approve_too(self, data: Any) -> None:
        self._approve(data)

    @precondition(lambda self: self.world.tasks)
    @rule(data=st.data(), count=st.integers(2, 4))
    def approve_some(self, data: Any, count: int) -> None:
        for _ in range(count):
            if self.world.tasks:
                self._approve(data)

    def _approve(self, data: Any) -> None:
        task, who = self.pick(data)
        here = task.run.find(task.stage)
        able = self.world.right(who, task) is not None
        if here["claim_first"] and able and task.holder != who and data.draw(st.booleans()):
            self.both(lambda: self.world.claim(who, task), lambda: claiming.claim(self.ids[task.key], self.actor(who)))
        self.decide(task, who, "approve")

    @precondition(lambda self: self.world.tasks)
    @rule(data=st.data(), verb=st.sampled_from(["send_back", "send_back", "send_back", "reject"]))
    def refuse(self, data: Any, verb: str) -> None:
        task, who = self.pick(data)
        keys = [stage["key"] for stage in task.run.document["stages"]]
        earlier = keys[: keys.index(task.stage)]
        to = data.draw(st.sampled_from([None, None, "author", *earlier * 3, *keys]), "to")
        self.decide(task, who, verb, to if verb == "send_back" else None)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), stale=st.booleans())
    def decide_too_late(self, data: Any, stale: bool) -> None:
        """Something else than what was seen, or what is decided already."""
        waiting = {task.key: task for task in self.world.tasks}
        past = sorted(set(self.ids) - set(waiting))
        who = data.draw(st.sampled_from(sorted(self.world.people)), "who")
        if stale and waiting:
            self.decide(data.draw(st.sampled_from(list(waiting.values()))), who, "approve", stale=True)
        elif past:
            key = data.draw(st.sampled_from(past), "past task")
            run = self.world.runs[key[0]]
            gone = parts.Task(run, key[1], set(), key[2], key[3], "", None, None, None, 1, key[4], 0)
            self.decide(gone, who, "approve", stale=True)

    def decide(self, task: parts.Task, who: int, verb: str, to: str | None = None, *, stale: bool = False) -> None:
        number = self.ids[task.key]
        seen = session.get_one(Task, number).version - int(stale)
        right, decision = self.both(
            lambda: self.world.decide(who, task, verb, to, stale=stale),
            lambda: deciding.decide(number, self.actor(who), Verb(verb), seen=seen, note="So.", to_stage=to),
        )
        if decision is not None:
            assert (decision.on_behalf_of_id or parts.MINE) == right
            assert decision.blind == task.blind

    @precondition(lambda self: self.world.tasks)
    @rule(data=st.data(), act=st.sampled_from(["claim", "claim", "release", "comment"]))
    def claim_or_release(self, data: Any, act: str) -> None:
        task, who = self.pick(data)
        number, actor = self.ids[task.key], self.actor(who)
        if act == "claim":
            self.both(lambda: self.world.claim(who, task), lambda: claiming.claim(number, actor))
        elif act == "release":
            self.both(lambda: self.world.release(who, task), lambda: claiming.release(number, actor))
        else:
            self.both(lambda: self.world.comment(task), lambda: deciding.comment(number, actor, note="Hm."))

    @precondition(lambda self: self.world.tasks)
    @rule(data=st.data())
    def hand_over(self, data: Any) -> None:
        task, who = self.pick(data)
        to = data.draw(st.sampled_from(self.world.able(task) + sorted(self.world.people)), "to")
        name = self.world.people[to].username
        self.both(
            lambda: self.world.hand_over(who, task, to),
            lambda: claiming.hand_over(self.ids[task.key], self.actor(who), to=name),
        )

    @precondition(lambda self: any(task.blocked for task in self.world.tasks))
    @rule(data=st.data())
    def name_people(self, data: Any) -> None:
        waiting = [task for task in self.world.tasks if not task.blind]
        blocked = [task for task in waiting if task.blocked]
        task = data.draw(st.sampled_from(blocked * 4 + waiting), "task")
        everybody = self.world.people.values()
        holders = [one.id for one in everybody if task.role in one.roles and one.active]
        free = [who for who in holders if self.world.is_free(who, task)]
        fitting = free * 3 + holders or [next(iter(everybody)).id]
        wanted = data.draw(st.sets(st.sampled_from(fitting), max_size=3), "wanted")
        boss = next(one.id for one in everybody if one.username == "gus")
        names = [self.world.people[who].username for who in sorted(wanted)]
        self.both(
            lambda: self.world.name_people(boss, task, wanted),
            lambda: claiming.name_people(self.ids[task.key], self.actor(boss), names),
        )

    # ── being away, leaving for good, time ───────────────────────────────────────────────────────────────────────────

    @rule(data=st.data(), hours=st.integers(1, 8))
    def go_away(self, data: Any, hours: int) -> None:
        active = [one.id for one in self.world.people.values() if one.active]
        here = [who for who in active if not self.world.is_away(who)]
        who = data.draw(st.sampled_from(here * 9 + active), "who")
        me = self.world.people[who]
        others = [o for o in self.world.people.values() if o.id != who and o.active and o.roles & me.roles]
        deputy = data.draw(st.sampled_from([None, *others * 2]), "deputy")
        until = core_clock.now() + timedelta(hours=hours)
        self.both(
            lambda: self.world.leave(who, deputy.id if deputy else None, until),
            lambda: absences.announce(
                self.actor(who), who, core_clock.now(), until, deputy.username if deputy else None
            ),
        )

    @precondition(lambda self: any(self.world.is_away(who) for who in self.world.people))
    @rule(data=st.data())
    def come_back(self, data: Any) -> None:
        who = data.draw(st.sampled_from([who for who in self.world.people if self.world.is_away(who)]), "who")
        if not self.world.people[who].active or core_clock.now() + timedelta(minutes=1) >= self.world.leaves[who].until:
            return
        newest = sa.select(sa.func.max(Absence.id)).where(Absence.user_id == who)
        self.both(
            lambda: self.world.come_back(who),
            lambda: absences.end_early(self.actor(who), session.scalars(newest).one()),
        )

    @rule(data=st.data())
    def leave_for_good_or_return(self, data: Any) -> None:
        if data.draw(st.integers(0, 9)) < 6:
            return
        gone = [who for who, one in self.world.people.items() if not one.active]
        leavers = gone if len(gone) > 1 else sorted(self.world.people)[:7]
        person = self.world.people[data.draw(st.sampled_from(leavers), "who")]
        user = session.get_one(User, person.id)
        user.active = person.active = not person.active
        session.flush()
        self.compare()

    @rule(hours=st.integers(0, 3))
    def time_passes(self, hours: int) -> None:
        core_clock._fixed[-1] = core_clock.now() + timedelta(hours=hours)

        def chores() -> None:
            absences.tell_of_time()
            housekeeping.find_blocked()
            housekeeping.forget_what_is_over()

        self.both(self.world.time_has_told, chores)


def drive(make: Make, *, examples: int, steps: int, derandomize: bool) -> None:
    """So many examples of so many steps; without ``derandomize`` other ones each time."""
    house = House(make)
    run_state_machine_as_test(
        type("Machine", (Machine,), {"house": house}),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=derandomize,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, *([Phase.shrink] if SHRINK else [])],
            report_multiple_bugs=False,
        ),
    )


@pytest.mark.timeout(600)
def test_the_engine_does_what_the_model_does(app: Flask, make: Make) -> None:
    drive(make, examples=15 if database().sqlite else 6, steps=40, derandomize=True)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.both_databases
@pytest.mark.parametrize("part", range(5))
def test_the_engine_does_what_the_model_does_500_times_40(app: Flask, make: Make, part: int) -> None:
    drive(make, examples=100, steps=40, derandomize=False)
