"""The tables and their history. That rows outlive steps back: ``tests/reliability/test_migrations_kept.py``."""
# ruff: noqa: PT012 - the block is the transaction that must fail

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from core import audit, migrate
from core.db import database, writing

pytestmark = pytest.mark.both_databases


def test_the_tables_are_what_the_models_say(app):
    assert migrate.check(database()) == []


def test_the_history_has_one_end(app):
    heads = ScriptDirectory(str(migrate.MIGRATIONS)).get_heads()
    assert heads == [migrate.head()]


def test_up_down_up(app, make):
    make.user("qa", team="billing")
    migrate.downgrade(database(), "base")
    with database().reader.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
    migrate.upgrade(database())
    assert migrate.check(database()) == []


@pytest.mark.parametrize("act", ["UPDATE trail_entries SET verb = 'x'", "DELETE FROM trail_entries"])
def test_the_trail_only_grows(app, act):
    with writing():
        audit.record(None, "began", subject_kind="test", subject_id=1)
    with pytest.raises(sa.exc.DBAPIError), writing() as s:
        s.execute(sa.text(act))


def test_a_reading_transaction_cannot_write(app, make):
    from core.db import reading

    make.user()
    with pytest.raises(sa.exc.DBAPIError), reading() as s:
        s.execute(sa.text("UPDATE users SET name = 'x'"))
        s.commit()
