"""The verbs of leaving: marked, changed, undone; handed on, accepted, declined; and what happens when the day is over.

What was asked of a successor is theirs when they accept, or when the last day is over. Until then all but what was
accepted can be undone. What nobody was chosen for falls to the team (texts) or stays where it is, and is told.
"""

import logging
from collections.abc import Mapping
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts import ops as accounts
from accounts.models import User
from accounts.people import actor_of
from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import lock, session
from core.errors import Conflict, IllegalMove, Invalid, NotFound
from core.events import emit
from core.i18n import _, local
from core.permissions import allowed, can, require
from core.texts import one_line
from core.trouble import trouble_of
from wiki.articles.lifecycle import leave_to_the_team
from wiki.people.events import HandoverAsked, HandoverDeclined, LeavingMarked, LeavingUndone, PersonLeft
from wiki.people.holdings import Key, held
from wiki.people.leaving_models import Handover, Leaving
from wiki.people.leaving_rules import FARTHEST, MOVES, NOTE, SETTLED, Act, HandoverState, LeavingState, Sort, is_over
from wiki.people.passing import may_take, pass_on
from wiki.people.permissions import P, may_shut_out
from wiki.search import writing
from workflows import claiming

log = logging.getLogger(__name__)
SUBJECT = "leaving"
SOME = 50  # people who leave in one turn of the chore


def today() -> date:
    """The calendar day on the centre's clock."""
    return local(clock.now()).date()


# ── who leaves ───────────────────────────────────────────────────────────────────────────────────────────────────────


def find(leaving_id: int, actor: Actor, *, locked: bool = False) -> Leaving:
    """The leaving, for those whom it concerns.

    Raises:
        NotFound.
    """
    row = lock(Leaving, leaving_id) if locked else session.get(Leaving, leaving_id)
    if row is None or not can(actor, P.SEE_LEAVING, row):
        raise NotFound(_("Nobody leaves under this number, or you may not see it."))
    return row


def leavings(actor: Actor, *, over: bool = False) -> sa.Select[Leaving]:
    """Who leaves, the next first; ``over``: who has left or stayed, the last first."""
    found = sa.select(Leaving).where(allowed(actor, P.SEE_LEAVING)).options(joinedload(Leaving.user))
    if over:
        return found.where(Leaving.state != LeavingState.OPEN).order_by(Leaving.closed_at.desc(), Leaving.id.desc())
    return found.where(Leaving.state == LeavingState.OPEN).order_by(Leaving.last_day, Leaving.id)


def of_interview(task_id: int) -> sa.Select[Leaving]:
    """The leaving for whose interview a writing task is."""
    return sa.select(Leaving).where(Leaving.interview_id == task_id)


def mark(actor: Actor, user_id: int, last_day: date, *, disable: bool, note: str = "") -> Leaving:
    """The person leaves; nothing of theirs changes yet, and they are told.

    Raises:
        NotFound, Forbidden, Invalid. Conflict: they are marked already (``leaving``), or the last administrator.
    """
    user = lock(User, user_id)  # two who mark one person wait for each other
    if user is None or not user.active:
        raise NotFound(_("There is nobody active of this name."))
    require(actor, P.MARK_LEAVING, user)
    if session.scalar(sa.select(Leaving.id).where(Leaving.user_id == user.id, Leaving.state == LeavingState.OPEN)):
        raise Conflict(_("%(name)s is marked as leaving already.", name=user.name), code="leaving")
    note = _checked(actor, user, last_day, disable, note)
    row = Leaving(
        user_id=user.id,
        last_day=last_day,
        disable=disable,
        note=note,
        state=LeavingState.OPEN,
        marked_by_id=actor.id,
        marked_at=clock.now(),
    )
    session.add(row)
    session.flush()
    _told(row, actor, "mark_leaving")
    return row


