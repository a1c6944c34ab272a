"""What the model of a review consists of – people, votes, tasks, runs – and who may decide; nothing of the engine."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MINE = 0  # somebody decides in their own right, and not for another person


class Refused(Exception):
    """The act is not possible; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Person:
    """Somebody, and what they look after."""

    id: int
    username: str
    roles: frozenset[str]
    team: str | None
    cares: frozenset[str] = frozenset()
    active: bool = True


@dataclass
class Leave:
    """Somebody is away until ``until``; ``deputy`` judges for them."""

    deputy: int | None
    until: datetime


@dataclass
class Vote:
    """A verdict that counts. ``people``: who gave it, and for whom."""

    stage: str
    seat: str
    yes: bool
    people: frozenset[int]


@dataclass
class Task:
    """A seat that waits."""

    run: "Run"
    round: int
    barred: set[int]  # of its round: whoever has filled a seat of it
    stage: str
    seat: str
    role: str
    team: str | None
    category: str | None
    named: set[int] | None
    needed: int
    blind: bool
    order: int
    holder: int | None = None
    taken: bool = False
    blocked: bool = False

    @property
    def key(self) -> tuple[int, int, str, str, bool]:
        return self.run.number, self.round, self.stage, self.seat, self.blind


@dataclass
class Run:
    """One review."""

    number: int
    subject: int
    document: dict[str, Any] = field(repr=False)
    path: list[str]  # of categories, from the root
    authors: set[int]
    publishers: set[int] = field(default_factory=set)
    state: str = "new"
    stage: str | None = None
    round: int = 0
    barred: set[int] = field(default_factory=set)
    votes: list[Vote] = field(default_factory=list)
    text: dict[str, int] = field(default_factory=dict)  # as the round asks about it
    everybody: dict[tuple[str, str], int] = field(default_factory=dict)  # seats that need all: how many that was

    @property
    def open(self) -> bool:
        return self.state in {"in_review", "returned"}

    @property
    def outsiders(self) -> set[int]:
        return self.authors | self.publishers

    def find(self, stage: str | None) -> dict[str, Any]:
        return next(one for one in self.document["stages"] if one["key"] == stage)

    def place(self, stage: str | None) -> int:
        return [one["key"] for one in self.document["stages"]].index(stage)

    def size(self, stage: dict[str, Any], seat: dict[str, Any]) -> int:
        """How many approvals fill a seat."""
        if seat["approvals"] != "all":
            return int(seat["approvals"])
        return self.everybody.get((stage["key"], seat["key"]), max(1, len(seat["people"])))

    def yeses(self, stage: dict[str, Any], seat: dict[str, Any], votes: list[Vote]) -> int:
        return len([v for v in votes if v.yes and v.stage == stage["key"] and v.seat == seat["key"]])

    def is_full(self, stage: dict[str, Any], seat: dict[str, Any], votes: list[Vote]) -> bool:
        return self.yeses(stage, seat, votes) >= self.size(stage, seat)

    def outcome(self, stage: dict[str, Any], votes: list[Vote]) -> str:
        """passed, failed or open."""
        wanted = len(stage["seats"]) if stage["need"] == "all" else stage["need"]
        refused = {v.seat for v in votes if not v.yes and v.stage == stage["key"]}
        full = {seat["key"] for seat in stage["seats"] if self.is_full(stage, seat, votes)}
        possible = {seat["key"] for seat in stage["seats"]} - (refused - full)
        if refused and stage["veto"]:
            return "failed"
        if len(full) >= wanted:
            return "passed"
        return "open" if len(possible) >= wanted else "failed"

    def gap(self, votes: list[Vote]) -> str | None:
        """The first stage that these votes do not pass."""
        for stage in self.document["stages"]:
            if self.outcome(stage, votes) != "passed":
                return str(stage["key"])
        return None

    def surviving(self, policy: str, changed: set[str]) -> list[Vote]:
        """The approvals that stand after a change of these fields, never one of somebody who wrote."""
        found = []
        for vote in self.votes:
            seat = next(s for s in self.find(vote.stage)["seats"] if s["key"] == vote.seat)
            concerned = bool(changed) and (not seat["fields"] or bool(changed & set(seat["fields"])))
            lost = {"kept": False, "voided": bool(changed), "fields": concerned}[policy]
            if vote.yes and not lost and not (vote.people & self.outsiders):
                found.append(vote)
        return found


@dataclass
class Everything:
    """Everybody and everything, and who may decide what."""

    people: dict[int, Person]
    documents: dict[int, dict[str, Any]]  # the definition that judges a subject
    paths: dict[int, list[str]]
    now: datetime
    writers: dict[int, set[int]] = field(default_factory=dict)
    texts: dict[int, dict[str, int]] = field(default_factory=dict)
    leaves: dict[int, Leave] = field(default_factory=dict)
    untold: list[tuple[int, int | None]] = field(default_factory=list)  # leaves that ran out before the next began
    runs: list[Run] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)  # open ones
    turns: dict[tuple[str, int], datetime] = field(default_factory=dict)
    acts: dict[int, list[str]] = field(default_factory=dict)
    made: int = 0

    # ── who may decide ───────────────────────────────────────────────────────────────────────────────────────────────

    def run_of(self, subject: int) -> Run | None:
        """The newest review of a subject."""
        return next((run for run in reversed(self.runs) if run.subject == subject), None)

    def principals(self, deputy: int) -> list[Person]:
        """For whom this person stands in now."""
        if not self.people[deputy].active:
            return []
        return [
            self.people[who]
            for who, leave in sorted(self.leaves.items())
            if leave.deputy == deputy and self.now < leave.until and self.people[who].active
        ]

    def is_away(self, who: int) -> bool:
        return who in self.leaves and self.now < self.leaves[who].until

    def fits(self, who: Person, task: Task) -> bool:
        """The seat is not narrowed to others."""
        return (
            (task.team is None or task.team == who.team)
            and (task.category is None or task.category in who.cares)
            and (task.named is None or who.id in task.named)
        )

    def is_free(self, who: int, task: Task) -> bool:
        """Wrote nothing of it, and fills no other seat of the round."""
        return who not in task.run.outsiders and who not in task.barred

    def rights(self, who: int, task: Task) -> list[int]:
        """In whose right somebody could decide: ``MINE`` or people who are away."""
        person = self.people[who]
        if not person.active or task.role not in person.roles or not self.is_free(who, task):
            return []
        mine = [MINE] if self.fits(person, task) else []
        return mine + [
            other.id
            for other in self.principals(who)
            if task.role in other.roles and self.is_free(other.id, task) and self.fits(other, task)
        ]

    def right(self, who: int, task: Task) -> int | None:
        """The one that counts: what lies with somebody who is away is decided for them, else one's own goes first."""
        found = self.rights(who, task)
        return task.holder if task.holder in found else found[0] if found else None

    def able(self, task: Task) -> list[int]:
        """Everybody who could decide."""
        return [who for who in sorted(self.people) if self.rights(who, task)]

    def sits_here(self, who: int, task: Task) -> bool:
        """Holds the seat, may they decide now or not."""
        person = self.people[who]
        if task.role not in person.roles:
            return False
        others = [other for other in self.principals(who) if task.role in other.roles]
        return any(self.fits(one, task) for one in [person, *others])
