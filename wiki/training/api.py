"""Courses over the JSON interface. A script that only follows the contract gets through to the credits:

A course made here is open at once (``state: "draft"`` keeps it back) and asks for its quizzes only (``requires:
"everything"`` asks for every lesson, too); assigning a course that is still a draft publishes it; handing in a quiz
enrols.
"""

from typing import Any

import sqlalchemy as sa

from accounts.models import Team, Tier, User
from core.api import Answer, Api, PageIn, page
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _
from core.web import actor
from wiki.training import assigning, ops, quizzes, taking
from wiki.training.answers import (
    AttemptIn,
    AttemptOut,
    CourseIn,
    CourseOut,
    CoursesOut,
    EnrolIn,
    EnrolmentOut,
    EnrolmentsOut,
    LessonIn,
    LessonOut,
    QuizIn,
    QuizOut,
    attempt_out,
    course_out,
    enrolment_out,
    given_answers,
    lesson_out,
    question_spec,
    quiz_out,
    whole_course,
)
from wiki.training.audience_answers import AssignmentIn, AssignmentOut, assignment_out
from wiki.training.learning import confirm, enrol, find_quiz, hand_in
from wiki.training.permissions import P
from wiki.training.prerequisites import must_be_unlocked
from wiki.training.queries import Progress, courses, enrolments, progress_of
from wiki.training.rules import CourseState, Requires
from wiki.training.versions import find_lesson, seen_by

api = Api("training")


@api.get("/courses", gate=P.LEARN, query=PageIn, answer=CoursesOut)
def list_courses(query: PageIn) -> Any:
    """Courses the caller may see, last changed first."""
    who = actor()
    found = page(courses(who), query, lambda course: course)
    progress = progress_of(who.id, [course.id for course in found["items"]])
    rows = [course_out(course, progress.get(course.id, Progress())) for course in found["items"]]
    return {**found, "items": [row.model_dump(mode="json") for row in rows]}


@api.post("/courses", gate=P.TEACH, scope="teach", body=CourseIn, answer=CourseOut, status=201)
def create_course(body: CourseIn) -> Any:
    """A new course, open to learners unless ``state`` is ``draft``."""
    who = actor()
    spec = ops.CourseSpec(body.title, body.summary, body.credits, Requires(body.requires))
    course = ops.create_course(who, spec)
    if body.state != "draft":
        ops.publish(course, who, empty=True)
    return whole_course(course, who)


@api.get("/courses/<slug>", gate=P.LEARN, answer=CourseOut)
def show_course(slug: str) -> Any:
    """A course with its lessons, its quizzes and how far the caller is."""
    return whole_course(ops.find_course(slug, actor()), actor())


@api.post("/courses/<slug>/publish", gate=P.TEACH, scope="teach", answer=CourseOut)
def publish(slug: str) -> Any:
    """Open a draft course to learners; again changes nothing."""
    course = ops.find_course(slug, actor(), P.TEACH)
    ops.publish(course, actor())
    return whole_course(course, actor())


@api.post("/courses/<slug>/lessons", gate=P.TEACH, scope="teach", body=LessonIn, answer=LessonOut, status=201)
def add_lesson(slug: str, body: LessonIn) -> Any:
    """One more lesson: an article (slug) in a version, by default the live one."""
    course = ops.find_course(slug, actor(), P.TEACH)
    lesson = ops.add_lesson(course, actor(), body.article, version=body.version, task=body.task)
    return lesson_out(lesson, len(course.lessons), None, readable=True)


@api.post("/courses/<slug>/lessons/<int:number>/done", gate=P.LEARN, answer=EnrolmentOut)
def confirm_lesson(slug: str, number: int) -> Any:
    """The caller has read the lesson; again changes nothing."""
    course = ops.find_course(slug, actor(), P.TAKE_COURSE)
    return enrolment_out(confirm(find_lesson(course, number, seen_by(course, actor())), actor()))


