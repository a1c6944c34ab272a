"""From a card's document to what a page shows: words, links down to the figures, comparison, drawings."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.dates import format_skeleton
from flask import url_for

from core.i18n import _, get_locale
from wiki.kpi import computed
from wiki.kpi.cards import Document, plain
from wiki.kpi.catalogue import CATALOGUE, PERSPECTIVES, UNIT_MARKS
from wiki.kpi.models import Indicator, SubjectKind
from wiki.kpi.periods import Period, Span, parse
from wiki.kpi.rules import Direction, Origin, Unit
from wiki.kpi.subjects import Subject


def indicator_name(code: str, label: str = "") -> str:
    """The words for an indicator."""
    spec = CATALOGUE.get(code)
    return str(spec.name) if spec else label or code


@dataclass(frozen=True, slots=True)
class Words:
    """What an indicator is called, and what is divided by what: a manager's words, else the product's own."""

    name: str
    about: str
    numerator: str
    denominator: str

    @property
    def formula(self) -> str:
        """Numerator ÷ denominator."""
        return f"{self.numerator} ÷ {self.denominator}" if self.numerator or self.denominator else ""


def words(row: Indicator) -> Words:
    """The words of an indicator."""
    spec = CATALOGUE.get(row.code)
    return Words(
        row.name or (str(spec.name) if spec else row.code),
        row.about or (str(spec.about) if spec else ""),
        row.numerator or (str(spec.numerator) if spec else ""),
        row.denominator or (str(spec.denominator) if spec else ""),
    )


def unit_names() -> dict[str, str]:
    """Units in words."""
    return {
        Unit.PERCENT.value: _("percent"),
        Unit.DAYS.value: _("days"),
        Unit.SECONDS.value: _("seconds"),
        Unit.COUNT.value: _("number"),
        Unit.POINTS.value: _("points"),
        Unit.MONEY.value: _("money"),
    }


def direction_names() -> dict[str, str]:
    """Which way is better, in words."""
    return {
        Direction.UP.value: _("more is better"),
        Direction.DOWN.value: _("less is better"),
        Direction.NONE.value: _("only watched, never scored"),
    }


def origin_names() -> dict[str, str]:
    """Where figures come from, in words."""
    return {
        Origin.IMPORTED.value: _("Readings"),
        Origin.LEDGER.value: _("From the ledger"),
        Origin.REVIEW.value: _("From reviews"),
        Origin.TRAINING.value: _("From training"),
        Origin.KNOWLEDGE.value: _("From the use of knowledge"),
    }


def span_names() -> dict[str, str]:
    """Lengths of periods in words."""
    return {Span.MONTH.value: _("Month"), Span.QUARTER.value: _("Quarter"), Span.HALF.value: _("Half-year")}


def kind_names() -> dict[str, str]:
    """Kinds of cards in words."""
    return {
        SubjectKind.PERSON.value: _("Person"),
        SubjectKind.TEAM.value: _("Team"),
        SubjectKind.CENTRE.value: _("Centre"),
    }


def role_names() -> dict[str, str]:
    """The parts a column of a file may play, in words."""
    return {
        "indicator": _("Indicator (code or name)"),
        "subject": _("Of whom: person, team or centre"),
        "period": _("Period or day"),
        "numerator": _("Numerator"),
        "denominator": _("Denominator"),
        "value": _("Value (a percentage, or a plain figure)"),
    }


def with_unit(amount: Decimal | str | None, unit: str) -> str | None:
    """A figure and its unit; ``None`` stays none."""
    if amount is None:
        return None
    text = amount if isinstance(amount, str) else plain(amount)
    return f"{text} {UNIT_MARKS.get(Unit(unit), '')}".strip()


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


def lines(card: Document | None) -> dict[str, Document]:
    """The lines of a card by their codes."""
    return {line["code"]: line for p in (card or {}).get("perspectives", []) for line in p["indicators"]}


@dataclass(frozen=True, slots=True)
class Beside:
    """What a card is compared with: the one before, the team's (or the centre's), the corrected one."""

    before: Document | None = None
    around: Document | None = None
    around_subject: Subject | None = None
    restated: Document | None = None


def perspectives(subject: Subject, card: Document, beside: Beside, period: Period) -> list[dict[str, Any]]:
    """The rows of the page."""
    earlier_scores = _scores(beside.before)
    around, restated = _scores(beside.around), _scores(beside.restated)
    return [
        {
            "name": perspective_name(p["key"]),
            "weight": short(p["weight"]),
            "score": p["score"],
            "change": change(p["score"], earlier_scores.get(p["key"])),
            "around": around.get(p["key"]),
            "restated": _other(restated.get(p["key"]), p["score"]),
            "indicators": [_row(subject, line, beside, period) for line in p["indicators"]],
        }
        for p in card["perspectives"]
    ]


def _scores(card: Document | None) -> dict[str, str | None]:
    return {p["key"]: p["score"] for p in (card or {}).get("perspectives", [])}


def _other(restated: str | None, frozen: str | None) -> str | None:
    return restated if restated != frozen else None


def _row(subject: Subject, line: Document, beside: Beside, period: Period) -> dict[str, Any]:
    code, unit = line["code"], line["unit"]
    before, around, restated = (lines(one).get(code) for one in (beside.before, beside.around, beside.restated))
    better = "≤" if line["direction"] == "down" else "≥"
    origins = origin_names()
    return {
        "code": code,
        "name": indicator_name(code, line["label"]),
        "url": url_for("kpi.indicator", code=code, subject=subject.address),
        "weight": short(line["weight"]),
        "target": f"{better} {with_unit(line['target'], unit)}",
        "value": with_unit(line["value"], unit),
        "numerator": line["numerator"],
        "denominator": line["denominator"],
        "score": line["score"],
        "change": change(line["score"], before["score"] if before else None),
        "around": around["score"] if around else None,
        "around_url": url_for("kpi.parts", code=code, subject=beside.around_subject.address, period=str(period))
        if beside.around_subject
        else None,
        "restated": _other(restated["score"], line["score"]) if restated else None,
        "restated_value": with_unit(restated["value"], unit) if restated else None,
        "look": _look(line["score"]),
        "source": origins.get(line["source"], origins[Origin.LEDGER.value]),
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
