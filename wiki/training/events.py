"""What happened in the classroom, told in the transaction in which it became true."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CoursePublished:
    """A course was opened to learners for the first time."""

    course_id: int
    slug: str
    author_id: int
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
class CourseCompleted:
    """A person did all that a course asks for: told once per person and course, whatever happens to either later."""

    course_id: int
    slug: str
    title: str
    enrolment_id: int
    user_id: int
    credits: Decimal
    at: datetime
