"""What a manager edits and what is frozen into each review that begins with it: stages, seats, and their rules.

Shapes are pydantic models; what they cannot say of one field alone (weights, circles, seats that do not add up) is in
``faults``, as a sentence at the field. Nothing here knows the database, the web or an article.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import Invalid
from core.i18n import _

KEY = r"^[a-z0-9_]{1,40}$"
OWN = "*"  # of Seat.category: the category of what is judged
ALL: Literal["all"] = "all"
FEW, MANY = 30, 500  # stages, seats, questions …; people, fields, categories


class Approvals(StrEnum):
    """What a send-back or a change of text does to approvals already given."""

    VOIDED = "voided"
    KEPT = "kept"
    FIELDS = "fields"  # voided only in the seats that answer for a field that changed


class Routing(StrEnum):
    """To whom an opening task goes at first; anybody who holds the seat may still take it."""

    POOL = "pool"
    OWNER = "owner"
    LEAST_LOADED = "least_loaded"
    ROUND_ROBIN = "round_robin"


class Part(BaseModel):
    """Base: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(Part):
    """One line of a checklist; the weights of a checklist sum to 100."""

    key: str = Field(pattern=KEY)
    text: str = Field(min_length=1, max_length=200)
    weight: int = Field(ge=0, le=100)


class Escalation(Part):
    """One rung of the ladder: so many working hours after the due time, the people of a role are told."""

    after_hours: int = Field(default=0, ge=0, le=24 * 60)
    to: str = Field(min_length=1, max_length=32)


class Seat(Part):
    """Who may act, and how many approvals it needs (``all``: every named person, or the whole pool as it is on entry).

    ``category``: only who looks after it (``*``: after the category of what is judged; nobody does: the whole role).
    ``fields``: what the seat answers for; empty: for everything.
    """

    key: str = Field(pattern=KEY)
    role: str = Field(min_length=1, max_length=32)
    team: str | None = None
    category: str | None = None
    people: tuple[str, ...] = Field(default=(), max_length=MANY)
    approvals: int | Literal["all"] = 1
    routing: Routing = Routing.POOL
    fields: tuple[str, ...] = Field(default=(), max_length=MANY)

    @property
    def needed(self) -> int:
        """How many approvals complete the seat, as far as the definition alone can say."""
        return max(1, len(self.people)) if self.approvals == ALL else self.approvals

    def answers_for(self, changed: frozenset[str]) -> bool:
        """True when a change of these fields concerns the seat."""
        return bool(changed) and (not self.fields or not changed.isdisjoint(self.fields))


class Stage(Part):
    """Parallel seats and the rule that joins them: all of them, or ``need`` of them; with or without veto.

    Hours are working hours of ``calendar`` (none: the one of the seat's site, else the centre's). ``remind_hours``
    count back from the due time, ``escalate`` counts on from it. ``compulsory``: every question of the checklist is
    answered, and an approval reaches ``pass_mark``. ``calibration``: percent of items that a second person of the
    role judges blind. ``returns_to``: where a send-back goes unless somebody says otherwise (none: to the author).
    """

    key: str = Field(pattern=KEY)
    name: str = Field(default="", max_length=60)
    seats: tuple[Seat, ...] = Field(default=(), max_length=FEW)
    need: int | Literal["all"] = ALL
    veto: bool = True
    due_hours: int = Field(default=24, ge=1, le=24 * 365)
    calendar: str | None = None
    remind_hours: tuple[int, ...] = Field(default=(), max_length=FEW)
    escalate: tuple[Escalation, ...] = Field(default=(), max_length=FEW)
    checklist: tuple[Question, ...] = Field(default=(), max_length=FEW)
    compulsory: bool = False
    pass_mark: int = Field(default=70, ge=0, le=100)
    claim_first: bool = False
    bulk: bool = False
    calibration: int = Field(default=0, ge=0, le=100)
    returns_to: str | None = None

    @property
    def needed(self) -> int:
        """How many seats must be complete."""
        return len(self.seats) if self.need == ALL else self.need

    def seat(self, key: str) -> Seat:
        """The seat of this name.

        Raises:
            KeyError: there is no such seat.
        """
        for seat in self.seats:
            if seat.key == key:
                return seat
        raise KeyError(key)


