"""The learner's verbs: begin, confirm a lesson, hand in a quiz. Each may be repeated without counting twice."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid, NotFound
from core.events import emit
from core.i18n import _
from core.permissions import can, require
from wiki.training.asking import begun, in_order, until
from wiki.training.events import QuizPassed
from wiki.training.following import to_read_again
from wiki.training.keeping import write_down
from wiki.training.models import (
    Attempt,
    AttemptAnswer,
    Course,
    Enrolment,
    Lesson,
    LessonDone,
    LessonReadAgain,
    Quiz,
)
from wiki.training.permissions import P
from wiki.training.prerequisites import must_have_completed
from wiki.training.progress import settle
from wiki.training.queries import attempts_of, quiz_by_id
from wiki.training.recalling import follow
from wiki.training.rules import attempts_left, is_passed, is_right, score
from wiki.training.taking_rules import LATEST, takes_answers
from wiki.training.trainer_desk import count_answers
from wiki.training.version_models import CourseVersion
from wiki.training.versions import is_met


def enrol(course: Course, user_id: int, actor: Actor) -> Enrolment:
    """The person has begun the course in its newest version; beginning again changes nothing. A trainer may enrol
    others.

    Raises:
        Forbidden: the course is not open, or it is somebody else and this person does not teach.
        Conflict: another course is to be completed first.
    """
    require(actor, P.TAKE_COURSE, course)
    if user_id != actor.id:
        require(actor, P.TEACH)
    mine = sa.select(Enrolment).where(Enrolment.course_id == course.id, Enrolment.user_id == user_id)
    found = session.scalar(mine)
    if found is not None:
        return found
    if user_id == actor.id:
        must_have_completed(course, user_id)
    newest = session.scalar(sa.select(sa.func.max(CourseVersion.id)).where(CourseVersion.course_id == course.id))
    try:
        with session.begin_nested():
            found = Enrolment(course_id=course.id, user_id=user_id, version_id=newest, created_at=clock.now())
            session.add(found)
    except IntegrityError:  # the same person in another tab was faster
        return session.scalars(mine).one()
    audit.record(actor, "enrol", subject_kind="course", subject_id=course.id, details={"user": user_id})
    return found


def confirm(lesson: Lesson, actor: Actor) -> Enrolment:
    """The person has read the lesson in the version that is pinned now. Confirming again changes nothing, unless the
    lesson teaches a later major version since: then that is confirmed as well.

    Raises:
        Forbidden: the course is not open, or the article is for a closed circle.
    """
    require(actor, P.READ_LESSON, lesson)
    enrolment = enrol(lesson.course, actor.id, actor)
    lock(Enrolment, enrolment.id)
    done = session.get(LessonDone, (enrolment.id, lesson.id))
    if done is None:
        session.add(
            LessonDone(
                enrolment_id=enrolment.id, lesson_id=lesson.id, publication_id=lesson.publication_id, at=clock.now()
            )
        )
        session.flush()
        audit.record(
            actor, "read_lesson", subject_kind="course", subject_id=lesson.course_id,
            revision_id=lesson.publication.revision_id, details={"lesson": lesson.id},
        )  # fmt: skip
        settle(lesson.course, user_id=actor.id)
    elif lesson.id in to_read_again(actor.id, [lesson.id]):
        session.add(
            LessonReadAgain(
                enrolment_id=enrolment.id, lesson_id=lesson.id, publication_id=lesson.publication_id, at=clock.now()
            )
        )
        session.flush()
        audit.record(
            actor, "read_lesson_again", subject_kind="course", subject_id=lesson.course_id,
            revision_id=lesson.publication.revision_id, details={"lesson": lesson.id},
        )  # fmt: skip
    return enrolment


def hand_in(
    quiz: Quiz,
    actor: Actor,
    given: Mapping[int, Any],
    *,
    number: int | None = None,
    tab: str = "",
    seen: int = LATEST,
) -> Attempt:
    """One more attempt with its score; the first that passes is told as ``QuizPassed``.

    ``given`` maps question ids to what was chosen; what is missing counts as not answered. ``number`` is the attempt
    that the person believes to hand in: one that is handed in already (second tab, lost answer) is given back as it is.
    What was kept of the attempt counts as well, where the page (``tab``, ``seen``: see ``taking_rules``) did not change
    it; after the time is up it alone counts.

    Raises:
        Forbidden: the course is not open.
        Conflict: no attempt is left, there is nothing to answer, or the attempt cannot be the next one.
        Invalid: something chosen is none of the options.
    """
    require(actor, P.TAKE_COURSE, quiz.course)
    enrolment = enrol(quiz.course, actor.id, actor)
    lock(Enrolment, enrolment.id)
    before = attempts_of(actor.id, [quiz.id])
    known = next((attempt for attempt in before if attempt.number == number), None)
    if known is not None:
        return known
    must_be_open(quiz, before, number)
    row, late = begun(quiz.id, actor.id, len(before) + 1), False
    if row is not None:
        given = write_down(quiz, row, given, tab=tab, seen=seen)
        late = not takes_answers(clock.now(), until(quiz, row))
    elif quiz.time_limit is not None:
        raise Conflict(_("Begin the attempt first: its time runs from then on."), code="not-begun")
    attempt = _record(quiz, actor, enrolment, len(before) + 1, given, late=late)
    follow(attempt)
    count_answers(attempt)
    audit.record(
        actor, "hand_in", subject_kind="course", subject_id=quiz.course_id,
        details={"quiz": quiz.id, "attempt": attempt.id, "score": attempt.score, "passed": attempt.passed}
        | ({"time_up": True} if late else {}),
    )  # fmt: skip
    if attempt.passed and not any(one.passed for one in before):
        emit(QuizPassed(quiz.id, quiz.course_id, attempt.id, actor.id, attempt.score, attempt.at))
        settle(quiz.course, user_id=actor.id)
    return attempt


def must_be_open(quiz: Quiz, before: list[Attempt], number: int | None) -> None:
    """The next attempt may be made, and it is this one.

    Raises:
        Conflict.
    """
    if attempts_left(quiz.attempts_allowed, len(before), passed=any(one.passed for one in before)) == 0:
        raise Conflict(_("You have used all your attempts at this quiz. Ask your trainer."), code="no-attempts-left")
    if number is not None and number != len(before) + 1:
        raise Conflict(_("This attempt cannot be handed in. Open the quiz again."), code="wrong-attempt")


def _record(
    quiz: Quiz, actor: Actor, enrolment: Enrolment, number: int, given: Mapping[int, Any], *, late: bool
) -> Attempt:
    """``late``: nothing can be chosen anew, so what is no option any more counts as not answered."""
    answers: list[AttemptAnswer] = []
    errors: dict[str, str] = {}
    asked = in_order(quiz, actor.id, number)
    if not asked:
        raise Conflict(_("This quiz has no questions yet."), code="empty-quiz")
    for position, question in enumerate(asked, 1):
        try:
            chosen = question.understood(given.get(question.id))
        except ValueError as error:
            chosen = ()
            if not late:
                errors[f"answers.{question.id}"] = _("“%(answer)s” is none of the options.", answer=str(error))
        right = is_right(question.kind, question.key, chosen)
        answers.append(AttemptAnswer(question_id=question.id, position=position, answer=list(chosen), right=right))
    if errors:
        raise Invalid(errors)
    reached = score([answer.right for answer in answers])
    attempt = Attempt(
        quiz_id=quiz.id,
        user_id=actor.id,
        enrolment_id=enrolment.id,
        number=number,
        score=reached,
        pass_mark=quiz.pass_mark,
        reached=is_passed(reached, quiz.pass_mark),
        at=clock.now(),
        answers=answers,
    )
    session.add(attempt)
    session.flush()
    return attempt


def find_quiz(quiz_id: int, actor: Actor) -> Quiz:
    """The quiz; 404 when its course is not visible to this person, or their version of it does not have it.

    Raises:
        NotFound.
    """
    quiz = quiz_by_id(quiz_id)
    if quiz is None or not can(actor, P.SEE_COURSE, quiz.course) or not is_met(quiz, actor):
        raise NotFound(_("There is no such quiz, or it is not open yet."))
    return quiz
