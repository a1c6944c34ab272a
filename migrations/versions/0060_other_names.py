"""A change that concerns every page of an article: somebody or something is called otherwise."""

import sqlalchemy as sa
from alembic import op

revision = "0060_other_names"
down_revision = "0059_agreed_shares"


def upgrade() -> None:
    with op.batch_alter_table("link_changes") as table:
        table.alter_column("article_id", existing_type=sa.Integer, nullable=True)


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM link_changes WHERE article_id IS NULL"))
    with op.batch_alter_table("link_changes") as table:
        table.alter_column("article_id", existing_type=sa.Integer, nullable=False)
