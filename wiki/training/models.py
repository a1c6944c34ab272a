"""Course → lessons that pin a publication, quizzes of questions; assignments; enrolments with progress and attempts.

What somebody was taught and asked stays provable: lessons, quizzes and questions are taken out of a course by a time
and never deleted, a question that was answered is replaced and never rewritten, attempts are only ever added.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Team, Tier, User
from accounts.rules import Role
from core.db import Base, Points, enum_column
from wiki.articles.models import Article, Category, Publication
from wiki.training.rules import CourseState, Kind, Option, Requires, options_of, understand


class Course(Base):
    """What a trainer puts together. ``credits`` are given once to everybody who completes it."""

    __tablename__ = "courses"
    __table_args__ = (
        sa.CheckConstraint("credits >= 0", name="credits_not_negative"),
        sa.CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published_has_time"),
        sa.Index("ix_courses_listing", "state", "title"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(120), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    summary: Mapped[str] = mapped_column(sa.Text, default="")  # Markdown
    state: Mapped[CourseState] = mapped_column(enum_column(CourseState), default=CourseState.DRAFT)
    requires: Mapped[Requires] = mapped_column(enum_column(Requires), default=Requires.EVERYTHING)
    credits: Mapped[Decimal] = mapped_column(Points)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    author: Mapped[User] = relationship()
    lessons: Mapped[list["Lesson"]] = relationship(
        primaryjoin="and_(Lesson.course_id == Course.id, Lesson.removed_at.is_(None))",
        order_by="Lesson.position, Lesson.id",
        viewonly=True,
    )
    quizzes: Mapped[list["Quiz"]] = relationship(
        primaryjoin="and_(Quiz.course_id == Course.id, Quiz.removed_at.is_(None))",
        order_by="Quiz.position, Quiz.id",
        viewonly=True,
    )


class Lesson(Base):
    """An article as it was published under one number. ``marked_at``: the article had a major change since."""

    __tablename__ = "lessons"
    __table_args__ = (
        sa.Index("ix_lessons_course_position", "course_id", "position"),
        sa.Index(
            "uq_lessons_course_article",
            "course_id",
            "article_id",
            unique=True,
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"))
    position: Mapped[int]
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), index=True)
    publication_id: Mapped[int] = mapped_column(sa.ForeignKey("publications.id"))
    task: Mapped[str] = mapped_column(sa.String(500), default="")  # what to try out after reading
    marked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship()
    article: Mapped[Article] = relationship()
    publication: Mapped[Publication] = relationship()

    @property
    def is_behind(self) -> bool:
        """A newer version than the pinned one is live."""
        pinned = self.publication
        return (self.article.major, self.article.minor) > (pinned.major, pinned.minor)


class Quiz(Base):
    """Questions that stand at the end of a course. ``attempts_allowed`` ``None``: as many as wanted."""

    __tablename__ = "quizzes"
    __table_args__ = (
        sa.CheckConstraint("pass_mark BETWEEN 1 AND 100", name="pass_mark_is_percent"),
        sa.CheckConstraint("attempts_allowed IS NULL OR attempts_allowed > 0", name="some_attempt_allowed"),
        sa.Index("ix_quizzes_course_position", "course_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    pass_mark: Mapped[int]  # percent
    attempts_allowed: Mapped[int | None]
    shuffle: Mapped[bool] = mapped_column(default=True)
    time_limit: Mapped[int | None]  # minutes for an attempt
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship()
    asks: Mapped[list["QuizAsk"]] = relationship(order_by="QuizAsk.id", viewonly=True)
    questions: Mapped[list["Question"]] = relationship(  # those that rest, too
        primaryjoin="and_(Question.quiz_id == Quiz.id, Question.asked_here, Question.retired_at.is_(None))",
        order_by="Question.position, Question.id",
        viewonly=True,
    )

    @property
    def asked(self) -> list["Question"]:
        """Its own questions that learners are asked now; see ``asking`` for all."""
        return [question for question in self.questions if question.suspended_at is None]


class QuizAsk(Base):
    """What a quiz asks besides its own questions: one of the bank, or ``count`` drawn at random from a category."""

    __tablename__ = "quiz_asks"
    __table_args__ = (
        sa.CheckConstraint("(question_id IS NULL) <> (category_id IS NULL)", name="question_or_draw"),
        sa.CheckConstraint("count > 0", name="asks_something"),
        sa.UniqueConstraint("quiz_id", "question_id"),
        sa.UniqueConstraint("quiz_id", "category_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    quiz_id: Mapped[int] = mapped_column(sa.ForeignKey("quizzes.id"))
    question_id: Mapped[int | None] = mapped_column(sa.ForeignKey("questions.id"), index=True)
    category_id: Mapped[int | None] = mapped_column(sa.ForeignKey("categories.id"), index=True)
    count: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    question: Mapped["Question | None"] = relationship()
    category: Mapped[Category | None] = relationship()


class Question(Base):
    """One question with its key. ``publication_id`` is the version of the article in which the passage stood.

    With a category it lies in the bank, from where other quizzes ask it, too. ``asked_here``: so does its own quiz.
    """

    __tablename__ = "questions"
    __table_args__ = (sa.Index("ix_questions_quiz_position", "quiz_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    quiz_id: Mapped[int] = mapped_column(sa.ForeignKey("quizzes.id"))
    position: Mapped[int]
    kind: Mapped[Kind] = mapped_column(enum_column(Kind))
    text: Mapped[str] = mapped_column(sa.Text)
    option_texts: Mapped[list[Any]]  # in the order written
    key: Mapped[list[Any]]  # option ids; accepted texts for fill-in
    explanation: Mapped[str] = mapped_column(sa.Text, default="")
    article_id: Mapped[int | None] = mapped_column(sa.ForeignKey("articles.id"), index=True)
    publication_id: Mapped[int | None] = mapped_column(sa.ForeignKey("publications.id"))
    passage: Mapped[str] = mapped_column(sa.String(500), default="")
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    category_id: Mapped[int | None] = mapped_column(sa.ForeignKey("categories.id"), index=True)
    asked_here: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("questions.id"))
    suspended_at: Mapped[datetime | None]  # its passage has changed since: it is not asked until a trainer looked

    quiz: Mapped[Quiz] = relationship()
    article: Mapped[Article | None] = relationship()
    category: Mapped[Category | None] = relationship()

    @property
    def options(self) -> tuple[Option, ...]:
        """The options with their ids, in the order written."""
        return options_of(self.kind, self.option_texts)

    def understood(self, given: Any) -> tuple[str, ...]:
        """What was chosen, as option ids.

        Raises:
            ValueError: something is none of the options.
        """
        if self.kind is Kind.FILL_IN:
            return tuple(text[:500] for text in understand(self.kind, (), given))
        return understand(self.kind, self.options, given)

    def answered_by(self, given: Any) -> bool:
        """Was something chosen, be it none of the options (any more)?"""
        try:
            return bool(self.understood(given))
        except ValueError:
            return True


class Assignment(Base):
    """One person, or whoever holds the role and belongs to the team and tier that are named, is to take a course:
    until a day, or so many days after each of them was reached (``Duty``). ``circle`` is ``Circle.key``; empty where a
    process of the release before wrote it, until ``audience.look_again`` comes by. ``by_hand``: somebody asked for it;
    else something of the person's did (the path of a new hire), and may take it back."""

    __tablename__ = "assignments"
    __table_args__ = (
        sa.CheckConstraint(
            "user_id IS NULL OR (role IS NULL AND team_id IS NULL AND tier_id IS NULL)", name="person_alone"
        ),
        sa.CheckConstraint(
            "user_id IS NOT NULL OR role IS NOT NULL OR team_id IS NOT NULL OR tier_id IS NOT NULL", name="somebody"
        ),
        sa.CheckConstraint("due_on IS NULL OR days IS NULL", name="one_due"),
        sa.Index(
            "uq_assignments_standing",
            "course_id",
            "circle",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL AND circle <> ''"),
            postgresql_where=sa.text("ended_at IS NULL AND circle <> ''"),
        ),
        sa.Index("ix_assignments_team_id", "team_id"),
        sa.Index("ix_assignments_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"))
    circle: Mapped[str] = mapped_column(sa.String(80), server_default="")
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    role: Mapped[Role | None] = mapped_column(enum_column(Role))
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("teams.id"))
    tier_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tiers.id"))
    due_on: Mapped[date | None] = mapped_column(sa.Date)
    days: Mapped[int | None]
    by_hand: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship()
    team: Mapped[Team | None] = relationship()
    tier: Mapped[Tier | None] = relationship()
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])


