"""The flow figures as pages show them: sentences, charts, links to what is counted, tables."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import format_decimal
from markupsafe import Markup

from core import charts
from core.caches import Cache
from core.charts import Series
from core.i18n import _, format_date, format_day, get_locale
from core.tables import Cell, Sheet
from workflows import subjects
from workflows.flow import Report, Span, report
from workflows.flow_rules import StageFlow

SERIES = 4  # what one chart can tell apart


_reports: Cache[Report] = Cache(64, seconds=20)


def recent(span: Span, kind: str | None) -> Report:
    """The report of a span, at most 20 seconds old: figures over months need not be newer, and many ask for them."""
    key = (span.first, span.last, span.zone, kind, str(get_locale()))
    found = _reports.get(key)
    if found is None or not timedelta(0) <= span.now - found.span.now < timedelta(seconds=30):
        found = report(span, kind)
        _reports.put(key, found)
    return found


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def number(value: float | None, places: int = 1) -> str:
    """A figure with at most so many places, as the reader writes it; '–' when there is none."""
    return "–" if value is None else format_decimal(round(value, places) + 0.0)  # + 0.0: no «-0»


def hours(value: float | None) -> str:
    """A time in hours."""
    return "–" if value is None else _("%(n)s h", n=number(value))


def percent(part: int, whole: int) -> str:
    """A share in whole percent."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


def bottleneck_sentence(found: Report) -> str | None:
    """Which stage holds the others up, and why it is that one."""
    worst = found.bottleneck
    if worst is None:
        return None
    flow, stage = worst.flow, name_of(found, worst.flow.stage)
    share = f"{100 * worst.share:.0f} %"
    if worst.rule == "growing":
        return _(
            "%(stage)s: of all the time that items spent in review, %(share)s was spent here, and its queue grew from "
            "%(a)s to %(b)s.",
            stage=stage,
            share=share,
            a=flow.at_begin,
            b=flow.at_end,
        )
    return _(
        "%(stage)s: no queue grew, but an item needs longest here: %(days)s days by Little's law (%(wip)s items in "
        "the stage on average ÷ %(rate)s verdicts a day).",
        stage=stage,
        days=number(flow.passage),
        wip=number(flow.wip),
        rate=number(flow.per_day, 2),
    )


def name_of(found: Report, stage: str) -> str:
    """The name of a stage; one of a pipeline no longer in use goes by the word for its role."""
    return found.names.get(stage) or str(subjects.role_word(stage))


def short(day: date) -> str:
    """A day for an axis."""
    return format_day(day)


# ── charts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def lead_chart(found: Report) -> Markup | None:
    """Median and 85th percentile of each stage."""
    flows = [flow for flow in found.stages if flow.decided]
    if not flows:
        return None
    labels = [name_of(found, flow.stage) for flow in flows]
    said = "; ".join(f"{label} {hours(flow.lead.median)}" for label, flow in zip(labels, flows, strict=True))
    return charts.grouped(
        [
            Series(_("Half took at most (h)"), [flow.lead.median for flow in flows]),
            Series(_("85 of 100 took at most (h)"), [flow.lead.p85 for flow in flows]),
        ],
        labels,
        title=_("Lead time by stage, in hours"),
        desc=said,
    )


def week_chart(found: Report) -> Markup | None:
    """Begun and closed, week by week."""
    if len(found.weeks) < 2:
        return None
    return charts.line(
        [
            Series(_("Handed in"), [week.begun for week in found.weeks]),
            Series(_("Ended"), [week.closed for week in found.weeks]),
        ],
        [short(week.first) for week in found.weeks],
        title=_("Reviews handed in and closed, by week"),
    )


