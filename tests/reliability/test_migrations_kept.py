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
from core.backup import making, restoring
from core.db import Base, Database
from tests.reliability.keeping import another, contents, forked, seeded, seen

pytestmark = [pytest.mark.timeout(600)]
RELEASES = sorted((Path(__file__).parent / "releases").glob("*.zip"))


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


def killed_in_a_migration(database, statement):
    """A process of its own migrates, and is killed with SIGKILL before its ``statement``-th change; True if it was."""
    database.close()

    def rival():
        mine = Database(str(database.url.render_as_string(hide_password=False)), allow_unsafe=True)
        done = [0]

        def count(_connection, _cursor, said, *_about):
            done[0] += said.split()[0].upper() not in {"SELECT", "PRAGMA"}
            if done[0] == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        sa.event.listen(mine.writer, "before_cursor_execute", count)
        migrate.upgrade(mine)

    _pid, status = os.waitpid(forked(rival), 0)
    return os.WIFSIGNALED(status)


def down_and_up(app, make, points):
    """Back to an older revision, up again killed at these points, up, down and up: every row of the older tables
    stays as it was, and nothing is left of what was killed."""
    seeded(app, make)
    database = app.extensions["spiral.database"]
    migrate.downgrade(database, "0020_imports")
    tables = older_tables(database)
    below = contents(database, tables=tables)
    for point in points:
        assert killed_in_a_migration(database, point), f"the migration has fewer than {point} changes"
        assert migrate.current(database) == "0020_imports"
        assert {t.name for t in older_tables(database)} == {t.name for t in tables}
        assert contents(database, tables=tables) == below
    migrate.upgrade(database)
    sound(database)
    migrate.downgrade(database, "0020_imports")
    assert contents(database, tables=tables) == below
    migrate.upgrade(database)
    sound(database)


@pytest.mark.both_databases
def test_down_and_up_keeps_every_row_also_when_killed_in_the_middle(app, make):
    down_and_up(app, make, (2, random.Random(8).randrange(20, 120)))


@pytest.mark.soak
@pytest.mark.both_databases
def test_killed_at_forty_points(app, make):
    down_and_up(app, make, sorted(random.Random(9).sample(range(1, 150), 40)))


@pytest.mark.parametrize("file", [pytest.param(f, id=f.stem) for f in RELEASES])
def test_every_release_can_be_brought_up(file, tmp_path, new_postgres):
    """Its backup is restored by this version: the tables are these, what people saw they see, and down and up again."""
    url = new_postgres() if "postgresql" in file.name else ""
    app = another(tmp_path / "var", url)
    database = app.extensions["spiral.database"]
    with app.app_context():
        about = restoring.restore(file, database, app.config["SPIRAL"])
    try:
        sound(database)
        there = contents(database, without=set())
        for table, rows in about["counts"].items():
            if table in Base.metadata.tables:
                assert int(there[table].split()[0]) >= rows, table
        with app.app_context():
            result = app.test_cli_runner().invoke(args=["search", "reindex"])
        assert result.exit_code == 0, result.output
        assert "零点起" in seen(app, about["article"])["text"]
    finally:
        database.close()


def test_there_is_one_of_each_release():
    """Of the version under way, too: its tables as they were when this was made."""
    version = making.program()
    assert {f"{version}-sqlite.zip", f"{version}-postgresql.zip"} <= {file.name for file in RELEASES}
    assert sum(file.stat().st_size for file in RELEASES) < 1 << 20, "small, or they weigh on every clone"
