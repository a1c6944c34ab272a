"""The verbs of sessions and tasks: who comes, who was there, what was done and who has seen it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid, NotFound
from core.events import emit
from core.i18n import _
from core.markup import guard
from core.permissions import require
from core.texts import clean, one_line
from wiki.training.events import TaskJudged, TaskSaidDone
from wiki.training.learning import enrol
from wiki.training.models import Course
from wiki.training.ops import SUBJECT, touched
from wiki.training.permissions import P
from wiki.training.practice_models import CourseSession, CourseTask, Seat, TaskReport
from wiki.training.practice_permissions import Practice
from wiki.training.practice_queries import reports_of, taken
from wiki.training.practice_rules import Verdict, seats_left
from wiki.training.progress import settle
from wiki.training.rules import CourseState
from wiki.training.versions import is_met

WORDS = 1000  # characters of a note or an answer to it


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """What a trainer says about a session. ``capacity`` ``None``: as many as come."""

    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    capacity: int | None = None


def save_session(course: Course, actor: Actor, spec: SessionSpec, found: CourseSession | None = None) -> CourseSession:
    """The course has this session; ``found`` is changed, or a new one is added.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.TEACH)
    errors: dict[str, str] = {}
    title, where = one_line(spec.title), one_line(spec.place)
    for name, text in (("title", title), ("place", where)):
        if not text or len(text) > 200:
            errors[name] = _("Please write 1 to %(n)s characters.", n=200)
    if spec.ends_at <= spec.starts_at:
        errors["ends_at"] = _("A session ends after it has begun.")
    if spec.capacity is not None and not 1 <= spec.capacity <= 10_000:
        errors["capacity"] = _("Give a number of seats, or leave it empty for as many as come.")
    if errors:
        raise Invalid(errors)
    verb = "edit_session" if found else "add_session"
    if found is None:
        found = CourseSession(course_id=course.id, created_at=clock.now())
        session.add(found)
    found.title, found.place, found.capacity = title, where, spec.capacity
    found.starts_at, found.ends_at = spec.starts_at, spec.ends_at
    touched(course, actor, verb, title=title, starts_at=spec.starts_at.isoformat())
    return found


def remove_session(found: CourseSession, actor: Actor) -> None:
    """The course no longer asks for it; who was there stays on record."""
    require(actor, P.TEACH)
    found.removed_at = clock.now()
    touched(found.course, actor, "remove_session", title=found.title)
    settle(found.course)


def find_session(course: Course, session_id: int, actor: Actor) -> CourseSession:
    """A session that this person meets in the course.

    Raises:
        NotFound.
    """
    found = session.get(CourseSession, session_id)
    if found is None or found.course_id != course.id or not is_met(found, actor):
        raise NotFound(_("This course has no such session."))
    return found


def take_seat(found: CourseSession, actor: Actor) -> None:
    """The person means to come. Saying it twice changes nothing.

    Raises:
        Forbidden, Conflict: it is over, or every seat is taken.
    """
    enrol(found.course, actor.id, actor)
    lock(CourseSession, found.id)
    seat = session.get(Seat, (found.id, actor.id))
    if seat is not None and seat.taken_at is not None:
        return
    if found.ends_at <= clock.now():
        raise Conflict(_("This session is over. Ask your trainer for the next one."), code="session-over")
    if seats_left(found.capacity, taken([found.id]).get(found.id, 0)) == 0:
        raise Conflict(_("Every seat is taken. Ask your trainer for another day."), code="session-full")
    if seat is None:
        session.add(Seat(session_id=found.id, user_id=actor.id, taken_at=clock.now()))
    else:
        seat.taken_at = clock.now()
    audit.record(actor, "take-seat", subject_kind="session", subject_id=found.id)
    session.flush()


def leave_seat(found: CourseSession, actor: Actor) -> None:
    """The person does not come after all; who was there was there."""
    lock(CourseSession, found.id)
    seat = session.get(Seat, (found.id, actor.id))
    if seat is not None and seat.attended_at is None:
        session.delete(seat)
        audit.record(actor, "leave-seat", subject_kind="session", subject_id=found.id)
        session.flush()


