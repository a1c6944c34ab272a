"""``/api/v1/absences``: who is away, saying so, and being back – for a program that plans shifts."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime

from accounts import absences, queries
from accounts.absences import known_to
from accounts.models import Absence
from core import clock
from core.api import Api, In, Out, PageIn, page
from core.db import session
from core.errors import Invalid
from core.i18n import _
from core.permissions import SIGNED_IN
from core.web import actor

api = Api("absences")


class AbsenceIn(In):
    """Who is away (the caller, unless ``user`` names somebody), from when until when, and who stands in."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    user: str | None = None
    deputy: str | None = None
    reviews: bool = True
    notices: bool = True
    note: str = ""


class AbsenceOut(Out):
    """One absence; ``state`` is planned, now or over."""

    id: str
    user: str
    deputy: str | None
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    reviews: bool
    notices: bool
    note: str
    state: str


class AbsencesOut(Out):
    """A page of absences."""

    items: list[AbsenceOut]
    next: str | None
    total: int


def _shown(row: Absence) -> AbsenceOut:
    now = clock.now()
    return AbsenceOut(
        id=str(row.id),
        user=row.user.username,
        deputy=row.deputy.username if row.deputy else None,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        reviews=row.reviews,
        notices=row.notices,
        note=row.note,
        state="over" if row.is_over(now) else "now" if row.is_on(now) else "planned",
    )


@api.get("/absences", gate=SIGNED_IN, query=PageIn, answer=AbsencesOut)
def list_absences(query: PageIn) -> dict[str, Any]:
    """Absences that are or will be: one's own, those one stands in for, and those of the people one answers for"""
    return page(known_to(actor()), query, _shown)


@api.post("/absences", gate=SIGNED_IN, body=AbsenceIn, answer=AbsenceOut, status=201)
def announce(body: AbsenceIn) -> AbsenceOut:
    """The caller (or `user`, for those who answer for them) is away, and `deputy` stands in"""
    user_id = actor().id if body.user is None else _id_of(body.user)
    row = absences.announce(
        actor(),
        user_id,
        body.starts_at,
        body.ends_at,
        body.deputy,
        reviews=body.reviews,
        notices=body.notices,
        note=body.note,
    )
    return _shown(row)


@api.post("/absences/<int:absence_id>/end", gate=SIGNED_IN, answer=AbsenceOut)
def end(absence_id: int) -> AbsenceOut:
    """Back early; an absence that has not begun is cancelled"""
    return _shown(absences.end_early(actor(), absence_id))


def _id_of(username: str) -> int:
    found = session.scalar(queries.person(username))
    if found is None or not found.active:
        raise Invalid({"user": _("There is nobody called %(name)s.", name=username)})
    return found.id
