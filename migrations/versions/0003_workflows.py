"""Definitions and runs of reviews; decisions only grow."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time, code
from migrations.triggers import append_only, drop_append_only

revision = "0003_workflows"
down_revision = "0002_accounts"

APPEND_ONLY = ("decisions",)


def upgrade() -> None:
    _pipelines()
    _reviews()
    _review_authors()
    _rounds()
    _tasks()
    _decisions()
    _task_people()
    _carried_approvals()
    for table in APPEND_ONLY:
        append_only(table)


def _pipelines() -> None:
    op.create_table(
        "pipelines",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_id", sa.Integer, nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_pipelines_created_by_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_pipelines"),
        sa.UniqueConstraint("topic", "version", name="uq_pipelines_topic_version"),
    )
    op.create_index(
        "uq_pipelines_active_topic",
        "pipelines",
        ["topic"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("subject_kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.Integer, nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("pipeline_id", sa.Integer, nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("stage", sa.String(64), nullable=True),
        sa.Column("round_number", sa.Integer, nullable=False),
        sa.Column("category", sa.String(64), nullable=True),
        sa.Column("opened_at", Time, nullable=False),
        sa.Column("closed_at", Time, nullable=True),
        sa.CheckConstraint("(state = 'in_review') = (stage IS NOT NULL)", name="ck_reviews_stage_only_in_review"),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipelines.id"], name="fk_reviews_pipeline_id_pipelines"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
    )
    op.create_index("ix_reviews_subject", "reviews", ["subject_kind", "subject_id"])
    op.create_index(
        "uq_reviews_open_subject",
        "reviews",
        ["subject_kind", "subject_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('in_review', 'returned')"),
        postgresql_where=sa.text("state IN ('in_review', 'returned')"),
    )


def _review_authors() -> None:
    op.create_table(
        "review_authors",
        sa.Column("review_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_review_authors_review_id_reviews"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_review_authors_user_id_users"),
        sa.PrimaryKeyConstraint("review_id", "user_id", name="pk_review_authors"),
    )
    op.create_index("ix_review_authors_user_id", "review_authors", ["user_id"])


def _rounds() -> None:
    op.create_table(
        "rounds",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("review_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("revision_id", sa.Integer, nullable=False),
        sa.Column("opened_at", Time, nullable=False),
        sa.Column("opened_by_id", sa.Integer, nullable=True),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_rounds_review_id_reviews"),
        sa.PrimaryKeyConstraint("id", name="pk_rounds"),
        sa.UniqueConstraint("review_id", "number", name="uq_rounds_review_id_number"),
    )


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("review_id", sa.Integer, nullable=False),
        sa.Column("round_id", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(64), nullable=False),
        sa.Column("seat", sa.String(64), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("team_id", sa.Integer, nullable=True),
        sa.Column("named", sa.Boolean, nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("revision_id", sa.Integer, nullable=False),
        sa.Column("opened_at", Time, nullable=False),
        sa.Column("due_at", Time, nullable=True),
        sa.Column("closed_at", Time, nullable=True),
        sa.Column("claimed_by_id", sa.Integer, nullable=True),
        sa.Column("claimed_at", Time, nullable=True),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="ck_tasks_open_until_closed"),
        sa.ForeignKeyConstraint(["claimed_by_id"], ["users.id"], name="fk_tasks_claimed_by_id_users"),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_tasks_review_id_reviews"),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name="fk_tasks_round_id_rounds"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_tasks_team_id_teams"),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("round_id", "stage", "seat", name="uq_tasks_round_id_stage_seat"),
    )
    op.create_index("ix_tasks_inbox", "tasks", ["state", "role", "due_at", "id"])
    op.create_index("ix_tasks_review_id", "tasks", ["review_id"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("review_id", sa.Integer, nullable=False),
        sa.Column("round_id", sa.Integer, nullable=False),
        sa.Column("task_id", sa.Integer, nullable=False),
        sa.Column("revision_id", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(64), nullable=False),
        sa.Column("seat", sa.String(64), nullable=False),
        sa.Column("actor_id", sa.Integer, nullable=False),
        sa.Column("on_behalf_of_id", sa.Integer, nullable=True),
        sa.Column("verb", code(), nullable=False),
        sa.Column("to_stage", sa.String(64), nullable=True),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("checklist", Json, nullable=False),
        sa.Column("score", sa.Integer, nullable=True),
        sa.Column("decided_at", Time, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_decisions_actor_id_users"),
        sa.ForeignKeyConstraint(["on_behalf_of_id"], ["users.id"], name="fk_decisions_on_behalf_of_id_users"),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_decisions_review_id_reviews"),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name="fk_decisions_round_id_rounds"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_decisions_task_id_tasks"),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_actor", "decisions", ["actor_id", "decided_at"])
    op.create_index("ix_decisions_review_id", "decisions", ["review_id"])
    op.create_index("ix_decisions_task_id", "decisions", ["task_id"])
    op.create_index(
        "uq_decisions_one_verdict_a_round",
        "decisions",
        ["round_id", "actor_id"],
        unique=True,
        sqlite_where=sa.text("verb <> 'comment'"),
        postgresql_where=sa.text("verb <> 'comment'"),
    )


def _task_people() -> None:
    op.create_table(
        "task_people",
        sa.Column("task_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_task_people_task_id_tasks"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_task_people_user_id_users"),
        sa.PrimaryKeyConstraint("task_id", "user_id", name="pk_task_people"),
    )


def _carried_approvals() -> None:
    op.create_table(
        "carried_approvals",
        sa.Column("round_id", sa.Integer, nullable=False),
        sa.Column("decision_id", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="fk_carried_approvals_decision_id_decisions"),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name="fk_carried_approvals_round_id_rounds"),
        sa.PrimaryKeyConstraint("round_id", "decision_id", name="pk_carried_approvals"),
    )


def downgrade() -> None:
    for table in APPEND_ONLY:
        drop_append_only(table)
    op.drop_table("carried_approvals")
    op.drop_table("task_people")
    op.drop_table("decisions")
    op.drop_table("tasks")
    op.drop_table("rounds")
    op.drop_table("review_authors")
    op.drop_table("reviews")
    op.drop_table("pipelines")
