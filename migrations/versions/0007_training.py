"""Courses, lessons, quizzes, assignments, enrolments, attempts."""

import sqlalchemy as sa
from alembic import op

from migrations import triggers
from migrations.columns import Amount, Json, Time, code

revision = "0007_training"
down_revision = "0006_search"

TABLES = (
    "acknowledgements", "attempt_answers", "attempts", "lessons_done", "enrolments", "assignments", "questions",
    "quizzes", "lessons", "courses",
)  # fmt: skip


def _id() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True)


def _to(name: str, target: str, *, nullable: bool = False, **more) -> sa.Column:
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{target}.id"), nullable=nullable, **more)


def upgrade() -> None:
    _courses()
    _quizzes()
    _learners()
    _attempts()
    _acknowledgements()
    triggers.append_only("acknowledgements")
    triggers.append_only("attempts")
    triggers.append_only("attempt_answers")


def _acknowledgements() -> None:
    op.create_table(
        "acknowledgements",
        _id(),
        _to("article_id", "articles", index=True),
        _to("revision_id", "revisions"),
        _to("user_id", "users", index=True),
        sa.Column("at", Time, nullable=False),
        sa.UniqueConstraint("revision_id", "user_id"),
    )


def _courses() -> None:
    op.create_table(
        "courses",
        _id(),
        sa.Column("slug", sa.String(120), nullable=False, unique=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("requires", code(), nullable=False),
        sa.Column("credits", Amount, nullable=False),
        _to("author_id", "users"),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.Column("published_at", Time),
        sa.CheckConstraint("credits >= 0", name="credits_not_negative"),
        sa.CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published_has_time"),
    )
    op.create_index("ix_courses_listing", "courses", ["state", "title"])
    op.create_table(
        "lessons",
        _id(),
        _to("course_id", "courses"),
        sa.Column("position", sa.Integer, nullable=False),
        _to("article_id", "articles", index=True),
        _to("publication_id", "publications"),
        sa.Column("task", sa.String(500), nullable=False),
        sa.Column("marked_at", Time),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("removed_at", Time),
    )
    op.create_index("ix_lessons_course_position", "lessons", ["course_id", "position"])
    op.create_index(
        "uq_lessons_course_article",
        "lessons",
        ["course_id", "article_id"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def _quizzes() -> None:
    op.create_table(
        "quizzes",
        _id(),
        _to("course_id", "courses"),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("pass_mark", sa.Integer, nullable=False),
        sa.Column("attempts_allowed", sa.Integer),
        sa.Column("shuffle", sa.Boolean, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("removed_at", Time),
        sa.CheckConstraint("pass_mark BETWEEN 1 AND 100", name="pass_mark_is_percent"),
        sa.CheckConstraint("attempts_allowed IS NULL OR attempts_allowed > 0", name="some_attempt_allowed"),
    )
    op.create_index("ix_quizzes_course_position", "quizzes", ["course_id", "position"])
    op.create_table(
        "questions",
        _id(),
        _to("quiz_id", "quizzes"),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", code(), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("option_texts", Json, nullable=False),
        sa.Column("key", Json, nullable=False),
        sa.Column("explanation", sa.Text, nullable=False),
        _to("article_id", "articles", nullable=True, index=True),
        _to("publication_id", "publications", nullable=True),
        sa.Column("passage", sa.String(500), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("retired_at", Time),
        _to("replaces_id", "questions", nullable=True),
    )
    op.create_index("ix_questions_quiz_position", "questions", ["quiz_id", "position"])


def _learners() -> None:
    op.create_table(
        "assignments",
        _id(),
        _to("course_id", "courses"),
        _to("team_id", "teams", nullable=True, index=True),
        _to("user_id", "users", nullable=True, index=True),
        sa.Column("due_on", sa.Date),
        sa.Column("created_at", Time, nullable=False),
        _to("created_by_id", "users"),
        sa.CheckConstraint("(team_id IS NULL) <> (user_id IS NULL)", name="team_or_person"),
        sa.UniqueConstraint("course_id", "team_id"),
        sa.UniqueConstraint("course_id", "user_id"),
    )
    op.create_table(
        "enrolments",
        _id(),
        _to("course_id", "courses"),
        _to("user_id", "users", index=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("completed_at", Time),
        sa.Column("credits", Amount),
        sa.UniqueConstraint("course_id", "user_id"),
        sa.CheckConstraint("(completed_at IS NULL) = (credits IS NULL)", name="credits_when_completed"),
    )
    op.create_table(
        "lessons_done",
        sa.Column("enrolment_id", sa.Integer, sa.ForeignKey("enrolments.id"), primary_key=True),
        sa.Column("lesson_id", sa.Integer, sa.ForeignKey("lessons.id"), primary_key=True, index=True),
        _to("publication_id", "publications"),
        sa.Column("at", Time, nullable=False),
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        _id(),
        _to("quiz_id", "quizzes"),
        _to("user_id", "users", index=True),
        _to("enrolment_id", "enrolments", index=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("pass_mark", sa.Integer, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.UniqueConstraint("quiz_id", "user_id", "number"),
    )
    op.create_table(
        "attempt_answers",
        _id(),
        _to("attempt_id", "attempts"),
        _to("question_id", "questions", index=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("answer", Json, nullable=False),
        sa.Column("right", sa.Boolean, nullable=False),
        sa.UniqueConstraint("attempt_id", "question_id"),
    )


def downgrade() -> None:
    triggers.drop_append_only("attempt_answers")
    triggers.drop_append_only("attempts")
    triggers.drop_append_only("acknowledgements")
    for table in TABLES:
        op.drop_table(table)
