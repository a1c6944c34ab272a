"""Readings come in: rows are checked, the sound ones taken, the others named; nothing is ever overwritten."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from accounts.models import Team, User
from core import audit, clock
from core.actors import Actor
from core.db import session
from core.errors import Invalid
from core.events import emit
from core.i18n import _, choose_zone, local
from core.permissions import require
from wiki.exchange.columns import folded
from wiki.kpi import queries
from wiki.kpi.catalogue import CATALOGUE
from wiki.kpi.events import ReadingsImported
from wiki.kpi.models import Indicator, KpiReading, SubjectKind
from wiki.kpi.ops import one_at_a_time
from wiki.kpi.periods import containing, is_day, of_reading, written
from wiki.kpi.permissions import P
from wiki.kpi.rules import Measure, Unit, amount, is_percent
from wiki.kpi.subjects import Directory, Subject

COLUMNS = ("indicator", "subject", "period", "numerator", "denominator")
NEEDED = ("indicator", "subject", "period")


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
    why: str = "",
    import_id: int | None = None,
) -> Report:
    """Take in the rows that are sound and name the others; what is in force already changes nothing.

    ``rows`` are (row number, {indicator, subject, period, numerator, denominator}); instead of the last two a ``value``
    may stand. An exception stands for a row that could not be read and carries its ``line``. ``actor`` is ``None`` for
    a command; ``why`` goes with every entry.
    """
    if actor is not None:
        require(actor, P.BRING_READINGS)
    if not dry_run:
        one_at_a_time()
    report = Report()
    sound = _checked(rows, report)
    known = _known(sound)
    new: list[dict[str, Any]] = []
    for row in sound:
        number, before = known.get(row.key, (0, None))
        if before == row.measure:
            report.unchanged += 1
            continue
        report.corrected, report.added = report.corrected + (number > 0), report.added + (number == 0)
        if not dry_run:
            new.append(_reading(row, number + 1, actor, source, why, import_id))
    if not dry_run and (report.added or report.corrected):
        session.execute(sa.insert(KpiReading), new)
        about = {"source": source, "added": report.added, "corrected": report.corrected, "refused": len(report.errors)}
        audit.record(actor, "import_readings", subject_kind="kpi", subject_id=0, details=about)
        emit(ReadingsImported(report.added, report.corrected, actor.id if actor else None, clock.now()))
    return report


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
        elif twin is not None:
            report.unchanged += 1
        else:
            sound[found.key] = found
    return list(sound.values())


class _Check:
    """One row after another, with everything looked up once."""

    def __init__(self) -> None:
        rows = list(session.scalars(queries.indicators()))
        named = {folded(name): row for row in rows for name in (row.name, _catalogue_name(row.code)) if name}
        self.indicators = {**named, **{row.code: row for row in rows}}
        self.subjects = Directory()
        self.closed = queries.closed_periods()
        self.now, self.zone = clock.now(), choose_zone()
        self.today = f"{local(self.now):%Y-%m-%d}"
        self.periods: dict[str, str] = {}

    def __call__(self, line: int, row: Mapping[str, Any]) -> _Row:
        """The checked row; ValueError says what is wrong with it."""
        values = {name: str(cell if cell is not None else "").strip() for name, cell in row.items()}
        missing = [name for name in NEEDED if not values.get(name)]
        if missing:
            raise ValueError(_("%(column)s is missing.", column=missing[0]))
        indicator = self.indicators.get(values["indicator"]) or self.indicators.get(folded(values["indicator"]))
        if indicator is None:
            raise ValueError(_("There is no indicator %(code)s.", code=values["indicator"][:64]))
        if indicator.origin.is_computed:
            raise ValueError(_("%(code)s is counted by the product and cannot be imported.", code=indicator.code))
        if indicator.retired_at is not None:
            raise ValueError(_("%(code)s is out of use and takes no more readings.", code=indicator.code))
        subject = self.subjects.find(values["subject"])
        if subject is None:
            raise ValueError(_("There is no team or person %(name)s.", name=values["subject"][:80]))
        text = values["period"]
        if text not in self.periods:
            self.periods[text] = self._period(text)
        return _Row(line, indicator, subject, self.periods[text], measure_of(values, indicator.unit))

    def _period(self, text: str) -> str:
        try:
            found = written(text)
            period = of_reading(found)
        except Invalid as error:
            raise ValueError(error.sentence) from None
        late = found > self.today if is_day(found) else not period.has_begun(self.now, self.zone)
        if late:
            raise ValueError(_("%(period)s has not begun yet.", period=text))
        if any(str(one) in self.closed for one in containing(period)):
            raise ValueError(_("%(period)s is closed and takes no more readings.", period=text))
        return found


def _catalogue_name(code: str) -> str:
    return str(CATALOGUE[code].name) if code in CATALOGUE else ""


def measure_of(values: Mapping[str, str], unit: Unit) -> Measure:
    """Numerator and denominator of a row; a lone value is over 100 where the unit is percent, else over 1.

    Raises:
        ValueError: it says what is missing or wrong.
    """
    numerator, denominator, value = (values.get(name, "") for name in ("numerator", "denominator", "value"))
    if not value and is_percent(numerator) and not denominator:
        numerator, value = "", numerator
    if value and not numerator and not denominator:
        found = amount(value)
        if unit is not Unit.PERCENT:
            if is_percent(value):
                raise ValueError(_("«%(text)s» is a percentage, and this indicator is not.", text=value[:40]))
            return Measure(found, Decimal(1))
        return Measure(found.scaleb(2) if is_percent(value) else found, Decimal(100))
    for name, cell in (("numerator", numerator), ("denominator", denominator)):
        if not cell:
            raise ValueError(_("%(column)s is missing.", column=name))
    if is_percent(numerator) or is_percent(denominator):
        raise ValueError(_("A percentage has no denominator; leave it empty, or give both as numbers."))
    return Measure(amount(numerator), amount(denominator))


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


def _reading(
    row: _Row, number: int, actor: Actor | None, source: str, why: str, import_id: int | None
) -> dict[str, Any]:
    return {
        "indicator_id": row.indicator.id,
        "subject_kind": row.subject.kind,
        "subject_id": row.subject.id,
        "period": row.period,
        "number": number,
        "numerator": row.measure.numerator,
        "denominator": row.measure.denominator,
        "source": source[:200],
        "why": why[:300],
        "import_id": import_id,
        "by_id": actor.id if actor else None,
        "at": clock.now(),
    }


def correct(actor: Actor, reading: KpiReading, *, numerator: str, denominator: str, why: str) -> KpiReading:
    """A reading gets another figure as a new entry; the old one stays, with who changed it and why.

    Raises:
        Forbidden. Invalid: no figure, no reason, the period is closed, or nothing would change.
    """
    require(actor, P.BRING_READINGS)
    if not why.strip():
        raise Invalid({"why": _("Please say why; it stands beside the figure.")})
    address = {SubjectKind.CENTRE: "centre"}.get(reading.subject_kind) or _address(reading)
    row = {
        "indicator": reading.indicator.code,
        "subject": address,
        "period": reading.period,
        "numerator": numerator,
        "denominator": denominator,
    }
    report = import_readings(actor, [(1, row)], source=_("by hand"), why=why.strip())
    if report.errors:
        raise Invalid({"numerator": report.errors[0][1]})
    if not report.corrected:
        raise Invalid({"numerator": _("That is the figure already in force.")})
    return session.scalars(sa.select(KpiReading).order_by(KpiReading.id.desc()).limit(1)).one()


def _address(reading: KpiReading) -> str:
    if reading.subject_kind is SubjectKind.TEAM:
        return f"team:{session.scalar(sa.select(Team.slug).where(Team.id == reading.subject_id))}"
    return f"person:{session.scalar(sa.select(User.username).where(User.id == reading.subject_id))}"
