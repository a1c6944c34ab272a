"""A site that has outgrown one file: its backup from SQLite comes back on PostgreSQL, row by row."""

import json
import sqlite3
import zipfile

import pytest
import sqlalchemy as sa

from core import chain, migrate
from core.backup import archive
from core.db import Base, reading, writing
from tests.reliability.keeping import MOVING, another, seeded, seen
from tests.reliability.test_backup_restore import SMALL, crafted, db_of, must, run

pytestmark = [pytest.mark.timeout(300), pytest.mark.postgres]


@pytest.fixture
def grown(tmp_path, new_postgres):
    """Empty installations on PostgreSQL, as often as asked."""
    made = []

    def make():
        made.append(another(tmp_path / f"grown{len(made)}", new_postgres()))
        return made[-1]

    yield make
    for app in made:
        db_of(app).close()


def plain(value):
    """The same for the same value, whatever order a database keeps the keys of a document in."""
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else repr(value)


def rows(database):
    """Every row of every table that a move must not change."""
    with database.reader.connect() as connection:
        there = set(sa.inspect(connection).get_table_names()) - MOVING
        return {
            table.name: sorted(tuple(map(plain, row)) for row in connection.execute(table.select()))
            for table in Base.metadata.tables.values()
            if table.name in there
        }


def test_everything_moves_and_goes_on(app, make, grown, tmp_path):
    """Every row, what people see, the chain of the trail; and new rows get new numbers."""
    _manager, slug = seeded(app, make)
    file = tmp_path / "spiral.zip"
    must(app, "backup", str(file))
    before, shown = rows(db_of(app)), seen(app, slug)
    fresh = grown()
    said = must(fresh, "restore", str(file))
    assert "as they were sealed" in said
    assert rows(db_of(fresh)) == before
    assert sum(map(len, before.values())) > 100
    assert seen(fresh, slug) == shown
    assert migrate.check(db_of(fresh)) == []
    assert not list(fresh.config["SPIRAL"].var.glob(".restore-*"))
    with fresh.app_context():
        with writing():
            chain.seal()
        with reading() as s:
            assert chain.verify().unsealed == 0
            numbers = dict(s.execute(sa.text("SELECT sequencename, last_value FROM pg_sequences")).all())
    with db_of(fresh).reader.connect() as connection:
        for table in Base.metadata.tables.values():
            if f"{table.name}_id_seq" in numbers and (last := connection.scalar(sa.select(sa.func.max(table.c.id)))):
                assert numbers[f"{table.name}_id_seq"] >= last, table.name
    with pytest.raises(sa.exc.DBAPIError), db_of(fresh).writer.begin() as connection:  # the walls are up again
        connection.execute(sa.text("DELETE FROM trail_entries"))


def test_one_of_an_older_version_moves_and_is_brought_up(grown):
    fresh = grown()
    must(fresh, "restore", str(SMALL))
    with archive.opened(SMALL) as found:
        assert "零点起" in seen(fresh, found.about["article"])["text"]
    assert migrate.check(db_of(fresh)) == []


def test_what_postgresql_does_not_take_is_named_and_changes_nothing(grown, tmp_path):
    """SQLite keeps words of any length; PostgreSQL does not."""
    path = tmp_path / "spiral.db"
    with zipfile.ZipFile(SMALL) as zipped:
        path.write_bytes(zipped.read("database/spiral.db"))
    source = sqlite3.connect(path)
    source.execute("UPDATE users SET username = username || ? WHERE id = (SELECT min(id) FROM users)", ("x" * 500,))
    source.commit()
    source.close()
    long = crafted(tmp_path / "long.zip", SMALL, parts=[("database/spiral.db", path.read_bytes())])
    fresh = grown()
    code, said = run(fresh, "restore", str(long))
    assert code == 1
    assert "PostgreSQL did not take the rows of users, and nothing was changed: value too long" in said
    with db_of(fresh).reader.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []


def test_the_way_back_is_refused(app, tmp_path):
    other = crafted(tmp_path / "other.zip", SMALL.with_name("0.1.0-postgresql.zip"))
    code, said = run(app, "restore", str(other), "--replace", "spiral")
    assert code == 1
    assert (
        "made from PostgreSQL, and this installation uses SQLite: the way leads from SQLite to PostgreSQL only" in said
    )