class Applies(Part):
    """What a pipeline judges: topics (kinds), and on wish only in some categories or for some sizes of an edit."""

    topics: tuple[str, ...] = Field(default=(), max_length=MANY)
    categories: tuple[str, ...] = Field(default=(), max_length=MANY)
    significances: tuple[str, ...] = Field(default=(), max_length=MANY)

    def fits(self, case: "Case") -> tuple[int, int] | None:
        """How closely it fits (depth of the category, size named); ``None`` when it does not."""
        if case.topic not in self.topics or (self.significances and case.significance not in self.significances):
            return None
        depths = [place + 1 for place, slug in enumerate(case.categories) if slug in self.categories]
        if self.categories and not depths:
            return None
        return max(depths, default=0), int(bool(self.significances))


class Case(Part):
    """What is to be judged, as far as choosing its pipeline needs it. ``categories``: from the root downwards."""

    topic: str
    significance: str | None = None
    categories: tuple[str, ...] = ()


def steps_of(path: str | None) -> tuple[str, ...]:
    """The categories on a path 'a/b/c', from the root downwards."""
    return tuple(step for step in (path or "").split("/") if step)


class Definition(Part):
    """A pipeline. ``emergency_hours``: working hours for the review after an emergency publication."""

    stages: tuple[Stage, ...] = Field(default=(), max_length=FEW)
    applies: Applies = Applies()
    on_change: Approvals = Approvals.VOIDED
    on_send_back: Approvals = Approvals.VOIDED
    emergency_hours: int = Field(default=24, ge=1, le=24 * 30)

    def index(self, key: str | None) -> int:
        """The place of a stage in the order.

        Raises:
            KeyError: there is no such stage.
        """
        for number, stage in enumerate(self.stages):
            if stage.key == key:
                return number
        raise KeyError(key)

    def stage(self, key: str) -> Stage:
        """The stage of this name."""
        return self.stages[self.index(key)]


def faults(definition: Definition) -> dict[str, str]:
    """What is wrong with it: a sentence per field, under paths like ``stages.0.seats.1.people``; empty when sound."""
    found: dict[str, str] = {}
    if not definition.stages:
        found["stages"] = _("A pipeline needs at least one stage.")
    if not definition.applies.topics:
        found["applies.topics"] = _("Choose at least one kind that this pipeline judges.")
    keys = [stage.key for stage in definition.stages]
    for number, stage in enumerate(definition.stages):
        at = f"stages.{number}"
        if stage.key in keys[:number]:
            found[f"{at}.key"] = _("Two stages have one name.")
        found.update(_faults_of_stage(stage, at))
        if stage.returns_to is not None and stage.returns_to not in keys[:number]:
            found[f"{at}.returns_to"] = _circle(stage.returns_to, keys)
    return found


def _circle(target: str, keys: list[str]) -> str:
    if target in keys:
        return _("A send-back to this stage would go in a circle: choose an earlier stage, or the author.")
    return _("There is no such stage: choose an earlier stage, or the author.")


def _faults_of_stage(stage: Stage, at: str) -> Iterator[tuple[str, str]]:
    if not stage.seats:
        yield f"{at}.seats", _("This stage has no seat: nobody could decide it.")
    elif not 1 <= stage.needed <= len(stage.seats):
        yield (
            f"{at}.need",
            _("%(n)s seats must agree, but the stage has %(m)s.", n=stage.needed, m=len(stage.seats)),
        )
    seats = [seat.key for seat in stage.seats]
    for number, seat in enumerate(stage.seats):
        if seat.key in seats[:number]:
            yield f"{at}.seats.{number}.key", _("Two seats of this stage have one name.")
        yield from _faults_of_seat(seat, f"{at}.seats.{number}")
    yield from _faults_of_checklist(stage, at)
    if any(hours >= stage.due_hours or hours < 1 for hours in stage.remind_hours):
        yield f"{at}.remind_hours", _("A reminder comes at least an hour before the due time and after the beginning.")
    steps = [step.after_hours for step in stage.escalate]
    if steps != sorted(set(steps)):
        yield f"{at}.escalate", _("Each rung of the ladder comes later than the one before.")


