"""Writes of figures: take readings in, make templates, close periods."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.db import database, session
from core.errors import Conflict, Invalid
from core.events import emit
from core.i18n import _, choose_zone
from core.permissions import require
from wiki.kpi import queries
from wiki.kpi.cards import cards
from wiki.kpi.catalogue import DEFAULT_CARDS, SPECS, Card
from wiki.kpi.events import PeriodClosed, ReadingsImported
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
from wiki.kpi.periods import Period, containing, parse
from wiki.kpi.permissions import P
from wiki.kpi.rules import Measure, Origin, amount, check_weights
from wiki.kpi.subjects import Directory, Subject, everybody

DEFAULTS_SINCE = date(2000, 1, 1)
COLUMNS = ("indicator", "subject", "period", "numerator", "denominator")
LOCK = 0x4B50_49  # 'KPI': one import or closing at a time on PostgreSQL


def ensure_defaults() -> None:
    """Every indicator of the product and a template for each kind of subject exist; nothing is overwritten."""
    known = set(session.scalars(sa.select(Indicator.code)))
    session.add_all(
        Indicator(code=s.code, name="", unit=s.unit, direction=s.direction, origin=s.origin)
        for s in SPECS
        if s.code not in known
    )
    session.flush()
    have = set(session.scalars(sa.select(CardTemplate.subject_kind)))
    for kind, shape in DEFAULT_CARDS.items():
        if SubjectKind(kind) not in have:
            make_template(None, SubjectKind(kind), DEFAULTS_SINCE, shape)


def make_template(actor: Actor | None, kind: SubjectKind, valid_from: date, shape: Card) -> CardTemplate:
    """From a day on, cards of this kind of subject look like this.

    Raises:
        Invalid: weights do not sum to 100, an indicator is unknown, or the day lies in a closed period.
    """
    check_weights(_("the perspectives"), [Decimal(weight) for _key, weight, _lines in shape])
    codes = {row.code: row for row in session.scalars(queries.indicators())}
    if valid_from != DEFAULTS_SINCE and queries.is_closed(f"{valid_from:%Y-%m}"):
        raise Invalid({"valid_from": _("That month is closed; rules are never dated into a closed month.")})
    template = CardTemplate(
        subject_kind=kind, valid_from=valid_from, created_at=clock.now(), created_by_id=actor.id if actor else None
    )
    for position, (key, weight, lines) in enumerate(shape):
        check_weights(key, [Decimal(line[1]) for line in lines])
        unknown = [line[0] for line in lines if line[0] not in codes]
        if unknown:
            raise Invalid({"indicator": _("There is no indicator %(code)s.", code=unknown[0])})
        template.perspectives.append(
            CardPerspective(
                key=key,
                weight=Decimal(weight),
                position=position,
                lines=[
                    CardLine(
                        indicator_id=codes[code].id,
                        weight=Decimal(share),
                        target=Decimal(target),
                        span=span,
                        position=n,
                    )
                    for n, (code, share, target, span) in enumerate(lines)
                ],
            )
        )
    session.add(template)
    session.flush()
    return template


@dataclass(slots=True)
class Report:
    """What an import did, or would do. ``errors``: (row number, sentence)."""

    added: int = 0
    corrected: int = 0
    unchanged: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    indicator: Indicator
    subject: Subject
    period: str
    measure: Measure

    @property
    def key(self) -> tuple[int, SubjectKind, int, str]:
        return self.indicator.id, self.subject.kind, self.subject.id, self.period


def import_readings(
    actor: Actor | None,
    rows: Iterable[tuple[int, Mapping[str, Any]] | Exception],
    *,
    source: str,
    dry_run: bool = False,
) -> Report:
    """Take in the rows that are sound and name the others; what is in force already changes nothing.

    ``rows`` are (row number, {indicator, subject, period, numerator, denominator}); an exception stands for a row that
    could not be read and carries its ``line``. ``actor`` is ``None`` for a command.
    """
    if actor is not None:
        require(actor, P.BRING_READINGS)
    _one_at_a_time()
    report = Report()
    sound = _checked(rows, report)
    known = _known(sound)
    for row in sound:
        number, before = known.get(row.key, (0, None))
        if before == row.measure:
            report.unchanged += 1
            continue
        report.corrected, report.added = report.corrected + (number > 0), report.added + (number == 0)
        if not dry_run:
            session.add(_reading(row, number + 1, actor, source))
    if not dry_run and (report.added or report.corrected):
        session.flush()
        about = {"source": source, "added": report.added, "corrected": report.corrected, "refused": len(report.errors)}
        audit.record(actor, "import_readings", subject_kind="kpi", subject_id=0, details=about)
        emit(ReadingsImported(report.added, report.corrected, actor.id if actor else None, clock.now()))
    return report


def _one_at_a_time() -> None:
    if not database().sqlite:
        session.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _checked(rows: Iterable[tuple[int, Mapping[str, Any]] | Exception], report: Report) -> list[_Row]:
    check = _Check()
    sound: dict[tuple[int, SubjectKind, int, str], _Row] = {}
    for row in rows:
        if isinstance(row, Exception):
            report.errors.append((getattr(row, "line", 0), getattr(row, "sentence", str(row))))
            continue
        try:
            found = check(*row)
        except ValueError as error:
            report.errors.append((row[0], str(error)))
            continue
        twin = sound.get(found.key)
        if twin is not None and twin.measure != found.measure:
            said = _("Row %(n)s says something else of the same indicator, subject and period.", n=twin.line)
            report.errors.append((found.line, said))
        else:
            sound.setdefault(found.key, found)
    return list(sound.values())


class _Check:
    """One row after another, with everything looked up once."""

    def __init__(self) -> None:
        self.indicators = {row.code: row for row in session.scalars(queries.indicators())}
        self.subjects = Directory()
        self.closed = queries.closed_periods()
        self.now, self.zone = clock.now(), choose_zone()
        self.periods: dict[str, Period] = {}

    def __call__(self, line: int, row: Mapping[str, Any]) -> _Row:
        """The checked row; ValueError says what is wrong with it."""
        values = {name: str(row.get(name) if row.get(name) is not None else "").strip() for name in COLUMNS}
        empty = [name for name in COLUMNS if not values[name]]
        if empty:
            raise ValueError(_("%(column)s is missing.", column=empty[0]))
        indicator = self.indicators.get(values["indicator"])
        if indicator is None:
            raise ValueError(_("There is no indicator %(code)s.", code=values["indicator"]))
        if indicator.origin is Origin.COMPUTED:
            raise ValueError(_("%(code)s is counted by the product and cannot be imported.", code=indicator.code))
        subject = self.subjects.find(values["subject"])
        if subject is None:
            raise ValueError(_("There is no team or person %(name)s.", name=values["subject"]))
        return _Row(
            line,
            indicator,
            subject,
            self._period(values["period"]),
            Measure(amount(values["numerator"]), amount(values["denominator"])),
        )

    def _period(self, text: str) -> str:
        try:
            period = self.periods.setdefault(text, parse(text))
        except Invalid as error:
            raise ValueError(error.sentence) from None
        if not period.has_begun(self.now, self.zone):
            raise ValueError(_("%(period)s has not begun yet.", period=text))
        if any(str(one) in self.closed for one in containing(period)):
            raise ValueError(_("%(period)s is closed and takes no more readings.", period=text))
        return str(period)


def _known(rows: Sequence[_Row]) -> dict[tuple[int, SubjectKind, int, str], tuple[int, Measure]]:
    """The newest number and figures of every reading the rows may touch."""
    periods = sorted({row.period for row in rows})
    ids = sorted({row.indicator.id for row in rows})
    found = session.execute(
        sa.select(
            KpiReading.indicator_id,
            KpiReading.subject_kind,
            KpiReading.subject_id,
            KpiReading.period,
            KpiReading.number,
            KpiReading.numerator,
            KpiReading.denominator,
        )
        .where(KpiReading.period.in_(periods), KpiReading.indicator_id.in_(ids))
        .order_by(KpiReading.number)
    )
    return {(i, kind, s, period): (number, Measure(n, d)) for i, kind, s, period, number, n, d in found}


def _reading(row: _Row, number: int, actor: Actor | None, source: str) -> KpiReading:
    return KpiReading(
        indicator_id=row.indicator.id,
        subject_kind=row.subject.kind,
        subject_id=row.subject.id,
        period=row.period,
        number=number,
        numerator=row.measure.numerator,
        denominator=row.measure.denominator,
        source=source[:200],
        by_id=actor.id if actor else None,
        at=clock.now(),
    )


def close(actor: Actor | None, period: Period) -> int:
    """Freeze the cards of a period: (how many). From now on it takes no readings, and acts of it enter the open one.

    Raises:
        Conflict: it is not over yet, or it is closed already.
    """
    if actor is not None:
        require(actor, P.CLOSE)
    _one_at_a_time()
    if queries.closed_itself(period) is not None:
        raise Conflict(_("%(period)s is closed already.", period=str(period)), code="closed")
    if not period.is_over(clock.now(), choose_zone()):
        raise Conflict(_("%(period)s is not over yet.", period=str(period)), code="not-over")
    now = clock.now()
    made = cards(everybody(), period)
    session.add(ClosedPeriod(period=str(period), closed_at=now, closed_by_id=actor.id if actor else None))
    session.add_all(
        CardSnapshot(
            period=str(period),
            subject_kind=kind,
            subject_id=subject_id,
            total=None if document["total"] is None else Decimal(document["total"]),
            document={**document, "state": "closed"},
            at=now,
        )
        for (kind, subject_id), document in made.items()
    )
    session.flush()
    audit.record(actor, "close_period", subject_kind="kpi", subject_id=0, note=str(period))
    emit(PeriodClosed(str(period), len(made), actor.id if actor else None, now))
    return len(made)
