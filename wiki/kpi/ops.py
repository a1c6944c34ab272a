"""Writes of figures: defaults, templates, closing of periods. Readings are brought in by ``wiki.kpi.bringing``."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

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
from wiki.kpi.catalogue import DEFAULT_CARDS, PERSPECTIVES, SPECS, Card, Line
from wiki.kpi.events import PeriodClosed
from wiki.kpi.models import (
    CardLine,
    CardPerspective,
    CardSnapshot,
    CardTemplate,
    ClosedPeriod,
    Indicator,
    SubjectKind,
)
from wiki.kpi.periods import Period
from wiki.kpi.permissions import P
from wiki.kpi.rules import CAP, FLOOR, Direction, check_weights
from wiki.kpi.subjects import everybody

DEFAULTS_SINCE = date(2000, 1, 1)
LARGEST_SCORE = Decimal(1000)
LOCK = 0x4B50_49  # 'KPI': one import, closing or answer at a time on PostgreSQL


def ensure_defaults() -> None:
    """Every indicator of the product and a template for each kind of subject exist; nothing is overwritten."""
    known = set(session.scalars(sa.select(Indicator.code)))
    session.add_all(
        Indicator(code=s.code, name="", unit=s.unit, direction=s.direction, origin=s.origin, span=s.span)
        for s in SPECS
        if s.code not in known
    )
    session.flush()
    have = set(session.scalars(sa.select(CardTemplate.subject_kind)))
    for kind, shape in DEFAULT_CARDS.items():
        if SubjectKind(kind) not in have:
            make_template(None, SubjectKind(kind), DEFAULTS_SINCE, shape)


def make_template(
    actor: Actor | None,
    kind: SubjectKind,
    valid_from: date,
    shape: Card,
    *,
    floor: Decimal = FLOOR,
    cap: Decimal = CAP,
) -> CardTemplate:
    """From a day on, cards of this kind of subject look like this; scores end at ``floor`` and ``cap``.

    Raises:
        Forbidden. Invalid: weights do not sum to 100, an indicator cannot be used, another template begins on that day,
            or the day lies in a closed period.
    """
    if actor is not None:
        require(actor, P.CHANGE_CARDS)
    _check_shape(shape)
    if not 0 <= floor < cap <= LARGEST_SCORE:
        raise Invalid({"cap": _("The floor is at least 0 and lies below the cap, which is at most 1,000.")})
    if valid_from != DEFAULTS_SINCE:
        _check_day(kind, valid_from)
    ids = {row.code: row.id for row in session.scalars(queries.indicators())}
    template = CardTemplate(
        subject_kind=kind,
        valid_from=valid_from,
        floor=floor,
        cap=cap,
        created_at=clock.now(),
        created_by_id=actor.id if actor else None,
        perspectives=[
            CardPerspective(key=key, weight=Decimal(weight), position=position, lines=_lines(lines, ids))
            for position, (key, weight, lines) in enumerate(shape)
        ],
    )
    session.add(template)
    session.flush()
    if actor is not None:
        about = {"kind": kind.value, "valid_from": f"{valid_from:%Y-%m-%d}"}
        audit.record(actor, "make_template", subject_kind="card_template", subject_id=template.id, details=about)
    return template


def _check_day(kind: SubjectKind, valid_from: date) -> None:
    if queries.is_closed(f"{valid_from:%Y-%m}"):
        raise Invalid({"valid_from": _("That month is closed; rules are never dated into a closed month.")})
    twin = sa.select(CardTemplate.id).where(CardTemplate.subject_kind == kind, CardTemplate.valid_from == valid_from)
    if session.scalar(twin) is not None:
        raise Invalid(
            {"valid_from": _("A template begins on that day already. Choose a later day; the newest counts.")}
        )


def _check_shape(shape: Card) -> None:
    """Weights sum to 100, of the perspectives and within each; every indicator can be scored and stands once."""
    check_weights(_("the perspectives"), [Decimal(weight) for _key, weight, _lines in shape])
    usable = {row.code: row for row in session.scalars(queries.indicators())}
    seen: set[str] = set()
    for key, _weight, lines in shape:
        name = str(PERSPECTIVES.get(key, key))
        check_weights(name, [Decimal(line[1]) for line in lines])
        for code, _share, target, _span in lines:
            found = usable.get(code)
            if found is None or found.retired_at is not None:
                raise Invalid({"indicator": _("There is no indicator %(code)s.", code=code)})
            if found.direction is Direction.NONE:
                raise Invalid({"indicator": _("%(code)s is only watched and has no score.", code=code)})
            if code in seen:
                raise Invalid({"indicator": _("%(code)s stands on the card twice.", code=code)})
            if Decimal(target) <= 0:
                raise Invalid({"target": _("The target of %(code)s must be above 0.", code=code)})
            seen.add(code)
    keys = [key for key, _weight, _lines in shape]
    if len(set(keys)) < len(keys):
        raise Invalid({"perspective": _("Two perspectives have the same name.")})


def _lines(lines: Sequence[Line], ids: Mapping[str, int]) -> list[CardLine]:
    return [
        CardLine(
            indicator_id=ids[code], weight=Decimal(share), target=Decimal(target), span=span, position=position
        )
        for position, (code, share, target, span) in enumerate(lines)
    ]  # fmt: skip


def one_at_a_time() -> None:
    """Whoever else closes a period or brings readings in waits until this transaction is over."""
    if not database().sqlite:  # SQLite has one writer anyway
        session.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def close(actor: Actor | None, period: Period) -> int:
    """Freeze the cards of a period: (how many). From now on it takes no readings, and acts of it enter the open one.

    Raises:
        Conflict: it is not over yet, or it is closed already.
    """
    if actor is not None:
        require(actor, P.CLOSE)
    one_at_a_time()
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
