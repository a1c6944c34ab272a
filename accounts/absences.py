"""Being away: who is, who stands in for them, and what is done about it.

A deputy gains nothing through somebody else's absence: who judges for whom is asked one step deep, never further.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from accounts import queries
from accounts.absence_rules import FARTHEST, NOTE_MAX, Told, in_force
from accounts.events import AbsenceChanged
from accounts.models import Absence, User, UserRole
from accounts.permissions import P
from accounts.rules import Role
from core import audit, clock
from core.actors import Actor
from core.caches import Cache
from core.chores import chore
from core.db import after_commit, lock, session
from core.errors import Conflict, Invalid, NotFound
from core.events import emit
from core.i18n import _
from core.permissions import allowed, can, require
from core.texts import one_line


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who is away and whose deputy may judge for them."""

    id: int
    name: str
    team_id: int | None
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is known of one absence that is not over: enough to say who is away at a moment."""

    principal: Principal
    deputy_id: int | None
    starts_at: datetime
    ends_at: datetime
    reviews: bool
    notices: bool

    def is_on(self, at: datetime) -> bool:
        return in_force(self.starts_at, self.ends_at, None, at)


# ── who is away ──────────────────────────────────────────────────────────────────────────────────────────────────────

_standing: Cache[tuple[_Standing, ...]] = Cache(1, seconds=1.0)
CHANGED = "absences_changed"  # noted in the session by a transaction that has written some


def principals(user_id: int, at: datetime | None = None) -> tuple[Principal, ...]:
    """The people who are away (now, or at a moment to come) and for whom this person may judge, by id.

    At most a second old, as any right may be; a return that ends one moves what was seen through it on (``is_back``).
    """
    at = at or clock.now()
    found = (one for one in standing() if one.reviews and one.deputy_id == user_id and one.is_on(at))
    return tuple(sorted((one.principal for one in found), key=lambda principal: principal.id))


def deputies_for_notices(user_ids: Iterable[int]) -> dict[int, int]:
    """Who gets the notices too of those of these people who are away now."""
    wanted, at = frozenset(user_ids), clock.now()
    return {
        one.principal.id: one.deputy_id
        for one in standing()
        if one.notices and one.deputy_id is not None and one.principal.id in wanted and one.is_on(at)
    }


def away(user_ids: Iterable[int], at: datetime | None = None) -> dict[int, Absence]:
    """The absence, with its deputy, of each of these people who is away (now, or at a moment to come).

    While none of them is away, the database is not asked.
    """
    wanted, at = frozenset(user_ids), at or clock.now()
    gone = {one.principal.id for one in standing() if one.principal.id in wanted and one.is_on(at)}
    if not gone:
        return {}
    rows = session.scalars(not_over().where(Absence.user_id.in_(gone), Absence.starts_at <= at, Absence.ends_at > at))
    return {row.user_id: row for row in rows}


def standing() -> tuple[_Standing, ...]:
    """Every absence of an active person that is not over: one query, kept until one changes, at most a second."""
    if session.info.get(CHANGED):
        return _ask()  # this transaction's own writes, which nobody else may see before it commits
    found = _standing.get("all")
    if found is None:
        found = _ask()
        _standing.put("all", found)
    return found


def _ask() -> tuple[_Standing, ...]:
    deputy = aliased(User)
    rows = session.execute(
        sa.select(Absence, User.name, User.team_id, UserRole.role, deputy.active)
        .join(User, User.id == Absence.user_id)
        .join(UserRole, UserRole.user_id == User.id)
        .outerjoin(deputy, deputy.id == Absence.deputy_id)
        .where(Absence.ended_at.is_(None), Absence.ends_at > clock.now(), User.active)
        .order_by(Absence.id)
    ).all()
    roles: dict[int, set[Role]] = {}
    for row in rows:
        roles.setdefault(row[0].id, set()).add(row[3])
    found = {}
    for absence, name, team_id, _role, deputy_active in rows:
        found[absence.id] = _Standing(
            Principal(absence.user_id, name, team_id, frozenset(roles[absence.id])),
            absence.deputy_id if deputy_active else None,
            absence.starts_at,
            absence.ends_at,
            absence.reviews,
            absence.notices,
        )
    return tuple(found.values())


def not_over() -> sa.Select[Absence]:
    """Absences that are or will be, the first to begin first, with person and deputy."""
    return (
        sa.select(Absence)
        .where(Absence.ended_at.is_(None), Absence.ends_at > clock.now())
        .options(joinedload(Absence.user).joinedload(User.team), joinedload(Absence.deputy))
        .order_by(Absence.starts_at, Absence.id)
    )


def absences_of(user_id: int) -> sa.Select[Absence]:
    """Every absence of a person, planned and past, the latest first."""
    return (
        sa.select(Absence)
        .where(Absence.user_id == user_id)
        .options(joinedload(Absence.user), joinedload(Absence.deputy))
        .order_by(Absence.starts_at.desc(), Absence.id.desc())
    )


def has_ended(at: datetime) -> sa.ColumnElement[bool]:
    """Absences that lie behind: run out, ended early or cancelled."""
    return sa.or_(Absence.ended_at.is_not(None), Absence.ends_at <= at)


def known_to(actor: Actor) -> sa.Select[Absence]:
    """Absences that are or will be and that this person may know of."""
    return not_over().where(allowed(actor, P.SEE_ABSENCE))


def stands_in_for(actor: Actor) -> list[Absence]:
    """Absences that are on now and whose deputy this person is; the database is asked only if there are any."""
    at = clock.now()
    if not any(one.deputy_id == actor.id and one.is_on(at) for one in standing()):
        return []
    return list(session.scalars(not_over().where(Absence.deputy_id == actor.id, Absence.starts_at <= at)))


# ── who can stand in ─────────────────────────────────────────────────────────────────────────────────────────────────


def candidates(user: User) -> sa.Select[User]:
    """Active people who could stand in for a person, by name.

    For a representative who is nothing else, only their team: the whole front line would fit on no page, and there is
    nothing to judge. The operation itself takes anybody who shares a role.
    """
    found = queries.people(active=True).where(User.id != user.id)
    special = sorted(user.roles - {Role.REP})
    if special:
        return found.where(User.role_rows.any(UserRole.role.in_(special)))
    found = found.where(User.role_rows.any(UserRole.role == Role.REP))
    return found if user.team_id is None else found.where(User.team_id == user.team_id)


def answered_for(actor: Actor) -> sa.Select[User]:
    """Active people for whom this person may say that they are away, by name."""
    found = queries.people(active=True)
    if actor.holds(Role.MANAGER, Role.ADMIN):
        return found
    if actor.holds(Role.SUPERVISOR) and actor.team_id is not None:
        return found.where(sa.or_(User.team_id == actor.team_id, User.id == actor.id))
    return found.where(User.id == actor.id)


# ── going and coming back ────────────────────────────────────────────────────────────────────────────────────────────


def announce(
    actor: Actor,
    user_id: int,
    starts_at: datetime,
    ends_at: datetime,
    deputy: str | None = None,
    *,
    reviews: bool = True,
    notices: bool = True,
    note: str = "",
) -> Absence:
    """The person is away from … until …; ``deputy`` is a username. Without one, nobody judges or reads for them.

    Raises:
        NotFound: there is no such person.
        Forbidden: it is not the actor's to say.
        Invalid: naming the field.
        Conflict: they are away then already (``absence-overlaps``).
    """
    user = lock(User, user_id)  # two announcements for one person at one instant wait for each other
    if user is None or not user.active:
        raise NotFound(_("There is nobody called %(name)s.", name=user.username if user else user_id))
    require(actor, P.ANSWER_FOR, user)
    note = one_line(note)
    _check_times(starts_at, ends_at)
    if len(note) > NOTE_MAX:
        raise Invalid({"note": _("A note has at most %(n)s characters.", n=NOTE_MAX)})
    stand_in = _deputy(user, deputy) if deputy else None
    _refuse_overlap(user, starts_at, ends_at)
    row = Absence(
        user=user,
        deputy=stand_in,
        starts_at=starts_at,
        ends_at=ends_at,
        reviews=reviews and stand_in is not None,
        notices=notices and stand_in is not None,
        note=note,
        created_at=clock.now(),
        created_by_id=actor.id,
        told=Told.BEGUN if starts_at <= clock.now() else Told.ANNOUNCED,
    )
    session.add(row)
    session.flush()
    _trail(actor, "announced an absence", row)
    _tell(row)
    return row


def end_early(actor: Actor, absence_id: int) -> Absence:
    """'I am back': the absence is over now; one that has not begun is cancelled.

    Raises:
        NotFound: there is none, or it is not the actor's to know of.
        Forbidden: the deputy knows of it, and cannot end it.
        Conflict: it is over already (``absence-over``).
    """
    row = lock(Absence, absence_id)
    if row is None or not can(actor, P.SEE_ABSENCE, row):
        raise NotFound(_("There is no such absence."))
    require(actor, P.ANSWER_FOR, row.user)
    now = clock.now()
    if row.is_over(now):
        raise Conflict(_("This absence is over already."), code="absence-over")
    row.ended_at, row.told = now, Told.OVER
    session.flush()
    _trail(actor, "ended an absence" if row.starts_at <= now else "cancelled an absence", row)
    _tell(row)
    return row


def _check_times(starts_at: datetime, ends_at: datetime) -> None:
    now = clock.now()
    if ends_at <= starts_at:
        raise Invalid({"ends_at": _("It must end after it begins.")})
    if ends_at <= now:
        raise Invalid({"ends_at": _("This lies in the past.")})
    if starts_at < now - FARTHEST:
        raise Invalid({"starts_at": _("This is more than two years away. Is the year right?")})
    if ends_at > now + FARTHEST:
        raise Invalid({"ends_at": _("This is more than two years away. Is the year right?")})


def _deputy(user: User, username: str) -> User:
    found = session.scalar(queries.person(username))
    if found is None or not found.active:
        raise Invalid({"deputy": _("There is nobody called %(name)s.", name=username)})
    if found.id == user.id:
        raise Invalid({"deputy": _("Nobody stands in for themselves.")})
    if not found.roles & user.roles:
        raise Invalid(
            {
                "deputy": _(
                    "%(deputy)s holds none of the roles of %(name)s, and a deputy needs the role too.",
                    deputy=found.name,
                    name=user.name,
                )
            }
        )
    return found


def _refuse_overlap(user: User, starts_at: datetime, ends_at: datetime) -> None:
    other = session.scalar(not_over().where(Absence.user_id == user.id, overlapping(starts_at, ends_at)).limit(1))
    if other is not None:
        raise Conflict(
            _("%(name)s is away then already. End or cancel that absence first.", name=user.name),
            code="absence-overlaps",
            absence=str(other.id),
        )


def overlapping(starts_at: datetime, ends_at: datetime) -> sa.ColumnElement[bool]:
    """Absences that share a moment with this stretch of time."""
    return sa.and_(Absence.starts_at < ends_at, Absence.ends_at > starts_at)


def _trail(actor: Actor | None, verb: str, row: Absence) -> None:
    audit.record(
        actor,
        verb,
        subject_kind="user",
        subject_id=row.user_id,
        note=row.note,
        details={
            "absence": row.id,
            "from": row.starts_at.isoformat(),
            "until": row.ends_at.isoformat(),
            "deputy": row.deputy.username if row.deputy else None,
            "reviews": row.reviews,
            "notices": row.notices,
        },
    )


def _tell(row: Absence) -> None:
    session.info[CHANGED] = True
    after_commit(_standing.clear)
    emit(AbsenceChanged(row.id, row.user_id, row.deputy_id, clock.now()))


@chore(every=30)
def tell_of_time() -> None:
    """Tell of the absences that began or ran out by themselves since this was asked last; each is told once."""
    now = clock.now()
    begun = sa.and_(Absence.told == Told.ANNOUNCED, Absence.starts_at <= now)
    over = sa.and_(Absence.told != Told.OVER, Absence.ends_at <= now)
    due = sa.select(Absence).where(Absence.ended_at.is_(None), sa.or_(begun, over)).order_by(Absence.id)
    for row in session.scalars(due.with_for_update(skip_locked=True)).all():
        row.told = Told.OVER if row.ends_at <= now else Told.BEGUN
        _tell(row)
    session.flush()
