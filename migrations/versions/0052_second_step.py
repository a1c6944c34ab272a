"""The second step at sign-in, single sign-on, and what an administrator asks of those who sign in."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time, code

revision = "0052_second_step"
down_revision = "0049_chain"


def _user(*, unique: bool = False) -> sa.Column:
    owner = sa.ForeignKey("users.id", ondelete="CASCADE")
    return sa.Column("user_id", sa.Integer, owner, primary_key=unique, nullable=False, index=not unique)


def upgrade() -> None:
    op.create_table(
        "access_rules",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("second_roles", Json, nullable=False),
        sa.Column("second_after_sso", sa.Boolean, nullable=False),
        sa.Column("passwords", sa.Boolean, nullable=False),
        sa.Column("break_glass_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.CheckConstraint("id = 1", name="only_one"),
    )
    op.create_table(
        "second_factors",
        _user(unique=True),
        sa.Column("sealed", sa.String(300), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("confirmed_at", Time),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer, primary_key=True),
        _user(),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used_at", Time),
        sa.UniqueConstraint("code_hash"),
    )
    op.create_table(
        "half_sign_ins",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        _user(),
        sa.Column("way", code(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
    )
    op.create_table(
        "linked_identities",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("issuer", sa.String(300), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        _user(),
        sa.Column("created_at", Time, nullable=False),
        sa.UniqueConstraint("issuer", "subject"),
        sa.UniqueConstraint("issuer", "user_id"),
    )
    op.create_table(
        "spent_states",
        sa.Column("state_hash", sa.String(64), primary_key=True),
        sa.Column("at", Time, nullable=False),
    )
    # Rows that are there were made with a password. The defaults stay: a process of the release before, which does not
    # know the columns, goes on letting people in while the others are started anew.
    op.add_column("login_sessions", sa.Column("way", code(), nullable=False, server_default="password"))
    op.add_column("login_sessions", sa.Column("stepped", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("login_sessions") as table:
        table.drop_column("stepped")
        table.drop_column("way")
    op.drop_table("spent_states")
    op.drop_table("linked_identities")
    op.drop_table("half_sign_ins")
    op.drop_table("recovery_codes")
    op.drop_table("second_factors")
    op.drop_table("access_rules")
