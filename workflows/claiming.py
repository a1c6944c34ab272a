"""Who takes a task upon them: claim, release, hand over, name somebody for a blocked seat, and being back."""

import sqlalchemy as sa

from accounts.events import AbsenceChanged
from accounts.models import Absence, User
from accounts.people import actor_of
from core import clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Forbidden, Invalid
from core.events import on
from core.i18n import _
from core.permissions import require
from workflows.caretaker_models import Caretaker
from workflows.deciding import find_task, forbid_own_work, must_still_be, note_act, require_seat, unclaim
from workflows.definitions import ALL
from workflows.models import Review, Task, TaskPerson
from workflows.overtaken import BACK, NAMED
from workflows.permissions import P, capacity, holds_the_seat, wrote_it
from workflows.queries import approvals_given, count_eligible, eligible_for
from workflows.rounds import tell_opened
from workflows.routing import give
from workflows.rules import Claim, TaskState


def claim(task_id: int, actor: Actor) -> Task:
    """Say 'I am on it'; unless the stage wants it, this keeps nobody out of deciding.

    Raises:
        Conflict: somebody else took it (``claimed``), or it is decided (``moved``).
    """
    task = find_task(task_id, actor, locked=True)
    forbid_own_work(actor, task)
    must_still_be(task)
    right = require_seat(actor, task)
    theirs = {None, actor.id, right.on_behalf_of}
    if task.claimed_by_id not in theirs and task.claim_kind is Claim.TAKEN and _can_go_on(task):
        name = session.scalar(sa.select(User.name).where(User.id == task.claimed_by_id))
        raise Conflict(_("%(name)s is already on this.", name=name), code="claimed", claimed_by=name)
    if task.claimed_by_id != actor.id:
        give(task, actor.id, Claim.TAKEN, by=actor.id)
        note_act(task, actor, "claim")
    return task


def _can_go_on(task: Task) -> bool:
    """Whoever is on it could still decide it: nobody keeps what they have had a hand in since."""
    return any(user.id == task.claimed_by_id for user in eligible_for(task))


def release(task_id: int, actor: Actor) -> Task:
    """Give a task that lies with oneself back to the pool."""
    task = find_task(task_id, actor, locked=True)
    must_still_be(task)
    if task.claimed_by_id != actor.id:
        raise Conflict(_("You have not claimed this."), code="not-claimed")
    unclaim(task)
    note_act(task, actor, "release")
    return task


def take_back(task_id: int, actor: Actor, *, seen: int | None = None) -> Task:
    """A supervisor or manager gives a task that lies with somebody back to the pool.

    Raises:
        Forbidden, Conflict (``moved``, or it lies with nobody).
    """
    task = find_task(task_id, actor, locked=True)
    forbid_own_work(actor, task)
    require(actor, P.WATCH_TEAM)
    must_still_be(task, seen)
    if task.claimed_by_id is None:
        raise Conflict(_("Nobody has claimed this."), code="not-claimed")
    name = session.scalar(sa.select(User.username).where(User.id == task.claimed_by_id))
    unclaim(task)
    note_act(task, actor, "take_back", to=name)
    return task


def let_go(user_id: int) -> int:
    """Somebody is gone: what lies with them is in the pool again; returns how many tasks that were."""
    theirs = sa.select(Task.id, Task.review_id).where(Task.state == TaskState.OPEN, Task.claimed_by_id == user_id)
    name = session.scalar(sa.select(User.username).where(User.id == user_id))
    count = 0
    for row in session.execute(theirs.order_by(Task.review_id, Task.id)).all():
        lock(Review, row.review_id)
        task = session.get(Task, row.id, populate_existing=True)
        if task is None or task.state is not TaskState.OPEN or task.claimed_by_id != user_id:
            continue
        unclaim(task)
        note_act(task, None, "take_back", to=name)
        count += 1
    return count


def may_hand_over(actor: Actor, task: Task) -> bool:
    """Whoever holds the seat, has the task, or sees to the others; never of what they wrote."""
    theirs = task.claimed_by_id == actor.id or holds_the_seat(actor, task)
    return not wrote_it(actor, task) and (theirs or actor.holds("supervisor", "manager"))


def must_be_theirs(actor: Actor, task: Task) -> None:
    """Raise unless this person may hand the task over."""
    if not may_hand_over(actor, task):
        raise Forbidden(_("Only who holds this seat, or a supervisor, can hand it over."))


