"""Several processes on several machines: who serves, when each chore was begun, which programs these tables suit."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time

revision = "0054_hosts"
down_revision = "0052_second_step"


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("process", sa.Integer, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("place", sa.String(32), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("marks", Json, nullable=False),
        sa.Column("begun_at", Time, nullable=False),
        sa.Column("seen_at", Time, nullable=False),
    )
    op.create_table(
        "chore_runs",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("begun_at", Time, nullable=False),
    )
    op.create_table("suited_programs", sa.Column("version", sa.String(64), primary_key=True))


def downgrade() -> None:
    op.drop_table("suited_programs")
    op.drop_table("chore_runs")
    op.drop_table("hosts")
