"""How far each new hire is: steps, tests and scores, read for many at once; what they mean is said by the rules."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts.models import User
from core.actors import Actor
from core.db import session
from core.i18n import local
from core.permissions import allowed
from wiki.kpi import figures, queries
from wiki.people.path_duties import works_of
from wiki.people.path_models import Cohort, Newcomer, Path, PathStep, StepMark, StepSort
from wiki.people.paths import today
from wiki.people.permissions import P
from wiki.people.proficiency_rules import Life, day_number, day_of, late, on_today, proficient_on
from wiki.training.models import Acknowledgement, Attempt, Enrolment, Quiz

SCORE = "qa_score"
COMPARED = 24  # cohorts that one page compares: two years of monthly ones
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step with the calendar day it is due, when it was done, and who signed it (``mark``)."""

    step: PathStep
    due_on: date
    done_on: date | None
    mark: StepMark | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One new hire on a day. ``number``: which working day of theirs; ``tests``: each quiz with the day it was passed;
    ``scores``: the quality score of each day that has one."""

    newcomer: Newcomer
    number: int
    steps: tuple[StepDone, ...]
    tests: tuple[tuple[Quiz, date | None], ...]
    passed_on: date | None
    scores: dict[date, Fraction]
    proficient_on: date | None
    proficient_day: int | None

    @property
    def life(self) -> Life:
        """For the median: days until proficient, or days after which they are not yet."""
        return Life(self.proficient_day or max(self.number, 1), self.proficient_day is not None)

    @property
    def late(self) -> int:
        """How many steps are behind."""
        return 0 if self.newcomer.ended_on else late(self._days, self.number)

    @property
    def now(self) -> list[StepDone]:
        """What is to be done today, or next."""
        return [self.steps[at] for at in on_today(self._days, max(self.number, 1))]

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(1 for one in self.steps if one.done_on is not None)

    @property
    def _days(self) -> list[tuple[int, bool]]:
        return [(one.step.day, one.done_on is not None) for one in self.steps]


def cohorts() -> list[Cohort]:
    """The newest cohorts with their path, the newest first."""
    found = sa.select(Cohort).options(joinedload(Cohort.path).selectinload(Path.steps), joinedload(Cohort.team))
    return list(session.scalars(found.order_by(Cohort.starts_on.desc(), Cohort.id.desc()).limit(COMPARED)))


def newcomers(actor: Actor, cohort_ids: Iterable[int]) -> list[Newcomer]:
    """The new hires of these cohorts whom this person may see, by hiring day and name."""
    found = (
        sa.select(Newcomer)
        .join(User, User.id == Newcomer.user_id)
        .where(Newcomer.cohort_id.in_(sorted(cohort_ids)), allowed(actor, P.SEE_NEWCOMER))
        .options(
            joinedload(Newcomer.user).joinedload(User.team),
            joinedload(Newcomer.cohort).joinedload(Cohort.path).selectinload(Path.steps).joinedload(PathStep.course),
            joinedload(Newcomer.cohort).joinedload(Cohort.path).selectinload(Path.steps).joinedload(PathStep.article),
        )
        .order_by(Newcomer.hired_on, User.name, Newcomer.id)
    )
    return list(session.scalars(found).unique())


def standings(rows: Sequence[Newcomer]) -> list[Standing]:
    """How far these people are today; six statements, however many they are."""
    if not rows:
        return []
    people = [row.user_id for row in rows]
    steps = {step.id: step for row in rows for step in row.cohort.path.steps}
    courses = {step.course_id for step in steps.values() if step.course_id is not None}
    quizzes = _quizzes(courses)
    facts = _Facts(
        quizzes,
        _passed([quiz.id for some in quizzes.values() for quiz in some], people),
        _completed(courses, people),
        _acknowledged({step.article_id for step in steps.values() if step.article_id is not None}, people),
        _marks([row.id for row in rows]),
        _scores(people, min(row.hired_on for row in rows)),
    )
    return [_standing(row, facts) for row in rows]


@dataclass(frozen=True, slots=True)
class _Facts:
    quizzes: dict[int, list[Quiz]]  # by course
    passed: dict[Pair, date]  # by quiz and person
    completed: dict[Pair, date]  # by course and person
    acknowledged: dict[Pair, date]  # by article and person
    marks: dict[Pair, StepMark]  # by new hire and step
    scores: dict[int, dict[date, Fraction]]


def _standing(row: Newcomer, facts: _Facts) -> Standing:
    path, works = row.cohort.path, works_of(row.user)
    until = min(row.ended_on or today(), today())
    steps = tuple(_step(row, step, facts, day_of(row.hired_on, step.day, works)) for step in path.steps)
    tests = [
        (quiz, facts.passed.get((quiz.id, row.user_id)))
        for step in path.steps
        if step.course_id is not None
        for quiz in facts.quizzes.get(step.course_id, [])
    ]
    passed = [day for _quiz, day in tests if day is not None]
    passed_on = max([row.hired_on, *passed]) if len(passed) == len(tests) else None
    scores = facts.scores.get(row.user_id, {})
    found = proficient_on(
        row.hired_on, passed_on, scores, Fraction(path.target), until=until, works=works, needed=path.in_a_row
    )
    number = day_number(row.hired_on, until, works)
    day = day_number(row.hired_on, found, works) if found else None
    return Standing(row, number, steps, tuple(tests), passed_on, scores, found, day)


def _step(row: Newcomer, step: PathStep, facts: _Facts, due_on: date) -> StepDone:
    mark = facts.marks.get((row.id, step.id))
    done = mark.day if mark else None
    if step.sort is StepSort.COURSE and step.course_id is not None:
        done = facts.completed.get((step.course_id, row.user_id))
    elif step.sort is StepSort.READING and step.article_id is not None:
        done = done or facts.acknowledged.get((step.article_id, row.user_id))
    return StepDone(step, due_on, done, mark)


def _days(found: Iterable[sa.Row[int, int, datetime]]) -> dict[Pair, date]:
    return {(key, user_id): local(at).date() for key, user_id, at in found}


def _quizzes(courses: set[int]) -> dict[int, list[Quiz]]:
    found: dict[int, list[Quiz]] = defaultdict(list)
    asked = sa.select(Quiz).where(Quiz.course_id.in_(sorted(courses)), Quiz.removed_at.is_(None))
    for quiz in session.scalars(asked.options(joinedload(Quiz.course)).order_by(Quiz.position, Quiz.id)):
        found[quiz.course_id].append(quiz)
    return found


def _passed(quizzes: Sequence[int], people: Sequence[int]) -> dict[Pair, date]:
    """The first attempt of each that reached the mark and counts."""
    found = sa.select(Attempt.quiz_id, Attempt.user_id, sa.func.min(Attempt.at)).where(
        Attempt.quiz_id.in_(quizzes), Attempt.user_id.in_(people), Attempt.passed
    )
    return _days(session.execute(found.group_by(Attempt.quiz_id, Attempt.user_id)))


def _completed(courses: set[int], people: Sequence[int]) -> dict[Pair, date]:
    found = sa.select(Enrolment.course_id, Enrolment.user_id, Enrolment.completed_at).where(
        Enrolment.course_id.in_(sorted(courses)), Enrolment.user_id.in_(people), Enrolment.completed_at.is_not(None)
    )
    return _days(session.execute(found))


def _acknowledged(articles: set[int], people: Sequence[int]) -> dict[Pair, date]:
    found = sa.select(Acknowledgement.article_id, Acknowledgement.user_id, sa.func.min(Acknowledgement.at)).where(
        Acknowledgement.article_id.in_(sorted(articles)), Acknowledgement.user_id.in_(people)
    )
    return _days(session.execute(found.group_by(Acknowledgement.article_id, Acknowledgement.user_id)))


def _marks(newcomers_: Sequence[int]) -> dict[Pair, StepMark]:
    found = sa.select(StepMark).where(StepMark.newcomer_id.in_(newcomers_), StepMark.taken_back_at.is_(None))
    rows = session.scalars(found.options(joinedload(StepMark.by)))
    return {(row.newcomer_id, row.step_id): row for row in rows}


def _scores(people: Sequence[int], since: date) -> dict[int, dict[date, Fraction]]:
    indicator = queries.indicator(SCORE)
    return figures.daily(indicator, people, since, today()) if indicator is not None else {}
