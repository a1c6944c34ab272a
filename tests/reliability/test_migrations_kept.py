"""Migrations lose nothing: down and up again, killed in the middle, and from every release there ever was.

``tests/reliability/releases`` holds a small installation of each release, on both databases, as ``flask backup`` of
that release wrote it. ``python -m tests.reliability.release NAME`` makes one; it is made once, when NAME is released,
and never changed.
"""

import os
import random
import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import migrate
from core.backup import archive, making, restoring
from core.db import Database
from tests.reliability.keeping import another, contents, forked, seeded, seen

pytestmark = [pytest.mark.timeout(600)]
RELEASES = sorted((Path(__file__).parent / "releases").glob("*.zip"))
each_release = pytest.mark.parametrize("file", [pytest.param(f, id=f.stem) for f in RELEASES])


def sound(database):
    """No row without its parent, tables as the models say."""
    assert migrate.check(database) == []
    if database.sqlite:
        with database.reader.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def older_tables(database):
    """The tables as they are at an older revision, reflected: a query over them sees what stood there then."""
    found = sa.MetaData()
    found.reflect(database.reader)
    return [table for name, table in sorted(found.tables.items()) if name != "alembic_version"]


def brought_up(database, die_at=0):
    """Up to head; how many changes that took, the commit being the last of them. Killed with SIGKILL at ``die_at``."""
    done, commits = [0], []

    def step():
        done[0] += 1
        if done[0] == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def change(_connection, _cursor, said, *_about):
        if said.split()[0].upper() not in {"SELECT", "PRAGMA"}:
            step()

    def commit(_connection):
        step()
        commits.append(done[0])

    mine = Database(str(database.url.render_as_string(hide_password=False)), allow_unsafe=True)
    sa.event.listen(mine.writer, "before_cursor_execute", change)
    sa.event.listen(mine.writer, "commit", commit)
    migrate.upgrade(mine)
    mine.close()
    return commits[0]  # what comes after is the word on whom the tables suit: tests/core/test_starting.py


def killed_on_the_way_up(database, step):
    """A process of its own migrates, and is killed at this step; True if it was."""
    database.close()
    _pid, status = os.waitpid(forked(lambda: brought_up(database, step)), 0)
    return os.WIFSIGNALED(status)


def down_and_up(database, kills):
    """From the tables as they are: up, down and up again, killed so many times anywhere on the way, at the commit too.
    Every row of these tables stays as it was, and nothing is left of what was killed. Returns the rows
    as they were, and at head."""
    schema, tables = migrate.current(database), older_tables(database)

    def rows():
        return contents(database, tables=tables, without=set())

    below = rows()
    steps = brought_up(database)
    sound(database)
    above = rows()
    migrate.downgrade(database, schema)
    assert rows() == below
    for step in [*sorted(random.Random(9).sample(range(1, steps), kills - 1)), steps]:
        assert killed_on_the_way_up(database, step), f"the way up has fewer than {step} of its {steps} steps"
        assert migrate.current(database) == schema
        assert {t.name for t in older_tables(database)} == {t.name for t in tables}
        assert rows() == below
    migrate.upgrade(database)
    sound(database)
    assert rows() == above
    return below, above


def seeded_and_taken_back(app, make):
    """An installation with something of everything, at the tables of before most of the rest."""
    seeded(app, make)
    database = app.extensions["spiral.database"]
    migrate.downgrade(database, "0020_imports")
    there = contents(database, tables=older_tables(database))
    for table in ("assignments", "enrolments", "attempts", "acknowledgements"):
        assert int(there[table].split()[0]), f"no row of {table}: its rewriting would prove nothing"
    return database


@pytest.mark.both_databases
def test_down_and_up_keeps_every_row_also_when_killed_in_the_middle(app, make):
    down_and_up(seeded_and_taken_back(app, make), 2)


@pytest.mark.soak
@pytest.mark.both_databases
def test_killed_at_forty_points(app, make):
    down_and_up(seeded_and_taken_back(app, make), 40)


def as_it_was(file, var, url):
    """The installation of the release at its own tables, as its own program would have restored it."""
    app, upgrade = another(var, url), migrate.upgrade
    with archive.opened(file) as found:
        schema = found.about["schema"]
    with app.app_context(), pytest.MonkeyPatch.context() as then:
        then.setattr(migrate, "upgrade", lambda to, target=schema, **how: upgrade(to, target, **how))
        restoring.restore(file, app.extensions["spiral.database"], app.config["SPIRAL"])
    database = app.extensions["spiral.database"]
    assert migrate.current(database) == schema
    return database


def address(file, new_postgres):
    return new_postgres() if "postgresql" in file.name else ""


@each_release
def test_every_release_can_be_brought_up(file, tmp_path, new_postgres):
    """Its backup is restored by this version: the tables are these, each row is there as it was, what people saw they
    see. And from its own tables up, down and up again, killed on the way."""
    kept = as_it_was(file, tmp_path / "kept", address(file, new_postgres))
    app = another(tmp_path / "var", address(file, new_postgres))
    database = app.extensions["spiral.database"]
    with app.app_context():
        about = restoring.restore(file, database, app.config["SPIRAL"])
    try:
        sound(database)
        tables = older_tables(kept)
        there = contents(database, tables=tables, without=set())
        for table, rows in about["counts"].items():
            if table != "alembic_version":
                assert int(there[table].split()[0]) == rows, table
        assert there == contents(kept, tables=tables, without=set())
        with app.app_context():
            result = app.test_cli_runner().invoke(args=["search", "reindex"])
        assert result.exit_code == 0, result.output
        assert "零点起" in seen(app, about["article"])["text"]
        below, above = down_and_up(kept, 2)
        assert above == below, "what came since only adds"
    finally:
        database.close()
        kept.close()


@pytest.mark.soak
@each_release
def test_every_release_is_killed_at_forty_points_of_its_way_up(file, tmp_path, new_postgres):
    kept = as_it_was(file, tmp_path / "kept", address(file, new_postgres))
    try:
        down_and_up(kept, 40)
    finally:
        kept.close()


def test_there_is_one_of_each_release():
    """Of the version under way, too: its tables as they were when this was made."""
    version = making.program()
    assert {f"{version}-sqlite.zip", f"{version}-postgresql.zip"} <= {file.name for file in RELEASES}
    assert sum(file.stat().st_size for file in RELEASES) < 1 << 20, "small, or they weigh on every clone"
