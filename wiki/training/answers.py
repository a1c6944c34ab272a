"""What goes over the JSON interface, in and out. Ids are strings, credits decimals with two places.

An option is named by its id, its text, or its position in the order written (from 0); true and false are themselves.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import AliasChoices, Field

from core.actors import Actor
from core.api import In, Out
from core.errors import Invalid
from core.i18n import _
from core.permissions import can
from wiki.training.asking import as_written, begun, how_many, in_order, until
from wiki.training.models import Attempt, Course, Enrolment, Lesson, Quiz
from wiki.training.ops import pinnable
from wiki.training.permissions import P
from wiki.training.presenting import options_to_take, result_of, source_of, truth
from wiki.training.queries import Progress, attempts_of, lessons_done, progress_of
from wiki.training.rules import Kind, QuestionSpec, attempts_left, spec
from wiki.training.versions import seen_by, version_of


class CourseIn(In):
    """A new course."""

    title: str
    summary: str = ""
    credits: Decimal = Decimal(1)
    requires: Literal["quizzes", "everything"] = "quizzes"
    state: Literal["draft", "published"] = "published"


class LessonIn(In):
    """An article by slug, in a version like '1.0'; without one, the live version."""

    article: str
    version: str | None = None
    task: str = ""


class OptionIn(In):
    """An option that says itself whether it is right."""

    text: str
    correct: bool = Field(False, validation_alias=AliasChoices("correct", "right"))


class QuestionIn(In):
    """A question with its key in ``answer``: one option, a list of them, true or false, or accepted texts."""

    kind: Kind | None = Field(None, validation_alias=AliasChoices("kind", "type"))
    text: str = Field(validation_alias=AliasChoices("text", "question", "prompt"))
    options: list[str | OptionIn] = Field(default_factory=list, validation_alias=AliasChoices("options", "choices"))
    answer: Any = Field(None, validation_alias=AliasChoices("answer", "answers", "correct", "key"))
    explanation: str = ""
    article: str | None = None
    passage: str = ""


class QuizIn(In):
    """A new quiz. ``attempts_allowed`` null: as many as wanted."""

    title: str = ""
    questions: list[QuestionIn] = Field(min_length=1, max_length=200)
    pass_mark: int = Field(80, ge=1, le=100)
    attempts_allowed: int | None = Field(3, ge=1, le=100)
    shuffle: bool = False
    time_limit: int | None = Field(None, ge=1, le=1440)


class EnrolIn(In):
    """Trainers may name somebody else."""

    user: str | None = None


class AttemptIn(In):
    """Answers by question id, or as a list in the order of the questions as written. ``attempt`` is the number shown
    with the quiz: handing in the same number twice counts once."""

    answers: dict[str, Any] | list[Any]
    attempt: int | None = None


class LessonOut(Out):
    """A lesson; ``live_version`` is given when it is newer than the pinned one."""

    n: int
    article: str | None
    title: str | None
    version: str
    live_version: str | None
    changed: bool
    done_at: datetime | None


class QuizHeadOut(Out):
    """A quiz in a course."""

    id: str
    title: str
    questions: int
    pass_mark: int
    passed: bool


class CourseOut(Out):
    """A course; ``version`` is the caller's, or the newest. Lessons and quizzes are left out in lists."""

    id: str
    slug: str
    title: str
    summary: str
    state: str
    requires: str
    credits: str
    author: str
    version: int | None
    assigned: bool
    due_on: date | None
    completed_at: datetime | None
    lessons: list[LessonOut] | None = None
    quizzes: list[QuizHeadOut] | None = None


class OptionOut(Out):
    """One thing to choose."""

    id: str
    text: str


class QuestionOut(Out):
    """A question without its key."""

    id: str
    kind: str
    text: str
    options: list[OptionOut]


