"""A definition in words: for lists, drawings, the folded parts of the editor, and what changed between two versions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.i18n import _, _n
from workflows.definitions import ALL, OWN, Approvals, Definition, Routing, Seat, Stage


@dataclass(frozen=True, slots=True)
class Words:
    """The labels of the world by their codes; a code without a label stands for itself."""

    roles: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    calendars: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)
    significances: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    def role(self, code: str) -> str:
        """The word for a role."""
        return self.roles.get(code, code)


def joined(words: Iterable[str]) -> str:
    """Words as a list inside a sentence."""
    return _(", ").join(words)


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def seat_name(seat: Seat, words: Words) -> str:
    """Who sits there: the role, and what narrows it."""
    narrow = []
    if seat.team:
        narrow.append(words.teams.get(seat.team, seat.team))
    if seat.category == OWN:
        narrow.append(_("who looks after the category"))
    elif seat.category:
        narrow.append(words.categories.get(seat.category, seat.category))
    if not narrow:
        return words.role(seat.role)
    return _("%(role)s (%(narrow)s)", role=words.role(seat.role), narrow=joined(narrow))


def stage_name(stage: Stage, words: Words) -> str:
    """Its own name, else the words for its roles."""
    roles = dict.fromkeys(words.role(seat.role) for seat in stage.seats)
    return stage.name or " + ".join(roles) or stage.key


def approvals_short(seat: Seat) -> str:
    """'2/3' where three are named, '2' of a pool, '' for one of anybody."""
    if seat.approvals == ALL:
        return f"{len(seat.people)}/{len(seat.people)}" if seat.people else _("all")
    if seat.people:
        return f"{seat.approvals}/{len(seat.people)}"
    return f"{seat.approvals}×" if seat.approvals > 1 else ""


def seat_short(seat: Seat, words: Words) -> str:
    """'2/3 Trainer'."""
    return " ".join(part for part in (approvals_short(seat), seat_name(seat, words)) if part)


def line(definition: Definition, words: Words) -> str:
    """The whole way on one line: 'Business reviewer + Quality reviewer → 2/3 Trainer → Supervisor'."""
    stages = []
    for stage in definition.stages:
        seats = " + ".join(seat_short(seat, words) for seat in stage.seats)
        some = stage.needed < len(stage.seats)
        stages.append(_("%(n)s of: %(seats)s", n=stage.needed, seats=seats) if some else seats)
    return " → ".join(stages)


def applies(definition: Definition, words: Words) -> str:
    """What it judges: kinds, and categories and sizes where it is narrowed to some."""
    out = [joined(words.topics.get(code, code) for code in definition.applies.topics)]
    if definition.applies.categories:
        named = joined(words.categories.get(code, code) for code in definition.applies.categories)
        out.append(_("in %(categories)s", categories=named))
    if definition.applies.significances:
        out.append(joined(words.significances.get(code, code) for code in definition.applies.significances))
    return " · ".join(part for part in out if part)


# ── facts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def hours(stage: Stage, words: Words) -> str:
    """'8 h · Office hours'."""
    calendar = words.calendars.get(stage.calendar, stage.calendar) if stage.calendar else ""
    return " · ".join(part for part in (_("%(n)s h", n=stage.due_hours), calendar) if part)


def approvals_word(policy: Approvals) -> str:
    """What becomes of earlier approvals."""
    return {
        Approvals.VOIDED: _("all are void"),
        Approvals.KEPT: _("all stand"),
        Approvals.FIELDS: _("void only in seats that answer for what changed"),
    }[policy]


def routing_word(routing: Routing) -> str:
    """To whom a task goes at first."""
    return {
        Routing.POOL: _("to everybody who may take it"),
        Routing.OWNER: _("to who looks after the category"),
        Routing.LEAST_LOADED: _("to who has the fewest"),
        Routing.ROUND_ROBIN: _("in turn"),
    }[routing]


def rare(stage: Stage, definition: Definition, words: Words) -> dict[str, str]:
    """What is set of the rarely used things of a stage, by its label; what is as usual is left out."""
    out: dict[str, str] = {}
    if not stage.veto:
        out[_("Veto")] = _("none: a no counts as one vote")
    if stage.returns_to:
        back = next((one for one in definition.stages if one.key == stage.returns_to), None)
        out[_("Send-back")] = stage_name(back, words) if back else stage.returns_to
    if stage.remind_hours:
        out[_("Reminders")] = _("%(hours)s h before", hours=joined(str(one) for one in stage.remind_hours))
    if stage.escalate:
        rungs = (_("%(n)s h after: %(role)s", n=one.after_hours, role=words.role(one.to)) for one in stage.escalate)
        out[_("Escalation")] = joined(rungs)
    if stage.checklist:
        count = _n("%(num)d question", "%(num)d questions", len(stage.checklist))
        must = _("compulsory, pass mark %(n)s", n=stage.pass_mark) if stage.compulsory else ""
        out[_("Checklist")] = " · ".join(part for part in (count, must) if part)
    if stage.claim_first:
        out[_("Claim first")] = _("yes")
    if stage.bulk:
        out[_("Bulk approval")] = _("allowed")
    if stage.calibration:
        out[_("Second opinion")] = _("%(n)s %% blind", n=stage.calibration)
    return out


def rare_line(stage: Stage, definition: Definition, words: Words) -> str:
    """The same on one line."""
    return " · ".join(f"{label}: {value}" for label, value in rare(stage, definition, words).items())


def seat_facts(seat: Seat, words: Words) -> dict[str, str]:
    """Everything about a seat, by its label."""
    out = {_("Who"): seat_name(seat, words)}
    out[_("Approvals")] = _("all") if seat.approvals == ALL else str(seat.approvals)
    if seat.people:
        out[_("Only these people")] = joined(words.people.get(one, one) for one in seat.people)
    if seat.routing is not Routing.POOL:
        out[_("Goes first")] = routing_word(seat.routing)
    if seat.fields:
        out[_("Answers for")] = joined(words.fields.get(one, one) for one in seat.fields)
    return out


def facts(definition: Definition, words: Words) -> dict[tuple[str, str, str], str]:
    """Everything, by (stage key, where it is said, what it is)."""
    whole = _("The pipeline")
    out = {
        ("", whole, _("It judges")): applies(definition, words),
        ("", whole, _("Earlier approvals when the text changes")): approvals_word(definition.on_change),
        ("", whole, _("Earlier approvals after a send-back")): approvals_word(definition.on_send_back),
        ("", whole, _("Time for the review after an emergency")): _("%(n)s h", n=definition.emergency_hours),
    }
    for stage in definition.stages:
        at = _("Stage %(name)s", name=stage_name(stage, words))
        out[stage.key, at, _("Due after")] = hours(stage, words)
        if stage.needed < len(stage.seats):
            out[stage.key, at, _("Seats that must agree")] = str(stage.needed)
        for label, value in rare(stage, definition, words).items():
            out[stage.key, at, label] = value
        for question in stage.checklist:
            out[stage.key, at, _("Question: %(text)s", text=question.text)] = _("weight %(n)s", n=question.weight)
        for seat in stage.seats:
            here = _("%(stage)s, seat %(seat)s", stage=at, seat=seat_name(seat, words))
            for label, value in seat_facts(seat, words).items():
                out[stage.key, here, label] = value
    return out


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise than in the version before; ``None``: it was, or is, not there."""

    where: str
    what: str
    before: str | None
    after: str | None


