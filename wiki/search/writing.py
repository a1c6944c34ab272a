"""Writing tasks: asked for, taken, handed over, and done by themselves when the text is published."""

import secrets
from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts.models import Team, User
from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import lock, session
from core.errors import IllegalMove, Invalid, NotFound
from core.events import emit, on
from core.i18n import _, local
from core.permissions import allowed, can, require
from core.texts import one_line
from wiki.articles.events import ArticlePublished, ProvisionalConfirmed
from wiki.articles.kinds import KINDS
from wiki.articles.models import EDITABLE, Submission
from wiki.articles.titles import BLOCK
from wiki.search.events import WritingAsked, WritingClosed, WritingOverdue
from wiki.search.gap_models import WritingTask
from wiki.search.permissions import P
from wiki.search.writing_rules import DAYS, LIVE, MOVES, NOTE, QUESTION, Act, Wanted, WritingState

SOME = 200
FARTHEST = 366  # days ahead that a text may be due
KEY = "writing-"  # the draft of a task is begun with this key, so that its publication closes the task


def ask(
    actor: Actor, question: str, *, whom: str, kind: str = "faq", due_on: date | None = None, note: str = ""
) -> WritingTask:
    """A text is asked of ``user:7`` or ``team:3``; they are told.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.SEE_GAPS)
    errors: dict[str, str] = {}
    user_id, team_id = _assignee(actor, whom, errors)
    return _asked(actor, question, kind, due_on, note, Wanted.GAP, user_id, team_id, errors)


def ask_person(
    actor: Actor, question: str, user: User, *, wanted: Wanted, kind: str, due_on: date, note: str = ""
) -> WritingTask:
    """A text is asked of this person. Who may ask was settled above (``wiki.people``).

    Raises:
        Invalid.
    """
    return _asked(actor, question, kind, due_on, note, wanted, user.id, None, {})


def _asked(
    actor: Actor, question: str, kind: str, due_on: date | None, note: str, wanted: Wanted,
    user_id: int | None, team_id: int | None, errors: dict[str, str],
) -> WritingTask:  # fmt: skip
    question, note = one_line(question)[:QUESTION], note.strip()
    today = local(clock.now()).date()
    due = due_on or today + timedelta(days=DAYS)
    if not question:
        errors["question"] = _("Please say what is to be answered.")
    if kind not in KINDS or kind == BLOCK:
        errors["kind"] = _("There is no such kind of article.")
    if not today <= due <= today + timedelta(days=FARTHEST):
        errors["due_on"] = _("Please choose a day from today on, within a year.")
    if len(note) > NOTE:
        errors["note"] = _("A note may have %(n)s characters at most.", n=NOTE)
    if errors:
        raise Invalid(errors)
    now = clock.now()
    task = WritingTask(
        question=question,
        kind=kind,
        note=note,
        wanted=wanted,
        user_id=user_id,
        team_id=team_id,
        state=WritingState.OPEN,
        due_on=due,
        asked_by_id=actor.id,
        asked_at=now,
    )
    session.add(task)
    session.flush()
    _record(actor, "ask_for_text", task)
    emit(WritingAsked(task.id, actor.id, now))
    return task


def _assignee(actor: Actor, whom: str, errors: dict[str, str]) -> tuple[int | None, int | None]:
    """(user id, team id) of ``user:7`` or ``team:3``. A supervisor asks the people of the own team."""
    sort, _colon, number = whom.partition(":")
    known: User | Team | None = None
    if number.isdecimal() and len(number) < 10:
        if sort == "user":
            known = session.get(User, int(number))
        elif sort == "team":
            known = session.get(Team, int(number))
    team_id = known.team_id if isinstance(known, User) else known.id if known else None
    if known is None or (isinstance(known, User) and not known.active):
        errors["whom"] = _("Please choose a person or a team.")
    elif not actor.holds("manager", "training") and (team_id is None or team_id != actor.team_id):
        errors["whom"] = _("Please choose somebody of your own team; a trainer or the manager can ask others.")
    return (known.id, None) if isinstance(known, User) else (None, known.id if known else None)


def find(task_id: int, actor: Actor, *, locked: bool = False) -> WritingTask:
    """One task, for those whom it concerns.

    Raises:
        NotFound.
    """
    task = lock(WritingTask, task_id) if locked else session.get(WritingTask, task_id)
    if task is None or not can(actor, P.SEE_WRITING, task):
        raise NotFound(_("There is no such writing task, or you may not see it."))
    return task


def take(task: WritingTask, actor: Actor) -> None:
    """This person writes it; taking again what one has taken is fine.

    Raises:
        Forbidden, IllegalMove.
    """
    if task.state is WritingState.TAKEN and task.taken_by_id == actor.id:
        return
    _must_stand(task, Act.TAKE)
    require(actor, P.WRITE, task)
    _move(task, actor, Act.TAKE)
    task.taken_by_id, task.taken_at = actor.id, clock.now()
    _record(actor, "take_text", task)


def give_back(task: WritingTask, actor: Actor) -> None:
    """Somebody else may write it.

    Raises:
        Forbidden, IllegalMove.
    """
    if task.taken_by_id != actor.id:
        require(actor, P.STEER_WRITING, task)
    _move(task, actor, Act.GIVE_BACK)
    task.taken_by_id = task.taken_at = None
    _record(actor, "give_back_text", task)


def hand_over(task: WritingTask, actor: Actor, whom: str) -> None:
    """Another person or team is asked.

    Raises:
        Forbidden, IllegalMove, Invalid.
    """
    require(actor, P.STEER_WRITING, task)
    errors: dict[str, str] = {}
    user_id, team_id = _assignee(actor, whom, errors)
    if errors:
        raise Invalid(errors)
    _hand(task, actor, user_id, team_id)


def pass_on(task: WritingTask, user: User, actor: Actor | None) -> None:
    """This person is asked instead. Who may say so was settled above; ``None``: the day came on which somebody left.

    Raises:
        IllegalMove.
    """
    _hand(task, actor, user.id, None)


def _hand(task: WritingTask, actor: Actor | None, user_id: int | None, team_id: int | None) -> None:
    _move(task, actor, Act.HAND_OVER)
    task.user_id, task.team_id, task.taken_by_id, task.taken_at = user_id, team_id, None, None
    _record(actor, "hand_over_text", task)
    emit(WritingAsked(task.id, actor.id if actor else task.asked_by_id, clock.now()))


def call_off(task: WritingTask, actor: Actor | None, why: str) -> None:
    """It is not to be written any more, for a reason that was settled above; closed it stays as it is."""
    if task.state in LIVE:
        _move(task, actor, Act.DROP)
        task.answer, task.closed_at = why[:NOTE], clock.now()
        _record(actor, "drop_text", task)
        emit(WritingClosed(task.id, False, actor.id if actor else None, clock.now()))


def finish(task: WritingTask, actor: Actor, answer: str) -> None:
    """What answers it is there already; ``answer`` says what.

    Raises:
        Forbidden, IllegalMove, Invalid.
    """
    if not can(actor, P.WRITE, task):
        require(actor, P.STEER_WRITING, task)
    _close(task, actor, Act.FINISH, answer, _("Please say where it is answered."))


def drop(task: WritingTask, actor: Actor, answer: str) -> None:
    """It is not asked for any more.

    Raises:
        Forbidden, IllegalMove, Invalid.
    """
    require(actor, P.STEER_WRITING, task)
    _close(task, actor, Act.DROP, answer, _("Please say why it is not to be written."))


def reopen(task: WritingTask, actor: Actor) -> None:
    """It is asked for again, with a week to write it.

    Raises:
        Forbidden, IllegalMove.
    """
    require(actor, P.STEER_WRITING, task)
    _move(task, actor, Act.REOPEN)
    task.taken_by_id = task.taken_at = task.closed_at = task.pressed_at = None
    task.answer, task.due_on = "", local(clock.now()).date() + timedelta(days=DAYS)
    _record(actor, "reopen_text", task)
    emit(WritingAsked(task.id, actor.id, clock.now()))


def _close(task: WritingTask, actor: Actor, act: Act, answer: str, missing: str) -> None:
    answer = answer.strip()
    _must_stand(task, act)
    if not answer or len(answer) > NOTE:
        raise Invalid({"answer": _("A note may have %(n)s characters at most.", n=NOTE) if answer else missing})
    _move(task, actor, act)
    task.answer, task.closed_at = answer, clock.now()
    _record(actor, f"{act.value}_text", task)
    emit(WritingClosed(task.id, task.state is WritingState.DONE, actor.id, clock.now()))


def _must_stand(task: WritingTask, act: Act) -> None:
    if (task.state, act) not in MOVES:
        raise IllegalMove(_("This cannot be done with the writing task any more; look at it again."))


def _move(task: WritingTask, actor: Actor | None, act: Act) -> None:
    _must_stand(task, act)
    task.state = MOVES[task.state, act]


def _record(actor: Actor | None, verb: str, task: WritingTask) -> None:
    session.flush()
    details = {"question": task.question, "state": task.state.value, "user": task.user_id, "team": task.team_id}
    audit.record(actor, verb, subject_kind="writing_task", subject_id=task.id, note=task.answer, details=details)


def draft_of(task: WritingTask, actor: Actor) -> Submission | None:
    """What this person has begun to write for it and may go on with, the newest."""
    begun = Submission.draft_key.startswith(f"{KEY}{task.id}-", autoescape=True)
    found = sa.select(Submission).where(Submission.author_id == actor.id, begun)
    newest = session.scalar(found.order_by(Submission.id.desc()).limit(1))
    return newest if newest is not None and newest.state in EDITABLE else None


def new_key(task: WritingTask) -> str:
    """The key with which the editor begins a draft for this task."""
    return f"{KEY}{task.id}-{secrets.token_hex(6)}"


@on(ArticlePublished)
def close_when_published(event: ArticlePublished) -> None:
    """The task whose draft readers see now is done; what is not reviewed yet waits for its confirmation."""
    if not event.provisional and not event.restored:
        _done(event.submission_id)


@on(ProvisionalConfirmed)
def close_when_confirmed(event: ProvisionalConfirmed) -> None:
    """What readers saw before its review is approved now."""
    _done(event.publication.submission_id)


def _done(submission_id: int) -> None:
    submission = session.get(Submission, submission_id)
    key = submission.draft_key or "" if submission is not None else ""
    number = key.removeprefix(KEY).partition("-")[0]
    if submission is None or not key.startswith(KEY) or not number.isdecimal() or len(number) > 9:
        return
    task = lock(WritingTask, int(number))
    if task is None or task.state not in LIVE or submission.author_id != task.taken_by_id:
        return
    task.state, task.submission_id, task.closed_at = WritingState.DONE, submission_id, clock.now()
    _record(None, "text_published", task)
    emit(WritingClosed(task.id, True, None, clock.now()))


@chore(every=600)
def press() -> None:
    """Tasks whose day has passed are told once to those whose they are, and to who asked."""
    today = local(clock.now()).date()
    late = sa.select(WritingTask).where(
        WritingTask.state.in_(LIVE), WritingTask.due_on < today, WritingTask.pressed_at.is_(None)
    )
    for task in session.scalars(late.order_by(WritingTask.id).limit(SOME)).all():
        task.pressed_at = clock.now()
        emit(WritingOverdue(task.id, clock.now()))
    session.flush()


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def waiting(actor: Actor) -> sa.Select[WritingTask]:
    """What this person may write now, their own first, then by day."""
    found = sa.select(WritingTask).where(allowed(actor, P.WRITE))
    return _loaded(found).order_by(WritingTask.taken_by_id.is_(None), WritingTask.due_on, WritingTask.id)


def live() -> sa.Select[WritingTask]:
    """Everything that is asked for, by day."""
    return _loaded(sa.select(WritingTask).where(WritingTask.state.in_(LIVE))).order_by(
        WritingTask.due_on, WritingTask.id
    )


def closed(actor: Actor) -> sa.Select[WritingTask]:
    """What is written or dropped, the newest first: all of it for those who look at gaps, else one's own."""
    found = sa.select(WritingTask).where(WritingTask.state.not_in(LIVE))
    if not can(actor, P.SEE_GAPS):
        own = [WritingTask.user_id == actor.id, WritingTask.taken_by_id == actor.id]
        found = found.where(sa.or_(*own, *([WritingTask.team_id == actor.team_id] if actor.team_id else [])))
    return _loaded(found).order_by(WritingTask.closed_at.desc(), WritingTask.id.desc())


def _loaded(found: sa.Select[WritingTask]) -> sa.Select[WritingTask]:
    parts: Sequence[object] = (WritingTask.user, WritingTask.team, WritingTask.asked_by, WritingTask.taken_by)
    return found.options(*(joinedload(part) for part in parts))  # type: ignore[arg-type]


def count_waiting(actor: Actor) -> int:
    """How many tasks this person may write now."""
    found = sa.select(sa.func.count()).select_from(WritingTask).where(allowed(actor, P.WRITE))
    return session.scalar(found) or 0