def note_attendance(found: CourseSession, actor: Actor, *, listed: Collection[int], present: Collection[int]) -> int:
    """Of the people ``listed``, those ``present`` were there and the others were not; nobody else is touched. Returns
    how many are new. Also long after the session; who completed the course by it stays complete.

    Raises:
        Forbidden, Conflict: it has not begun, or learners do not see the course yet.
    """
    require(actor, P.TEACH)
    if found.course.state is not CourseState.PUBLISHED:
        raise Conflict(_("Publish the course first."), code="draft-course")
    if found.starts_at > clock.now():
        raise Conflict(_("The session has not begun yet."), code="session-ahead")
    lock(CourseSession, found.id)
    fresh: list[int] = []
    for user_id in sorted(set(listed)):
        seat = session.get(Seat, (found.id, user_id))
        was, there = seat is not None and seat.attended_at is not None, user_id in present
        if was == there:
            continue
        if seat is None:
            seat = Seat(session_id=found.id, user_id=user_id)
            session.add(seat)
        seat.attended_at, seat.noted_by_id = (clock.now() if there else None), actor.id
        audit.record(
            actor, "attended" if there else "not_attended", subject_kind=SUBJECT, subject_id=found.course_id,
            details={"session": found.id, "user": user_id},
        )  # fmt: skip
        if there:
            enrol(found.course, user_id, actor)
            fresh.append(user_id)
    session.flush()
    for user_id in fresh:
        settle(found.course, user_id=user_id)
    return len(fresh)


# --- Tasks ---------------------------------------------------------------------------------------------------------


def save_task(course: Course, actor: Actor, title: str, what: str, found: CourseTask | None = None) -> CourseTask:
    """The course has this task; ``found`` is changed, or a new one is added.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.TEACH)
    title, what, errors = one_line(title), clean(what).strip(), dict[str, str]()
    if not title or len(title) > 200:
        errors["title"] = _("Please write 1 to %(n)s characters.", n=200)
    if not what:
        errors["what"] = _("Say what is to be done, and what whoever signs it looks for.")
    try:
        guard(what, "what")
    except Invalid as error:
        errors.update(error.errors)
    if errors:
        raise Invalid(errors)
    verb = "edit_task" if found else "add_task"
    if found is None:
        found = CourseTask(course_id=course.id, created_at=clock.now())
        session.add(found)
    found.title, found.what = title, what
    touched(course, actor, verb, title=title)
    return found


def remove_task(found: CourseTask, actor: Actor) -> None:
    """The course no longer asks for it; what was said and signed stays on record."""
    require(actor, P.TEACH)
    found.removed_at = clock.now()
    touched(found.course, actor, "remove_task", title=found.title)
    settle(found.course)


def find_task(course: Course, task_id: int, actor: Actor) -> CourseTask:
    """A task that this person meets in the course.

    Raises:
        NotFound.
    """
    found = session.get(CourseTask, task_id)
    if found is None or found.course_id != course.id or not is_met(found, actor):
        raise NotFound(_("This course has no such task."))
    return found


def say_done(found: CourseTask, actor: Actor, note: str = "") -> TaskReport:
    """The person says that they have done it, and somebody is to look. Saying it twice is saying it once.

    Raises:
        Forbidden, Conflict: something is to be completed first.
    """
    enrolment = enrol(found.course, actor.id, actor)
    last = next(iter(reversed(reports_of([found.id], actor.id))), None)
    if last is not None and last.verdict is not Verdict.SENT_BACK:
        return last
    report = TaskReport(
        task_id=found.id, enrolment_id=enrolment.id, note=clean(note).strip()[:WORDS], at=clock.now(), word=""
    )
    try:
        with session.begin_nested():
            session.add(report)
    except IntegrityError:  # another tab was faster
        return reports_of([found.id], actor.id)[-1]
    audit.record(
        actor,
        "say_done",
        subject_kind=SUBJECT,
        subject_id=found.course_id,
        details={"task": found.id},
        note=report.note,
    )
    emit(TaskSaidDone(report.id, found.id, found.course_id, actor.id, report.at))
    return report


def judge(report: TaskReport, actor: Actor, verdict: Verdict, word: str = "") -> None:
    """The task is signed off and counts as done, or goes back with a word and may be reported again.

    Raises:
        Forbidden: neither the trainer nor a supervisor of the learner's team, or the learner themselves.
        Conflict: somebody else was faster and said otherwise.
        Invalid: sent back without a word.
    """
    require(actor, Practice.SIGN_OFF, report)
    lock(TaskReport, report.id)
    if report.verdict is not None:
        if report.verdict is verdict:
            return
        raise Conflict(_("Somebody has answered this already."), code="judged")
    said = clean(word).strip()[:WORDS]
    if verdict is Verdict.SENT_BACK and not said:
        raise Invalid({"word": _("Say what is missing, so that they know what to do.")})
    report.verdict, report.word, report.judged_by_id, report.judged_at = verdict, said, actor.id, clock.now()
    session.flush()
    audit.record(
        actor, "sign_off" if verdict is Verdict.SIGNED else "send_task_back", subject_kind=SUBJECT,
        subject_id=report.task.course_id, details={"task": report.task_id, "user": report.enrolment.user_id}, note=said,
    )  # fmt: skip
    emit(
        TaskJudged(report.id, report.task_id, report.task.course_id, report.enrolment.user_id, verdict.value, actor.id)
    )
    if verdict is Verdict.SIGNED:
        settle(report.task.course, user_id=report.enrolment.user_id)
