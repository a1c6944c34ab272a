"""'This submission would go …': a pipeline tried out by the code that runs it, with nothing stored.

The pipeline is chosen by ``definitions.choose``, people come in by ``seating`` (the predicate that guards decisions),
due times by ``deadlines`` and ``calendars``, and every step is a ``rules.move``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accounts.models import User
from core.errors import Conflict
from core.i18n import _
from workflows import seating
from workflows.calendars import add
from workflows.deadlines import calendar_for
from workflows.definitions import Case, Definition, Seat, Stage, choose
from workflows.models import Task
from workflows.pipeline_words import Words, approvals_short, joined, seat_name, stage_name
from workflows.rules import Ask, Move, Position, State, Verb, Vote, move

SHOWN = 12  # names of a seat; the rest is a number


@dataclass(frozen=True, slots=True)
class SeatTry:
    """A seat with the people who could take it. ``short``: too few are left."""

    label: str
    mark: str
    people: tuple[str, ...]
    more: int
    again: int  # how many of them could sit in an earlier seat as well: nobody sits twice
    short: bool


@dataclass(frozen=True, slots=True)
class StageTry:
    """A stage as it would go. ``due`` is when it is due if each stage before it takes all its time."""

    name: str
    seats: tuple[SeatTry, ...]
    due: datetime | None
    never: str
    back: str
    change: str


@dataclass(frozen=True, slots=True)
class Other:
    """A pipeline that judges the same kind, and why it was not chosen."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Trial:
    """The answer. ``key`` is the chosen pipeline's, if any; ``mine``: it is the one on the page."""

    key: str | None
    name: str
    mine: bool
    why: str
    others: tuple[Other, ...]
    stages: tuple[StageTry, ...]
    stuck: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What is tried: the case, the path of its category, who wrote it, which fields are mended, and from when."""

    case: Case
    path: str | None
    authors: tuple[int, ...]
    changed: frozenset[str]
    at: datetime


def try_out(
    asked: Question, candidates: Mapping[str, Definition], names: Mapping[str, str], words: Words, mine: str
) -> Trial:
    """How it would go. ``mine`` is the key of the pipeline on the page, which stands among the candidates as typed."""
    key = choose(dict(candidates), asked.case)
    rivals = [k for k, one in candidates.items() if k != key and asked.case.topic in one.applies.topics]
    others = tuple(Other(names[k], _why_not(candidates[k], asked.case, words)) for k in rivals)
    if key is None:
        return Trial(None, "", False, _("No pipeline fits: this could not be submitted."), others, (), True)
    definition = candidates[key]
    stages, stuck = _stages(definition, asked, words)
    return Trial(key, names[key], key == mine, _why(definition, asked.case, words), others, stages, stuck)


def _why(definition: Definition, case: Case, words: Words) -> str:
    depth, named = definition.applies.fits(case) or (0, 0)
    topic = words.topics.get(case.topic, case.topic)
    said = [_("It judges %(kind)s.", kind=topic)]
    if depth:
        slug = case.categories[depth - 1]
        said.append(_("The category “%(name)s” is the closest that fits.", name=words.categories.get(slug, slug)))
    if named and case.significance:
        size = words.significances.get(case.significance, case.significance)
        said.append(_("It is for edits of this size: %(size)s.", size=size))
    return " ".join(said)


def _why_not(definition: Definition, case: Case, words: Words) -> str:
    applies = definition.applies
    if applies.significances and case.significance not in applies.significances:
        sizes = joined(words.significances.get(one, one) for one in applies.significances)
        return _("only for: %(sizes)s", sizes=sizes)
    if applies.fits(case) is None:
        named = joined(words.categories.get(one, one) for one in applies.categories)
        return _("only in: %(categories)s", categories=named)
    return _("fits less closely")


def _stages(definition: Definition, asked: Question, words: Words) -> tuple[tuple[StageTry, ...], bool]:
    pools = _pools(definition, asked)
    sizes = {at: seating.needed(definition.stage(at[0]).seat(at[1]), people) for at, (_task, people) in pools.items()}
    short = _short(definition, pools, sizes)
    begins: datetime | None = asked.at
    seen: set[int] = set()
    out = []
    for stage in definition.stages:
        seats = [
            _seat(seat, pools[stage.key, seat.key][1], seen, words, short=(stage.key, seat.key) in short)
            for seat in stage.seats
        ]
        seen |= {user.id for seat in stage.seats for user in pools[stage.key, seat.key][1]}
        begins, never = _due(stage, [pools[stage.key, seat.key][0] for seat in stage.seats], begins)
        steps = _Steps(definition, stage, asked, sizes, words)
        out.append(StageTry(stage_name(stage, words), tuple(seats), begins, never, steps.back(), steps.change()))
    return tuple(out), bool(short)


Pools = dict[tuple[str, str], tuple[Task, list[User]]]


def _pools(definition: Definition, asked: Question) -> Pools:
    found: Pools = {}
    for stage in definition.stages:
        for seat in stage.seats:
            task = seating.task_of(stage, seat, path=asked.path, authors=asked.authors)
            found[stage.key, seat.key] = (task, seating.sitters(task))
    return found


def _short(definition: Definition, pools: Pools, sizes: Mapping[tuple[str, str], int]) -> set[tuple[str, str]]:
    """Seats that keep their stage from passing: nobody, or too few, are left for them."""
    alone = {at for at, (_task, people) in pools.items() if sizes[at] > len(people)}
    out: set[tuple[str, str]] = set()
    joint: list[tuple[str, str]] = []
    for stage in definition.stages:
        seats = [(stage.key, seat.key) for seat in stage.seats]
        lacking = [at for at in seats if at in alone]
        if len(seats) - len(lacking) < stage.needed:
            out.update(lacking)
        elif stage.needed == len(seats):
            joint += seats
    if not out:
        number = seating.unseated([(sizes[at], [user.id for user in pools[at][1]]) for at in joint])
        out = {joint[number]} if number is not None else set()
    return out


def _seat(seat: Seat, people: Sequence[User], seen: set[int], words: Words, *, short: bool) -> SeatTry:
    names = tuple(user.name for user in people[:SHOWN])
    again = sum(1 for user in people if user.id in seen)
    return SeatTry(seat_name(seat, words), approvals_short(seat), names, max(len(people) - SHOWN, 0), again, short)


def _due(stage: Stage, tasks: Sequence[Task], begins: datetime | None) -> tuple[datetime | None, str]:
    """When the stage is due if it begins then: the latest of its seats."""
    if begins is None:
        return None, ""
    try:
        return max(add(calendar_for(stage, task.team_id), begins, stage.due_hours * 60) for task in tasks), ""
    except Conflict as error:  # a calendar that never opens
        return None, error.sentence


class _Steps:
    """What the rules make of a send-back and of a change, when the stages before have approved."""

    def __init__(
        self, definition: Definition, stage: Stage, asked: Question, sizes: Mapping[tuple[str, str], int], words: Words
    ) -> None:
        self.definition, self.stage, self.words, self.changed = definition, stage, words, asked.changed
        votes = tuple(_approvals(definition, stage, sizes))
        self.ask = Ask(definition, Position(State.IN_REVIEW, stage.key), votes, changed=asked.changed, sizes=sizes)

    def back(self) -> str:
        """Where a send-back leads by default, and how it goes on from there."""
        noes = tuple(Vote(self.stage.key, seat.key, Verb.SEND_BACK) for seat in self.stage.seats)
        ask = replace(self.ask, votes=self.ask.votes + noes, to_stage=self.stage.returns_to)
        moved = move(ask, Verb.SEND_BACK)
        if moved.to.state is not State.RETURNED:
            return _("A send-back goes to %(stage)s.", stage=self._where(moved)) + " " + self._kept(moved)
        again = move(replace(ask, here=moved.to, to_stage=None), Verb.SUBMIT)
        return (
            _("A send-back goes to the author; handed in again, it begins at %(stage)s.", stage=self._where(again))
            + " "
            + self._kept(again)
        )

    def change(self) -> str:
        """What a change of the text does while it waits here."""
        moved = move(self.ask, Verb.REVISE)
        if moved.kept is None:
            return _("A change of the text meanwhile leaves it here; every approval stands.")
        return (
            _("A change of the text meanwhile takes it to %(stage)s.", stage=self._where(moved))
            + " "
            + self._kept(moved)
        )

    def _where(self, moved: Move) -> str:
        if moved.to.stage is None:
            return _("the end: it is published")
        return stage_name(self.definition.stage(moved.to.stage), self.words)

    def _kept(self, moved: Move) -> str:
        seats = dict.fromkeys((vote.stage, vote.seat) for vote in moved.kept or ())
        if not self.ask.votes:
            return ""
        if not seats:
            return _("Earlier approvals are void.")
        names = [seat_name(self.definition.stage(stage).seat(seat), self.words) for stage, seat in seats]
        return _("These approvals stand: %(seats)s.", seats=joined(names))


def _approvals(definition: Definition, stage: Stage, sizes: Mapping[tuple[str, str], int]) -> Iterator[Vote]:
    """Every seat of the stages before has the approvals it needs, each of somebody else."""
    person = 0
    for earlier in definition.stages[: definition.index(stage.key)]:
        for seat in earlier.seats:
            for _each in range(min(sizes[earlier.key, seat.key], 500)):
                person -= 1  # nobody real
                yield Vote(earlier.key, seat.key, Verb.APPROVE, frozenset({person}))
