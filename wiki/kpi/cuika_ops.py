"""Writes of the CUIKA board: an action on a miss, what came of it, reminders; and sweeping what is old."""

from datetime import date, timedelta

import sqlalchemy as sa
from flask import current_app

from accounts.models import User
from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import session
from core.errors import Conflict, Invalid, NotFound
from core.events import emit
from core.i18n import _, choose_zone
from core.permissions import require
from wiki.kpi import queries
from wiki.kpi.cuika import Aim, aims
from wiki.kpi.cuika_events import ActionClosed, ActionDue, ActionMade
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.cuika_permissions import P
from wiki.kpi.cuika_queries import Key
from wiki.kpi.cuika_rules import SCALE, ActionState, Figure, due_periods, may_go, missed, value_of
from wiki.kpi.figures import measures
from wiki.kpi.models import Indicator, KpiReading
from wiki.kpi.periods import Period, of_moment, parse
from wiki.kpi.subjects import Subject

SOON = timedelta(days=3)  # this long before its day an open action is called to mind
LONGEST = timedelta(days=366)


def aim_of(indicator: Indicator, subject: Subject, period: Period) -> Aim | None:
    """What an indicator of a subject was to reach in a period, where it stood on the card."""
    return aims(period).get(indicator.id, {}).get(subject.kind)


def judged(month: Period, aim: Aim) -> Period:
    """The period of which a figure is judged in a month: the newest that is over."""
    return due_periods(month, aim.span)[-1]


def figure(indicator: Indicator, key: Key, period: Period) -> Figure | None:
    """The figure of a subject and a whole period, as it stands now."""
    found = measures(indicator, [Subject(*key)], [period])[key].get(str(period))
    return (int(found.numerator * SCALE), int(found.denominator * SCALE)) if found is not None else None


def make_action(
    actor: Actor, indicator: Indicator, subject: Subject, period: Period, *, what: str, owner: User | None, due_on: date
) -> KpiAction:
    """Somebody does something about this miss until a day; they are told.

    Raises:
        Invalid: nothing is to be done, nobody is to do it, or the day does not fit. Conflict: the target was reached.
    """
    require(actor, P.MAKE_ACTION)
    what = " ".join(what.split())
    today = clock.today(choose_zone())
    errors = {}
    if not what:
        errors["what"] = _("Say in one sentence what is to be done.")
    elif len(what) > 500:
        errors["what"] = _("At most 500 characters, please.")
    if owner is None or not owner.active:
        errors["owner"] = _("Choose who does it.")
    if not today <= due_on <= today + LONGEST:
        errors["due_on"] = _("Choose a day from today on, within a year.")
    if errors:
        raise Invalid(errors)
    assert owner is not None
    aim = aim_of(indicator, subject, period)
    value = value_of(figure(indicator, subject.key, period), indicator.unit)
    if aim is None or not missed(value, aim.target, indicator.direction):
        raise Conflict(_("This figure did not miss its target; there is nothing to act on."), code="not-missed")
    action = KpiAction(
        indicator_id=indicator.id,
        subject_kind=subject.kind,
        subject_id=subject.id,
        period=str(period),
        what=what,
        owner_id=owner.id,
        due_on=due_on,
        state=ActionState.OPEN,
        result="",
        made_at=clock.now(),
        made_by_id=actor.id,
    )
    session.add(action)
    session.flush()
    about = {"indicator": indicator.code, "subject": subject.address, "period": str(period), "owner": owner.username}
    audit.record(actor, "make_action", subject_kind="kpi_action", subject_id=action.id, note=what, details=about)
    emit(ActionMade(action.id, owner.id, actor.id, action.made_at))
    return action


def close_action(actor: Actor, action_id: int, state: ActionState, *, result: str) -> KpiAction:
    """Say what came of an action: done, or dropped with the reason.

    Raises:
        NotFound: there is none. Conflict: it is closed already. Invalid: nothing was said.
    """
    action = session.get(KpiAction, action_id, with_for_update={"of": KpiAction}, populate_existing=True)
    if action is None:
        raise NotFound(_("There is no such action."))
    require(actor, P.CLOSE_ACTION, action)
    if action.state is not ActionState.OPEN:
        raise Conflict(_("This action is closed already."), code="closed")
    if state is ActionState.OPEN:
        raise Invalid({"state": _("Choose whether it is done or dropped.")})
    result = result.strip()
    if not result or len(result) > 1000:
        raise Invalid({"result": _("Say in a few words what was done, or why it was dropped.")})
    action.state, action.result = state, result
    action.closed_at, action.closed_by_id = clock.now(), actor.id
    session.flush()
    audit.record(actor, f"action_{state.value}", subject_kind="kpi_action", subject_id=action.id, note=result)
    emit(ActionClosed(action.id, action.made_by_id, actor.id, action.closed_at))
    return action


def pass_on(action: KpiAction, owner: User, actor: Actor | None) -> None:
    """This person acts on the miss instead, and hears of it. Who may say so was settled above (``wiki.people``)."""
    if action.state is not ActionState.OPEN or action.owner_id == owner.id:
        return
    before, action.owner, action.reminded_at = action.owner.name, owner, None
    session.flush()
    about = {"owner": [before, owner.name]}
    audit.record(actor, "pass_on", subject_kind="kpi_action", subject_id=action.id, details=about)
    emit(ActionMade(action.id, owner.id, actor.id if actor else action.made_by_id, clock.now()))


@chore(every=3600)
def remind() -> None:
    """Whoever has an open action hears of it three days before its day, and once more when the day has passed."""
    now, today = clock.now(), clock.today(choose_zone())
    waiting = sa.select(KpiAction).where(KpiAction.state == ActionState.OPEN)
    soon = waiting.where(KpiAction.due_on >= today, KpiAction.due_on <= today + SOON, KpiAction.reminded_at.is_(None))
    for action in session.scalars(soon).all():
        action.reminded_at = now
        emit(ActionDue(action.id, action.owner_id, action.made_by_id, False, now))
    for action in session.scalars(waiting.where(KpiAction.due_on < today, KpiAction.pressed_at.is_(None))).all():
        action.pressed_at = now
        emit(ActionDue(action.id, action.owner_id, action.made_by_id, True, now))
    session.flush()


@chore(every=24 * 3600)
def sweep() -> None:
    """Old readings go as the settings say – never younger ones than six months, never of closed periods."""
    sweep_readings(current_app.config["SPIRAL"].kpi_keep_months)


def sweep_readings(keep_months: int) -> int:
    """Readings older than so many months are gone (0: none); returns how many."""
    running, closed = of_moment(clock.now(), choose_zone()), queries.closed_periods()
    periods = session.scalars(sa.select(KpiReading.period).distinct()).all()
    old = [text for text in periods if may_go(parse(text[:7]), running, keep_months, closed)]
    if not old:
        return 0
    count = session.scalar(sa.select(sa.func.count()).where(KpiReading.period.in_(old))) or 0
    session.execute(sa.delete(KpiReading).where(KpiReading.period.in_(old)))
    audit.record(None, "sweep_readings", subject_kind="kpi", subject_id=0, details={"periods": old, "readings": count})
    return count
