"""Who asked for an assignment: somebody by hand, or a path of new hires, which may take it back."""

import sqlalchemy as sa
from alembic import op

revision = "0058_by_hand"
down_revision = "0057_noted"


def upgrade() -> None:
    # what stands already counts as set by hand: nothing that somebody owes ends because of this
    op.add_column("assignments", sa.Column("by_hand", sa.Boolean, nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.drop_column("assignments", "by_hand")
