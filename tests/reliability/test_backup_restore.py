"""A backup is whole whatever people do meanwhile, and comes back as it was – or not at all, and says why."""

import os
import random
import signal
import sqlite3
import time
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import alone, chain, migrate
from core.audit import TrailEntry
from core.backup import archive, making, postgres, restoring
from core.db import reading, writing
from core.errors import DiskFull
from tests.reliability.keeping import another, contents, forked, load_on, seeded, seen

pytestmark = [pytest.mark.timeout(600)]
SMALL = Path(__file__).parent / "releases" / "0.1.0-sqlite.zip"


def run(app, *words):
    """``flask --app wsgi …`` and what it said."""
    with app.app_context():
        done = app.test_cli_runner().invoke(args=list(words))
    return done.exit_code, done.output


def must(app, *words):
    code, said = run(app, *words)
    assert code == 0, said
    return said


@pytest.fixture
def empty(tmp_path, engine, new_postgres):
    """An empty installation of the same kind, as often as asked."""
    made = []

    def make():
        var = tmp_path / f"place{len(made)}"
        made.append(another(var, "" if engine.startswith("sqlite") else new_postgres()))
        return made[-1]

    yield make
    for app in made:
        app.extensions["spiral.database"].close()


@pytest.fixture
def kept(app, make, tmp_path):
    """A backup of something of everything, and the address of its article."""
    _manager, slug = seeded(app, make)
    file = tmp_path / "spiral.zip"
    must(app, "backup", str(file))
    return file, slug


def db_of(app):
    return app.extensions["spiral.database"]


@pytest.mark.both_databases
def test_everything_comes_back(app, kept, empty):
    """Sign-in, search, figures, pictures, every table; the trail is the same chain, and goes on."""
    file, slug = kept
    assert file.stat().st_mode & 0o777 == 0o600
    with archive.opened(file) as found:
        assert found.about["schema"] == migrate.head()
        assert found.about["head"].startswith("1:")
        assert not any("secret" in name or "toml" in name for name in found.parts)
    tables, before = contents(db_of(app)), seen(app, slug)
    fresh = empty()
    said = must(fresh, "restore", str(file))
    assert "as they were sealed" in said
    assert "The secret key is another one" in said
    assert "2 articles can be found" in said
    assert contents(db_of(fresh)) == tables
    assert seen(fresh, slug) == before
    assert migrate.check(db_of(fresh)) == []
    with fresh.app_context():
        with writing():
            chain.seal()
        with reading() as s:
            assert chain.verify().unsealed == 0
            assert s.scalar(sa.select(sa.func.count()).where(TrailEntry.verb == "restored")) == 1
    with pytest.raises(sa.exc.DBAPIError), db_of(fresh).writer.begin() as connection:  # the walls are up again
        connection.execute(sa.text("DELETE FROM trail_entries"))


def test_files_in_a_store_elsewhere_come_along(app, make, empty, tmp_path):
    """An installation whose files lie in a folder that many see, into one whose files lie in another."""

    def elsewhere(one, name):
        one.config["SPIRAL"] = one.config["SPIRAL"].model_copy(update={"files_url": f"file://{tmp_path / name}"})
        one.extensions.pop("spiral.stores", None)
        return one

    _manager, slug = seeded(elsewhere(app, "shared"), make)
    file = tmp_path / "spiral.zip"
    must(app, "backup", str(file))
    before = seen(app, slug)
    fresh = elsewhere(empty(), "other")
    must(fresh, "restore", str(file))
    assert seen(fresh, slug) == before
    names = [{path.name for path in (tmp_path / name / "files").glob("??/??/*")} for name in ("shared", "other")]
    assert names[0] == names[1] != set()


