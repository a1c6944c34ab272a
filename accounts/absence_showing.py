"""Absences as pages show them: the section of a person, and the banners of the home page."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts import absences
from accounts.absence_rules import shown
from accounts.forms import AbsenceForm
from accounts.models import Absence, User
from accounts.permissions import P
from core import clock
from core.actors import Actor
from core.db import session
from core.i18n import _, choose_zone, local
from core.permissions import can
from core.web import maybe_actor

PAST = 10  # how many absences that are over a person's list still shows


def blank(user: User) -> AbsenceForm:
    """An empty form for a person: from the next full hour until the end of the following day."""
    begin = local(clock.now()).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    end = (begin + timedelta(days=1)).replace(hour=18)
    zone = choose_zone()
    form = AbsenceForm(
        formdata=None,
        data={"starts_at": shown(begin, zone), "ends_at": shown(end, zone), "reviews": True, "notices": True},
    )
    return offered(form, user)


def offered(form: AbsenceForm, user: User) -> AbsenceForm:
    """The form with the people who can stand in for this person."""
    form.offer(session.scalars(absences.candidates(user)), user.team_id)
    return form


def section(user: User, form: AbsenceForm | None = None) -> dict[str, Any]:
    """What the profile shows: the form, what is planned, and what was."""
    return {"form": form or blank(user), "zone": choose_zone(), "rows": rows_of(user)}


def rows_of(user: User) -> list[dict[str, Any]]:
    """A person's absences: the one that is on, those to come in their order, then the last few of the past."""
    now = clock.now()
    coming = session.scalars(absences.not_over().where(Absence.user_id == user.id)).all()
    over = session.scalars(absences.absences_of(user.id).where(absences.has_ended(now)).limit(PAST)).all()
    return [row_of(row) for row in (*coming, *over)]


def row_of(row: Absence) -> dict[str, Any]:
    """One absence, with the word for where it stands and whether the reader may end it."""
    now = clock.now()
    if row.ended_at is not None:
        state = "ended" if row.ended_at > row.starts_at else "cancelled"
    elif row.ends_at <= now:
        state = "over"
    else:
        state = "now" if row.starts_at <= now else "planned"
    mine = can(maybe_actor(), P.ANSWER_FOR, row.user)
    return {"absence": row, "state": state, "may_end": state in {"now", "planned"} and mine}


def warnings(row: Absence) -> list[str]:
    """What is worth knowing of an absence that was just announced: somebody else is away then, too."""
    said = []
    if row.deputy is not None and _clash(Absence.user_id == row.deputy_id, row.starts_at, row.ends_at):
        said.append(_("%(name)s is away during part of this too.", name=row.deputy.name))
    relied = _clash(Absence.deputy_id == row.user_id, row.starts_at, row.ends_at)
    said += [_("%(deputy)s was to stand in for %(name)s then.", deputy=row.user.name, name=one.name) for one in relied]
    return said


def _clash(which: sa.ColumnElement[bool], starts_at: datetime, ends_at: datetime) -> list[User]:
    found = absences.not_over().where(which, absences.overlapping(starts_at, ends_at))
    return [row.user for row in session.scalars(found.options(joinedload(Absence.user)))]


def at_home(who: Actor) -> tuple[str, dict[str, Any]] | None:
    """The banners: 'you are away' and 'you stand in for …'; nothing, and no query, while nobody is away."""
    mine = absences.away([who.id]).get(who.id)
    others = absences.stands_in_for(who)
    if mine is None and not others:
        return None
    return "accounts/_away_banner.html", {"mine": mine, "others": others}
