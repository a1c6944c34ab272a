"""Rules change by new rows with dates; what was earned under a rule stays as it was earned.

A rule never begins on a day on which something of its type has already been recorded: what people saw that they had
earned does not change behind their backs, and the ledger stays what acts and rules say.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid
from core.i18n import _, choose_zone
from core.permissions import require
from wiki.scoring import registry
from wiki.scoring.models import LedgerEntry, ScoringAct, ScoringRule
from wiki.scoring.permissions import P
from wiki.scoring.rules import CENT, Unit

MOST = Decimal("10000")
KEPT = "scoring_rule"  # the trail's word


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule pays. Caps are of one person: in a day, and in a month of the ledger; none: no limit."""

    points: Decimal
    quality: bool = False
    split: bool = False
    cap_per_day: Decimal | None = None
    cap_per_month: Decimal | None = None

    def told(self) -> dict[str, str | bool | None]:
        """As the trail keeps it."""
        return {
            "points": f"{self.points:.2f}",
            "quality": self.quality,
            "split": self.split,
            "cap_per_day": None if self.cap_per_day is None else f"{self.cap_per_day:.2f}",
            "cap_per_month": None if self.cap_per_month is None else f"{self.cap_per_month:.2f}",
        }


def terms_of(rule: ScoringRule) -> Terms:
    """What a rule pays, as it stands."""
    return Terms(rule.points, rule.quality, rule.split, rule.cap_per_day, rule.cap_per_month)


def amount(text: str, name: str, *, needed: bool = True) -> Decimal | None:
    """Points as typed, in hundredths.

    Raises:
        Invalid: it is no such number.
    """
    text = text.strip().replace("，", ".").replace(",", ".")
    if not text and not needed:
        return None
    try:
        found = Decimal(text)
        if not found.is_finite() or not 0 <= found <= MOST or found != found.quantize(CENT):
            raise InvalidOperation
    except InvalidOperation:
        raise Invalid({name: _("Write a number from 0 to 10000 with two decimals at most.")}) from None
    return found.quantize(CENT)


def versions(code: str) -> list[ScoringRule]:
    """Every version of a rule, the oldest first."""
    return list(
        session.scalars(sa.select(ScoringRule).where(ScoringRule.code == code).order_by(ScoringRule.valid_from))
    )


def change_rule(code: str, terms: Terms, *, since: date, actor: Actor | None = None, reason: str = "") -> ScoringRule:
    """From ``since`` on the rule pays by these terms; what was earned before stays.

    Raises:
        Forbidden. Invalid: there is no such rule, it has a later change already, or it may not begin on this day.
    """
    if actor is not None:
        require(actor, P.SET_RULES)
    rows = versions(code)
    if not rows:
        raise Invalid({"code": _("There is no rule %(code)s.", code=code)})
    old = rows[-1]
    if since <= old.valid_from:
        raise Invalid({"since": _("This rule was changed on a later day already.")})
    _may_begin(old.event, old.variant, since)
    if old.valid_to is None or old.valid_to >= since:
        old.valid_to = since - timedelta(days=1)
    made = _made(old.code, old.event, old.variant, old.unit, terms, since)
    _remember(actor, "change_rule", made, reason, before=terms_of(old))
    return made


def add_rule(
    actor: Actor, event: str, variant: str, terms: Terms, *, since: date, unit: Unit = Unit.POINTS, reason: str = ""
) -> ScoringRule:
    """A type of act that had no rule of its own – or one kind of it – earns by these terms from ``since`` on.

    Raises:
        Forbidden. Invalid: nobody knows this type, it has a rule, or it may not begin on this day.
    """
    require(actor, P.SET_RULES)
    variant = variant.strip()[:64]
    if event not in registry.sources():
        raise Invalid({"event": _("There is no type of act of this name.")})
    same = sa.select(ScoringRule.id).where(ScoringRule.event == event, ScoringRule.variant == variant)
    if session.scalar(same.limit(1)) is not None:
        raise Invalid({"variant": _("There is a rule for this already; change that one.")})
    _may_begin(event, variant, since)
    code = f"{event}.{variant}" if variant else event
    made = _made(code[:64], event, variant, unit, terms, since)
    _remember(actor, "add_rule", made, reason)
    return made


