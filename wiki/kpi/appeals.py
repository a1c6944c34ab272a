"""A person says that a figure of their card is wrong; a manager answers; what was wrong is put right by an entry.

While the period is open, the correction is the next reading. Once it is closed the frozen card stays as it is, and the
corrected card stands beside it: a restatement. What the ledger counts is put right in the ledger, by its own entries.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload

from accounts.models import Team, User
from accounts.rules import Role
from core import audit, clock
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import emit
from core.i18n import _, choose_zone
from core.permissions import require
from wiki.kpi import queries
from wiki.kpi.bringing import import_readings
from wiki.kpi.cards import Document, card, measured, totalled
from wiki.kpi.dealing_models import CardAnswer, CardAppeal, CardRestatement, Outcome
from wiki.kpi.events import AppealAnswered, AppealRaised
from wiki.kpi.models import KpiReading, SubjectKind
from wiki.kpi.ops import one_at_a_time
from wiki.kpi.periods import Period, parse
from wiki.kpi.permissions import P
from wiki.kpi.rules import Measure, Origin, amount
from wiki.kpi.subjects import CENTRE, Subject, of_person, of_team

ANSWER_WITHIN = timedelta(days=7)
LONGEST = 4000  # characters


class Remedy(StrEnum):
    """How an error in a figure is put right."""

    READING = "reading"  # the next reading of an open period
    RESTATE = "restate"  # the corrected card beside the frozen one
    ELSEWHERE = "elsewhere"  # the ledger, or readings of several periods: by their own entries


def days() -> int:
    """How many days after the closing of a period an appeal may be raised."""
    found: int = current_app.config["SPIRAL"].appeal_days
    return found


def until(period: Period) -> datetime | None:
    """The last moment for appeals against a closed period; ``None`` while it is open."""
    closed = queries.closed_itself(period)
    if closed is None:
        return None
    day = (closed.closed_at.astimezone(ZoneInfo(choose_zone())) + timedelta(days=days() + 1)).date()
    return datetime.combine(day, time(), ZoneInfo(choose_zone()))


def speaks_for(who: Actor, subject: Subject) -> bool:
    """A person for themselves, a team's supervisor for the team."""
    if subject.kind is SubjectKind.PERSON:
        return who.id == subject.id
    return subject.kind is SubjectKind.TEAM and who.holds(Role.SUPERVISOR) and who.team_id == subject.id


def may_raise(who: Actor, subject: Subject, period: Period) -> bool:
    """This person may appeal against this card now."""
    last = until(period)
    return speaks_for(who, subject) and period.has_begun(clock.now(), choose_zone()) and (
        last is None or clock.now() < last
    )  # fmt: skip


def line_in(document: Document, code: str) -> Document | None:
    """The line of an indicator on a card."""
    return next((row for p in document["perspectives"] for row in p["indicators"] if row["code"] == code), None)


def appeal(actor: Actor, subject: Subject, period: Period, code: str, text: str) -> CardAppeal:
    """The appeal is recorded, and the managers hear of it.

    Raises:
        Forbidden: it is not their card. Conflict: too late, or one waits already. Invalid: no such figure, no words.
    """
    require(actor, P.APPEAL)
    if not speaks_for(actor, subject):
        raise Forbidden(_("Only the person themselves, or a team's supervisor for the team, may appeal."))
    if not may_raise(actor, subject, period):
        raise Conflict(_("Appeals are possible until %(n)s days after the closing.", n=days()), code="too-late")
    if line_in(card(subject, period), code) is None:
        raise Invalid({"code": _("There is no such figure on this card.")})
    if not text.strip():
        raise Invalid({"text": _("Please say what is wrong, and what it should be.")})
    waiting = [one for one in session.scalars(of_card(subject.key, str(period))) if one.answer is None]
    if any(one.code == code for one in waiting):
        raise Conflict(_("Your appeal about this figure is waiting for its answer already."), code="waiting")
    now = clock.now()
    made = CardAppeal(
        subject_kind=subject.kind,
        subject_id=subject.id,
        period=str(period),
        code=code,
        text=text.strip()[:LONGEST],
        raised_by_id=actor.id,
        raised_at=now,
        answer_by=now + ANSWER_WITHIN,
    )
    session.add(made)
    session.flush()
    _trail(actor, "appeal", made, made.text)
    emit(AppealRaised(made.id, actor.id, now))
    return made


