"""A card as a workbook: the card itself, its way through the periods, and what its figures were read from."""

from collections.abc import Sequence

from core.db import session
from core.i18n import _
from core.tables import Cell, Sheet, as_xlsx
from wiki.kpi import queries, showing
from wiki.kpi.cards import Document, number
from wiki.kpi.models import CardSnapshot
from wiki.kpi.periods import Period
from wiki.kpi.subjects import Subject


def workbook(
    subject: Subject, period: Period, card: Document, restated: Document | None, closed: Sequence[CardSnapshot]
) -> bytes:
    """The workbook; numbers are numbers, text never becomes a formula."""
    return as_xlsx([_card(subject, period, card, restated), _trend(closed, card), _readings(subject, card)])


def _card(subject: Subject, period: Period, card: Document, restated: Document | None) -> Sheet:
    units, origins = showing.unit_names(), showing.origin_names()
    corrected = showing.lines(restated)
    rows: list[list[Cell]] = []
    for p in card["perspectives"]:
        rows.append(
            [showing.perspective_name(p["key"]), "", *_numbers(p["weight"]), *[None] * 5, *_numbers(p["score"])]
        )
        for line in p["indicators"]:
            other = corrected.get(line["code"], {}).get("score")
            rows.append(
                [
                    showing.perspective_name(p["key"]),
                    showing.indicator_name(line["code"], line["label"]),
                    *_numbers(line["weight"], line["target"]),
                    units[line["unit"]],
                    *_numbers(line["numerator"], line["denominator"], line["value"], line["score"]),
                    *_numbers(other if other != line["score"] else None),
                    origins.get(line["source"], line["source"]),
                    ", ".join(line["periods"]),
                ]
            )
    rows.append([_("Total"), "", *[None] * 6, *_numbers(card["total"], restated["total"] if restated else None)])
    rows.append([_("Percent of the weights that have data"), "", *[None] * 6, *_numbers(card["covered"])])
    head = [
        _("Perspective"), _("Indicator"), _("Weight, percent"), _("Target"), _("Unit"), _("Numerator"),
        _("Denominator"), _("Value"), _("Score"), _("Restated"), _("Where it comes from"), _("Periods"),
    ]  # fmt: skip
    return Sheet(f"{showing.subject_name(subject)} {period}", head, rows)


def _numbers(*texts: str | None) -> list[Cell]:
    return [number(text) for text in texts]


def _trend(closed: Sequence[CardSnapshot], card: Document) -> Sheet:
    rows: list[list[Cell]] = [[row.period, row.total] for row in closed if row.period != card["period"]]
    rows.append([card["period"], number(card["total"])])
    return Sheet(_("Total over the periods"), [_("Period"), _("Total")], rows)


def _readings(subject: Subject, card: Document) -> Sheet:
    rows: list[list[Cell]] = []
    for code, line in showing.lines(card).items():
        indicator = queries.indicator(code)
        if indicator is None or indicator.origin.is_computed or not line["periods"]:
            continue
        found = queries.readings(indicator_id=indicator.id, subject=subject.key, periods=line["periods"])
        rows += [
            [
                showing.indicator_name(code, line["label"]), one.period, one.number, one.numerator, one.denominator,
                one.by.name if one.by else "", one.at.strftime("%Y-%m-%d %H:%M"), one.source, one.why,
            ]
            for one in session.scalars(found)
        ]  # fmt: skip
    head = [
        _("Indicator"), _("Period"), _("Number"), _("Numerator"), _("Denominator"), _("By whom"), _("When (UTC)"),
        _("Source"), _("Why"),
    ]  # fmt: skip
    return Sheet(_("Readings"), head, rows)
