"""Since when each check ends as it does; the newest look says that a worker runs."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time

revision = "0056_health_states"
down_revision = "0054_hosts"


def upgrade() -> None:
    op.create_table(
        "health_states",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("grade", sa.String(8), nullable=False),
        sa.Column("since", Time, nullable=False),
        sa.Column("seen_at", Time, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("health_states")
