"""An attempt whose time has run out is handed in by the worker, as it was kept, also when its learner never returns."""

import logging

import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core import clock
from core.chores import chore
from core.db import session
from core.errors import DomainError
from wiki.training.learning import hand_in
from wiki.training.models import Attempt, Quiz
from wiki.training.taking_models import AttemptBegun, QuizAllowance
from wiki.training.taking_rules import ends_at, takes_answers

log = logging.getLogger(__name__)
AT_ONCE = 100  # attempts in one turn


def run_out() -> list[AttemptBegun]:
    """Attempts under way that take no more answers, the oldest first."""
    made = sa.select(sa.func.count()).select_from(Attempt)
    made = made.where(Attempt.quiz_id == AttemptBegun.quiz_id, Attempt.user_id == AttemptBegun.user_id)
    given = sa.and_(QuizAllowance.quiz_id == AttemptBegun.quiz_id, QuizAllowance.user_id == AttemptBegun.user_id)
    found = (
        sa.select(AttemptBegun, Quiz.time_limit, sa.func.coalesce(QuizAllowance.minutes, 0))
        .join(Quiz, Quiz.id == AttemptBegun.quiz_id)
        .outerjoin(QuizAllowance, given)
        .where(Quiz.time_limit.is_not(None), AttemptBegun.number == made.correlate(AttemptBegun).scalar_subquery() + 1)
        .order_by(AttemptBegun.begun_at, AttemptBegun.id)
    )
    now = clock.now()
    rows = session.execute(found).all()
    return [row for row, limit, more in rows if not takes_answers(now, ends_at(row.begun_at, limit, more))]


@chore(every=60)
def hand_in_what_ran_out() -> None:
    """The learner's own late submit and this one are one attempt, whichever comes first: it is known by its number."""
    for row in run_out()[:AT_ONCE]:
        quiz, user = session.get_one(Quiz, row.quiz_id), session.get_one(User, row.user_id)
        try:
            with session.begin_nested():
                hand_in(quiz, actor_of(user), {}, number=row.number)
        except DomainError as error:  # taken back into a draft, no question left: it waits for its learner
            log.info("attempt %s of quiz %s by person %s stays open: %s", row.number, quiz.id, user.id, error)
