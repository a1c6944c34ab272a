"""Who changed what on a card: readings, targets and templates, closing, appeals and their answers – in one list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core.actors import Actor
from core.db import session
from core.i18n import _
from wiki.kpi import appeals, queries, showing
from wiki.kpi.cards import Document, plain
from wiki.kpi.dealing_models import Outcome
from wiki.kpi.models import ClosedPeriod, Indicator, IndicatorTarget, KpiReading
from wiki.kpi.periods import Period, Span, window
from wiki.kpi.subjects import Subject


@dataclass(frozen=True, slots=True)
class Change:
    """One change: when, by whom (empty: a command), what in words, and why."""

    at: datetime
    who: str
    what: str
    why: str = ""


def of_card(who: Actor, subject: Subject, period: Period, card: Document) -> list[Change]:
    """Every change that bears on a card, the newest first; what an appeal and its answer say, for who may read them."""
    found = [*_readings(subject, period, card), *_targets(subject, period, card), *_template(subject, period)]
    found += [*_closing(period), *_appeals(who, subject, period)]
    return sorted(found, key=lambda change: change.at, reverse=True)


def _readings(subject: Subject, period: Period, card: Document) -> Iterator[Change]:
    codes = {code: line for code, line in showing.lines(card).items() if line["source"] == "imported"}
    months = sorted({month for line in codes.values() for month in window(period, _span(line))[0].months})
    if not codes:
        return
    rows = session.scalars(
        sa.select(KpiReading)
        .join(Indicator, Indicator.id == KpiReading.indicator_id)
        .where(
            KpiReading.subject_kind == subject.kind,
            KpiReading.subject_id == subject.id,
            KpiReading.period.between(months[0], months[-1][:4] + "-R"),
            Indicator.code.in_(codes),
        )
        .options(joinedload(KpiReading.by))
        .order_by(KpiReading.id.desc())
        .limit(300)
    )
    for row in rows:
        line = codes[row.indicator.code]
        if window(period, _span(line))[0].months[0] > row.period[:7] and not row.period[5:6].isalpha():
            continue  # of a month before the indicator's own period
        name = showing.indicator_name(row.indicator.code, row.indicator.name)
        figures = f"{plain(row.numerator)} / {plain(row.denominator)}"
        about = {"name": name, "period": row.period, "figures": figures}
        said = _("%(name)s, %(period)s: %(figures)s", **about)
        if row.number > 1:
            said = _("%(name)s, %(period)s corrected to %(figures)s", **about)
        yield Change(row.at, row.by.name if row.by else "", said, row.why)


def _span(line: Document) -> Span:
    return Span(line["span"])


def _targets(subject: Subject, period: Period, card: Document) -> Iterator[Change]:
    codes = list(showing.lines(card))
    rows = session.execute(
        sa.select(IndicatorTarget, Indicator)
        .join(Indicator, Indicator.id == IndicatorTarget.indicator_id)
        .where(
            Indicator.code.in_(codes),
            IndicatorTarget.valid_from < period.day_after,
            IndicatorTarget.subject_kind.in_(("", subject.kind.value)),
        )
        .options(joinedload(IndicatorTarget.by))
    )
    for row, indicator in rows:
        about = {
            "name": showing.indicator_name(indicator.code, indicator.name),
            "target": plain(row.target),
            "day": row.valid_from.isoformat(),
        }
        yield Change(
            row.at, row.by.name if row.by else "", _("%(name)s: target %(target)s from %(day)s on", **about), row.why
        )


def _template(subject: Subject, period: Period) -> Iterator[Change]:
    row = queries.template(subject.kind, period)
    if row is not None:
        said = _("weights of the template from %(day)s on", day=row.valid_from.isoformat())
        yield Change(row.created_at, row.created_by.name if row.created_by else "", said)


def _closing(period: Period) -> Iterator[Change]:
    closed = queries.closed_itself(period)
    if closed is not None:
        row = session.scalar(
            sa.select(ClosedPeriod).where(ClosedPeriod.id == closed.id).options(joinedload(ClosedPeriod.closed_by))
        )
        who = row.closed_by.name if row and row.closed_by else ""
        yield Change(closed.closed_at, who, _("%(period)s was closed", period=showing.period_name(period)))


def _appeals(who: Actor, subject: Subject, period: Period) -> Iterator[Change]:
    words = {
        Outcome.UPHELD: _("the appeal about %(name)s was upheld"),
        Outcome.DECLINED: _("the appeal about %(name)s was declined"),
        Outcome.WITHDRAWN: _("the appeal about %(name)s was taken back"),
    }
    for row in session.scalars(appeals.of_card(subject.key, str(period))).unique():
        name, seen = showing.indicator_name(row.code), appeals.may_see(who, row.id)
        yield Change(row.raised_at, row.raised_by.name, _("appeal about %(name)s", name=name), row.text if seen else "")
        if row.answer is not None:
            said = row.answer.text if seen else ""
            yield Change(row.answer.at, row.answer.by.name, words[row.answer.outcome] % {"name": name}, said)