def backups_under_load(app, engine, empty, folder, count):
    """Each holds all that was acknowledged before it began, and no commit by half."""
    with load_on(engine) as acknowledged:
        for number in range(count):
            known = acknowledged(acknowledged() + 40)
            making.make(folder / f"{number}.zip", db_of(app), app.config["SPIRAL"])
            fresh = empty()
            in_place(fresh, folder / f"{number}.zip")
            found = {"load-a": [], "load-b": []}
            with db_of(fresh).reader.connect() as connection:
                for topic, key in connection.execute(sa.text("SELECT topic, key FROM outbox_jobs ORDER BY id")):
                    found[topic].append(int(key))
            db_of(fresh).close()
            assert found["load-a"] == found["load-b"] == list(range(1, len(found["load-a"]) + 1))
            assert len(found["load-a"]) >= known


@pytest.mark.both_databases
def test_under_load_it_holds_all_that_was_acknowledged(app, engine, empty, tmp_path):
    backups_under_load(app, engine, empty, tmp_path, 1)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.both_databases
def test_twenty_backups_under_load(app, engine, empty, tmp_path):
    backups_under_load(app, engine, empty, tmp_path, 20)


def of_release(engine):
    """The archive of the oldest release, of this kind of database."""
    return SMALL if engine.startswith("sqlite") else SMALL.with_name("0.1.0-postgresql.zip")


def spoilt(sound, at):
    return sound[:at] + bytes([sound[at] ^ 0xFF]) + sound[at + 1 :]


