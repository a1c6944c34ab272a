"""From a card's document to what a page shows: words, links down to the figures, comparison, drawings."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from babel.dates import format_skeleton
from flask import url_for
from markupsafe import Markup

from core import charts
from core.i18n import _, get_locale
from wiki.kpi import computed
from wiki.kpi.cards import Document
from wiki.kpi.catalogue import CATALOGUE, PERSPECTIVES, SHORT_PERSPECTIVES, UNIT_MARKS
from wiki.kpi.models import CardSnapshot, SubjectKind
from wiki.kpi.periods import Period, Span, parse
from wiki.kpi.rules import Unit
from wiki.kpi.subjects import Subject


def indicator_name(code: str, label: str = "") -> str:
    """The words for an indicator."""
    spec = CATALOGUE.get(code)
    return str(spec.name) if spec else label or code


def perspective_name(key: str) -> str:
    """The words for a perspective."""
    return str(PERSPECTIVES.get(key, key))


def period_name(period: Period) -> str:
    """A period in words of the reader's language."""
    if period.span is Span.MONTH:
        return str(format_skeleton("yMMMM", period.first_day, locale=get_locale() or "en"))
    if period.span is Span.QUARTER:
        return _("%(year)s, quarter %(n)s", year=period.year, n=period.number)
    if period.number == 1:
        return _("first half of %(year)s", year=period.year)
    return _("second half of %(year)s", year=period.year)


def subject_name(subject: Subject) -> str:
    """How a card's heading calls its subject."""
    return _("the centre") if subject.kind is SubjectKind.CENTRE else subject.name


def card_url(subject: Subject, period: Period | str | None = None) -> str:
    """Where a card is."""
    text = str(period) if period else None
    if subject.kind is SubjectKind.CENTRE:
        return url_for("kpi.show_centre", period=text)
    if subject.kind is SubjectKind.TEAM:
        return url_for("kpi.show_team", slug=subject.slug, period=text)
    return url_for("kpi.show_person", username=subject.slug, period=text)


def source_url(subject: Subject, line: Document, period: Period) -> str:
    """The way down: the entries of the ledger for a person's counts, else the readings or people behind the figure."""
    how = computed.known(line["code"])
    if how is not None and subject.kind is SubjectKind.PERSON:
        unit = how.unit.value if how.unit else None
        return url_for(
            "scoring.show", user=subject.slug, period=line["periods"], event=list(how.events) or None, unit=unit
        )
    return url_for("kpi.parts", code=line["code"], subject=subject.address, period=str(period))


def perspectives(subject: Subject, card: Document, before: Document | None, period: Period) -> list[dict[str, Any]]:
    """The rows of the page."""
    earlier = {line["code"]: line for p in (before or {}).get("perspectives", []) for line in p["indicators"]}
    earlier_scores = {p["key"]: p["score"] for p in (before or {}).get("perspectives", [])}
    return [
        {
            "name": perspective_name(p["key"]),
            "weight": short(p["weight"]),
            "score": p["score"],
            "change": change(p["score"], earlier_scores.get(p["key"])),
            "indicators": [_row(subject, line, earlier.get(line["code"]), period) for line in p["indicators"]],
        }
        for p in card["perspectives"]
    ]


def _row(subject: Subject, line: Document, before: Document | None, period: Period) -> dict[str, Any]:
    unit = str(UNIT_MARKS.get(Unit(line["unit"]), ""))
    better = "≤" if line["direction"] == "down" else "≥"
    computed_here = line["source"] == "computed"
    spec = CATALOGUE.get(line["code"])
    return {
        "name": indicator_name(line["code"], line["label"]),
        "weight": short(line["weight"]),
        "target": f"{better} {line['target']} {unit}".strip(),
        "value": None if line["value"] is None else f"{line['value']} {unit}".strip(),
        "unit": unit,
        "numerator": line["numerator"],
        "denominator": line["denominator"],
        "formula": f"{spec.numerator} ÷ {spec.denominator}" if spec else "",
        "score": line["score"],
        "change": change(line["score"], before["score"] if before else None),
        "look": _look(line["score"]),
        "source": _("From the ledger") if computed_here else _("Readings"),
        "source_url": source_url(subject, line, period) if line["value"] is not None else None,
        "check": _span_note(line, period),
        "about": {"subject": subject, "period": period, "code": line["code"]},  # for what others put beside it
    }


def short(weight: str) -> str:
    """A weight without needless noughts."""
    return weight.removesuffix(".00")


def change(now: str | None, before: str | None) -> str | None:
    """The difference to the period before, signed; ``None`` when one of them is missing or nothing changed."""
    if now is None or before is None or now == before:
        return None
    return f"{Decimal(now) - Decimal(before):+.2f}"


def _look(score: str | None) -> str:
    if score is None:
        return ""
    return "ok" if Decimal(score) >= 100 else "warn" if Decimal(score) >= 80 else "bad"


def _span_note(line: Document, period: Period) -> str:
    span = Span(line["span"])
    if span.months <= period.span.months:
        return ""
    return _("quarter to date") if span is Span.QUARTER else _("half-year to date")


def radar(card: Document, before: Document | None) -> Markup | None:
    """The perspectives as a polygon, with the period before; only where there are at least four."""
    rows = card["perspectives"]
    if len(rows) < 4 or card["total"] is None:
        return None
    series = [charts.Series(_("this period"), [_figure(p["score"]) for p in rows])]
    if before and before["total"] is not None and len(before["perspectives"]) == len(rows):
        series.append(charts.Series(_("the one before"), [_figure(p["score"]) for p in before["perspectives"]]))
    labels = [str(SHORT_PERSPECTIVES.get(p["key"], p["key"])) for p in rows]  # the long ones leave the drawing
    return charts.radar(series, labels, title=_("Scores of the perspectives"))


def trend(closed: Sequence[CardSnapshot], card: Document) -> Markup | None:
    """The totals of closed periods and of this one."""
    totals = {row.period: row.total for row in closed}
    totals[card["period"]] = _figure(card["total"])
    shown = sorted(totals)[-12:]
    if len([p for p in shown if totals[p] is not None]) < 2:
        return None
    return charts.line(
        [charts.Series(_("Total"), [totals[p] for p in shown])], shown, title=_("Total over the periods"), target=100
    )


def _figure(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def quotas(card: Document) -> list[dict[str, Any]]:
    """How far the counted indicators are on their way to their target."""
    rows = [line for p in card["perspectives"] for line in p["indicators"] if line["source"] == "computed"]
    return [
        {"name": indicator_name(line["code"]), "value": line["value"], "target": line["target"]}
        for line in rows
        if line["value"] is not None
    ]


def steps(period: Period, subject: Subject) -> dict[str, str]:
    """Addresses of the period before and after."""
    return {
        "prev_url": card_url(subject, period.step(-1)),
        "next_url": card_url(subject, period.step(1)),
    }


def spans(period: Period, subject: Subject) -> list[dict[str, Any]]:
    """Month, quarter, half-year of the same time."""
    words = {Span.MONTH: _("Month"), Span.QUARTER: _("Quarter"), Span.HALF: _("Half-year")}
    last = parse(period.months[-1])
    return [
        {"label": words[span], "url": card_url(subject, last.within(span)), "active": period.span is span}
        for span in Span
    ]
