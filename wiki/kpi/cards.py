"""From readings and counts to cards: for one subject or for all of a kind, with the same few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from wiki.kpi import computed, queries
from wiki.kpi.models import CardLine, CardTemplate, SubjectKind
from wiki.kpi.periods import Period, window
from wiki.kpi.rules import (
    CAP,
    FLOOR,
    Direction,
    Measure,
    Unit,
    combine,
    exact_value,
    gather,
    score,
    two_places,
)
from wiki.kpi.subjects import Subject

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Figure:
    """The measure of one line, and the periods or months it was read from."""

    measure: Measure | None
    periods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Terms:
    """What holds for the cards of one kind and period: weights, targets, where scores begin and end."""

    shape: "_Shape"
    targets: dict[int, Decimal]
    floor: Decimal
    cap: Decimal


def cards(subjects: Sequence[Subject], period: Period) -> dict[tuple[SubjectKind, int], Document]:
    """The cards of some subjects as they stand now; a document of texts, ready to be frozen or shown."""
    found: dict[tuple[SubjectKind, int], Document] = {}
    for kind in SubjectKind:
        some = [s for s in subjects if s.kind is kind]
        template = queries.template(kind, period) if some else None
        if template is None:
            terms, figures = _Terms([], {}, FLOOR, CAP), {}
        else:
            terms, figures = _terms(template, period), _figures(template, some, period)
        found |= {s.key: _card(s, period, terms, figures) for s in some}
    return found


def card(subject: Subject, period: Period) -> Document:
    """The card of a subject: frozen where its period is closed, else as it stands now."""
    frozen = queries.snapshot(subject.key, period)
    if frozen is not None:
        return {**frozen.document, "state": "closed"}
    return cards([subject], period)[subject.key]


_Shape = list[tuple[str, Decimal, list[CardLine]]]
_Figures = dict[tuple[SubjectKind, int, int], _Figure]


def _terms(template: CardTemplate, period: Period) -> _Terms:
    shape = [(p.key, p.weight, list(p.lines)) for p in template.perspectives]
    lines = [line for _key, _weight, some in shape for line in some]
    own = queries.targets(template.subject_kind, queries.last_day(period), [line.indicator_id for line in lines])
    newest = {
        line.indicator_id: newer((template.valid_from, line.target), own.get(line.indicator_id)) for line in lines
    }
    return _Terms(shape, newest, template.floor, template.cap)


def newer(of_template: tuple[date, Decimal], own: tuple[date, Decimal] | None) -> Decimal:
    """The target that was said last: by the template, or for the indicator itself (which wins on the same day)."""
    return own[1] if own is not None and own[0] >= of_template[0] else of_template[1]


def _figures(template: CardTemplate, subjects: Sequence[Subject], period: Period) -> _Figures:
    lines = [line for p in template.perspectives for line in p.lines]
    found: _Figures = {}
    windows: dict[tuple[Period, tuple[str, ...]], list[CardLine]] = {}
    for line in lines:
        if line.indicator.origin.is_computed:
            _count(found, line, subjects, period)
        else:
            windows.setdefault(window(period, line.span), []).append(line)
    for (own, months), some in windows.items():
        given = queries.in_force([s.key for s in subjects], [line.indicator_id for line in some], own.months)
        for line in some:
            for subject in subjects:
                measure, used = gather(own, months, given.get((*subject.key, line.indicator_id), {}))
                found[(*subject.key, line.indicator_id)] = _Figure(measure, used)
    return found


def _count(found: _Figures, line: CardLine, subjects: Sequence[Subject], period: Period) -> None:
    how = computed.known(line.indicator.code)
    _own, months = window(period, line.span)
    measures = how.count(subjects, months) if how else {}
    spans = max(1, period.span.months // line.span.months)  # a half-year's card holds two quarters of 150
    for subject in subjects:
        measure = measures.get(subject.key)
        if measure is not None and how is not None and not how.ratio:
            measure = Measure(measure.numerator, measure.denominator * spans)
        found[(*subject.key, line.indicator_id)] = _Figure(measure, tuple(months))


def _card(subject: Subject, period: Period, terms: _Terms, figures: _Figures) -> Document:
    rows = [
        (key, weight, [line_of(line, figures[(*subject.key, line.indicator_id)], terms) for line in lines])
        for key, weight, lines in terms.shape
    ]
    document = {
        "period": str(period),
        "floor": f"{terms.floor:.2f}",
        "cap": f"{terms.cap:.2f}",
        "perspectives": [
            {"key": key, "weight": f"{weight:.2f}", "score": None, "indicators": lines} for key, weight, lines in rows
        ],
    }
    return {**totalled(document), "state": "open"}


def totalled(document: Document) -> Document:
    """The same card with the total, the scores of its perspectives and what is covered, reckoned from its lines."""
    perspectives = document["perspectives"]
    outcome = combine(
        [
            (Decimal(p["weight"]), [(Decimal(row["weight"]), number(row["score"])) for row in p["indicators"]])
            for p in perspectives
        ]
    )
    return {
        **document,
        "total": _text(outcome.total),
        "covered": f"{outcome.covered:.2f}",
        "perspectives": [
            {**p, "score": _text(found)} for p, found in zip(perspectives, outcome.scores, strict=True)
        ],
    }  # fmt: skip


def line_of(line: CardLine, figure: _Figure, terms: _Terms) -> Document:
    """One line of a card as texts."""
    indicator = line.indicator
    return measured(
        {
            "code": indicator.code,
            "label": indicator.name,
            "weight": f"{line.weight:.2f}",
            "target": plain(terms.targets[line.indicator_id]),
            "unit": indicator.unit.value,
            "direction": indicator.direction.value,
            "span": line.span.value,
            "source": indicator.origin.value,
            "periods": list(figure.periods),
        },
        figure.measure,
        floor=terms.floor,
        cap=terms.cap,
    )


def measured(line: Document, measure: Measure | None, *, floor: Decimal, cap: Decimal) -> Document:
    """The same line with this measure: its value and score."""
    unit = Unit(line["unit"])
    value = exact_value(measure, unit)
    points = score(measure, Decimal(line["target"]), Direction(line["direction"]), unit, floor=floor, cap=cap)
    return {
        **line,
        "numerator": plain(measure.numerator) if measure else None,
        "denominator": plain(measure.denominator) if measure else None,
        "value": None if value is None else f"{two_places(value):.2f}",
        "score": _text(points),
    }


def plain(amount: Decimal) -> str:
    """A decimal without needless noughts: 94, 0.5."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def number(text: str | None) -> Decimal | None:
    """The decimal of a text; ``None`` stays none."""
    return None if text is None else Decimal(text)