def of_card(subject: tuple[SubjectKind, int], period: str) -> sa.Select[CardAppeal]:
    """Every appeal against a card, oldest first, with its answer."""
    return _loaded().where(
        CardAppeal.subject_kind == subject[0], CardAppeal.subject_id == subject[1], CardAppeal.period == period
    )


def _loaded() -> sa.Select[CardAppeal]:
    return (
        sa.select(CardAppeal)
        .options(
            joinedload(CardAppeal.raised_by),
            joinedload(CardAppeal.answer).joinedload(CardAnswer.by),
            joinedload(CardAppeal.answer).joinedload(CardAnswer.restatement),
        )
        .order_by(CardAppeal.id)
        .execution_options(populate_existing=True)
    )


def listed(who: Actor) -> sa.Select[CardAppeal]:
    """All appeals for those who answer them, else one's own; those without an answer first."""
    answered = sa.exists().where(CardAnswer.appeal_id == CardAppeal.id)
    found = _loaded().order_by(None).order_by(answered, CardAppeal.id.desc())
    return found if who.holds(Role.MANAGER, Role.ADMIN) else found.where(CardAppeal.raised_by_id == who.id)


def waiting_count(who: Actor) -> int:
    """How many wait for an answer by this person."""
    if not who.holds(Role.MANAGER, Role.ADMIN):
        return 0
    answered = sa.exists().where(CardAnswer.appeal_id == CardAppeal.id)
    return session.scalar(sa.select(sa.func.count()).select_from(CardAppeal).where(~answered)) or 0


def find(who: Actor, appeal_id: int) -> CardAppeal:
    """An appeal that this person may see: their own, or any for those who answer.

    Raises:
        NotFound.
    """
    found = session.scalar(_loaded().where(CardAppeal.id == appeal_id))
    if found is None or not _is_seen(who, found):
        raise NotFound(_("There is no such appeal."))
    return found


def may_see(who: Actor, appeal_id: int) -> bool:
    """This person may know of the appeal."""
    found = session.get(CardAppeal, appeal_id)
    return found is not None and _is_seen(who, found)


def _is_seen(who: Actor, row: CardAppeal) -> bool:
    return row.raised_by_id == who.id or who.holds(Role.MANAGER, Role.ADMIN)


def subject_of(row: CardAppeal) -> Subject:
    """Whose card it is about."""
    if row.subject_kind is SubjectKind.CENTRE:
        return CENTRE
    if row.subject_kind is SubjectKind.TEAM:
        return of_team(session.get_one(Team, row.subject_id))
    return of_person(session.get_one(User, row.subject_id))


