"""Courses for roles and tiers, days after being reached, and one row per person and assignment."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time, code

revision = "0046_audience"
down_revision = "0045_must_read"

STANDING = sa.text("ended_at IS NULL")
ALONE = "user_id IS NULL OR (role IS NULL AND team_id IS NULL AND tier_id IS NULL)"
SOMEBODY = "user_id IS NOT NULL OR role IS NOT NULL OR team_id IS NOT NULL OR tier_id IS NOT NULL"


def upgrade() -> None:
    _assignments()
    _duties()


def _assignments() -> None:
    with op.batch_alter_table("assignments") as batch:
        batch.drop_constraint("ck_assignments_team_or_person", type_="check")
        batch.drop_constraint("uq_assignments_course_id_team_id", type_="unique")
        batch.drop_constraint("uq_assignments_course_id_user_id", type_="unique")
        batch.add_column(sa.Column("circle", sa.String(80), nullable=False, server_default=""))
        batch.add_column(sa.Column("role", code()))
        tier = sa.ForeignKey("tiers.id", name="fk_assignments_tier_id_tiers")
        batch.add_column(sa.Column("tier_id", sa.Integer, tier))
        batch.add_column(sa.Column("days", sa.Integer))
        batch.add_column(sa.Column("ended_at", Time))
    op.execute(
        "UPDATE assignments SET circle = CASE WHEN team_id IS NULL THEN 'user:' || user_id ELSE 'team:' || team_id END"
    )
    with op.batch_alter_table("assignments") as batch:
        batch.alter_column("circle", existing_type=sa.String(80), existing_nullable=False, server_default=None)
        batch.create_check_constraint("person_alone", ALONE)
        batch.create_check_constraint("somebody", SOMEBODY)
        batch.create_check_constraint("one_due", "due_on IS NULL OR days IS NULL")
    op.create_index(
        "uq_assignments_standing", "assignments", ["course_id", "circle"],
        unique=True, sqlite_where=STANDING, postgresql_where=STANDING,
    )  # fmt: skip


def _duties() -> None:
    op.create_table(
        "course_duties",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("assignment_id", sa.Integer, sa.ForeignKey("assignments.id"), nullable=False),
        sa.Column("course_id", sa.Integer, sa.ForeignKey("courses.id"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("since", Time, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("ended_at", Time),
    )
    op.create_index(
        "uq_course_duties_open", "course_duties", ["assignment_id", "user_id"],
        unique=True, sqlite_where=STANDING, postgresql_where=STANDING,
    )  # fmt: skip
    op.create_index("ix_course_duties_person", "course_duties", ["user_id", "course_id"])
    op.create_index("ix_course_duties_course", "course_duties", ["course_id", "user_id"])
    op.create_index("ix_course_duties_due", "course_duties", ["due_on", "id"])
    op.execute(
        "INSERT INTO course_duties (assignment_id, course_id, user_id, since, due_on)"
        " SELECT a.id, a.course_id, u.id, a.created_at, a.due_on FROM assignments a"
        " JOIN users u ON (u.id = a.user_id OR u.team_id = a.team_id) WHERE u.active"
    )


def downgrade() -> None:
    op.drop_table("course_duties")
    op.execute("DELETE FROM assignments WHERE ended_at IS NOT NULL OR (team_id IS NULL) = (user_id IS NULL)")
    op.execute("DELETE FROM assignments WHERE role IS NOT NULL OR tier_id IS NOT NULL")
    op.drop_index("uq_assignments_standing", "assignments")
    with op.batch_alter_table("assignments") as batch:
        for name in ("person_alone", "somebody", "one_due"):
            batch.drop_constraint(f"ck_assignments_{name}", type_="check")
        batch.drop_constraint("fk_assignments_tier_id_tiers", type_="foreignkey")
        for column in ("circle", "role", "tier_id", "days", "ended_at"):
            batch.drop_column(column)
        batch.create_check_constraint("team_or_person", "(team_id IS NULL) <> (user_id IS NULL)")
        batch.create_unique_constraint("uq_assignments_course_id_team_id", ["course_id", "team_id"])
        batch.create_unique_constraint("uq_assignments_course_id_user_id", ["course_id", "user_id"])
