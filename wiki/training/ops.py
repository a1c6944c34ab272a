"""The trainer's verbs: build and publish. They flush and never commit; the actor is an argument."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeVar

import sqlalchemy as sa

from accounts.models import User
from accounts.rules import Role
from core import audit, clock
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Invalid, NotFound
from core.events import emit
from core.i18n import _
from core.markup import guard
from core.permissions import can, require
from core.texts import clean, one_line
from wiki.articles import queries as articles
from wiki.articles.models import Article, Publication
from wiki.articles.permissions import P as Reading
from wiki.articles.rules import slugify
from wiki.training.events import CourseChanged, CoursePublished, LessonRenewed
from wiki.training.models import Course, Lesson, Question, Quiz
from wiki.training.permissions import P
from wiki.training.practice_queries import practice_in
from wiki.training.progress import settle
from wiki.training.queries import course_by_slug, lesson_numbered
from wiki.training.rules import CourseState, Requires

CREDIT_LIMIT = Decimal(100)
SUBJECT = "course"
Placed = TypeVar("Placed", Lesson, Quiz, Question)
Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class CourseSpec:
    """What a trainer says about a course as a whole."""

    title: str
    summary: str = ""
    credits: Decimal = Decimal(1)
    requires: Requires = Requires.EVERYTHING


def create_course(actor: Actor, spec: CourseSpec) -> Course:
    """A draft course exists afterwards, under an address made from its title.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.TEACH)
    found = _checked(spec)
    course = Course(
        slug=_free_slug(found.title),
        title=found.title,
        summary=found.summary,
        credits=found.credits,
        requires=found.requires,
        state=CourseState.DRAFT,
        author_id=actor.id,
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    session.add(course)
    session.flush()
    audit.record(actor, "create", subject_kind=SUBJECT, subject_id=course.id)
    return course


def change_course(course: Course, actor: Actor, spec: CourseSpec) -> None:
    """The course says what the trainer says; its address stays. Credits already given stay as they were.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.TEACH)
    found = _checked(spec)
    before = {"title": course.title, "credits": str(course.credits), "requires": course.requires.value}
    course.title, course.summary, course.credits, course.requires = (
        found.title, found.summary, found.credits, found.requires,
    )  # fmt: skip
    after = {"title": course.title, "credits": str(course.credits), "requires": course.requires.value}
    touched(course, actor, "edit", before=before, after=after)
    settle(course)


def _checked(spec: CourseSpec) -> CourseSpec:
    title, summary, errors = one_line(spec.title), clean(spec.summary).strip(), dict[str, str]()
    if not title:
        errors["title"] = _("Give the course a title.")
    elif len(title) > 200:
        errors["title"] = _("A title may have %(n)s characters at most.", n=200)
    try:
        guard(summary, "summary")
    except Invalid as error:
        errors.update(error.errors)
    if not spec.credits.is_finite() or not 0 <= spec.credits <= CREDIT_LIMIT:
        errors["credits"] = _("Credits are a number from 0 to %(n)s.", n=CREDIT_LIMIT)
    elif spec.credits != spec.credits.quantize(Decimal("0.01")):
        errors["credits"] = _("Credits have two decimal places at most.")
    if errors:
        raise Invalid(errors)
    return CourseSpec(title, summary, spec.credits, spec.requires)


def _free_slug(title: str) -> str:
    base = slugify(title)
    rows = session.scalars(
        sa.select(Course.slug).where(sa.or_(Course.slug == base, Course.slug.startswith(base + "-")))
    )
    taken, number, slug = set(rows) | {"new"}, 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def touched(course: Course, actor: Actor | None, verb: str, **details: Any) -> None:
    """Remember the act; what the course consists of is read afresh."""
    course.updated_at = clock.now()
    session.flush()
    session.expire(course, ["lessons", "quizzes"])
    audit.record(actor, verb, subject_kind=SUBJECT, subject_id=course.id, details=details)
    emit(CourseChanged(course.id))


def publish(course: Course, actor: Actor, *, empty: bool = False) -> None:
    """Learners see the course. Publishing again changes nothing. ``empty``: also when there is nothing to learn yet.

    Raises:
        Forbidden: this person does not teach.
        Conflict: the course has no step at all, or a quiz without questions.
    """
    require(actor, P.TEACH)
    if course.state is CourseState.PUBLISHED:
        return
    must_be_ready(course, empty=empty)
    course.state, course.published_at = CourseState.PUBLISHED, clock.now()
    touched(course, actor, "publish")
    emit(CoursePublished(course.id, course.slug, course.author_id, course.published_at))


def must_be_ready(course: Course, *, empty: bool = False) -> None:
    """There is something to learn, and every quiz asks something.

    Raises:
        Conflict.
    """
    if not (empty or course.lessons or course.quizzes or practice_in(course.id)):
        raise Conflict(_("There is nothing to learn in this course yet. Add a lesson or a quiz."), code="empty-course")
    for quiz in course.quizzes:
        if not quiz.questions and not quiz.asks:
            raise Conflict(_("The quiz “%(title)s” has no questions yet.", title=quiz.title), code="empty-quiz")


# --- Lessons -------------------------------------------------------------------------------------------------------


def add_lesson(
    course: Course, actor: Actor, article_slug: str, *, version: str | None = None, task: str = ""
) -> Lesson:
    """The course teaches this article as published under ``version`` (``None``: as it is now).

    Raises:
        Forbidden, Conflict: it is a lesson of this course already.
        Invalid: no such article that this trainer may read, or no such version of it.
    """
    require(actor, P.TEACH)
    article, publication = pinnable(actor, article_slug, version)
    if any(lesson.article_id == article.id for lesson in course.lessons):
        raise Conflict(_("“%(title)s” is a lesson of this course already.", title=article.title), code="lesson-exists")
    lesson = Lesson(
        course_id=course.id,
        position=len(course.lessons) + 1,
        article_id=article.id,
        publication_id=publication.id,
        task=one_line(task)[:500],
        created_at=clock.now(),
        marked_at=clock.now() if publication.major < article.major else None,
    )
    session.add(lesson)
    touched(course, actor, "add_lesson", article=article.slug, version=publication.version)
    return lesson


def pinnable(actor: Actor, article_slug: str, version: str | None) -> tuple[Article, Publication]:
    """An article that this person may read, and the publication of it that a lesson may pin.

    Raises:
        Invalid: naming ``article`` or ``version``.
    """
    article = articles.by_slug(article_slug)
    if article is None or not can(actor, Reading.READ, article):
        raise Invalid({"article": _("There is no published article %(slug)s.", slug=article_slug[:80])})
    found = articles.version_of(actor, article, version or article.version)
    if found is None:
        raise Invalid({"version": _("There is no version %(version)s of this article.", version=str(version)[:20])})
    if article.provisional is not None and found.version == article.version:
        raise Invalid({"article": _("Its review has not ended; a lesson teaches what is approved.")})
    return article, found


def pin(lesson: Lesson, actor: Actor, *, version: str | None = None) -> None:
    """The lesson teaches another version of its article (``None``: the live one); the mark goes when that is current.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.TEACH)
    article, publication = pinnable(actor, lesson.article.slug, version)
    before, earlier = lesson.publication.version, lesson.publication.major
    lesson.publication_id = publication.id
    lesson.marked_at = lesson.marked_at if publication.major < article.major else None
    session.flush()
    session.expire(lesson, ["publication"])
    touched(lesson.course, actor, "pin", article=article.slug, before=before, after=publication.version)
    if publication.major > earlier:
        emit(LessonRenewed(lesson.id, lesson.course_id, article.id, actor.id, clock.now()))


