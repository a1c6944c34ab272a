"""Reads of indicators, readings, templates and closed periods."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from accounts.models import Team, User
from core.actors import Actor
from core.db import session
from core.permissions import allowed
from wiki.kpi.dealing_models import ReadingImport
from wiki.kpi.models import (
    CardLine,
    CardPerspective,
    CardSnapshot,
    CardTemplate,
    ClosedPeriod,
    Indicator,
    IndicatorTarget,
    KpiReading,
    SubjectKind,
)
from wiki.kpi.periods import Period, Span, containing, parse
from wiki.kpi.permissions import P
from wiki.kpi.rules import Measure


def indicators() -> sa.Select[Indicator]:
    """Every indicator, by code."""
    return sa.select(Indicator).order_by(Indicator.code)


def indicator(code: str) -> Indicator | None:
    """The indicator of this code."""
    return session.scalar(sa.select(Indicator).where(Indicator.code == code))


def targets_of(indicator_id: int) -> sa.Select[IndicatorTarget]:
    """Every target an indicator ever had of its own, newest first."""
    return (
        sa.select(IndicatorTarget)
        .where(IndicatorTarget.indicator_id == indicator_id)
        .options(joinedload(IndicatorTarget.by))
        .order_by(IndicatorTarget.valid_from.desc(), IndicatorTarget.id.desc())
    )


Targets = dict[int, tuple[date, Decimal]]


def targets(kind: SubjectKind, day: date, indicator_ids: Sequence[int] | None = None) -> Targets:
    """The indicators' own targets for a kind of card on a day, and since when: the newest word counts, and of one day
    that for this kind."""
    chosen = sa.select(
        IndicatorTarget.indicator_id, IndicatorTarget.valid_from, IndicatorTarget.target
    ).where(IndicatorTarget.valid_from <= day, IndicatorTarget.subject_kind.in_(("", kind.value)))  # fmt: skip
    if indicator_ids is not None:
        chosen = chosen.where(IndicatorTarget.indicator_id.in_(indicator_ids))
    rows = session.execute(
        chosen.order_by(IndicatorTarget.valid_from, IndicatorTarget.subject_kind, IndicatorTarget.id)
    )
    return {indicator_id: (since, target) for indicator_id, since, target in rows}  # the newest is written last


def last_day(period: Period) -> date:
    """The day whose templates and targets count for a period."""
    return period.day_after - timedelta(days=1)


def readings(*, indicator_id: int, subject: tuple[SubjectKind, int], periods: Sequence[str]) -> sa.Select[KpiReading]:
    """Every reading of a subject, days of a month with it, corrections after what they correct, with who brought it."""
    return (
        sa.select(KpiReading)
        .where(
            KpiReading.indicator_id == indicator_id,
            KpiReading.subject_kind == subject[0],
            KpiReading.subject_id == subject[1],
            sa.func.substr(KpiReading.period, 1, 7).in_(periods),
        )
        .options(joinedload(KpiReading.by))
        .order_by(KpiReading.period, KpiReading.number)
    )


MANY = 500  # subjects; above this all are read and the wanted ones kept
Figures = dict[tuple[SubjectKind, int, int], dict[str, Measure]]


def in_force(
    subjects: Iterable[tuple[SubjectKind, int]], indicator_ids: Sequence[int], months: Sequence[str]
) -> Figures:
    """The newest readings of all periods and days that begin in these months, or may contain them, by
    (kind, subject, indicator) → {period: measure}. Months lie in one year."""
    found: Figures = {}
    first, last = months[0], months[-1][:4] + "-R"  # after the months come H1, H2, Q1 … Q4
    keys = set(subjects)
    for kind in SubjectKind:
        ids = {subject_id for one, subject_id in keys if one is kind}
        if not ids:
            continue
        chosen = sa.select(
            KpiReading.subject_id,
            KpiReading.indicator_id,
            KpiReading.period,
            KpiReading.numerator,
            KpiReading.denominator,
        ).where(
            KpiReading.subject_kind == kind,
            KpiReading.indicator_id.in_(indicator_ids),
            KpiReading.period.between(first, last),
        )
        if len(ids) <= MANY:
            chosen = chosen.where(KpiReading.subject_id.in_(ids))
        rows = session.execute(chosen.order_by(KpiReading.number))  # the newest is written last and stays
        for subject_id, indicator_id, period, numerator, denominator in rows:
            if subject_id in ids:
                found.setdefault((kind, subject_id, indicator_id), {})[period] = Measure(numerator, denominator)
    return found


def template(kind: SubjectKind, period: Period) -> CardTemplate | None:
    """The template in force on the period's last day."""
    return template_on(kind, last_day(period))


