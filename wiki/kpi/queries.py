"""Reads of indicators, readings, templates and closed periods."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from accounts.models import Team, User
from core.actors import Actor
from core.db import session
from core.permissions import allowed
from wiki.kpi.models import (
    CardLine,
    CardPerspective,
    CardSnapshot,
    CardTemplate,
    ClosedPeriod,
    Indicator,
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


def readings(*, indicator_id: int, subject: tuple[SubjectKind, int], periods: Sequence[str]) -> sa.Select[KpiReading]:
    """Every reading of a subject, corrections after what they correct, with who brought it."""
    return (
        sa.select(KpiReading)
        .where(
            KpiReading.indicator_id == indicator_id,
            KpiReading.subject_kind == subject[0],
            KpiReading.subject_id == subject[1],
            KpiReading.period.in_(periods),
        )
        .options(joinedload(KpiReading.by))
        .order_by(KpiReading.period, KpiReading.number)
    )


Figures = dict[tuple[SubjectKind, int, int], dict[str, Measure]]


def in_force(
    subjects: Iterable[tuple[SubjectKind, int]], indicator_ids: Sequence[int], periods: Sequence[str]
) -> Figures:
    """The newest readings: (kind, subject, indicator) → {period: measure}."""
    found: Figures = {}
    for kind in SubjectKind:
        ids = [subject_id for one, subject_id in subjects if one is kind]
        if not ids:
            continue
        rows = session.execute(
            sa.select(
                KpiReading.subject_id,
                KpiReading.indicator_id,
                KpiReading.period,
                KpiReading.numerator,
                KpiReading.denominator,
            )
            .where(
                KpiReading.subject_kind == kind,
                KpiReading.subject_id.in_(ids),
                KpiReading.indicator_id.in_(indicator_ids),
                KpiReading.period.in_(periods),
            )
            .order_by(KpiReading.number)  # the newest is written last and stays
        )
        for subject_id, indicator_id, period, numerator, denominator in rows:
            found.setdefault((kind, subject_id, indicator_id), {})[period] = Measure(numerator, denominator)
    return found


def template(kind: SubjectKind, period: Period) -> CardTemplate | None:
    """The template in force on the period's last day."""
    return session.scalar(
        sa.select(CardTemplate)
        .where(CardTemplate.subject_kind == kind, CardTemplate.valid_from < period.day_after)
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


def latest_readings() -> sa.Select[KpiReading]:
    """What was brought in last."""
    return sa.select(KpiReading).options(joinedload(KpiReading.by)).order_by(KpiReading.id.desc())
