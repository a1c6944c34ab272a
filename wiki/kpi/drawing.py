"""The drawings of a card, each with the table it stands beside; quotas with their pace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from core import charts, clock
from core.i18n import _, local
from wiki.kpi.cards import Document, number
from wiki.kpi.catalogue import SHORT_PERSPECTIVES
from wiki.kpi.models import CardSnapshot
from wiki.kpi.periods import Period, Span
from wiki.kpi.rules import Direction, Shared, Unit, at_this_pace, moved, needed_a_week, shares
from wiki.kpi.showing import Beside, indicator_name, lines


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture and the same figures as a table: heads, and rows of (label, cells)."""

    svg: Markup
    head: list[str]
    rows: list[tuple[str, list[str | None]]]
    caption: str


def radar(card: Document, beside: Beside, around_name: str) -> Drawing | None:
    """The perspectives as a polygon with the period before and the team; only where there are at least three."""
    rows = card["perspectives"]
    if len(rows) < 3 or card["total"] is None:
        return None
    series = [charts.Series(_("this period"), _of(card, card))]
    if beside.before and beside.before["total"] is not None:
        series.append(charts.Series(_("the one before"), _of(card, beside.before)))
    if beside.around and beside.around["total"] is not None:
        series.append(charts.Series(around_name, _of(card, beside.around)))
    labels = [str(SHORT_PERSPECTIVES.get(p["key"], p["key"])) for p in rows]  # the long ones leave the drawing
    title = _("Scores of the perspectives")
    table = [
        (label, [_text(one.values[place]) for one in series]) for place, label in enumerate(labels)
    ]  # fmt: skip
    return Drawing(
        charts.radar(series, labels, title=title), [_("Perspective"), *(one.name for one in series)], table, title
    )


def _of(card: Document, other: Document) -> list[Decimal | None]:
    scores = {p["key"]: number(p["score"]) for p in other["perspectives"]}
    return [scores.get(p["key"]) for p in card["perspectives"]]


def _text(value: Any) -> str | None:
    return None if value is None else f"{value:.2f}"


def trend(closed: Sequence[CardSnapshot], card: Document) -> Drawing | None:
    """The totals of closed periods and of this one."""
    totals = {row.period: row.total for row in closed}
    totals[card["period"]] = number(card["total"])
    shown = sorted(totals)[-12:]
    if len([p for p in shown if totals[p] is not None]) < 2:
        return None
    title = _("Total over the periods")
    svg = charts.line([charts.Series(_("Total"), [totals[p] for p in shown])], shown, title=title, target=100)
    return Drawing(svg, [_("Period"), _("Total")], [(p, [_text(totals[p])]) for p in shown], title)


def _shares(card: Document) -> Shared:
    return shares(
        [
            (
                Decimal(p["weight"]),
                [(line["code"], Decimal(line["weight"]), number(line["score"])) for line in p["indicators"]],
            )
            for p in card["perspectives"]
        ]
    )


def what_moved(card: Document, before: Document | None) -> Drawing | None:
    """From the total of the period before to this one, indicator by indicator; the last step is what weights did."""
    if not before or before["total"] is None or card["total"] is None:
        return None
    start, end = Decimal(before["total"]), Decimal(card["total"])
    by_code, rest = moved(_shares(before), _shares(card), end - start)
    labels = {code: indicator_name(code, line["label"]) for code, line in lines(card).items()}
    steps = sorted(((labels[code], change) for code, change in by_code.items() if change), key=lambda one: -abs(one[1]))
    if rest:
        steps.append((_("Other weights, and data that came or went"), rest))
    if not steps:
        return None
    title = _("What moved the score")
    svg = charts.waterfall(start, steps, end, (_("before"), _("now")), title=title)
    rows: list[tuple[str, list[str | None]]] = [(_("Total before"), [f"{start:.2f}"])]
    rows += [(f"{place}. {label}", [f"{change:+.2f}"]) for place, (label, change) in enumerate(steps, 1)]
    return Drawing(svg, [_("Step"), _("Points")], [*rows, (_("Total now"), [f"{end:.2f}"])], title)


@dataclass(frozen=True, slots=True)
class Quota:
    """A count on its way to its target, and where it will be at this pace. ``ends_on``: the last day of its period."""

    code: str
    name: str
    value: str
    target: str
    ends_on: date
    expected: int | None
    enough: bool
    a_week: Decimal | None
    is_over: bool


def quotas(card: Document, period: Period) -> list[Quota]:
    """The counted indicators of a card whose own period is at least as long as the card's."""
    found = []
    for code, line in lines(card).items():
        span = Span(line["span"])
        counted = line["source"] != "imported" and line["unit"] == Unit.COUNT and line["direction"] == Direction.UP
        if counted and line["value"] is not None and span.months >= period.span.months:
            found.append(_quota(code, line, period.within(span), period))
    return found


def _quota(code: str, line: Document, own: Period, card: Period) -> Quota:
    last = own.day_after - timedelta(days=1)
    today = local(clock.now()).date()
    running = card.first_day <= today < card.day_after
    done, target = Decimal(line["value"]), Decimal(line["target"])
    expected = at_this_pace(done, (today - own.first_day).days, (own.day_after - own.first_day).days)
    return Quota(
        code,
        indicator_name(code, line["label"]),
        f"{done:.2f}".removesuffix(".00"),
        line["target"],
        last,
        expected if running else None,
        expected is not None and expected >= target,
        needed_a_week(done, target, (own.day_after - today).days) if running else None,
        today > last,
    )
