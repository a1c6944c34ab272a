"""Who looked at a card, and who changed what on it. Looking is buffered and kept for a year; changes are for good."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from accounts.models import User
from core import clock
from core.actors import Actor
from core.buffers import Buffer
from core.chores import chore
from core.db import session, writing
from wiki.kpi.dealing_models import CardOpening
from wiki.kpi.models import SubjectKind
from wiki.kpi.subjects import Subject

KEEP = timedelta(days=366)
Opened = tuple[datetime, int, SubjectKind, int, str, str]


def _write(items: list[Opened]) -> None:
    """One row for each person, card, figure and day of the batch."""
    newest = {(item[1:], item[0].date()): item for item in items}
    names = ("at", "user_id", "subject_kind", "subject_id", "period", "code")
    with writing() as s:
        s.execute(sa.insert(CardOpening), [dict(zip(names, item, strict=True)) for item in newest.values()])


openings = Buffer("card openings", _write)


def opened(who: Actor, subject: Subject, period: str, code: str = "") -> None:
    """Remember that somebody looked at a card, or at what a figure of it is made of."""
    openings.add((clock.now(), who.id, subject.kind, subject.id, period, code))


@dataclass(frozen=True, slots=True)
class Seen:
    """One person and when they looked last, and how often."""

    name: str
    user_id: int
    last: datetime
    times: int


def seen_by(subject: tuple[SubjectKind, int], period: str) -> list[Seen]:
    """Who looked at a card of a period or its figures, the last first."""
    last = sa.func.max(CardOpening.at, type_=CardOpening.at.type)
    rows = session.execute(
        sa.select(User.name, CardOpening.user_id, last, sa.func.count())
        .join(User, User.id == CardOpening.user_id)
        .where(
            CardOpening.subject_kind == subject[0], CardOpening.subject_id == subject[1], CardOpening.period == period
        )
        .group_by(User.name, CardOpening.user_id)
        .order_by(sa.desc(sa.func.max(CardOpening.at)))
    )
    return [Seen(*row) for row in rows]


@chore(every=24 * 3600)
def sweep() -> None:
    """Forget what is older than a year."""
    session.execute(sa.delete(CardOpening).where(CardOpening.at < clock.now() - KEEP))