def change(leaving: Leaving, actor: Actor, last_day: date, *, disable: bool, note: str = "") -> None:
    """Another last day, or another word about the sign-in.

    Raises:
        Forbidden, IllegalMove, Invalid, Conflict.
    """
    require(actor, P.STEER_LEAVING, leaving)
    _must_be_open(leaving)
    note = _checked(actor, leaving.user, last_day, disable, note)
    moved = last_day != leaving.last_day
    leaving.last_day, leaving.disable, leaving.note = last_day, disable, note
    _told(leaving, actor, "change_leaving", tell=moved)


def _checked(actor: Actor, user: User, last_day: date, disable: bool, note: str) -> str:
    note, errors = one_line(note), dict[str, str]()
    if not today() <= last_day <= today() + timedelta(days=FARTHEST):
        errors["last_day"] = _("Please choose a day from today on, within a year.")
    if len(note) > NOTE:
        errors["note"] = _("A note may have %(n)s characters at most.", n=NOTE)
    if errors:
        raise Invalid(errors)
    if disable:
        accounts.must_not_be_the_last_admin(user)
        if not may_shut_out(actor, user):
            raise Invalid(
                {"disable": _("You cannot end the sign-in of %(name)s; an administrator can.", name=user.name)}
            )
    return note


def undo(leaving: Leaving, actor: Actor) -> None:
    """The person stays: what was asked and not accepted yet is called off, the interview too. What was accepted stays
    with who accepted it.

    Raises:
        Forbidden, IllegalMove: the last day is over.
    """
    require(actor, P.STEER_LEAVING, leaving)
    _must_be_open(leaving)
    asked = [row for row in handovers(leaving) if row.state is HandoverState.ASKED]
    for row in asked:
        row.state, row.answered_at = MOVES[row.state, Act.UNDO], clock.now()
    leaving.state, leaving.closed_at, leaving.closed_by_id = LeavingState.UNDONE, clock.now(), actor.id
    if leaving.interview is not None:
        writing.call_off(leaving.interview, actor, _("%(name)s stays.", name=leaving.user.name))
    _told(leaving, actor, "undo_leaving", tell=False)
    people = tuple(sorted({row.successor_id for row in asked}))
    emit(LeavingUndone(leaving.id, leaving.user_id, people, actor.id, clock.now()))


def _must_be_open(leaving: Leaving) -> None:
    if leaving.state is not LeavingState.OPEN:
        raise IllegalMove(_("The last day is over, or it was undone; nothing can be changed any more."))


def _told(row: Leaving, actor: Actor, verb: str, *, tell: bool = True) -> None:
    session.flush()
    about = {"user": row.user.username, "last_day": row.last_day.isoformat(), "disable": row.disable}
    audit.record(actor, verb, subject_kind=SUBJECT, subject_id=row.id, note=row.note, details=about)
    if tell:
        emit(LeavingMarked(row.id, row.user_id, row.last_day, actor.id, clock.now()))


# ── handing on ───────────────────────────────────────────────────────────────────────────────────────────────────────


def handovers(leaving: Leaving) -> list[Handover]:
    """Everything that was asked, in order."""
    found = sa.select(Handover).where(Handover.leaving_id == leaving.id).options(joinedload(Handover.successor))
    return list(session.scalars(found.order_by(Handover.id)))


