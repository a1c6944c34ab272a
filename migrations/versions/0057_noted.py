"""What was done last to the whole installation; the states of health are those of each machine."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time

revision = "0057_noted"
down_revision = "0056_health_states"


def upgrade() -> None:
    op.create_table(
        "noted",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("said", sa.String(200), nullable=False, server_default=""),
        sa.Column("at", Time, nullable=False),
    )
    op.create_table(
        "machine_states",
        sa.Column("place", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("machine", sa.String(120), nullable=False),
        sa.Column("grade", sa.String(8), nullable=False),
        sa.Column("since", Time, nullable=False),
        sa.Column("seen_at", Time, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("machine_states")
    op.drop_table("noted")
