"""People, where they belong, and how they sign in."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time, code

revision = "0002_accounts"
down_revision = "0001_core"


def upgrade() -> None:
    _places()
    _people()
    _ways_in()


def _places() -> None:
    op.create_table(
        "sites",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
    )
    op.create_table(
        "tiers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("site_id", sa.Integer, sa.ForeignKey("sites.id")),
    )


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("username", sa.String(40), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(200)),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("locale", sa.String(16)),
        sa.Column("team_id", sa.Integer, sa.ForeignKey("teams.id"), index=True),
        sa.Column("tier_id", sa.Integer, sa.ForeignKey("tiers.id")),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("seen_at", Time),
        sa.CheckConstraint("username = lower(username)", name="username_lower"),
    )
    op.create_table(
        "user_roles",
        sa.Column(
            "user_id",
            sa.Integer,
            sa.ForeignKey("users.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("role", code(), primary_key=True, index=True),
    )


def _ways_in() -> None:
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column(
            "user_id",
            sa.Integer,
            sa.ForeignKey("users.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("seen_at", Time, nullable=False),
        sa.Column("address", sa.String(64)),
        sa.Column("agent", sa.String(200)),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column(
            "user_id",
            sa.Integer,
            sa.ForeignKey("users.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("scopes", Json),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("revoked_at", Time),
    )
    op.create_table(
        "setup_links",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("used_at", Time),
    )
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("blocked_until", Time),
        sa.Column("updated_at", Time, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "throttles", "setup_links", "api_tokens", "login_sessions", "user_roles", "users", "teams", "tiers", "sites",
    ):  # fmt: skip
        op.drop_table(table)