def _faults_of_seat(seat: Seat, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(seat.approvals, int) and seat.approvals < 1:
        yield f"{at}.approvals", _("A seat needs at least one approval.")
    elif seat.people and isinstance(seat.approvals, int) and seat.approvals > len(set(seat.people)):
        yield (
            f"{at}.approvals",
            _(
                "%(n)s approvals are needed, but only %(m)s people are named.",
                n=seat.approvals,
                m=len(set(seat.people)),
            ),
        )
    if len(set(seat.people)) != len(seat.people):
        yield f"{at}.people", _("Somebody is named twice.")


def _faults_of_checklist(stage: Stage, at: str) -> Iterator[tuple[str, str]]:
    keys = [question.key for question in stage.checklist]
    if len(set(keys)) != len(keys):
        yield f"{at}.checklist", _("Two questions have one name.")
    total = sum(question.weight for question in stage.checklist)
    if stage.checklist and total != 100:
        yield f"{at}.checklist", _("The weights sum to %(n)s; they must sum to 100.", n=total)
    if stage.compulsory and not stage.checklist:
        yield f"{at}.compulsory", _("There is no checklist that could be compulsory.")


def parse(document: Any) -> Definition:
    """A sound definition from a document that people or another installation made.

    Raises:
        Invalid: with a sentence at each wrong field.
    """
    try:
        found = Definition.model_validate(document)
    except ValidationError as error:
        raise Invalid({_path(one["loc"]): _sentence(one) for one in error.errors()}) from None
    wrong = faults(found)
    if wrong:
        raise Invalid(wrong)
    return found


def _path(location: tuple[int | str, ...]) -> str:
    parts = [str(part) for part in location if not (isinstance(part, str) and part.startswith(("literal", "int")))]
    return ".".join(parts) or "stages"


def _sentence(error: Any) -> str:
    kind, limits = error["type"], error.get("ctx") or {}
    if kind in {"missing", "string_too_short", "none_required"}:
        return _("This is needed.")
    if kind == "extra_forbidden":
        return _("A pipeline has no field of this name.")
    if kind in {"greater_than_equal", "less_than_equal"}:
        if "ge" in limits:
            return _("At least %(n)s, please.", n=limits["ge"])
        return _("At most %(n)s, please.", n=limits["le"])
    if kind == "too_long":
        return _("At most %(n)s of them, please.", n=limits["max_length"])
    if kind == "string_too_long":
        return _("At most %(n)s characters, please.", n=limits["max_length"])
    if kind == "string_pattern_mismatch":
        return _("Use small letters, digits and underscores.")
    if kind in {"int_parsing", "int_type", "int_from_float", "literal_error"}:
        return _("Please give a whole number.")
    return _("This value does not fit here.")


def choose(candidates: dict[str, Definition], case: Case) -> str | None:
    """The key of the pipeline that judges a case: the closest fit – the deeper category, then the named size.

    Ties are refused when a pipeline is saved (``clashes``); should one exist, the first key in the alphabet wins.
    """
    fitting = [(fit, key) for key, one in candidates.items() if (fit := one.applies.fits(case)) is not None]
    return min(fitting, key=lambda item: (-item[0][0], -item[0][1], item[1]))[1] if fitting else None


def clashes(mine: Applies, other: Applies) -> bool:
    """True when the two would claim the same case with the same right."""

    def overlap(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
        return (not a and not b) or bool(set(a) & set(b))

    return (
        bool(set(mine.topics) & set(other.topics))
        and overlap(mine.categories, other.categories)
        and overlap(mine.significances, other.significances)
    )


def pipeline(
    *roles: str,
    topic: str = "",
    due_hours: int = 24,
    checklists: dict[str, tuple[Question, ...]] | None = None,
    bulk: bool = False,
) -> Definition:
    """The shape of the pipelines that come with the product: one stage per role, one seat, one approval, a pool."""
    return Definition(
        stages=tuple(
            Stage(
                key=role,
                seats=(Seat(key=role, role=role),),
                due_hours=due_hours,
                checklist=(checklists or {}).get(role, ()),
                bulk=bulk,
            )
            for role in roles
        ),
        applies=Applies(topics=(topic,) if topic else ()),
    )