class QuizOut(Out):
    """A quiz as it would be taken now. ``time_limit`` in minutes, from when the attempt is begun, ``until`` then."""

    id: str
    course: str
    title: str
    pass_mark: int
    attempts_allowed: int | None
    attempts_left: int | None
    attempt: int
    time_limit: int | None
    until: datetime | None
    questions: list[QuestionOut]


class CoursesOut(Out):
    """A page of courses."""

    items: list[CourseOut]
    next: str | None
    total: int


class EnrolmentOut(Out):
    """Somebody in a course."""

    id: str
    course: str
    user: str
    version: int | None
    enrolled_at: datetime
    completed_at: datetime | None
    credits: str | None


class EnrolmentsOut(Out):
    """A page of who is in a course."""

    items: list[EnrolmentOut]
    next: str | None
    total: int


class VerdictOut(Out):
    """One question of an attempt. Why and where is said for wrong ones; the key when it can no longer help to pass."""

    question: str
    right: bool
    explanation: str
    source: dict[str, str] | None
    key: list[str] | None


class AttemptOut(Out):
    """A handed-in attempt."""

    id: str
    quiz: str
    attempt: int
    score: int
    pass_mark: int
    passed: bool
    attempts_left: int | None
    course_completed: bool
    credits: str | None
    questions: list[VerdictOut]


def question_spec(given: QuestionIn, number: int, who: Actor) -> QuestionSpec:
    """A checked question of a new quiz.

    Raises:
        Invalid: naming ``questions.<number>.<field>``.
    """
    texts = [one if isinstance(one, str) else one.text for one in given.options]
    marked = [at for at, one in enumerate(given.options) if isinstance(one, OptionIn) and one.correct]
    key = given.answer if given.answer is not None else (marked or None)
    kind = given.kind or _guess(texts, key)
    article_id: int | None = None
    try:
        if given.article is not None:
            article_id = pinnable(who, given.article, None)[0].id
        return spec(
            kind, given.text, texts, key, explanation=given.explanation, article_id=article_id, passage=given.passage
        )
    except Invalid as error:
        raise Invalid({f"questions.{number}.{name}": said for name, said in error.errors.items()}) from error


def _guess(texts: Sequence[str], key: Any) -> Kind:
    if isinstance(key, bool):
        return Kind.TRUE_FALSE
    if not texts:
        return Kind.FILL_IN
    return Kind.MULTIPLE if isinstance(key, list) and len(key) > 1 else Kind.SINGLE


def given_answers(quiz: Quiz, answers: dict[str, Any] | list[Any], who: Actor, number: int | None) -> dict[int, Any]:
    """Answers by question id.

    Raises:
        Invalid: there is an answer to something that was not asked.
    """
    questions = as_written(quiz, who.id, number or len(attempts_of(who.id, [quiz.id])) + 1)
    asked = {str(question.id): question.id for question in questions}
    if isinstance(answers, list):
        if all(isinstance(one, dict) for one in answers):
            answers = {str(one.get("question", one.get("id"))): one.get("answer") for one in answers}
        else:
            answers = {str(question.id): one for question, one in zip(questions, answers, strict=False)}
    unknown = [name for name in answers if name not in asked]
    if unknown:
        raise Invalid({f"answers.{unknown[0][:40]}": _("This quiz has no such question (any more).")})
    return {asked[name]: value for name, value in answers.items()}


def two_places(amount: Decimal | None) -> str | None:
    """Credits outside: a decimal with two places."""
    return None if amount is None else f"{amount:.2f}"


def course_out(course: Course, progress: Progress) -> CourseOut:
    """A course as the caller sees it in a list."""
    return CourseOut(
        id=str(course.id),
        slug=course.slug,
        title=course.title,
        summary=course.summary,
        state=course.state.value,
        requires=course.requires.value,
        credits=two_places(course.credits) or "0.00",
        author=course.author.username,
        version=progress.version,
        assigned=progress.assigned,
        due_on=progress.due_on,
        completed_at=progress.completed_at,
    )


