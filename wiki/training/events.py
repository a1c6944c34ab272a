"""What happened in the classroom, told in the transaction in which it became true."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CoursePublished:
    """A course was opened to learners for the first time."""

    course_id: int
    slug: str
    author_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CourseChanged:
    """Something of a course is another, or who is to take it."""

    course_id: int


@dataclass(frozen=True, slots=True)
class CourseRenewed:
    """These people, who are under way, go on in another version of the course."""

    course_id: int
    version_id: int
    number: int
    user_ids: tuple[int, ...]
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CourseAssigned:
    """These people are to take a course: somebody assigned it, they came into its audience (nobody did: no
    ``actor_id``), or their last day moved."""

    assignment_id: int
    course_id: int
    user_ids: tuple[int, ...]
    due_on: date | None
    actor_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LessonOutdated:
    """The article that a lesson teaches had a major change, or was retired: its trainer is to look at it."""

    lesson_id: int
    course_id: int
    article_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class LessonRenewed:
    """A lesson teaches another major version of its article: who had read an earlier one is to read it again."""

    lesson_id: int
    course_id: int
    article_id: int
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class QuestionsSuspended:
    """Passages that a course asks about have changed; its trainer is to look at ``count`` questions."""

    course_id: int
    article_id: int
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class QuizPassed:
    """A person passed a quiz for the first time; ``score`` is 0–100. Later attempts are practice and are not told."""

    quiz_id: int
    course_id: int
    attempt_id: int
    user_id: int
    score: int
    at: datetime


@dataclass(frozen=True, slots=True)
class QuizVoided:
    """The attempt with which a person had passed a quiz is void, and no other one passed. Told again as ``QuizPassed``
    when they pass it after all."""

    quiz_id: int
    course_id: int
    attempt_id: int
    user_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CourseUndone:
    """A person has not completed a course after all, because ``actor_id`` declared an attempt of theirs void."""

    course_id: int
    enrolment_id: int
    user_id: int
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CourseCompleted:
    """A person did all that a course asks for: told once per person and course, and again only after it was undone
    (``CourseUndone``)."""

    course_id: int
    slug: str
    title: str
    enrolment_id: int
    user_id: int
    credits: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskSaidDone:
    """A learner says that a task is done: a supervisor of their team or the trainer is to look at it."""

    report_id: int
    task_id: int
    course_id: int
    user_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskJudged:
    """A task was ``signed`` off, or ``sent_back`` with a word."""

    report_id: int
    task_id: int
    course_id: int
    user_id: int
    verdict: str
    actor_id: int


@dataclass(frozen=True, slots=True)
class MustReadAsked:
    """These people are asked to confirm a text: by somebody now, or because they have joined a team that was asked."""

    article_id: int
    user_ids: tuple[int, ...]
    due_at: datetime
    urgent: bool
    actor_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class MustReadDue:
    """These people have not confirmed a text yet and are reminded: once by the clock, once a day by somebody."""

    article_id: int
    user_ids: tuple[int, ...]
    due_at: datetime
    actor_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class MustReadOverdue:
    """These people of one team have let a deadline pass; told once of each of them."""

    article_id: int
    user_ids: tuple[int, ...]
    team_id: int | None
    due_at: datetime
    at: datetime