class Enrolment(Base):
    """One person in one course, from the first thing they did in it, under the version of it that they began or were
    moved on to. ``credits`` are what completing it was worth, ``certificate`` is the code under which everybody who
    holds it finds that it was completed."""

    __tablename__ = "enrolments"
    __table_args__ = (
        sa.UniqueConstraint("course_id", "user_id"),
        sa.Index("ix_enrolments_user_id", "user_id"),
        sa.Index("uq_enrolments_certificate", "certificate", unique=True),
        sa.CheckConstraint("(completed_at IS NULL) = (credits IS NULL)", name="credits_when_completed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("course_versions.id"), index=True)
    created_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    credits: Mapped[Decimal | None] = mapped_column(Points)
    certificate: Mapped[str | None] = mapped_column(sa.String(16))

    course: Mapped[Course] = relationship()
    user: Mapped[User] = relationship()


class LessonDone(Base):
    """A person confirmed to have read a lesson, in the version that was pinned then."""

    __tablename__ = "lessons_done"

    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolments.id"), primary_key=True)
    lesson_id: Mapped[int] = mapped_column(sa.ForeignKey("lessons.id"), primary_key=True, index=True)
    publication_id: Mapped[int] = mapped_column(sa.ForeignKey("publications.id"))
    at: Mapped[datetime]

    publication: Mapped[Publication] = relationship()


class LessonReadAgain(Base):
    """A person confirmed a lesson once more, after a major change of what it teaches; only ever added."""

    __tablename__ = "lessons_read_again"

    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolments.id"), primary_key=True)
    lesson_id: Mapped[int] = mapped_column(sa.ForeignKey("lessons.id"), primary_key=True, index=True)
    publication_id: Mapped[int] = mapped_column(sa.ForeignKey("publications.id"), primary_key=True)
    at: Mapped[datetime]


class Attempt(Base):
    """One handed-in quiz; only ever added. ``pass_mark`` is what was asked for then."""

    __tablename__ = "attempts"
    __table_args__ = (
        sa.UniqueConstraint("quiz_id", "user_id", "number"),
        sa.Index("ix_attempts_enrolment_id", "enrolment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    quiz_id: Mapped[int] = mapped_column(sa.ForeignKey("quizzes.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolments.id"))
    number: Mapped[int]  # of this person at this quiz, from 1
    score: Mapped[int]  # percent
    pass_mark: Mapped[int]
    reached: Mapped[bool] = mapped_column("passed")  # the score was enough, whatever became of the attempt
    at: Mapped[datetime]

    quiz: Mapped[Quiz] = relationship()
    user: Mapped[User] = relationship()
    answers: Mapped[list["AttemptAnswer"]] = relationship(order_by="AttemptAnswer.id")
    voiding: Mapped["Voiding | None"] = relationship(lazy="joined")

    @hybrid_property
    def passed(self) -> bool:
        """The score was enough, and nobody declared the attempt void."""
        return self.reached and self.counts

    @passed.inplace.expression
    @classmethod
    def _passed(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.reached, cls.counts)

    @hybrid_property
    def counts(self) -> bool:
        """Nobody declared the attempt void."""
        return self.voiding is None

    @counts.inplace.expression
    @classmethod
    def _counts(cls) -> sa.ColumnElement[bool]:
        return sa.not_(sa.exists().where(Voiding.attempt_id == cls.id))


class Voiding(Base):
    """A trainer declared an attempt void: it stays on record and no longer counts as passed. Only ever added."""

    __tablename__ = "attempt_voidings"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempts.id"), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(sa.String(500))
    at: Mapped[datetime]

    user: Mapped[User] = relationship()


class AttemptAnswer(Base):
    """What was answered to one question; only ever added. ``position`` is where it stood in this attempt, from 1."""

    __tablename__ = "attempt_answers"
    __table_args__ = (sa.UniqueConstraint("attempt_id", "question_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempts.id"))
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("questions.id"), index=True)
    position: Mapped[int]
    answer: Mapped[list[Any]]  # option ids; the text for fill-in
    right: Mapped[bool]

    question: Mapped[Question] = relationship()


class Acknowledgement(Base):
    """Somebody confirmed that they have read and understood this revision of a notice. Only ever added."""

    __tablename__ = "acknowledgements"
    __table_args__ = (sa.UniqueConstraint("revision_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), index=True)
    revision_id: Mapped[int] = mapped_column(sa.ForeignKey("revisions.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    at: Mapped[datetime]
