"""Reviewing, complete: pipelines with keys, deputies, blind opinions, remarks, experts, turns."""

import json

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time, code
from migrations.triggers import append_only, drop_append_only

revision = "0012_reviewing"
down_revision = "0011_absences"


def upgrade() -> None:
    _pipelines()
    _reviews()
    _tasks()
    _people()
    _remarks()
    _experts()
    _turns()


def _pipelines() -> None:
    op.drop_index("uq_pipelines_active_topic", "pipelines")
    with op.batch_alter_table("pipelines") as batch:
        batch.drop_constraint("uq_pipelines_topic_version", type_="unique")
        batch.alter_column("topic", new_column_name="key", existing_type=sa.String(64), existing_nullable=False)
        batch.add_column(sa.Column("name", sa.String(120), nullable=False, server_default=""))
    with op.batch_alter_table("pipelines") as batch:  # apart: a batch does not yet know the new name of a column
        batch.create_unique_constraint("uq_pipelines_key_version", ["key", "version"])
    _active_index("key")
    pipelines = sa.table("pipelines", sa.column("id", sa.Integer), sa.column("key"), sa.column("document", Json))
    connection = op.get_bind()
    for row in connection.execute(sa.select(pipelines)).all():
        document = row.document if isinstance(row.document, dict) else json.loads(row.document)
        document["applies"] = {"topics": [row.key], "categories": [], "significances": []}
        connection.execute(pipelines.update().where(pipelines.c.id == row.id).values(document=document))


def _active_index(column: str) -> None:
    op.create_index(
        f"uq_pipelines_active_{column}",
        "pipelines",
        [column],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )


def _reviews() -> None:
    with op.batch_alter_table("reviews") as batch:
        batch.alter_column("category", existing_type=sa.String(64), type_=sa.String(400), existing_nullable=True)
        batch.add_column(sa.Column("significance", sa.String(32), nullable=True))
    op.add_column("review_authors", sa.Column("part", sa.String(16), nullable=False, server_default="author"))
    op.create_table(
        "round_people",
        sa.Column("round_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("bar", code(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name="fk_round_people_round_id_rounds"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_round_people_user_id_users"),
        sa.PrimaryKeyConstraint("round_id", "user_id", name="pk_round_people"),
    )
    op.create_index("ix_round_people_user_id", "round_people", ["user_id"])


