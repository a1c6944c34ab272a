"""A classroom: published articles, a course on them, a quiz."""

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core.db import session
from tests.make import Make, somewhere
from wiki.articles import queries as articles
from wiki.articles.content import Content
from wiki.articles.models import Article, Submission
from wiki.articles.ops import propose
from wiki.articles.publishing import publish as publish_article
from wiki.training import ops, quizzes
from wiki.training.assigning import assign
from wiki.training.models import Course, Quiz
from wiki.training.rules import Kind, QuestionSpec, Requires, spec

RIGHT = {"fee": 1, "steps": [0, 2], "truth": False}


def questions() -> tuple[QuestionSpec, ...]:
    """Three questions, one of each kind that is offered."""
    return (
        spec(
            Kind.SINGLE,
            "What first?",
            ["Restart", "Ask for the light", "Send somebody"],
            1,
            explanation="The light tells.",
        ),
        spec(Kind.MULTIPLE, "What goes into the note?", ["Light", "Weather", "Steps taken"], [0, 2]),
        spec(Kind.TRUE_FALSE, "A second call within a week starts from zero.", [], False),
    )


class School:
    """Things of a classroom, made in the fewest words."""

    def __init__(self, make: Make) -> None:
        self.make = make

    def article(self, title: str = "Broadband is down", **about: Any) -> Article:
        """A published article, version 1.0."""
        with somewhere():
            author = actor_of(self.make.user("rep"))
            content = Content(title=title, body=about.pop("body", "Ask for the light."), **about)
            return publish_article(propose(author, "product", content))

    def again(self, article: Article, significance: str, body: str = "Changed.") -> Article:
        """The article is published anew."""
        with somewhere():
            author = actor_of(self.make.user("rep"))
            found = articles.by_slug(article.slug)
            assert found is not None
            made = propose(
                author, found.kind, Content(title=found.title, body=body), article_slug=found.slug,
                significance=significance,
            )  # fmt: skip
            return publish_article(session.get_one(Submission, made.id))

    def course(
        self,
        *,
        lessons: int = 2,
        quiz: bool = True,
        published: bool = True,
        by: User | None = None,
        title: str = "Broadband for beginners",
        requires: Requires = Requires.EVERYTHING,
        worth: str = "2.5",
        **about: Any,
    ) -> Course:
        """A course with lessons and a quiz of three questions (pass mark 60 %, two attempts)."""
        with somewhere():
            trainer = actor_of(by or self.make.user("training"))
            course = ops.create_course(trainer, ops.CourseSpec(title, "Why.", Decimal(worth), requires))
            for _n in range(lessons):
                number = self.make.number()
                ops.add_lesson(course, trainer, self.article(f"Article {number}", body=f"Text {number}").slug)
            if quiz:
                rules = {"pass_mark": 60, "attempts_allowed": 2, "shuffle": True, **about}
                quizzes.add_quiz(course, trainer, quizzes.QuizSpec("Do you know it?", **rules), questions())
            if published:
                ops.publish(course, trainer)
            return course

    def quiz(self, course: Course) -> Quiz:
        """The quiz of a course."""
        return session.scalars(sa.select(Quiz).where(Quiz.course_id == course.id)).one()

    def answers(self, quiz: Quiz, *, wrong: int = 0) -> dict[int, Any]:
        """Right answers to all questions but the first ``wrong`` ones."""
        return {question.id: ([] if at < wrong else list(question.key)) for at, question in enumerate(quiz.questions)}

    def assign(self, course: Course, **to: Any) -> None:
        """Assign a course: ``team=``, ``user=``, ``due_on=``."""
        with somewhere():
            assign(session.get_one(Course, course.id), self.make.actor("training"), **to)


@pytest.fixture
def school(make: Make) -> School:
    return School(make)