def level_chart(found: Report) -> Markup | None:
    """Work in progress: bands of the stages, those beyond the fourth put together."""
    keys = [flow.stage for flow in found.stages if any(found.levels.get(flow.stage, ()))]
    if not keys or len(found.days) < 2:
        return None
    series = [Series(name_of(found, key), found.levels[key]) for key in keys]
    if len(series) > SERIES:
        rest = [sum(one) for one in zip(*(found.levels[key] for key in keys[SERIES - 1 :]), strict=True)]
        series = [*series[: SERIES - 1], Series(_("The other stages"), rest)]
    return charts.stacked(
        series,
        [short(day) for day in found.days],
        title=_("Work in progress at the end of each day"),
    )


# ── links and tables ─────────────────────────────────────────────────────────────────────────────────────────────────


def link(found: Report, what: str, **about: Any) -> str:
    """The list of the items that a figure counts."""
    given = {"from": found.span.first.isoformat(), "to": found.span.last.isoformat(), "kind": found.kind}
    return url_for("flow.items", what=what, **{**given, **about})


def day_before(found: Report) -> date:
    """The day whose end is the beginning of the span."""
    return found.span.first - timedelta(days=1)


def sheets(found: Report) -> dict[str, Sheet]:
    """Every table of the page, to take away."""
    return {
        "stages": _stage_sheet(found),
        "outcome": _outcome_sheet(found),
        "weeks": Sheet(
            _("Weeks"),
            [_("From"), _("To"), _("Handed in"), _("Ended")],
            [[week.first, week.last, week.begun, week.closed] for week in found.weeks],
        ),
        "days": Sheet(
            _("Work in progress"),
            [_("Day"), *(name_of(found, flow.stage) for flow in found.stages)],
            [
                [day, *(found.levels[flow.stage][number] for flow in found.stages)]
                for number, day in enumerate(found.days)
            ],
        ),
    }


def _stage_sheet(found: Report) -> Sheet:
    head = [
        _("Stage"),
        _("Verdicts"),
        _("Lead time, median (h)"),
        _("Lead time, 85th percentile (h)"),
        _("Waiting, median (h)"),
        _("Waiting, 85th percentile (h)"),
        _("Work, median (h)"),
        _("Work known for"),
        _("Arrived"),
        _("Closed without a verdict"),
        _("In the queue at the beginning"),
        _("In the queue at the end"),
        _("Judged in the first round"),
        _("Of these approved"),
        _("Open now"),
        _("Overdue now"),
    ]
    return Sheet(_("Stages"), head, [_stage_row(found, flow) for flow in found.stages])


def _stage_row(found: Report, flow: StageFlow) -> list[Cell]:
    judged, approved = found.first.get(flow.stage, (0, 0))
    queue = found.queues.get(flow.stage)
    figures = [flow.lead.median, flow.lead.p85, flow.waiting.median, flow.waiting.p85, flow.work.median]
    return [
        name_of(found, flow.stage),
        flow.decided,
        *(None if figure is None else round(figure, 2) for figure in figures),
        flow.work.count,
        flow.arrived,
        flow.dropped,
        flow.at_begin,
        flow.at_end,
        judged,
        approved,
        queue.open if queue else 0,
        queue.overdue if queue else 0,
    ]


def _outcome_sheet(found: Report) -> Sheet:
    one = found.outcome
    rows: list[Sequence[Cell]] = [
        [_("Handed in"), found.begun],
        [_("Ended"), one.closed],
        [_("Approved at once"), one.first],
        [_("Approved after coming back"), one.later],
        [_("Rejected"), one.rejected],
        [_("Withdrawn"), one.withdrawn],
        [_("From handing in to approval, median (h)"), one.lead.median and round(one.lead.median, 2)],
        [_("From handing in to approval, 85th percentile (h)"), one.lead.p85 and round(one.lead.p85, 2)],
        [_("Of it with the author, median (h)"), one.author.median and round(one.author.median, 2)],
        [_("With the author now"), found.with_author],
    ]
    return Sheet(_("Outcome"), [_("Figure"), _("Value")], rows)


def days_in_words(span: Span) -> str:
    """From … to …."""
    return _("%(first)s to %(last)s", first=format_date(span.first), last=format_date(span.last))
