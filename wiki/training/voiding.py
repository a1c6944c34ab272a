"""An attempt that should not count: another person sat there, or the key was on the wall."""

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid
from core.events import emit
from core.i18n import _
from core.permissions import require
from wiki.training.events import CourseUndone, QuizVoided
from wiki.training.models import Attempt, Enrolment, Voiding
from wiki.training.permissions import P
from wiki.training.progress import is_done
from wiki.training.queries import attempts_of
from wiki.training.trainer_desk import discount_answers


def void(attempt: Attempt, actor: Actor, *, reason: str) -> Voiding:
    """The attempt stays on record and counts as not passed; what was earned by it is taken back.

    Raises:
        Forbidden: they do not teach, or it is their own. Conflict: it is void already. Invalid: no reason was given.
    """
    require(actor, P.VOID_ATTEMPT, attempt)
    if not reason.strip():
        raise Invalid({"reason": _("Please say why; the learner reads it.")})
    enrolment = lock(Enrolment, attempt.enrolment_id) or session.get_one(Enrolment, attempt.enrolment_id)
    if session.scalar(sa.select(Voiding.id).where(Voiding.attempt_id == attempt.id)) is not None:
        raise Conflict(_("This attempt is void already."), code="void")
    counted = attempt.passed
    row = Voiding(attempt_id=attempt.id, user_id=actor.id, reason=reason.strip()[:500], at=clock.now())
    session.add(row)
    session.flush()
    session.expire(attempt, ["voiding"])
    discount_answers(attempt)
    audit.record(
        actor, "void_attempt", subject_kind="course", subject_id=attempt.quiz.course_id, note=row.reason,
        details={"quiz": attempt.quiz_id, "attempt": attempt.id, "user": attempt.user_id},
    )  # fmt: skip
    if counted and not any(one.passed for one in attempts_of(attempt.user_id, [attempt.quiz_id])):
        emit(QuizVoided(attempt.quiz_id, attempt.quiz.course_id, attempt.id, attempt.user_id, row.at))
        _unsettle(attempt, enrolment, actor.id)
    return row


def _unsettle(attempt: Attempt, enrolment: Enrolment, actor_id: int) -> None:
    """A course whose completion rested on the attempt is not completed any more, and its certificate is none."""
    course = attempt.quiz.course
    if enrolment.completed_at is None or is_done(course, enrolment):
        return
    enrolment.completed_at = enrolment.credits = enrolment.certificate = None
    session.flush()
    emit(CourseUndone(course.id, enrolment.id, enrolment.user_id, actor_id, clock.now()))
