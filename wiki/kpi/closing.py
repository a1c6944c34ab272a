"""What one should know before a period is closed."""

from dataclasses import dataclass

import sqlalchemy as sa

from core.db import session
from wiki.kpi import queries
from wiki.kpi.dealing_models import CardAnswer, CardAppeal
from wiki.kpi.models import KpiReading, SubjectKind
from wiki.kpi.periods import Period, window


@dataclass(frozen=True, slots=True)
class Before:
    """Appeals that nobody answered, and indicators of the centre's card without a reading in their window."""

    appeals: int
    without_readings: tuple[str, ...]


def before(period: Period) -> Before:
    """What is still open in a period."""
    waiting = (
        sa.select(sa.func.count())
        .select_from(CardAppeal)
        .outerjoin(CardAnswer, CardAnswer.appeal_id == CardAppeal.id)
        .where(CardAppeal.period == str(period), CardAnswer.id.is_(None))
    )
    return Before(session.scalar(waiting) or 0, tuple(_without_readings(period)))


def _without_readings(period: Period) -> list[str]:
    template = queries.template(SubjectKind.CENTRE, period)
    lines = [line for p in template.perspectives for line in p.lines] if template else []
    lines = [line for line in lines if not line.indicator.origin.is_computed]
    if not lines:
        return []
    rows = session.execute(
        sa.select(KpiReading.indicator_id, sa.func.substr(KpiReading.period, 1, 7))
        .where(
            KpiReading.indicator_id.in_([line.indicator_id for line in lines]),
            KpiReading.subject_kind == SubjectKind.CENTRE,
            KpiReading.period.between(f"{period.year}-01", f"{period.year}-R"),
        )
        .distinct()
    ).all()
    found = []
    for line in lines:
        own, months = window(period, line.span)
        counts = {*months, str(own), *(str(child) for child in own.children())}
        if not any(indicator_id == line.indicator_id and text in counts for indicator_id, text in rows):
            found.append(line.indicator.code)
    return found
