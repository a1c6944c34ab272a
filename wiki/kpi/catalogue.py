"""The indicators of the product, with their formulas, and the default scorecards (``docs/domain.md`` §4)."""

from dataclasses import dataclass
from typing import Any

from core.i18n import _l
from wiki.kpi.periods import Span
from wiki.kpi.rules import Direction, Origin, Unit

UP, DOWN, WATCHED = Direction.UP, Direction.DOWN, Direction.NONE
PERCENT, DAYS, SECONDS = Unit.PERCENT, Unit.DAYS, Unit.SECONDS
COUNT, POINTS, MONEY = Unit.COUNT, Unit.POINTS, Unit.MONEY
QUARTER, HALF = Span.QUARTER, Span.HALF


@dataclass(frozen=True, slots=True)
class Spec:
    """An indicator: its words, how it is read, and over what time."""

    code: str
    name: Any
    unit: Unit
    direction: Direction
    numerator: Any
    denominator: Any
    about: Any = ""
    origin: Origin = Origin.IMPORTED
    span: Span = Span.MONTH


SPECS = (
    Spec("receivable_days", _l("Receivable days"), DAYS, DOWN, _l("days outstanding, summed"), _l("invoices"),
         _l("How long customers take to pay, on average."), span=QUARTER),
    Spec("software_contracts", _l("Software maintenance contracts"), PERCENT, UP, _l("with contract"), _l("customers"),
         _l("Customers who have a maintenance contract for their software.")),
    Spec("hardware_contracts", _l("Hardware maintenance contracts"), PERCENT, UP, _l("with contract"), _l("customers"),
         _l("Customers who have a maintenance contract for their hardware.")),
    Spec("cases_closed_24h", _l("Cases closed within a day"), PERCENT, UP, _l("closed within 24 h"), _l("cases"),
         _l("Cases that were closed within 24 hours of being opened.")),
    Spec("calls_answered", _l("Calls answered"), PERCENT, UP, _l("calls answered"), _l("calls offered"),
         _l("Calls that somebody answered.")),
    Spec("csat", _l("Customer satisfaction"), PERCENT, UP, _l("very satisfied and satisfied"), _l("answers"),
         _l("Answers in the two best boxes of the survey."), span=HALF),
    Spec("proactive_care", _l("Proactive care"), PERCENT, UP, _l("customers called"), _l("customers due"),
         _l("One call to every customer in a quarter, without being asked."), span=QUARTER),
    Spec("approved_items", _l("Approved knowledge items"), COUNT, UP, _l("items accepted or judged"), _l("people"),
         _l("Of an author, submissions that were accepted; of a reviewer, submissions they judged. "
            "Each counts once, however often it came back."), Origin.LEDGER, QUARTER),
    Spec("training_credits", _l("Training credits"), COUNT, UP, _l("credits earned"), _l("people"),
         _l("Credits for courses that were completed."), Origin.TRAINING, HALF),
    Spec("turnover_good", _l("Turnover of good and excellent staff"), PERCENT, DOWN, _l("leavers"),
         _l("mean headcount"),
         _l("Leavers among the staff rated good or excellent. Moves inside the company do not count."), span=HALF),
    Spec("pbx_calls", _l("Calls that arrived (PBX)"), COUNT, WATCHED, _l("all arrivals"), _l("months counted"),
         _l("Every call that reached the exchange. The denominator of a month is 1, so that a quarter shows the mean "
            "month.")),
    Spec("ivr_calls", _l("Calls that stayed in the voice menu (IVR)"), COUNT, WATCHED, _l("ended in the menu"),
         _l("months counted"), _l("Calls that the voice menu served.")),
    Spec("acd_calls", _l("Calls that entered the queue (ACD)"), COUNT, WATCHED, _l("calls queued"),
         _l("months counted"), _l("Calls that waited for a person.")),
    Spec("blockage", _l("Blockage"), PERCENT, DOWN, _l("found no line"), _l("all arrivals"),
         _l("Calls that found no free line.")),
    Spec("abandonment", _l("Abandonment rate"), PERCENT, DOWN, _l("abandoned in the queue"), _l("calls queued"),
         _l("Callers who hung up after they had entered the queue. The documents advise 3 to 5 %; who hangs up within "
            "3 seconds is shown apart.")),
    Spec("short_abandons", _l("Short abandons"), PERCENT, WATCHED, _l("abandoned within 3 s"), _l("calls queued"),
         _l("Callers who hung up within 3 seconds: mostly wrong numbers.")),
    Spec("service_level", _l("Service level"), PERCENT, UP, _l("answered in time"), _l("calls offered"),
         _l("Calls answered within so many seconds. 80 % in 20 s for banks, insurers and operators; 90/20 for shipping "
            "and catalogues; 80/30 or 90/60 in the middle; 80/60 to 80/300 for software; 100/0 for emergencies.")),
    Spec("asa", _l("Average speed of answer"), SECONDS, DOWN, _l("queue seconds of answered calls"),
         _l("calls answered"), _l("How long an answered call had waited.")),
    Spec("talk_time", _l("Average talk time"), SECONDS, DOWN, _l("seconds of talk"), _l("calls answered"),
         _l("How long is spoken.")),
    Spec("hold_time", _l("Average hold time"), SECONDS, DOWN, _l("seconds on hold"), _l("calls answered"),
         _l("How long callers hear music.")),
    Spec("wrap_up_time", _l("Average after-call time"), SECONDS, DOWN, _l("seconds after the call"),
         _l("calls answered"), _l("Notes and bookings after the customer has gone.")),
    Spec("aht", _l("Average handle time"), SECONDS, DOWN, _l("talk, hold and after-call seconds"),
         _l("calls answered"), _l("All the time a call takes: talk, hold and after-call work.")),
    Spec("fcr", _l("First-contact resolution"), PERCENT, UP, _l("solved at first contact"), _l("calls answered"),
         _l("Answered calls that need no hand-over and no call back.")),
    Spec("escalation", _l("Escalation rate"), PERCENT, DOWN, _l("handed to a senior"), _l("calls answered"),
         _l("Calls that were handed to a senior.")),
    Spec("complaints", _l("Complaints caused"), PERCENT, DOWN, _l("complaints"), _l("calls answered"),
         _l("Complaints about the representative's own service or a wrong answer.")),
    Spec("complaint_resolution", _l("Complaint resolution rate"), PERCENT, UP, _l("resolved"), _l("complaints"),
         _l("Complaints that were settled.")),
    Spec("complaint_cycle", _l("Mean complaint cycle"), DAYS, DOWN, _l("days of resolved complaints, summed"),
         _l("complaints resolved"),
         _l("How long a complaint takes. The document divides by all complaints; we divide by those that were "
            "resolved, since the others have no end yet.")),
    Spec("qa_score", _l("Mean monitoring score"), POINTS, UP, _l("scores, summed"), _l("calls scored"),
         _l("What quality found when it listened. The denominator may be people instead of calls; keep to one.")),
    Spec("attendance", _l("Attendance"), PERCENT, UP, _l("present"), _l("scheduled"),
         _l("Shifts that were worked as planned.")),
    Spec("turnover", _l("Turnover"), PERCENT, DOWN, _l("leavers"), _l("mean headcount"),
         _l("Who quit or was dismissed, of those in the same job; moves inside the company do not count. Example: of "
            "200 representatives 10 quit and 2 were dismissed, 5 moved inside the company: 12 ÷ 200 = 6 %. A quality "
            "checker who quit belongs to another job.")),
    Spec("occupancy", _l("Occupancy"), PERCENT, UP, _l("handling time"), _l("logged-in time"),
         _l("How much of the time at the desk is spent on calls.")),
    Spec("utilisation", _l("Utilisation"), PERCENT, UP, _l("logged-in time"), _l("paid time"),
         _l("How much of the paid time is spent at the desk.")),
    Spec("productivity", _l("Productivity"), PERCENT, UP, _l("handling time"), _l("paid time"),
         _l("How much of the paid time is spent on calls.")),
    Spec("cost_per_call", _l("Cost per call"), MONEY, DOWN, _l("all cost"), _l("contacts of all kinds"),
         _l("What one contact costs; the cost of a call counts contacts of all kinds.")),
    Spec("cost_per_seat", _l("Cost per seat"), MONEY, DOWN, _l("all cost"), _l("mean seats"),
         _l("What one seat costs.")),
    Spec("data_completion", _l("Records called (outbound)"), PERCENT, UP, _l("records called"), _l("records"),
         _l("How much of the list was called.")),
    Spec("attempts", _l("Attempts per record (outbound)"), COUNT, DOWN, _l("calls made"), _l("records"),
         _l("How often a number is tried.")),
    Spec("invalid_rate", _l("Invalid records (outbound)"), PERCENT, DOWN, _l("invalid"), _l("records"),
         _l("Numbers that do not exist or are wrong.")),
    Spec("reach_rate", _l("Reach rate (outbound)"), PERCENT, UP, _l("reached"), _l("valid records"),
         _l("Of the records that are not invalid, those that were reached.")),
    Spec("hit_rate", _l("Hit rate (outbound)"), PERCENT, UP, _l("hits"), _l("reached"),
         _l("Of those reached, who said yes.")),
    Spec("refusal_rate", _l("Refusal rate (outbound)"), PERCENT, DOWN, _l("refused"), _l("reached"),
         _l("Of those reached, who said no.")),
    Spec("outbound_score", _l("Mean score (outbound)"), POINTS, UP, _l("scores, summed"), _l("calls checked"),
         _l("What quality found in the calls it checked.")),
    Spec("outbound_complaints", _l("Complaint rate (outbound)"), PERCENT, DOWN, _l("complaints"), _l("reached"),
         _l("Of those reached, who complained.")),
    Spec("hits_per_hour", _l("Hits per hour (outbound)"), COUNT, UP, _l("hits"), _l("logged-in hours"),
         _l("What an hour at the desk brings.")),
    Spec("outbound_utilisation", _l("Utilisation (outbound)"), PERCENT, UP, _l("logged-in time"), _l("paid time"),
         _l("How much of the paid time is spent at the desk.")),
    Spec("cost_per_hit", _l("Cost per hit (outbound)"), MONEY, DOWN, _l("hourly cost × hours"), _l("hits"),
         _l("What one yes costs.")),
    Spec("points_earned", _l("Points earned"), POINTS, UP, _l("points earned"), _l("people"),
         _l("Points of the ledger, by the rules that were in force."), Origin.LEDGER),
    Spec("reviews_in_time", _l("Reviews decided in time"), PERCENT, UP, _l("verdicts in time"), _l("verdicts"),
         _l("Verdicts that were given before the stage was due."), Origin.REVIEW),
    Spec("uses_in_calls", _l("Used in calls"), COUNT, UP, _l("uses by others"), _l("people"),
         _l("How often others used one's texts in a call; of each reader once a day and version."), Origin.KNOWLEDGE),
    Spec("helpful_votes", _l("Found helpful"), COUNT, UP, _l("helpful votes"), _l("people"),
         _l("How many readers found one's texts helpful, less those who took it back."), Origin.KNOWLEDGE),
    Spec("courses_completed", _l("Courses completed"), COUNT, UP, _l("courses completed"), _l("people"),
         _l("Courses that were followed to their end."), Origin.TRAINING),
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