def changes(old: Definition, new: Definition, words: Words) -> list[Change]:
    """What is otherwise in ``new``, in its order; stages are told apart by their keys."""
    before = {stage.key: number for number, stage in enumerate(old.stages)}
    after = {stage.key: number for number, stage in enumerate(new.stages)}
    out = []
    for key in [*(k for k in before if k not in after), *(k for k in after if k not in before)]:
        stage = new.stage(key) if key in after else old.stage(key)
        name = stage_name(stage, words)
        out.append(Change(_("Stages"), name, name if key in before else None, name if key in after else None))
    stay = [key for key in after if key in before]
    if stay != sorted(stay, key=lambda key: before[key]):
        out.append(Change(_("Stages"), _("Order"), _order(old, words), _order(new, words)))
    first, second = (
        {at: value for at, value in facts(one, words).items() if not at[0] or at[0] in stay} for one in (old, new)
    )
    gone = [at for at in first if at not in second]
    out += [Change(at[1], at[2], first[at], None) for at in gone]
    out += [Change(at[1], at[2], first.get(at), value) for at, value in second.items() if first.get(at) != value]
    return out


def _order(definition: Definition, words: Words) -> str:
    return " → ".join(stage_name(stage, words) for stage in definition.stages)


def options(listed: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    """(code, label) pairs as a mapping."""
    return {str(code): str(label) for code, label in listed}