def remedy(row: CardAppeal) -> Remedy:
    """How this figure would be put right."""
    subject, period = subject_of(row), parse(row.period)
    if queries.snapshot((row.subject_kind, row.subject_id), period) is not None:
        return Remedy.RESTATE
    line = line_in(card(subject, period), row.code)
    imported = line is not None and line["source"] == Origin.IMPORTED.value
    return Remedy.READING if imported and line is not None and len(line["periods"]) <= 1 else Remedy.ELSEWHERE


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer: upheld or not, why, and the figures as they should be."""

    upheld: bool
    text: str
    numerator: str = ""
    denominator: str = ""


def answer(actor: Actor, row: CardAppeal, verdict: Verdict) -> CardAnswer:
    """The appeal has its answer, and what was wrong is put right by an entry; nothing is overwritten.

    Raises:
        Forbidden: one's own appeal, or about one's own card. Conflict: it has an answer. Invalid: no words, no figures.
    """
    require(actor, P.ANSWER)
    if actor.id in {row.raised_by_id, row.subject_id if row.subject_kind is SubjectKind.PERSON else 0}:
        raise Forbidden(_("Nobody answers an appeal about their own card."))
    one_at_a_time()
    _must_be_open(row)
    if not verdict.text.strip():
        raise Invalid({"text": _("Please say why; the person reads it.")})
    made = CardAnswer(
        appeal_id=row.id,
        outcome=Outcome.UPHELD if verdict.upheld else Outcome.DECLINED,
        text=verdict.text.strip()[:LONGEST],
        by_id=actor.id,
        at=clock.now(),
    )
    if verdict.upheld:
        how = remedy(row)
        if how is Remedy.READING:
            made.reading_id = _reading(actor, row, verdict)
        elif how is Remedy.RESTATE:
            made.restatement_id = _restate(actor, row, verdict).id
    session.add(made)
    session.flush()
    _trail(actor, "answer_appeal", row, made.text, outcome=made.outcome.value)
    emit(AppealAnswered(row.id, actor.id, made.outcome.value, made.at))
    return made


def withdraw(actor: Actor, row: CardAppeal) -> CardAnswer:
    """The person takes the appeal back.

    Raises:
        Forbidden: it is not theirs. Conflict: it has an answer.
    """
    if actor.id != row.raised_by_id:
        raise Forbidden(_("Only who raised an appeal may take it back."))
    one_at_a_time()
    _must_be_open(row)
    made = CardAnswer(appeal_id=row.id, outcome=Outcome.WITHDRAWN, text="", by_id=actor.id, at=clock.now())
    session.add(made)
    session.flush()
    _trail(actor, "withdraw_appeal", row, "")
    return made


def _must_be_open(row: CardAppeal) -> None:
    found = session.scalar(sa.select(CardAnswer).where(CardAnswer.appeal_id == row.id))
    if found is not None:
        raise Conflict(_("%(name)s answered this appeal already.", name=found.by.name), code="answered")


def _trail(actor: Actor, verb: str, row: CardAppeal, note: str, **more: Any) -> None:
    about = {"kind": row.subject_kind.value, "id": row.subject_id, "period": row.period, "code": row.code, **more}
    audit.record(actor, verb, subject_kind="card_appeal", subject_id=row.id, note=note, details=about)


def _reading(actor: Actor, row: CardAppeal, verdict: Verdict) -> int:
    """The corrected figure is the reading in force from now on."""
    line = line_in(card(subject_of(row), parse(row.period)), row.code)
    period = line["periods"][0] if line and line["periods"] else row.period
    said = {
        "indicator": row.code,
        "subject": subject_of(row).address,
        "period": period,
        "numerator": verdict.numerator,
        "denominator": verdict.denominator,
    }
    report = import_readings(actor, [(1, said)], source=_("appeal %(n)s", n=row.id), why=verdict.text)
    if report.errors:
        raise Invalid({"numerator": report.errors[0][1]})
    if not report.added + report.corrected:
        raise Invalid({"numerator": _("That is the figure already in force.")})
    return session.scalars(sa.select(KpiReading.id).order_by(KpiReading.id.desc()).limit(1)).one()


# ── beside the frozen card ───────────────────────────────────────────────────────────────────────────────────────────


def restatement(subject: tuple[SubjectKind, int], period: str) -> CardRestatement | None:
    """The newest corrected card beside a frozen one."""
    return session.scalar(_restated(subject, period).limit(1))


def restatements(subject: tuple[SubjectKind, int], period: str) -> list[CardRestatement]:
    """Every corrected card beside a frozen one, the newest first, with who wrote it."""
    return list(session.scalars(_restated(subject, period).options(joinedload(CardRestatement.by))))


def _restated(subject: tuple[SubjectKind, int], period: str) -> sa.Select[CardRestatement]:
    return (
        sa.select(CardRestatement)
        .where(
            CardRestatement.subject_kind == subject[0],
            CardRestatement.subject_id == subject[1],
            CardRestatement.period == period,
        )
        .order_by(CardRestatement.id.desc())
    )


def _restate(actor: Actor, row: CardAppeal, verdict: Verdict) -> CardRestatement:
    try:
        measure = Measure(amount(verdict.numerator), amount(verdict.denominator))
    except ValueError as error:
        raise Invalid({"numerator": str(error)}) from error
    key, period = (row.subject_kind, row.subject_id), parse(row.period)
    before = restatement(key, row.period)
    frozen = queries.snapshot(key, period)
    assert frozen is not None
    document = with_figure(before.document if before else frozen.document, row.code, measure)
    made = CardRestatement(
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        period=row.period,
        code=row.code,
        total=None if document["total"] is None else Decimal(document["total"]),
        document=document,
        why=verdict.text.strip()[:LONGEST],
        by_id=actor.id,
        at=clock.now(),
    )
    session.add(made)
    session.flush()
    return made


def with_figure(document: Document, code: str, measure: Measure) -> Document:
    """The same card with another measure of one indicator, reckoned anew by the weights and targets that it froze."""
    floor, cap = Decimal(document.get("floor", "0")), Decimal(document.get("cap", "120"))
    return totalled(
        {
            **document,
            "perspectives": [
                {
                    **p,
                    "indicators": [
                        measured(line, measure, floor=floor, cap=cap) if line["code"] == code else line
                        for line in p["indicators"]
                    ],
                }
                for p in document["perspectives"]
            ],
        }
    )