def hand_on(leaving: Leaving, actor: Actor, chosen: Mapping[Key, int]) -> tuple[int, dict[Key, str]]:
    """These successors (user id by thing) are asked: how many things, and why some cannot be theirs. Asking somebody
    else calls the first off. What the person does not hold (any more), or the actor may not know of, is left out.

    Raises:
        Forbidden, IllegalMove: it was undone.
    """
    require(actor, P.HAND_ON, leaving)
    if leaving.state is LeavingState.UNDONE:
        raise IllegalMove(_("The last day is over, or it was undone; nothing can be changed any more."))
    theirs = held(leaving.user, actor).keys
    known = {(row.sort, row.subject_id): row for row in handovers(leaving)}
    ids = sorted(set(chosen.values()))
    people = {user.id: user for user in session.scalars(sa.select(User).where(User.id.in_(ids)))}
    asked: dict[int, int] = {}
    refused: dict[Key, str] = {}
    for key, user_id in chosen.items():
        row, user = known.get(key), people.get(user_id)
        if key not in theirs or (row is not None and row.state in SETTLED):
            continue
        if row is not None and row.state is HandoverState.ASKED and row.successor_id == user_id:
            continue
        why = _("There is nobody active of this name.") if user is None else may_take(key[0], user)
        if user is not None and user.id == leaving.user_id:
            why = _("Nobody hands something over to themselves.")
        elif key[0] is Sort.DRAFT and user_id == actor.id and leaving.state is LeavingState.OPEN:
            # else marking somebody would be a way to read what they write, and to share its points
            why = _("While its author is here, they alone give you a draft; ask them.")
        if why:
            refused[key] = why
            continue
        _ask(leaving, actor, key, user_id, row)
        asked[user_id] = asked.get(user_id, 0) + 1
    session.flush()
    for user_id, count in asked.items():
        emit(HandoverAsked(leaving.id, user_id, count, actor.id, clock.now()))
    return sum(asked.values()), refused


def _ask(leaving: Leaving, actor: Actor, key: Key, user_id: int, row: Handover | None) -> None:
    if row is None:
        row = Handover(leaving_id=leaving.id, sort=key[0], subject_id=key[1], state=HandoverState.ASKED)
        session.add(row)
    row.state = MOVES[row.state, Act.ASK]
    row.successor_id, row.asked_by_id, row.asked_at = user_id, actor.id, clock.now()
    row.answered_at, row.note = None, ""
    session.flush()
    about = {"sort": key[0].value, "subject": key[1], "successor": user_id}
    audit.record(actor, "ask_to_take_over", subject_kind=SUBJECT, subject_id=leaving.id, details=about)


def waiting_for(actor: Actor) -> sa.Select[Handover]:
    """What this person is asked to take over, by leaver."""
    found = sa.select(Handover).where(*_asked_of(actor))
    return found.options(joinedload(Handover.leaving).joinedload(Leaving.user)).order_by(
        Handover.leaving_id, Handover.id
    )


def count_waiting(actor: Actor) -> int:
    """How many things this person is asked to take over."""
    return session.scalar(sa.select(sa.func.count()).where(*_asked_of(actor))) or 0


