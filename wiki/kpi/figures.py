"""Figures for those above and beside: what an indicator was, period by period; its target on a day; its score.

Subjects come from ``wiki.kpi.subjects``. Imported and computed indicators answer alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import sqlalchemy as sa

from core.db import session
from wiki.kpi import computed, queries
from wiki.kpi.cards import newer
from wiki.kpi.models import CardTemplate, Indicator, KpiReading, SubjectKind
from wiki.kpi.periods import Period
from wiki.kpi.rules import Measure, exact_value, gather, score, two_places
from wiki.kpi.subjects import Subject

Key = tuple[SubjectKind, int]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one subject. ``value`` has two places; score and target are there where somebody set a target."""

    period: Period
    measure: Measure | None
    value: Decimal | None
    target: Decimal | None
    score: Decimal | None

    @property
    def is_missed(self) -> bool | None:
        """Below what it should be; ``None`` where that cannot be said."""
        return None if self.score is None else self.score < 100


def measures(
    indicator: Indicator, subjects: Sequence[Subject], periods: Sequence[Period]
) -> dict[Key, dict[str, Measure]]:
    """What the indicator was for each subject in each of some periods; a period without data is left out."""
    found: dict[Key, dict[str, Measure]] = {s.key: {} for s in subjects}
    how = computed.known(indicator.code) if indicator.origin.is_computed else None
    by_year: dict[int, list[Period]] = {}
    for period in periods:
        by_year.setdefault(period.year, []).append(period)
    for some in by_year.values():
        given = {} if how else _given(indicator, subjects, some)
        for period in some:
            counted = how.count(subjects, period.months) if how else {}
            for subject in subjects:
                measure = counted.get(subject.key)
                if how is None:
                    measure, _used = gather(period, period.months, given.get((*subject.key, indicator.id), {}))
                if measure is not None and measure.denominator:
                    found[subject.key][str(period)] = measure
    return found


def _given(indicator: Indicator, subjects: Sequence[Subject], periods: Sequence[Period]) -> queries.Figures:
    months = sorted({month for period in periods for month in period.months})
    return queries.in_force([s.key for s in subjects], [indicator.id], months)


def target(indicator: Indicator, kind: SubjectKind, day: date) -> Decimal | None:
    """What the indicator should reach on the cards of this kind on a day; ``None`` where nobody set a target."""
    return target_in(indicator.id, queries.template_on(kind, day), queries.targets(kind, day, [indicator.id]))


def target_in(indicator_id: int, template: CardTemplate | None, own: queries.Targets) -> Decimal | None:
    """The same from what was read already."""
    for perspective in template.perspectives if template else ():
        for line in perspective.lines:
            if line.indicator_id == indicator_id and template is not None:
                return newer((template.valid_from, line.target), own.get(indicator_id))
    return own[indicator_id][1] if indicator_id in own else None


def history(indicator: Indicator, subject: Subject, periods: Sequence[Period]) -> list[Figure]:
    """The figures of a subject in these periods, oldest first, each against the target of its last day."""
    found = measures(indicator, [subject], periods)[subject.key]
    return [_figure(indicator, subject, period, found.get(str(period))) for period in sorted(periods, key=_order)]


def daily(indicator: Indicator, user_ids: Sequence[int], since: date, until: date) -> dict[int, dict[date, Fraction]]:
    """What the indicator was for each of these people on each day that has a reading; the newest word of a day counts.

    Only readings of single days are read: a month says nothing about its days.
    """
    found: dict[int, dict[date, Fraction]] = {}
    if not user_ids:
        return found
    rows = session.execute(
        sa.select(KpiReading.subject_id, KpiReading.period, KpiReading.numerator, KpiReading.denominator)
        .where(
            KpiReading.indicator_id == indicator.id,
            KpiReading.subject_kind == SubjectKind.PERSON,
            KpiReading.subject_id.in_(user_ids),
            KpiReading.period.between(f"{since:%Y-%m-%d}", f"{until:%Y-%m-%d}"),
            sa.func.length(KpiReading.period) == len("2026-11-16"),
        )
        .order_by(KpiReading.number)
    )
    for user_id, day, numerator, denominator in rows:
        value = exact_value(Measure(numerator, denominator), indicator.unit)
        days = found.setdefault(user_id, {})
        if value is None:
            days.pop(date.fromisoformat(day), None)  # corrected to 'nothing was scored'
        else:
            days[date.fromisoformat(day)] = value
    return found


def _order(period: Period) -> tuple[int, str]:
    return period.year, period.months[0]


def _figure(indicator: Indicator, subject: Subject, period: Period, measure: Measure | None) -> Figure:
    goal = target(indicator, subject.kind, queries.last_day(period))
    value = exact_value(measure, indicator.unit)
    return Figure(
        period,
        measure,
        None if value is None else two_places(value),
        goal,
        score(measure, goal, indicator.direction, indicator.unit) if goal else None,
    )
