"""What a review does, told a second time and as plainly as it can be: dicts, sets and numbers, no database.

Written from ``docs/model.md`` §2–3 and not from the engine, of which it imports nothing. ``World`` holds people and
reviews; each verb changes it or raises ``Refused`` with the code that the engine must give. A definition is its JSON.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.workflows.model_parts import MINE, Everything, Leave, Refused, Run, Task, Vote


class World(Everything):
    """Everybody and everything, and what can be done."""

    # ── verbs of the author ──────────────────────────────────────────────────────────────────────────────────────────

    def submit(self, subject: int, who: int) -> None:
        run = self.run_of(subject)
        if run is not None and run.state == "in_review":
            raise Refused("illegal-move")
        self.writers.setdefault(subject, {who})
        if run is None or not run.open:
            run = Run(len(self.runs), subject, self.documents[subject], self.paths[subject], set(self.writers[subject]))
            self.runs.append(run)
            there: str | None = run.document["stages"][0]["key"]
            kept: list[Vote] = []
        else:
            run.authors |= self.writers[subject]
            kept = run.surviving(run.document["on_send_back"], self._changed(run))
            there = run.gap(kept)
        self._note(subject, "submit")
        self._begin_round(run, there, kept)

    def revise(self, subject: int, who: int, changed: Iterable[str]) -> None:
        """Somebody saves another text, in which these fields differ."""
        run = self.run_of(subject)
        text = dict(self.texts[subject])
        for name in changed:
            text[name] = text.get(name, 0) + 1
        self.texts[subject] = text
        self.writers.setdefault(subject, set()).add(who)
        if run is None or not run.open:
            return
        run.authors |= self.writers[subject]
        if run.state == "in_review":
            self._go_on(run)
            self._note(subject, "revise")

    def _changed(self, run: Run) -> set[str]:
        new = self.texts[run.subject]
        return {name for name in {*run.text, *new} if run.text.get(name) != new.get(name)}

    def _go_on(self, run: Run) -> None:
        changed = self._changed(run)
        kept = run.surviving(run.document["on_change"], changed)
        noes = [v for v in run.votes if not v.yes and not changed and not (v.people & run.outsiders)]
        if len(kept) + len(noes) == len(run.votes):
            run.text = dict(self.texts[run.subject])
        else:
            self._begin_round(run, run.gap(kept), kept)

    def withdraw(self, subject: int) -> None:
        run = self.run_of(subject)
        if run is None or not run.open:
            raise Refused("illegal-move")
        self.tasks = [task for task in self.tasks if task.run is not run]
        run.state, run.stage = "withdrawn", None
        self._note(subject, "withdraw")

    def bar(self, subject: int, people: Iterable[int]) -> None:
        """These have published it before its review ended."""
        run = self.run_of(subject)
        if run is None or not run.open:
            raise Refused("illegal-move")
        run.publishers |= set(people)
        if run.state == "in_review":
            text, self.texts[subject] = self.texts[subject], run.text
            self._go_on(run)
            self.texts[subject] = text

    # ── rounds and tasks ─────────────────────────────────────────────────────────────────────────────────────────────

    def _begin_round(self, run: Run, stage: str | None, kept: list[Vote]) -> None:
        self._close(run)
        run.round += 1
        run.votes, run.text = list(kept), dict(self.texts[run.subject])
        run.barred = {who for vote in kept for who in vote.people}
        self._go(run, stage)

    def _close(self, run: Run) -> None:
        """Whatever waits in it waits no more; second opinions go on."""
        self.tasks = [task for task in self.tasks if task.run is not run or task.blind]

    def _go(self, run: Run, stage: str | None, state: str = "in_review") -> None:
        run.state, run.stage = (state, stage) if stage else ("approved" if state == "in_review" else state, None)
        if run.stage is not None:
            here = run.find(run.stage)
            for seat in here["seats"]:
                if not run.is_full(here, seat, run.votes):
                    self._open(run, here, seat)

    def _open(self, run: Run, stage: dict[str, Any], seat: dict[str, Any]) -> None:
        given = run.yeses(stage, seat, run.votes)
        task = self._seat(run, stage, seat, blind=False)
        able = self.able(task)
        if seat["approvals"] == "all":
            task.named = task.named if task.named is not None else set(able)
            task.needed = run.everybody[stage["key"], seat["key"]] = given + max(1, len(able))
        task.blocked = len(able) < task.needed - given
        self._route(task, seat["routing"], able)
        if stage["calibration"] == 100 and len(able) > task.needed - given:
            second = self._seat(run, stage, seat, blind=True)
            if seat["approvals"] == "all" and second.named is None:
                second.named = set(self.able(second))

    def _seat(self, run: Run, stage: dict[str, Any], seat: dict[str, Any], *, blind: bool) -> Task:
        names = {person.id for person in self.people.values() if person.username in seat["people"]}
        self.made += 1
        task = Task(
            run,
            run.round,
            run.barred,
            stage["key"],
            seat["key"],
            seat["role"],
            seat["team"],
            self._nearest(run.path) if seat["category"] == "*" else seat["category"],
            names if seat["people"] else None,
            1 if blind else run.size(stage, seat),
            blind,
            self.made,
        )
        self.tasks.append(task)
        return task

    def _nearest(self, path: list[str]) -> str | None:
        for step in reversed(path):
            if any(step in person.cares and person.active for person in self.people.values()):
                return step
        return None

    def _route(self, task: Task, how: str, able: list[int]) -> None:
        here = [who for who in able if not self.is_away(who)]
        if how == "owner":
            nearest = self._nearest(task.run.path)
            here = [who for who in here if nearest in self.people[who].cares]
        if how == "pool" or not here:
            return
        if how in {"owner", "least_loaded"}:
            load = {who: len([one for one in self.tasks if one.holder == who]) for who in here}
            here = [who for who in here if load[who] == min(load.values())]
        fresh = [who for who in here if (task.role, who) not in self.turns]
        chosen = fresh[0] if fresh else min(here, key=lambda who: (self.turns[task.role, who], who))
        self.turns[task.role, chosen] = self.now
        task.holder, task.taken = chosen, False

    # ── verbs of reviewers ───────────────────────────────────────────────────────────────────────────────────────────

    def _may_act(self, who: int, task: Task, *, stale: bool = False) -> int:
        if who in task.run.outsiders:
            raise Refused("own-work")
        if stale or task not in self.tasks:
            raise Refused("moved")
        right = self.right(who, task)
        if right is not None:
            return right
        if who in task.barred or self.sits_here(who, task):
            raise Refused("acted")
        raise Refused("not-your-seat")

    def decide(self, who: int, task: Task, verb: str, to: str | None = None, *, stale: bool = False) -> int:
        """The verdict is given; in whose right."""
        right = self._may_act(who, task, stale=stale)
        run, here = task.run, task.run.find(task.stage)
        people = {who} | ({right} - {MINE})
        if here["claim_first"] and task.holder not in people:
            raise Refused("not-claimed")
        if task.blind:
            task.barred |= people
            self.tasks.remove(task)
            self._note(run.subject, "second_opinion")
            return right
        target = here["returns_to"] if to is None else None if to == "author" else to
        if verb == "send_back" and target is not None and run.place(target) >= run.place(task.stage):
            raise Refused("illegal-move")
        task.barred |= people
        run.votes.append(Vote(task.stage, task.seat, verb == "approve", frozenset(people)))
        seat = next(one for one in here["seats"] if one["key"] == task.seat)
        if verb != "approve" or run.is_full(here, seat, run.votes):
            self.tasks.remove(task)
        elif task.holder in people:
            task.holder, task.taken = None, False
        outcome = run.outcome(here, run.votes)
        if verb == "approve" and outcome == "passed":
            self._close(run)
            self._go(run, run.gap(run.votes))
        elif verb != "approve" and outcome == "failed":
            self._close(run)
            self._end_stage(run, verb, target)
        self._note(run.subject, verb)
        return right

    def _end_stage(self, run: Run, verb: str, target: str | None) -> None:
        if verb == "reject" or target is None:
            self._go(run, None, "rejected" if verb == "reject" else "returned")
            return
        before = run.place(target)
        voided = run.document["on_send_back"] == "voided"
        kept = [
            vote
            for vote in run.votes
            if vote.yes
            and not (vote.people & run.outsiders)
            and (run.place(vote.stage) < before or (run.place(vote.stage) > before and not voided))
        ]
        text, self.texts[run.subject] = self.texts[run.subject], run.text
        self._begin_round(run, run.gap(kept), kept)
        self.texts[run.subject] = text

    def comment(self, task: Task) -> None:
        if task not in self.tasks:
            raise Refused("moved")
        self._note(task.run.subject, "comment")

    def claim(self, who: int, task: Task) -> None:
        right = self._may_act(who, task)
        taken = task.taken and task.holder in self.able(task)
        if task.holder not in {None, who, right} and taken:
            raise Refused("claimed")
        if task.holder != who:
            task.holder, task.taken = who, True
            self._note(task.run.subject, "claim")

    def release(self, who: int, task: Task) -> None:
        if task not in self.tasks:
            raise Refused("moved")
        if task.holder != who:
            raise Refused("not-claimed")
        task.holder, task.taken = None, False
        self._note(task.run.subject, "release")

    def hand_over(self, who: int, task: Task, to: int) -> None:
        if who in task.run.outsiders:
            raise Refused("own-work")
        if task not in self.tasks:
            raise Refused("moved")
        boss = bool(self.people[who].roles & {"supervisor", "manager"})
        if not boss and task.holder != who and not self.sits_here(who, task):
            raise Refused("forbidden")
        if not self.rights(to, task):
            raise Refused("invalid")
        task.holder, task.taken = to, False
        self._note(task.run.subject, "hand_over")

    def name_people(self, who: int, task: Task, wanted: set[int]) -> None:
        """A manager says who may sit here (nobody named: whoever has the role)."""
        if "manager" not in self.people[who].roles:
            raise Refused("forbidden")
        if who in task.run.outsiders:
            raise Refused("own-work")
        if task not in self.tasks:
            raise Refused("moved")
        here = task.run.find(task.stage)
        seat = next(one for one in here["seats"] if one["key"] == task.seat)
        given = task.run.yeses(here, seat, task.run.votes)
        before = task.named, task.team, task.category
        task.named, task.team, task.category = wanted or None, None, None
        able = set(self.able(task))
        needed = given + len(able) if seat["approvals"] == "all" else task.needed
        if not wanted <= able or not able or len(able) < needed - given:
            task.named, task.team, task.category = before
            raise Refused("invalid")
        task.needed, task.blocked = needed, False
        if seat["approvals"] == "all":
            task.run.everybody[here["key"], seat["key"]] = needed
        self._note(task.run.subject, "named")

    # ── being away, and time ─────────────────────────────────────────────────────────────────────────────────────────

    def leave(self, who: int, deputy: int | None, until: datetime) -> None:
        if self.is_away(who):
            raise Refused("absence-overlaps")
        if who in self.leaves:
            self.untold.append((who, self.leaves[who].deputy))
        self.leaves[who] = Leave(deputy, until)

    def come_back(self, who: int) -> None:
        """What the deputy could decide for them alone is theirs again, and the trail says so."""
        self._is_back(who, self.leaves.pop(who).deputy)

    def _is_back(self, who: int, deputy: int | None) -> None:
        if deputy is None:
            return
        person = self.people[who]
        for task in sorted(self.tasks, key=lambda one: (one.run.number, one.order)):
            narrowed = (
                (task.named is not None and who in task.named)
                or (task.team is not None and task.team == person.team)
                or task.category in person.cares
            )
            if task.role not in person.roles or not narrowed or self._decides(deputy, task):
                continue
            if task.holder == deputy:
                task.holder, task.taken = None, False
            self._note(task.run.subject, "back")

    def _decides(self, who: int, task: Task) -> bool:
        """As ``rights``, of somebody who may have left meanwhile."""
        person = self.people[who]
        active, person.active = person.active, True
        found = (
            bool(self.rights(who, task))
            if active
            else self.is_free(who, task) and (task.role in person.roles and self.fits(person, task))
        )
        person.active = active
        return found

    def time_has_told(self) -> None:
        """Absences that ran out are told of; what nobody can decide is marked, what somebody can is not any more."""
        while self.untold:
            self._is_back(*self.untold.pop(0))
        for who in [who for who, leave in self.leaves.items() if self.now >= leave.until]:
            self.come_back(who)
        for task in self.tasks:
            if not task.blind:
                here = task.run.find(task.stage)
                seat = next(one for one in here["seats"] if one["key"] == task.seat)
                missing = task.needed - task.run.yeses(here, seat, task.run.votes)
                task.blocked = len(self.able(task)) < missing

    def _note(self, subject: int, verb: str) -> None:
        self.acts.setdefault(subject, []).append(verb)
