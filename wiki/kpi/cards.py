"""From readings and counts to cards: for one subject or for all of a kind, with the same few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wiki.kpi import computed, queries
from wiki.kpi.models import CardLine, CardTemplate, SubjectKind
from wiki.kpi.periods import Period, window
from wiki.kpi.rules import Measure, Origin, combine, exact_value, gather, score, two_places
from wiki.kpi.subjects import Subject

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Figure:
    """The measure of one line, and the periods or months it was read from."""

    measure: Measure | None
    periods: tuple[str, ...]


def cards(subjects: Sequence[Subject], period: Period) -> dict[tuple[SubjectKind, int], Document]:
    """The cards of some subjects as they stand now; a document of texts, ready to be frozen or shown."""
    found: dict[tuple[SubjectKind, int], Document] = {}
    for kind in SubjectKind:
        some = [s for s in subjects if s.kind is kind]
        template = queries.template(kind, period) if some else None
        if template is None:
            found |= {s.key: _card(s, period, [], {}) for s in some}
            continue
        figures = _figures(template, some, period)
        found |= {s.key: _card(s, period, _shape(template), figures) for s in some}
    return found


def card(subject: Subject, period: Period) -> Document:
    """The card of a subject: frozen where its period is closed, else as it stands now."""
    frozen = queries.snapshot(subject.key, period)
    if frozen is not None:
        return {**frozen.document, "state": "closed"}
    return cards([subject], period)[subject.key]


_Shape = list[tuple[str, Decimal, list[CardLine]]]
_Figures = dict[tuple[SubjectKind, int, int], _Figure]


def _shape(template: CardTemplate) -> _Shape:
    return [(p.key, p.weight, list(p.lines)) for p in template.perspectives]


def _figures(template: CardTemplate, subjects: Sequence[Subject], period: Period) -> _Figures:
    lines = [line for p in template.perspectives for line in p.lines]
    imported = [line for line in lines if line.indicator.origin is Origin.IMPORTED]
    found: _Figures = {}
    wanted = sorted({text for line in imported for text in _texts(*window(period, line.span))})
    given = queries.in_force([s.key for s in subjects], [line.indicator_id for line in imported], wanted)
    for line in imported:
        own, months = window(period, line.span)
        for subject in subjects:
            measure, used = gather(own, months, given.get((*subject.key, line.indicator_id), {}))
            found[(*subject.key, line.indicator_id)] = _Figure(measure, used)
    for line in lines:
        if line.indicator.origin is Origin.COMPUTED:
            _count(found, line, subjects, period)
    return found


def _texts(own: Period, months: Sequence[str]) -> set[str]:
    """Every period a reading of this window may have."""

    def parts(one: Period) -> set[str]:
        return {str(one)}.union(*(parts(child) for child in one.children()))

    return parts(own) - {text for text in own.months if text not in months}


def _count(found: _Figures, line: CardLine, subjects: Sequence[Subject], period: Period) -> None:
    how = computed.known(line.indicator.code)
    _own, months = window(period, line.span)
    measures = how.count(subjects, months) if how else {}
    spans = max(1, period.span.months // line.span.months)  # a half-year's card holds two quarters of 150
    for subject in subjects:
        measure = measures.get(subject.key)
        if measure is not None:
            measure = Measure(measure.numerator, measure.denominator * spans)
        found[(*subject.key, line.indicator_id)] = _Figure(measure, tuple(months))


def _card(subject: Subject, period: Period, shape: _Shape, figures: _Figures) -> Document:
    rows = [
        (key, weight, [_line(line, figures[(*subject.key, line.indicator_id)]) for line in lines])
        for key, weight, lines in shape
    ]
    outcome = combine(
        [(weight, [(Decimal(row["weight"]), _number(row["score"])) for row in lines]) for _key, weight, lines in rows]
    )
    return {
        "period": str(period),
        "state": "open",
        "total": _text(outcome.total),
        "covered": f"{outcome.covered:.2f}",
        "perspectives": [
            {"key": key, "weight": f"{weight:.2f}", "score": _text(found), "indicators": lines}
            for (key, weight, lines), found in zip(rows, outcome.scores, strict=True)
        ],
    }


def _line(line: CardLine, figure: _Figure) -> Document:
    indicator, measure = line.indicator, figure.measure
    value = exact_value(measure, indicator.unit)
    points = score(measure, line.target, indicator.direction, indicator.unit)
    return {
        "code": indicator.code,
        "label": indicator.name,
        "weight": f"{line.weight:.2f}",
        "target": plain(line.target),
        "unit": indicator.unit.value,
        "direction": indicator.direction.value,
        "span": line.span.value,
        "numerator": plain(measure.numerator) if measure else None,
        "denominator": plain(measure.denominator) if measure else None,
        "value": None if value is None else f"{two_places(value):.2f}",
        "score": _text(points),
        "source": indicator.origin.value,
        "periods": list(figure.periods),
    }


def plain(amount: Decimal) -> str:
    """A decimal without needless noughts: 94, 0.5."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