def template_on(kind: SubjectKind, day: date) -> CardTemplate | None:
    """The template in force on a day."""
    return session.scalar(
        sa.select(CardTemplate)
        .where(CardTemplate.subject_kind == kind, CardTemplate.valid_from <= day)
        .options(
            selectinload(CardTemplate.perspectives).selectinload(CardPerspective.lines).joinedload(CardLine.indicator)
        )
        .order_by(CardTemplate.valid_from.desc())
        .limit(1)
    )


def closed_periods() -> set[str]:
    """Every closed period."""
    return set(session.scalars(sa.select(ClosedPeriod.period)))


def is_closed(period: str) -> bool:
    """True when the period, or a longer one around it, is closed."""
    around = [str(one) for one in containing(parse(period))]
    found = sa.select(ClosedPeriod.id).where(ClosedPeriod.period.in_(around)).limit(1)
    return session.scalar(found) is not None


def closed_itself(period: Period) -> ClosedPeriod | None:
    """The closing of exactly this period."""
    return session.scalar(sa.select(ClosedPeriod).where(ClosedPeriod.period == str(period)))


def snapshot(subject: tuple[SubjectKind, int], period: Period) -> CardSnapshot | None:
    """The frozen card of a subject."""
    return session.scalar(
        sa.select(CardSnapshot).where(
            CardSnapshot.subject_kind == subject[0],
            CardSnapshot.subject_id == subject[1],
            CardSnapshot.period == str(period),
        )
    )


def closed_totals(subject: tuple[SubjectKind, int], span: Span, limit: int = 11) -> list[CardSnapshot]:
    """The newest frozen cards of one length of period, oldest first."""
    mark = {Span.MONTH: "____-__", Span.QUARTER: "____-Q_", Span.HALF: "____-H_"}[span]
    rows = session.scalars(
        sa.select(CardSnapshot)
        .where(
            CardSnapshot.subject_kind == subject[0],
            CardSnapshot.subject_id == subject[1],
            CardSnapshot.period.like(mark),
        )
        .order_by(CardSnapshot.period.desc())
        .limit(limit * 3)
    )
    return [row for row in rows if parse(row.period).span is span][:limit][::-1]


def teams_seen_by(actor: Actor) -> sa.Select[Team]:
    """Whose team card this person may open, by name."""
    return sa.select(Team).where(allowed(actor, P.SEE_TEAM)).order_by(Team.name, Team.id)


def people_seen_by(actor: Actor) -> sa.Select[User]:
    """Whose card this person may open, by name."""
    return sa.select(User).where(allowed(actor, P.SEE_PERSON), User.active).order_by(User.name, User.id)


def has_readings(indicator_id: int) -> bool:
    """Something was brought in of it."""
    found = sa.select(KpiReading.id).where(KpiReading.indicator_id == indicator_id).limit(1)
    return session.scalar(found) is not None


def catalogue() -> sa.Select[Indicator]:
    """Every indicator with its owner, those out of use last."""
    return (
        sa.select(Indicator)
        .options(joinedload(Indicator.owner))
        .order_by(Indicator.retired_at.is_not(None), Indicator.id)
    )


def templates(kind: SubjectKind) -> sa.Select[CardTemplate]:
    """Every template of a kind of card, newest first, with who made it."""
    return (
        sa.select(CardTemplate)
        .where(CardTemplate.subject_kind == kind)
        .options(joinedload(CardTemplate.created_by))
        .order_by(CardTemplate.valid_from.desc())
    )


def imports() -> sa.Select[ReadingImport]:
    """Every file of readings, newest first."""
    return sa.select(ReadingImport).options(joinedload(ReadingImport.created_by)).order_by(ReadingImport.id.desc())


def newest_periods() -> dict[int, str]:
    """The latest period or day that each imported indicator has a reading of."""
    rows = session.execute(
        sa.select(KpiReading.indicator_id, sa.func.max(sa.func.substr(KpiReading.period, 1, 10)))
        .where(KpiReading.period.not_like("%Q%"), KpiReading.period.not_like("%H%"))
        .group_by(KpiReading.indicator_id)
    )
    return dict(rows.all())


def newest_readings(indicator_id: int, subject: tuple[SubjectKind, int]) -> sa.Select[KpiReading]:
    """Every reading of a subject, the newest first, with who brought it."""
    return (
        sa.select(KpiReading)
        .where(
            KpiReading.indicator_id == indicator_id,
            KpiReading.subject_kind == subject[0],
            KpiReading.subject_id == subject[1],
        )
        .options(joinedload(KpiReading.by))
        .order_by(KpiReading.id.desc())
    )
