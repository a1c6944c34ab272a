"""Who completed a course can prove it: a code that nobody guesses."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0042_certificates"
down_revision = "0041_following"


def upgrade() -> None:
    op.add_column("enrolments", sa.Column("certificate", sa.String(16)))
    enrolments = sa.table("enrolments", sa.column("id"), sa.column("completed_at"), sa.column("certificate"))
    connection = op.get_bind()
    done = connection.execute(sa.select(enrolments.c.id).where(enrolments.c.completed_at.is_not(None))).scalars().all()
    for one in done:
        connection.execute(sa.update(enrolments).where(enrolments.c.id == one).values(certificate=secrets.token_hex(8)))
    op.create_index("uq_enrolments_certificate", "enrolments", ["certificate"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_enrolments_certificate", "enrolments")
    op.drop_column("enrolments", "certificate")
