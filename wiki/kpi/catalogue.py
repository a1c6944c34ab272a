"""The indicators of the product, with their formulas, and the default scorecards (``docs/domain.md`` §4)."""

from dataclasses import dataclass
from typing import Any

from core.i18n import _l
from wiki.kpi.periods import Span
from wiki.kpi.rules import Direction, Origin, Unit

UP, DOWN = Direction.UP, Direction.DOWN
PERCENT, DAYS, SECONDS = Unit.PERCENT, Unit.DAYS, Unit.SECONDS
COUNT, POINTS, MONEY = Unit.COUNT, Unit.POINTS, Unit.MONEY


@dataclass(frozen=True, slots=True)
class Spec:
    """An indicator: its words and how it is read."""

    code: str
    name: Any
    unit: Unit
    direction: Direction
    numerator: Any
    denominator: Any
    origin: Origin = Origin.IMPORTED


SPECS = (
    Spec("receivable_days", _l("Receivable days"), DAYS, DOWN, _l("days outstanding, summed"), _l("invoices")),
    Spec("software_contracts", _l("Software maintenance contracts"), PERCENT, UP, _l("with contract"), _l("customers")),
    Spec("hardware_contracts", _l("Hardware maintenance contracts"), PERCENT, UP, _l("with contract"), _l("customers")),
    Spec("cases_closed_24h", _l("Cases closed within a day"), PERCENT, UP, _l("closed within 24 h"), _l("cases")),
    Spec("calls_answered", _l("Calls answered"), PERCENT, UP, _l("calls answered"), _l("calls offered")),
    Spec("csat", _l("Customer satisfaction"), PERCENT, UP, _l("very satisfied and satisfied"), _l("answers")),
    Spec("proactive_care", _l("Proactive care"), PERCENT, UP, _l("customers called"), _l("customers due")),
    Spec("approved_items", _l("Approved knowledge items"), COUNT, UP, _l("items accepted or judged"), _l("people"),
         Origin.COMPUTED),
    Spec("training_credits", _l("Training credits"), COUNT, UP, _l("credits earned"), _l("people"), Origin.COMPUTED),
    Spec("turnover_good", _l("Turnover of good and excellent staff"), PERCENT, DOWN, _l("leavers"),
         _l("mean headcount")),
    Spec("aht", _l("Average handle time"), SECONDS, DOWN, _l("talk, hold and after-call seconds"),
         _l("calls answered")),
    Spec("talk_time", _l("Average talk time"), SECONDS, DOWN, _l("seconds of talk"), _l("calls answered")),
    Spec("asa", _l("Average speed of answer"), SECONDS, DOWN, _l("queue seconds of answered calls"),
         _l("calls answered")),
    Spec("service_level", _l("Service level"), PERCENT, UP, _l("answered in time"), _l("calls offered")),
    Spec("abandonment", _l("Abandonment rate"), PERCENT, DOWN, _l("abandoned in the queue"), _l("calls queued")),
    Spec("fcr", _l("First-contact resolution"), PERCENT, UP, _l("solved at first contact"), _l("calls answered")),
    Spec("escalation", _l("Escalation rate"), PERCENT, DOWN, _l("handed to a senior"), _l("calls answered")),
    Spec("complaints", _l("Complaints caused"), PERCENT, DOWN, _l("complaints"), _l("calls answered")),
    Spec("complaint_resolution", _l("Complaint resolution rate"), PERCENT, UP, _l("resolved"), _l("complaints")),
    Spec("qa_score", _l("Mean monitoring score"), POINTS, UP, _l("scores, summed"), _l("calls scored")),
    Spec("attendance", _l("Attendance"), PERCENT, UP, _l("present"), _l("scheduled")),
    Spec("turnover", _l("Turnover"), PERCENT, DOWN, _l("leavers"), _l("mean headcount")),
    Spec("occupancy", _l("Occupancy"), PERCENT, UP, _l("handling time"), _l("logged-in time")),
    Spec("utilisation", _l("Utilisation"), PERCENT, UP, _l("logged-in time"), _l("paid time")),
    Spec("productivity", _l("Productivity"), PERCENT, UP, _l("handling time"), _l("paid time")),
    Spec("cost_per_call", _l("Cost per call"), MONEY, DOWN, _l("all cost"), _l("contacts")),
    Spec("cost_per_seat", _l("Cost per seat"), MONEY, DOWN, _l("all cost"), _l("mean seats")),
    Spec("reach_rate", _l("Reach rate (outbound)"), PERCENT, UP, _l("reached"), _l("valid records")),
    Spec("hit_rate", _l("Hit rate (outbound)"), PERCENT, UP, _l("hits"), _l("reached")),
    Spec("refusal_rate", _l("Refusal rate (outbound)"), PERCENT, DOWN, _l("refused"), _l("reached")),
)  # fmt: skip
CATALOGUE = {spec.code: spec for spec in SPECS}

PERSPECTIVES = {
    "finance": _l("Finance"),
    "customer": _l("Customer"),
    "internal": _l("Internal process (knowledge)"),
    "learning": _l("Learning and growth"),
}
SHORT_PERSPECTIVES = {
    "finance": _l("Finance"),
    "customer": _l("Customer"),
    "internal": _l("Knowledge"),
    "learning": _l("Learning"),
}
UNIT_MARKS = {PERCENT: "%", DAYS: _l("days"), SECONDS: _l("s"), COUNT: "", POINTS: "", MONEY: ""}

Line = tuple[str, str, str, Span]  # indicator, weight within its perspective, target, own period
Card = tuple[tuple[str, str, tuple[Line, ...]], ...]  # perspective, weight, lines

_FINANCE: tuple[Line, ...] = (
    ("receivable_days", "40", "45", Span.QUARTER),
    ("software_contracts", "30", "85", Span.MONTH),
    ("hardware_contracts", "30", "70", Span.MONTH),
)
_CUSTOMER: tuple[Line, ...] = (
    ("cases_closed_24h", "40", "94", Span.MONTH),
    ("calls_answered", "30", "85", Span.MONTH),
    ("csat", "20", "85", Span.HALF),
    ("proactive_care", "10", "100", Span.QUARTER),
)
_INTERNAL: tuple[Line, ...] = (("approved_items", "100", "150", Span.QUARTER),)
_CREDITS: Line = ("training_credits", "70", "40", Span.HALF)
_TURNOVER: Line = ("turnover_good", "30", "10", Span.HALF)

# knowledge is the internal-process perspective: 20 on every card
DEFAULT_CARDS: dict[str, Card] = {
    "centre": (
        ("finance", "35", _FINANCE),
        ("customer", "30", _CUSTOMER),
        ("internal", "20", _INTERNAL),
        ("learning", "15", (_CREDITS, _TURNOVER)),
    ),
    "team": (
        ("customer", "55", _CUSTOMER),
        ("internal", "20", _INTERNAL),
        ("learning", "25", (_CREDITS, _TURNOVER)),
    ),
    "person": (
        ("customer", "60", _CUSTOMER),
        ("internal", "20", _INTERNAL),
        ("learning", "20", (("training_credits", "100", "40", Span.HALF),)),
    ),
}