def _asked_of(actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    return Handover.successor_id == actor.id, Handover.state == HandoverState.ASKED


def find_handover(handover_id: int, actor: Actor) -> Handover:
    """One hand-over, held until the transaction ends, for who is asked.

    Raises:
        NotFound.
    """
    row = session.get(Handover, handover_id)
    if row is None or not can(actor, P.TAKE_OVER, row):
        raise NotFound(_("Nothing like this is handed over to you."))
    lock(Leaving, row.leaving_id)  # the last day and an answer wait for each other
    session.refresh(row)
    if not can(actor, P.TAKE_OVER, row):
        raise NotFound(_("Nothing like this is handed over to you."))
    return row


def accept(row: Handover, actor: Actor) -> str:
    """It is theirs now; why it could not be, else ''. Accepting twice is accepting once.

    Raises:
        IllegalMove: it was called off, or declined.
    """
    require(actor, P.TAKE_OVER, row)
    if row.state in SETTLED:
        return ""
    _must_move(row, Act.ACCEPT)
    why = _settle(row, actor, Act.ACCEPT)
    if why:
        emit(HandoverDeclined(row.id, row.leaving_id, actor.id, clock.now()))
    return why


def _settle(row: Handover, actor: Actor | None, act: Act) -> str:
    why = may_take(row.sort, row.successor)
    why = why or pass_on(row.sort, row.subject_id, row.leaving.user, row.successor, actor)
    row.state = MOVES[row.state, Act.DECLINE if why else act]
    row.note, row.answered_at = why[:NOTE], clock.now()
    session.flush()
    about = {"sort": row.sort.value, "subject": row.subject_id, "successor": row.successor.username}
    verb = "could_not_pass_on" if why else "take_over" if act is Act.ACCEPT else "pass_on_at_last_day"
    audit.record(actor, verb, subject_kind=SUBJECT, subject_id=row.leaving_id, note=why[:NOTE], details=about)
    return why


def decline(row: Handover, actor: Actor, note: str) -> None:
    """It is not for them; whoever asked hears why.

    Raises:
        IllegalMove, Invalid: without a reason.
    """
    require(actor, P.TAKE_OVER, row)
    _must_move(row, Act.DECLINE)
    note = one_line(note)
    if not note or len(note) > NOTE:
        raise Invalid({"note": _("Say why in a few words, so that somebody else can be found.")})
    row.state, row.note, row.answered_at = MOVES[row.state, Act.DECLINE], note, clock.now()
    session.flush()
    about = {"sort": row.sort.value, "subject": row.subject_id}
    audit.record(actor, "decline_to_take_over", subject_kind=SUBJECT, subject_id=row.leaving_id, note=note,
                 details=about)  # fmt: skip
    emit(HandoverDeclined(row.id, row.leaving_id, actor.id, clock.now()))


def _must_move(row: Handover, act: Act) -> None:
    if (row.state, act) not in MOVES:
        raise IllegalMove(_("This was answered or called off already."))


# ── the day is over ──────────────────────────────────────────────────────────────────────────────────────────────────


@chore(every=300)
def end_last_days() -> None:
    """Whose last day is over has left: what was asked passes on, reviews go back to the pool, texts that nobody was
    asked for fall to the team, and the sign-in ends where that was chosen. Once each."""
    due = sa.select(Leaving.id).where(Leaving.state == LeavingState.OPEN, Leaving.last_day < today())
    for leaving_id in list(session.scalars(due.order_by(Leaving.last_day, Leaving.id).limit(SOME))):
        try:
            with session.begin_nested():
                _end_last_day(leaving_id)
        except Exception as error:
            if trouble_of(error) is not None:
                raise
            log.exception("leaving %s could not be ended; the others go on", leaving_id)


def _end_last_day(leaving_id: int) -> None:
    leaving = lock(Leaving, leaving_id)
    if leaving is not None and leaving.state is LeavingState.OPEN and is_over(leaving.last_day, today()):
        leave(leaving)


def leave(leaving: Leaving) -> None:
    """The person has left."""
    user, passed = leaving.user, 0
    for row in handovers(leaving):
        if row.state is HandoverState.ASKED:
            passed += not _settle(row, None, Act.LAST_DAY)
    pooled = claiming.let_go(user.id)
    fallen = leave_to_the_team(user.id, user.team_id)
    left_over = len(held(user, actor_of(user)).keys - _gone(leaving))
    kept = ""
    if leaving.disable and user.active:
        kept = _disabled(user)
    leaving.state, leaving.closed_at = LeavingState.LEFT, clock.now()
    session.flush()
    about = {"passed": passed, "reviews": pooled, "to_the_team": fallen, "left_over": left_over,
             "sign_in_ended": leaving.disable and not kept}  # fmt: skip
    audit.record(None, "left", subject_kind=SUBJECT, subject_id=leaving.id, note=kept, details=about)
    emit(PersonLeft(leaving.id, user.id, user.team_id, passed, left_over, clock.now()))


def _gone(leaving: Leaving) -> set[Key]:
    """What a colleague goes on with although the leaver's name stays on it (drafts)."""
    return {(row.sort, row.subject_id) for row in handovers(leaving) if row.state in SETTLED}


def _disabled(user: User) -> str:
    """Why the sign-in could not end, else ''."""
    try:
        with session.begin_nested():
            accounts.disable(None, user)
    except Conflict as error:
        return error.sentence
    return ""