def whole_course(course: Course, who: Actor) -> CourseOut:
    """A course with its lessons and quizzes, and how far the caller is."""
    out = course_out(course, progress_of(who.id, [course.id]).get(course.id, Progress()))
    done = lessons_done(course, who.id)
    found = seen_by(course, who)
    passed = {one.quiz_id for one in attempts_of(who.id, [quiz.id for quiz in found.quizzes]) if one.passed}
    out.lessons = [
        lesson_out(
            lesson, n, done[lesson.id].at if lesson.id in done else None, readable=can(who, P.READ_LESSON, lesson)
        )
        for n, lesson in enumerate(found.lessons, 1)
    ]
    out.quizzes = [
        QuizHeadOut(
            id=str(quiz.id),
            title=quiz.title,
            questions=how_many(quiz),
            pass_mark=quiz.pass_mark,
            passed=quiz.id in passed,
        )
        for quiz in found.quizzes
    ]
    return out


def lesson_out(lesson: Lesson, n: int, done_at: datetime | None, *, readable: bool) -> LessonOut:
    """A lesson; of an article for a closed circle outsiders learn nothing."""
    return LessonOut(
        n=n,
        article=lesson.article.slug if readable else None,
        title=lesson.publication.revision.title if readable else None,
        version=lesson.publication.version,
        live_version=lesson.article.version if lesson.is_behind else None,
        changed=lesson.marked_at is not None,
        done_at=done_at,
    )


def quiz_out(quiz: Quiz, who: Actor) -> QuizOut:
    """A quiz in the order of the caller's next attempt, without the key."""
    made = attempts_of(who.id, [quiz.id])
    number = len(made) + 1
    row = begun(quiz.id, who.id, number)
    hidden = quiz.time_limit is not None and row is None and not can(who, P.TEACH)  # or nobody need hurry
    return QuizOut(
        id=str(quiz.id),
        course=quiz.course.slug,
        title=quiz.title,
        pass_mark=quiz.pass_mark,
        attempts_allowed=quiz.attempts_allowed,
        attempts_left=attempts_left(quiz.attempts_allowed, len(made), passed=any(one.passed for one in made)),
        attempt=number,
        time_limit=quiz.time_limit,
        until=until(quiz, row) if row else None,
        questions=[
            QuestionOut(
                id=str(question.id),
                kind=question.kind.value,
                text=question.text,
                options=[
                    OptionOut(id=one.id, text=one.text or truth(one.id))
                    for one in options_to_take(question, who.id, number, quiz=quiz)
                ],
            )
            for question in ([] if hidden else in_order(quiz, who.id, number))
        ],
    )


def enrolment_out(row: Enrolment) -> EnrolmentOut:
    """An enrolment."""
    return EnrolmentOut(
        id=str(row.id),
        course=row.course.slug,
        user=row.user.username,
        version=version.number if (version := version_of(row)) else None,
        enrolled_at=row.created_at,
        completed_at=row.completed_at,
        credits=two_places(row.credits),
    )


def attempt_out(attempt: Attempt, who: Actor, progress: Progress) -> AttemptOut:
    """A handed-in attempt with its verdicts."""
    result = result_of(attempt, attempts_of(who.id, [attempt.quiz_id]), who)
    return AttemptOut(
        id=str(attempt.id),
        quiz=str(attempt.quiz_id),
        attempt=attempt.number,
        score=attempt.score,
        pass_mark=attempt.pass_mark,
        passed=attempt.passed,
        attempts_left=result["left"],
        course_completed=progress.completed_at is not None,
        credits=two_places(progress.credits),
        questions=[
            VerdictOut(
                question=str(answer.question_id),
                right=answer.right,
                explanation=shown["because"],
                source=source_of(answer.question, who, attempt.quiz.course) if not answer.right else None,
                key=list(answer.question.key) if result["shows_key"] else None,
            )
            for answer, shown in zip(attempt.answers, result["questions"], strict=True)
        ],
    )