@pytest.mark.both_databases
def test_what_is_damaged_is_refused_and_named(engine, empty, tmp_path):
    """A byte in any part or in the manifest, an end cut off, another file: nothing is touched."""
    file, fresh, sound = tmp_path / "spiral.zip", empty(), of_release(engine).read_bytes()
    with archive.opened(of_release(engine)) as found:
        heads = {name: found.zip.getinfo(name) for name in [*found.parts, archive.MANIFEST]}
        assert any(name.startswith("files/") for name in heads)
    for name, info in heads.items():
        begins = info.header_offset + 30
        spots = [begins]  # its name, as written before it
        if info.file_size:
            spots.append(begins + len(name) + 20 + info.compress_size // 2)
        for at in spots:
            file.write_bytes(spoilt(sound, at))
            code, said = run(fresh, "restore", str(file))
            assert code == 1
            assert said.startswith(f"Error: {file} is damaged: {name} "), (name, at)
    file.write_bytes(sound[: len(sound) // 2])
    assert "is no backup of Spiral, or its end is missing" in run(fresh, "restore", str(file))[1]
    with zipfile.ZipFile(file, "w") as found:
        found.writestr("letter.txt", "something else")
    assert "its manifest is missing" in run(fresh, "restore", str(file))[1]
    assert "cannot be read" in run(fresh, "restore", str(file) + ".not")[1]
    assert untouched(fresh)


def opened_or_refused(whole, file, step):
    """With any byte of the manifest or of the list of contents spoilt: a sentence, or every part as it was."""
    sound = whole.read_bytes()
    with archive.opened(whole) as found:
        about, begins = found.about, found.zip.getinfo(archive.MANIFEST).header_offset
    refused = 0
    for at in range(begins, len(sound), step):
        for bits in (0xFF, 1 << at % 8):
            file.write_bytes(sound[:at] + bytes([sound[at] ^ bits]) + sound[at + 1 :])
            try:
                with archive.opened(file) as found:
                    found.verify()
                    assert found.about == about, at
            except archive.BackupError:
                refused += 1
    assert refused > (len(sound) - begins) // step


@pytest.mark.parametrize(("engine_of", "step"), [("sqlite", 1), ("postgresql", 61)])
def test_no_spoilt_manifest_is_believed(engine_of, step, tmp_path):
    opened_or_refused(of_release(engine_of), tmp_path / "spiral.zip", step)


@pytest.mark.soak
def test_no_spoilt_byte_of_a_long_manifest_is_believed(tmp_path):
    opened_or_refused(of_release("postgresql"), tmp_path / "spiral.zip", 5)


def untouched(app):
    """Neither a database nor a file came in."""
    var, database = app.config["SPIRAL"].var, db_of(app)
    there = (var / "spiral.db").exists() if database.sqlite else not postgres.is_empty(database)
    return not there and not (var / "files").exists() and not list(var.rglob("*.part"))


def crafted(path, source, *, parts=(), **about):
    """The same archive with other parts, in the place of its own or beside them, or another manifest."""
    with archive.opened(source) as found, path.open("xb") as out:
        writer = archive.Writer(out)
        for name in found.parts.keys() - dict(parts).keys():
            writer.add(name, found.read(name))
        for name, data in parts:
            writer.add(name, [data])
        writer.finish({**{k: v for k, v in found.about.items() if k not in {"format", "version", "parts"}}, **about})
    return path


def test_no_part_lies_outside_and_none_comes_in_unlisted(empty, tmp_path):
    fresh = empty()
    for number, name in enumerate(
        ("../evil", "files/../../evil", "/tmp/evil", "files//../evil", "files\\..\\evil", "C:/evil", "evil")
    ):
        file = crafted(tmp_path / f"{number}.zip", SMALL, parts=[(name, b"evil")])
        code, said = run(fresh, "restore", str(file))
        assert code == 1
        assert "would lie outside" in said, name
    assert not list(tmp_path.rglob("*evil"))
    file = crafted(tmp_path / "other.zip", SMALL)
    with zipfile.ZipFile(file, "a") as found:
        found.writestr("files/aa/bb/x", b"unlisted")
    assert "not in its manifest" in run(fresh, "restore", str(file))[1]
    file = crafted(tmp_path / "strange.zip", SMALL, parts=[("search/x", b"1")])
    assert "keeps no such folder" in run(fresh, "restore", str(file))[1]
    assert untouched(fresh)
    assert not (fresh.config["SPIRAL"].var / "search" / "x").exists()


@pytest.mark.parametrize("size", [-1, True, 1.5, "7", None])
def test_a_size_that_is_none_is_damage(empty, tmp_path, size):
    fresh = empty()
    with archive.opened(SMALL) as found, (tmp_path / "odd.zip").open("xb") as out:
        writer = archive.Writer(out)
        for name in found.parts:
            writer.add(name, found.read(name))
        writer.parts[0]["size"] = size
        writer.finish({k: v for k, v in found.about.items() if k not in {"format", "version", "parts"}})
    code, said = run(fresh, "restore", str(tmp_path / "odd.zip"))
    assert code == 1
    assert "is damaged: spiral-backup.json cannot be read." in said
    assert untouched(fresh)


@pytest.mark.both_databases
def test_what_is_too_new_or_of_another_kind_is_refused(engine, empty, tmp_path):
    fresh, file = empty(), of_release(engine)
    newer = crafted(tmp_path / "newer.zip", file, schema="9999_later", program="9.9.0")
    code, said = run(fresh, "restore", str(newer))
    assert code == 1
    for word in ("Spiral 9.9.0", "9999_later", migrate.head()):
        assert word in said
    later = crafted(tmp_path / "later.zip", file)
    with zipfile.ZipFile(later) as found:
        parts = {name: found.read(name) for name in found.namelist()}
    with zipfile.ZipFile(later, "w") as out:
        for name, data in parts.items():
            out.writestr(name, data.replace(b'"version": 1', b'"version": 2') if name == archive.MANIFEST else data)
    code, said = run(fresh, "restore", str(later))
    assert code == 1
    assert "was made by a newer Spiral: its format is 2, not 1" in said
    other = crafted(tmp_path / "other.zip", file, engine="postgresql" if engine.startswith("sqlite") else "another")
    theirs, mine = ("PostgreSQL", "SQLite") if engine.startswith("sqlite") else ("another database", "PostgreSQL")
    assert f"made from {theirs}, and this installation uses {mine}" in run(fresh, "restore", str(other))[1]
    assert untouched(fresh)
    with archive.opened(file) as found:
        counts = {**found.about["counts"], "users": found.about["counts"]["users"] + 1}
    wrong = crafted(tmp_path / "wrong.zip", file, counts=counts)
    code, said = run(fresh, "restore", str(wrong))
    assert code == 1
    assert "not what its manifest says" in said or "rows of users, and" in said
    assert migrate.current(db_of(fresh)) is None


@pytest.mark.both_databases
def test_only_what_was_named_is_replaced(app, make, engine):
    """Not a database with something in it, not while somebody uses it; on SQLite the old one is kept aside."""
    file = of_release(engine)
    with writing():
        make.user("rep", username="later")
    code, said = run(app, "restore", str(file))
    name = restoring.name_of(db_of(app))
    assert code == 1
    assert "is not empty. Restore into another place (SPIRAL_VAR=, SPIRAL_DATABASE_URL=)" in said
    assert run(app, "restore", str(file), "--replace", "wrong")[0] == 1
    var = app.config["SPIRAL"].var
    rival = sa.create_engine(sa.make_url(db_of(app).url), poolclass=sa.NullPool)
    with rival.connect() as connection:
        connection.execute(sa.text("SELECT count(*) FROM users"))
        said = run(app, "restore", str(file), "--replace", name)[1]
        assert "in use by another process" in said or "1 other connections use" in said
    if engine.startswith("sqlite"):
        with alone.hold(var):
            assert "serves" in run(app, "restore", str(file), "--replace", name)[1]
    must(app, "restore", str(file), "--replace", name)
    with reading() as s:
        assert s.scalar(sa.text("SELECT count(*) FROM users WHERE username = 'later'")) == 0
    with archive.opened(file) as found:
        assert "零点起" in seen(app, found.about["article"])["text"]
    if engine.startswith("sqlite"):
        (old,) = var.glob("replaced-*/spiral.db")
        connection = sqlite3.connect(old)
        assert connection.execute("SELECT count(*) FROM users WHERE username = 'later'").fetchone() == (1,)
        connection.close()


def test_it_asks_for_room_and_leaves_nothing_half_done(app, tmp_path):
    with pytest.raises(DiskFull, match=r"free, and up to .* may be needed"):
        making.must_fit(tmp_path, 1 << 60)
    place = tmp_path / "here"
    place.mkdir()
    must(app, "backup", str(place / "one.zip"))
    assert "overwrites nothing" in run(app, "backup", str(place / "one.zip"))[1]
    assert "There is no folder" in run(app, "backup", str(place / "no" / "one.zip"))[1]
    db_of(app).close()
    path = making.place(db_of(app))
    holed = bytearray(path.read_bytes())
    holed[8192:200_000] = bytes(200_000 - 8192)
    path.write_bytes(holed)
    code, said = run(app, "backup", str(place / "two.zip"))
    assert code == 1
    assert said.startswith("Error: The database")
    assert "is damaged" in said
    assert [each.name for each in place.iterdir()] == ["one.zip"]


def in_place(app, file):
    """Restored, without a word."""
    with app.app_context():
        restoring.restore(file, db_of(app), app.config["SPIRAL"])


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.both_databases
def test_a_restore_that_is_killed_is_not_there_or_whole(engine, empty):
    """And can be done again."""
    file = of_release(engine)
    chance = random.Random(4)
    for _number in range(15):
        fresh = empty()
        database, settings = db_of(fresh), fresh.config["SPIRAL"]
        child = forked(lambda: in_place(fresh, file))  # noqa: B023 - it runs at once
        time.sleep(chance.uniform(0.05, 1.5))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while not database.sqlite and postgres.others(database):  # its server has not noticed yet that it is gone
            time.sleep(0.01)
        if migrate.current(database) is None:
            database.close()
            in_place(fresh, file)
        assert migrate.check(database) == []
        with archive.opened(file) as found, database.reader.connect() as connection:
            users = connection.scalar(sa.text("SELECT count(*) FROM users"))
            assert users == found.about["counts"]["users"]
            assert all((settings.var / name).exists() for name in found.within("files"))
        database.close()