def hand_over(task_id: int, actor: Actor, *, to: str, seen: int | None = None) -> Task:
    """Pass the task to another person who may sit in this seat; nobody chooses the judge of their own work.

    Raises:
        Forbidden, Conflict (``moved``), Invalid: the person cannot take it.
    """
    task = find_task(task_id, actor, locked=True)
    forbid_own_work(actor, task)
    must_still_be(task, seen)
    must_be_theirs(actor, task)
    found = next((user for user in eligible_for(task) if user.username == to.strip().lower()), None)
    if found is None:
        raise Invalid({"to": _("This person cannot take this seat: role, own work, or already judged.")})
    give(task, found.id, Claim.HANDED, by=actor.id)
    note_act(task, actor, "hand_over", to=found.username)
    return task


def name_people(task_id: int, actor: Actor, usernames: list[str]) -> Task:
    """A manager says who may decide a task that is blocked; they need the role and must not have had a hand in it.

    Raises:
        Forbidden, Conflict (``moved``), Invalid.
    """
    require(actor, P.WATCH_ALL)
    task = find_task(task_id, actor, locked=True)
    forbid_own_work(actor, task)
    must_still_be(task)
    wanted = list(dict.fromkeys(name.strip().lower() for name in usernames if name.strip()))
    people = {user.username: user for user in session.scalars(sa.select(User).where(User.username.in_(wanted)))}
    for name in wanted:
        if name not in people or not people[name].active:
            raise Invalid({"people": _("There is nobody called %(name)s.", name=name)})
    session.execute(sa.delete(TaskPerson).where(TaskPerson.task_id == task.id))
    session.add_all(TaskPerson(task_id=task.id, user_id=people[name].id) for name in wanted)
    task.named, task.team_id, task.category = bool(wanted), None, None
    task.version += 1
    session.flush()
    session.expire(task, ["people"])
    _must_suffice(task, wanted, people)
    note_act(task, actor, NAMED, people="、".join(people[name].name for name in wanted))
    tell_opened(task)
    return task


def _must_suffice(task: Task, wanted: list[str], people: dict[str, User]) -> None:
    given = session.scalar(sa.select(approvals_given()).select_from(Task).where(Task.id == task.id)) or 0
    able = {user.username for user in eligible_for(task)}
    for name in wanted:
        if name not in able:
            who = people[name].name
            raise Invalid({"people": _("%(name)s cannot take this seat: role, own work, or already judged.", name=who)})
    if task.definition_seat.approvals == ALL:
        task.needed = given + len(able)
    if count_eligible(task) < task.needed - given or not able:
        raise Invalid({"people": _("%(n)s more approvals are needed: name as many people.", n=task.needed - given)})
    task.blocked_at = None
    session.flush()


@on(AbsenceChanged)
def is_back(event: AbsenceChanged) -> None:
    """Somebody is back: what their deputy could see through them alone is theirs again, and who decides on what they
    saw before is told so."""
    absence = session.get(Absence, event.absence_id)
    if absence is None or event.deputy_id is None or not absence.reviews or not absence.is_over(clock.now()):
        return
    for row in session.execute(_only_through(event.user_id)).all():
        lock(Review, row.review_id)
        task = session.get(Task, row.id, populate_existing=True)
        if task is None or task.state is not TaskState.OPEN or _decides_anyway(event.deputy_id, task):
            continue
        task.version += 1
        if task.claimed_by_id == event.deputy_id:
            unclaim(task)
        _note_return(task, event.user_id)


def _decides_anyway(user_id: int, task: Task) -> bool:
    """The deputy can decide it without the absence: nothing changes for them."""
    return capacity(actor_of(session.get_one(User, user_id)), task) is not None


def _only_through(user_id: int) -> sa.Select[int, int]:
    """Open tasks in seats that are narrowed to this person, their team or a category of theirs."""
    user = session.get_one(User, user_id)
    roles = sorted(role.value for role in user.roles)
    named = sa.exists().where(TaskPerson.task_id == Task.id, TaskPerson.user_id == user_id)
    theirs = sa.select(Caretaker.category).where(Caretaker.user_id == user_id)
    team = Task.team_id == user.team_id if user.team_id is not None else sa.false()
    return (
        sa.select(Task.id, Task.review_id)
        .where(Task.state == TaskState.OPEN, Task.role.in_(roles))
        .where(sa.or_(named, team, Task.category.in_(theirs)))
        .order_by(Task.review_id, Task.id)
    )


def _note_return(task: Task, user_id: int) -> None:
    user = session.get_one(User, user_id)
    entry = note_act(task, None, BACK)
    entry.actor_id, entry.actor_name = user.id, user.name
    session.flush()