def _tasks() -> None:
    with op.batch_alter_table("tasks") as batch:
        batch.drop_constraint("uq_tasks_round_id_stage_seat", type_="unique")
        batch.add_column(sa.Column("category", sa.String(64), nullable=True))
        batch.add_column(sa.Column("needed", sa.Integer, nullable=False, server_default="1"))
        batch.add_column(sa.Column("blind", sa.Boolean, nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("claim_kind", code(), nullable=True))
        batch.add_column(sa.Column("minutes", sa.Integer, nullable=True))
        batch.add_column(sa.Column("alarm_at", Time, nullable=True))
        batch.add_column(sa.Column("alarms", sa.Integer, nullable=False, server_default="0"))
        batch.add_column(sa.Column("escalation", sa.Integer, nullable=False, server_default="0"))
        batch.add_column(sa.Column("blocked_at", Time, nullable=True))
        batch.create_unique_constraint("uq_tasks_round_id_stage_seat_blind", ["round_id", "stage", "seat", "blind"])
        batch.create_check_constraint("ck_tasks_claimed_by_somebody", "(claimed_by_id IS NULL) = (claimed_at IS NULL)")
    op.drop_index("ix_tasks_inbox", "tasks")
    op.create_index(
        "ix_tasks_inbox",
        "tasks",
        ["state", "due_at", "id", "role", "review_id", "round_id", "team_id", "category", "named", "claimed_by_id"],
    )
    op.create_index("ix_tasks_holder", "tasks", ["claimed_by_id", "state"])
    op.create_index("ix_tasks_alarm_at", "tasks", ["alarm_at"])
    op.add_column("decisions", sa.Column("reason", code(), nullable=True))
    op.add_column("decisions", sa.Column("blind", sa.Boolean, nullable=False, server_default=sa.false()))


def _people() -> None:
    """Who has filled a seat of a round that still runs: told by the decisions so far."""
    op.execute(
        "INSERT INTO round_people (round_id, user_id, bar) "
        "SELECT DISTINCT d.round_id, d.actor_id, 'acted' FROM decisions d "
        "JOIN rounds r ON r.id = d.round_id JOIN reviews v ON v.id = r.review_id AND v.round_number = r.number "
        "WHERE d.verb <> 'comment' AND v.state = 'in_review'"
    )
    op.execute(
        "INSERT INTO round_people (round_id, user_id, bar) "
        "SELECT DISTINCT c.round_id, d.actor_id, 'carried' FROM carried_approvals c "
        "JOIN decisions d ON d.id = c.decision_id "
        "JOIN rounds r ON r.id = c.round_id JOIN reviews v ON v.id = r.review_id AND v.round_number = r.number "
        "WHERE v.state = 'in_review' AND NOT EXISTS "
        "(SELECT 1 FROM round_people p WHERE p.round_id = c.round_id AND p.user_id = d.actor_id)"
    )


def _remarks() -> None:
    op.create_table(
        "remarks",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("review_id", sa.Integer, nullable=False),
        sa.Column("decision_id", sa.Integer, nullable=False),
        sa.Column("revision_id", sa.Integer, nullable=False),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("quote", sa.String(500), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("author_id", sa.Integer, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("resolved_at", Time, nullable=True),
        sa.Column("resolved_by_id", sa.Integer, nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_remarks_author_id_users"),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="fk_remarks_decision_id_decisions"),
        sa.ForeignKeyConstraint(["resolved_by_id"], ["users.id"], name="fk_remarks_resolved_by_id_users"),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_remarks_review_id_reviews"),
        sa.PrimaryKeyConstraint("id", name="pk_remarks"),
    )
    op.create_index("ix_remarks_review_id", "remarks", ["review_id"])
    op.create_index("ix_remarks_decision_id", "remarks", ["decision_id"])


def _experts() -> None:
    op.create_table(
        "expert_requests",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("task_id", sa.Integer, nullable=False),
        sa.Column("review_id", sa.Integer, nullable=False),
        sa.Column("revision_id", sa.Integer, nullable=False),
        sa.Column("asked_by_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("address", sa.String(200), nullable=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=True),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("revoked_at", Time, nullable=True),
        sa.Column("answered_at", Time, nullable=True),
        sa.Column("verdict", sa.String(16), nullable=True),
        sa.Column("answer", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name="fk_expert_requests_asked_by_id_users"),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_expert_requests_review_id_reviews"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_expert_requests_task_id_tasks"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_expert_requests_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_expert_requests"),
        sa.UniqueConstraint("token_hash", name="uq_expert_requests_token_hash"),
    )
    for column in ("task_id", "review_id", "user_id"):
        op.create_index(f"ix_expert_requests_{column}", "expert_requests", [column])


def _turns() -> None:
    op.create_table(
        "routing_turns",
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_routing_turns_user_id_users"),
        sa.PrimaryKeyConstraint("role", "user_id", name="pk_routing_turns"),
    )


def downgrade() -> None:
    for table in ("routing_turns", "expert_requests", "remarks", "round_people"):
        op.drop_table(table)
    _forget_second_opinions()
    op.drop_column("decisions", "blind")
    op.drop_column("decisions", "reason")
    op.drop_index("ix_tasks_alarm_at", "tasks")
    op.drop_index("ix_tasks_holder", "tasks")
    op.drop_index("ix_tasks_inbox", "tasks")
    op.create_index("ix_tasks_inbox", "tasks", ["state", "role", "due_at", "id"])
    with op.batch_alter_table("tasks") as batch:
        batch.drop_constraint("ck_tasks_claimed_by_somebody", type_="check")
        batch.drop_constraint("uq_tasks_round_id_stage_seat_blind", type_="unique")
        for column in (
            "blocked_at",
            "escalation",
            "alarms",
            "alarm_at",
            "minutes",
            "claim_kind",
            "blind",
            "needed",
            "category",
        ):
            batch.drop_column(column)
        batch.create_unique_constraint("uq_tasks_round_id_stage_seat", ["round_id", "stage", "seat"])
    op.drop_column("review_authors", "part")
    with op.batch_alter_table("reviews") as batch:
        batch.drop_column("significance")
        batch.alter_column("category", existing_type=sa.String(400), type_=sa.String(64), existing_nullable=True)
    op.drop_index("uq_pipelines_active_key", "pipelines")
    with op.batch_alter_table("pipelines") as batch:
        batch.drop_constraint("uq_pipelines_key_version", type_="unique")
        batch.drop_column("name")
        batch.alter_column("key", new_column_name="topic", existing_type=sa.String(64), existing_nullable=False)
    with op.batch_alter_table("pipelines") as batch:
        batch.create_unique_constraint("uq_pipelines_topic_version", ["topic", "version"])
    _active_index("topic")


def _forget_second_opinions() -> None:
    """An older version would take them for verdicts."""
    drop_append_only("decisions")
    op.execute("DELETE FROM decisions WHERE blind")
    append_only("decisions")
    op.execute("DELETE FROM task_people WHERE task_id IN (SELECT id FROM tasks WHERE blind)")
    op.execute("DELETE FROM tasks WHERE blind")