def describe_lesson(lesson: Lesson, actor: Actor, task: str) -> None:
    """What to try out after reading."""
    require(actor, P.TEACH)
    lesson.task = one_line(task)[:500]
    touched(lesson.course, actor, "edit_lesson", lesson=lesson.id)


def remove_lesson(lesson: Lesson, actor: Actor) -> None:
    """The course no longer asks for it; who has read it stays on record."""
    require(actor, P.TEACH)
    lesson.removed_at = clock.now()
    course = lesson.course
    touched(course, actor, "remove_lesson", article=lesson.article.slug)
    number(course.lessons)
    settle(course)


def move_lesson(lesson: Lesson, actor: Actor, direction: Direction) -> None:
    """The lesson changes places with its neighbour; at the end of the list nothing happens."""
    require(actor, P.TEACH)
    swap(lesson.course.lessons, lesson, direction)
    touched(lesson.course, actor, "move_lesson", lesson=lesson.id, to=direction)


def swap(row: list[Placed], one: Placed, direction: Direction) -> None:
    """One place up or down; nothing happens at the ends."""
    order = list(row)
    here = order.index(one)
    there = here - 1 if direction == "up" else here + 1
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
    number(order)


def number(row: list[Any]) -> None:
    """Positions from 1, in the order given."""
    for position, one in enumerate(row, 1):
        one.position = position
    session.flush()


def pass_on(course: Course, author: User, actor: Actor | None) -> None:
    """The course is this trainer's now: they hear what changes in it. ``None``: the day came on which somebody left.

    Raises:
        Invalid: they teach nothing.
    """
    if not author.active or author.roles.isdisjoint({Role.TRAINING, Role.MANAGER}):
        raise Invalid({"successor": _("%(name)s builds no courses.", name=author.name)})
    if course.author_id == author.id:
        return
    before, course.author = course.author.name, author
    session.flush()
    audit.record(actor, "pass_on", subject_kind=SUBJECT, subject_id=course.id, details={"owner": [before, author.name]})


# --- Finding what a verb is about ----------------------------------------------------------------------------------


def find_course(slug: str, actor: Actor, permission: P = P.SEE_COURSE) -> Course:
    """The course under a slug; 404 when this person may not know of it, 403 when they may but not for this.

    Raises:
        NotFound, Forbidden.
    """
    course = course_by_slug(actor, slug)
    if course is None:
        raise NotFound(_("There is no such course, or it is not open yet."))
    require(actor, permission, course)
    return course


def find_lesson(course: Course, number: int) -> Lesson:
    """The lesson with this number, counted from 1.

    Raises:
        NotFound.
    """
    lesson = lesson_numbered(course, number)
    if lesson is None:
        raise NotFound(_("This course has no lesson %(n)s.", n=number))
    return lesson
