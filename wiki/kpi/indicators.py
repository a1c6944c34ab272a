"""The catalogue as a manager keeps it: indicators are added, their words and targets changed, and taken out of use."""

import re
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from accounts.models import User
from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _
from core.permissions import require
from core.texts import one_line
from wiki.kpi import queries
from wiki.kpi.models import CardLine, CardPerspective, CardTemplate, Indicator, IndicatorTarget, SubjectKind
from wiki.kpi.periods import Span
from wiki.kpi.permissions import P
from wiki.kpi.rules import Direction, Origin, Unit, amount

CODE = re.compile(r"[a-z][a-z0-9_]{1,62}")
SHAPES = ("unit", "direction")  # of an indicator that has readings they stay


def find(code: str) -> Indicator:
    """The indicator of a code.

    Raises:
        NotFound.
    """
    found = queries.indicator(code)
    if found is None:
        raise NotFound(_("There is no indicator %(code)s.", code=code))
    return found


def save(actor: Actor, code: str, words: dict[str, str], *, new: bool = False) -> Indicator:
    """Add an imported indicator, or change the words, period and owner of one. Empty words are the product's own.

    ``words``: name, about, numerator, denominator, unit, direction, span, owner (a username).

    Raises:
        Forbidden. Invalid: field by field.
    """
    require(actor, P.CHANGE_CARDS)
    errors: dict[str, str] = {}
    row = None if new else lock(Indicator, find(code).id)
    if new:
        code = code.strip().lower()
        if not CODE.fullmatch(code):
            errors["code"] = _("Two to 63 small letters, digits and _; a letter first.")
        elif queries.indicator(code) is not None:
            errors["code"] = _("There is an indicator of this code already.")
        if not words.get("name", "").strip():
            errors["name"] = _("Give it a name.")
        for field in ("numerator", "denominator"):
            if not words.get(field, "").strip():
                errors[field] = _("Say in words what is counted here.")
    owner_id = _owner(words.get("owner", ""), errors)
    unit, direction, span = (
        _choice(kind, words.get(field, ""), field, errors)
        for field, kind in (("unit", Unit), ("direction", Direction), ("span", Span))
    )
    if errors:
        raise Invalid(errors)
    if row is None:
        row = Indicator(code=code, origin=Origin.IMPORTED, unit=unit, direction=direction, span=span)
        session.add(row)
    elif (row.unit, row.direction) != (unit, direction):
        _may_change_shape(row)
    row.unit, row.direction, row.span, row.owner_id = Unit(unit), Direction(direction), Span(span), owner_id
    row.name, row.about = one_line(words.get("name", ""))[:120], words.get("about", "").strip()[:2000]
    row.numerator, row.denominator = (one_line(words.get(one, ""))[:200] for one in ("numerator", "denominator"))
    session.flush()
    audit.record(actor, "save_indicator", subject_kind="indicator", subject_id=row.id, note=row.code)
    return row


def _owner(username: str, errors: dict[str, str]) -> int | None:
    if not username.strip():
        return None
    found = session.scalar(sa.select(User.id).where(User.username == username.strip().lower(), User.active))
    if found is None:
        errors["owner"] = _("There is nobody called %(name)s.", name=username)
    return found


def _choice(kind: type[Unit] | type[Direction] | type[Span], text: str, field: str, errors: dict[str, str]) -> str:
    if text not in set(kind):
        errors[field] = _("Choose one.")
    return text


def _may_change_shape(row: Indicator) -> None:
    """Unit and direction of what was measured already stay: old figures would mean something else.

    Raises:
        Invalid.
    """
    if row.origin.is_computed or queries.has_readings(row.id):
        raise Invalid({"unit": _("It has figures already; unit and direction stay. Add another indicator instead.")})


def set_target(
    actor: Actor, row: Indicator, text: str, since: date, *, kind: str = "", why: str = ""
) -> IndicatorTarget:  # fmt: skip
    """From a day on the indicator shall reach this, on all cards or those of one kind; earlier periods keep theirs.

    Raises:
        Forbidden. Invalid: it is no target, the kind is unknown, or the day lies in a closed month.
    """
    require(actor, P.CHANGE_CARDS)
    errors: dict[str, str] = {}
    target = Decimal(0)
    try:
        target = amount(text.strip().removesuffix("%").removesuffix("％"))
    except ValueError as error:
        errors["target"] = str(error)
    if not errors and target <= 0:
        errors["target"] = _("A target is above 0.")
    if kind and kind not in set(SubjectKind):
        errors["kind"] = _("Choose one.")
    if queries.is_closed(f"{since:%Y-%m}"):
        errors["since"] = _("That month is closed; rules are never dated into a closed month.")
    if row.direction is Direction.NONE:
        errors["target"] = _("What is only watched has no target.")
    if errors:
        raise Invalid(errors)
    made = IndicatorTarget(
        indicator_id=row.id,
        subject_kind=kind,
        valid_from=since,
        target=target,
        why=one_line(why)[:300],
        by_id=actor.id,
        at=clock.now(),
    )
    session.add(made)
    session.flush()
    about = {"code": row.code, "target": str(target), "since": f"{since:%Y-%m-%d}", "kind": kind}
    audit.record(actor, "set_target", subject_kind="indicator", subject_id=row.id, note=made.why, details=about)
    return made


def retire(actor: Actor, row: Indicator, *, back: bool = False) -> None:
    """Out of use: it takes no more readings and no new template; what was measured stays. ``back``: in use again.

    Raises:
        Forbidden. Conflict: it stands on a card that is in force or planned.
    """
    require(actor, P.CHANGE_CARDS)
    if not back and (cards := cards_with(row)):
        raise Conflict(
            _("It stands on a card in force (%(cards)s); make a template without it first.", cards=", ".join(cards)),
            code="in-use",
        )
    row.retired_at = None if back else clock.now()
    session.flush()
    audit.record(
        actor, "restore_indicator" if back else "retire_indicator", subject_kind="indicator", subject_id=row.id,
        note=row.code,
    )  # fmt: skip


def cards_with(row: Indicator) -> list[str]:
    """The kinds of card on which it stands, today or later."""
    today = clock.now().date()
    found = []
    for kind in SubjectKind:
        now = queries.template_on(kind, today)
        since = now.valid_from if now else date.min
        on = (
            sa.select(CardLine.id)
            .join(CardPerspective, CardPerspective.id == CardLine.perspective_id)
            .join(CardTemplate, CardTemplate.id == CardPerspective.template_id)
            .where(CardTemplate.subject_kind == kind, CardTemplate.valid_from >= since, CardLine.indicator_id == row.id)
        )
        if session.scalar(on.limit(1)) is not None:
            found.append(kind.value)
    return found
