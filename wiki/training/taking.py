"""The learner's verbs inside an attempt: begin it, keep what is chosen. Handing in is in ``learning``."""

from collections.abc import Mapping
from typing import Any

from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.permissions import require
from wiki.training.asking import as_written, begun
from wiki.training.keeping import write_down
from wiki.training.learning import enrol, must_be_open
from wiki.training.models import Attempt, Course, Enrolment, Quiz
from wiki.training.permissions import P
from wiki.training.queries import attempts_of
from wiki.training.taking_models import AttemptBegun, QuizAllowance


def begin(quiz: Quiz, actor: Actor) -> AttemptBegun:
    """The next attempt is begun: what it asks is fixed, and its time runs. Beginning again changes nothing.

    Raises:
        Forbidden: the course is not open.
        Conflict: no attempt is left, or there is nothing to answer.
    """
    require(actor, P.TAKE_COURSE, quiz.course)
    before = _alone(quiz.course, quiz, actor)
    must_be_open(quiz, before, None)
    return _begun(quiz, actor, len(before) + 1)


def _alone(course: Course, quiz: Quiz, actor: Actor) -> list[Attempt]:
    """What this person has handed in, with nobody else writing for them until the end of the transaction."""
    lock(Enrolment, enrol(course, actor.id, actor).id)
    return attempts_of(actor.id, [quiz.id])


def _begun(quiz: Quiz, actor: Actor, number: int) -> AttemptBegun:
    found = begun(quiz.id, actor.id, number)
    if found is not None:
        return found
    asked = [question.id for question in as_written(quiz, actor.id, number)]
    if not asked:
        raise Conflict(_("This quiz has no questions yet."), code="empty-quiz")
    made = AttemptBegun(
        quiz_id=quiz.id, user_id=actor.id, number=number, begun_at=clock.now(), question_ids=asked, kept=[]
    )
    session.add(made)
    session.flush()
    return made


def keep(
    quiz: Quiz, actor: Actor, given: Mapping[int, Any], *, number: int | None, tab: str, seen: int
) -> AttemptBegun | Attempt:
    """What the page changed is kept, in time; later it changes nothing. An attempt handed in already is given back.

    Raises:
        Forbidden: the course is not open.
        Conflict: no attempt is left, or this cannot be the next one.
    """
    require(actor, P.TAKE_COURSE, quiz.course)
    before = _alone(quiz.course, quiz, actor)
    for attempt in before:
        if attempt.number == number:
            return attempt
    must_be_open(quiz, before, number)
    row = _begun(quiz, actor, len(before) + 1)
    write_down(quiz, row, given, tab=tab, seen=seen)
    return row


def allow_more_time(quiz: Quiz, actor: Actor, user_id: int | None, minutes: int) -> None:
    """The person has so many minutes more in every attempt at the quiz, one that runs included; 0 takes it back.

    Raises:
        Forbidden.
        Invalid: nobody is named; less than 0, or more than a day.
    """
    require(actor, P.TEACH)
    if user_id is None:
        raise Invalid({"user": _("Choose a person.")})
    if not 0 <= minutes <= 24 * 60:
        raise Invalid({"minutes": _("Give between 0 and %(n)s minutes.", n=24 * 60)})
    row = session.get(QuizAllowance, (quiz.id, user_id))
    if row is not None and not minutes:
        session.delete(row)
    elif row is not None:
        row.minutes = minutes
    elif minutes:
        session.add(QuizAllowance(quiz_id=quiz.id, user_id=user_id, minutes=minutes))
    session.flush()
    audit.record(
        actor, "allow_time", subject_kind="course", subject_id=quiz.course_id,
        details={"quiz": quiz.id, "user": user_id, "minutes": minutes},
    )  # fmt: skip
