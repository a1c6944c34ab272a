"""The fixtures themselves keep their word."""

import pytest
import sqlalchemy as sa

from accounts.models import User
from core.db import reading


def test_a_thing_made_outside_a_transaction_is_there_for_everybody(app, make):
    made = make.user("qa", team="billing")
    with reading() as s:
        assert s.scalar(sa.select(User.username)) == made.username


def test_what_a_test_writes_in_db_is_seen_by_it(db, make):
    make.user("qa", team="billing")
    assert db.scalar(sa.select(sa.func.count()).select_from(User)) == 1


@pytest.mark.both_databases
def test_the_mark_brings_both_databases(app, make):
    make.user()
    with reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(User)) == 1


def test_a_script_carries_a_token(api, make):
    assert api(make.user()).token


def test_a_clock_can_be_moved(clock):
    before = clock.now()
    clock.advance(hours=1)
    assert (clock.now() - before).total_seconds() == 3600