def end_rule(code: str, *, last: date, actor: Actor, reason: str = "") -> ScoringRule:
    """After ``last`` nothing is earned by the rule any more.

    Raises:
        Forbidden. Invalid: it has ended, a change of it is to come, or something was earned after that day.
    """
    require(actor, P.SET_RULES)
    rows = versions(code)
    old = rows[-1] if rows else None
    if old is None:
        raise Invalid({"code": _("There is no rule %(code)s.", code=code)})
    if old.valid_to is not None and old.valid_to < last:
        raise Invalid({"last": _("This rule has ended already.")})
    if last < old.valid_from:
        raise Invalid({"last": _("A change of this rule begins later; call that off first.")})
    _may_begin(old.event, old.variant, last + timedelta(days=1))
    old.valid_to = last
    session.flush()
    _remember(actor, "end_rule", old, reason)
    return old


def call_off(rule: ScoringRule, actor: Actor, *, reason: str = "") -> None:
    """A rule that has not begun never will; the one before it goes on.

    Raises:
        Forbidden. Conflict: it has begun, or something was earned by it.
    """
    require(actor, P.SET_RULES)
    lock(ScoringRule, rule.id)
    used = session.scalar(sa.select(LedgerEntry.id).where(LedgerEntry.rule_id == rule.id).limit(1))
    if rule.valid_from <= clock.today(choose_zone()) or used is not None:
        raise Conflict(_("This rule is in force already. Change it, or end it."), code="in-force")
    rows = versions(rule.code)
    before = rows[rows.index(rule) - 1] if rows.index(rule) else None
    _remember(actor, "call_off_rule", rule, reason)
    eve = rule.valid_from - timedelta(days=1)
    session.delete(rule)
    if before is not None and before.valid_to == eve:
        before.valid_to = None
    session.flush()


def told(code: str) -> list[audit.TrailEntry]:
    """Who changed what about a rule, the newest first."""
    rows = versions(code)
    return list(session.scalars(audit.trail(KEPT, rows[0].id)))[::-1] if rows else []


def _made(code: str, event: str, variant: str, unit: Unit, terms: Terms, since: date) -> ScoringRule:
    if terms.points < 0:
        raise Invalid({"points": _("Write a number from 0 to 10000 with two decimals at most.")})
    made = ScoringRule(
        code=code,
        event=event,
        variant=variant,
        points=terms.points,
        unit=unit,
        quality=terms.quality,
        split=terms.split,
        cap_per_day=terms.cap_per_day,
        cap_per_month=terms.cap_per_month,
        valid_from=since,
    )
    session.add(made)
    session.flush()
    return made


def _may_begin(event: str, variant: str, since: date) -> None:
    """Raise when the ledger of that day is settled: its month is closed, or something was recorded already."""
    if registry.is_closed(f"{since:%Y-%m}"):
        raise Invalid({"since": _("That month is closed; rules are never dated into a closed month.")})
    recorded = sa.select(sa.func.max(ScoringAct.day)).where(ScoringAct.event == event, ScoringAct.undoes.is_(None))
    last = session.scalar(recorded.where(ScoringAct.variant == variant) if variant else recorded)
    if last is not None and last >= since:
        raise Invalid(
            {"since": _("By %(day)s points were earned already, and they stay as they are. Choose %(next)s or later.",
                        day=str(last), next=str(last + timedelta(days=1)))}
        )  # fmt: skip


def _remember(
    actor: Actor | None, verb: str, rule: ScoringRule, reason: str, before: Terms | None = None
) -> None:
    audit.record(
        actor,
        verb,
        subject_kind=KEPT,
        subject_id=versions(rule.code)[0].id,
        note=reason.strip()[:500],
        details={
            "code": rule.code,
            "since": str(rule.valid_from),
            "until": str(rule.valid_to) if rule.valid_to else None,
            "terms": terms_of(rule).told(),
            **({"before": before.told()} if before is not None else {}),
        },
    )