@api.post("/courses/<slug>/quizzes", gate=P.TEACH, scope="teach", body=QuizIn, answer=QuizOut, status=201)
def add_quiz(slug: str, body: QuizIn) -> Any:
    """One more quiz with its questions."""
    course = ops.find_course(slug, actor(), P.TEACH)
    title = body.title or _("Quiz: %(course)s", course=course.title)[:200]
    spec = quizzes.QuizSpec(title, body.pass_mark, body.attempts_allowed, body.shuffle, body.time_limit)
    found = tuple(question_spec(one, number, actor()) for number, one in enumerate(body.questions))
    return quiz_out(quizzes.add_quiz(course, actor(), spec, found), actor())


@api.post(
    "/courses/<slug>/assignments", gate=P.TEACH, scope="teach", body=AssignmentIn, answer=AssignmentOut, status=201
)
def assign(slug: str, body: AssignmentIn) -> Any:
    """A person (username), or everybody of a role, team and tier (slugs), is to take the course until a day or so many
    days after each was reached; a draft is published with it."""
    course = ops.find_course(slug, actor(), P.TEACH)
    team = _named(Team, Team.slug, "team", body.team)
    user = _named(User, User.username, "user", body.user)
    if course.state is not CourseState.PUBLISHED:
        ops.publish(course, actor())
    tier = _named(Tier, Tier.slug, "tier", body.tier)
    row = assigning.assign(
        course, actor(), team=team, user=user, role=body.role, tier=tier, due_on=body.due_on, days=body.days
    )
    return assignment_out(row)


def _named(kind: Any, column: Any, field: str, name: str | None) -> Any:
    if name is None:
        return None
    found = session.scalar(sa.select(kind).where(column == name))
    if found is None:
        raise Invalid({field: _("There is no %(name)s.", name=name[:80])})
    return found


@api.get("/courses/<slug>/enrolments", gate=P.LEARN, query=PageIn, answer=EnrolmentsOut)
def list_enrolments(slug: str, query: PageIn) -> Any:
    """Who has begun the course; learners see their own only."""
    course, who = ops.find_course(slug, actor()), actor()
    return page(enrolments(who, course), query, enrolment_out)


@api.post("/courses/<slug>/enrolments", gate=P.LEARN, body=EnrolIn, answer=EnrolmentOut, status=201)
def begin(slug: str, body: EnrolIn) -> Any:
    """The caller (or, for trainers, ``user``) begins the course; again changes nothing."""
    course = ops.find_course(slug, actor(), P.TAKE_COURSE)
    user = _named(User, User.username, "user", body.user)
    return enrolment_out(enrol(course, user.id if user else actor().id, actor()))


@api.get("/quizzes/<quiz_id>", gate=P.LEARN, answer=QuizOut)
def show_quiz(quiz_id: str) -> Any:
    """A quiz as the caller would take it now, without the key."""
    found = find_quiz(number_of(quiz_id), actor())
    must_be_unlocked(found.course, actor())
    return quiz_out(found, actor())


@api.post("/quizzes/<quiz_id>/begin", gate=P.LEARN, answer=QuizOut)
def begin_attempt(quiz_id: str) -> Any:
    """The next attempt is begun: its questions are fixed, and its time runs; again changes nothing."""
    quiz = find_quiz(number_of(quiz_id), actor())
    taking.begin(quiz, actor())
    return quiz_out(quiz, actor())


@api.post("/quizzes/<quiz_id>/attempts", gate=P.LEARN, body=AttemptIn, answer=AttemptOut, status=201)
def attempt(quiz_id: str, body: AttemptIn) -> Any:
    """Hand a quiz in; the first time it is passed counts, and a completed course gives its credits."""
    who = actor()
    quiz = find_quiz(number_of(quiz_id), who)
    made = hand_in(quiz, who, given_answers(quiz, body.answers, who, body.attempt), number=body.attempt)
    progress = progress_of(who.id, [quiz.course_id])[quiz.course_id]
    return Answer(attempt_out(made, who, progress), 201)


def number_of(text: str) -> int:
    """An opaque id of ours.

    Raises:
        NotFound: it is not.
    """
    if text.isascii() and text.isdecimal() and len(text) < 16:
        return int(text)
    raise NotFound(_("There is no such quiz, or it is not open yet."))
