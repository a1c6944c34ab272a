"""The trail is a chain: what was sealed cannot be changed, removed or slipped in unnoticed – and what no chain shows.

The attacker here owns the database: triggers are taken away first.
"""

import hashlib
import json
import threading

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core import audit, chain, chores, migrate
from core.audit import TrailEntry
from core.chain import TrailSeal
from core.db import database, reading, session, writing
from core.errors import Conflict, Invalid
from tests.make import somewhere
from tests.reliability.keeping import another


@pytest.fixture
def sealed(app, make, monkeypatch):
    """Twelve entries in three seals."""
    monkeypatch.setattr(chain, "BATCH", 4)
    monkeypatch.setattr(chain, "PAGE", 2)
    with writing():
        who = actor_of(make.user("qa"))
        for number in range(12):
            audit.record(who, "spoke", subject_kind="test", subject_id=number, note=f"words {number}", details={"n": 1})
    seal_all()
    return who


def seal_all():
    while True:
        before = count(TrailSeal)
        with writing():
            chain.seal()
        if count(TrailSeal) == before:
            return


def count(kind):
    with reading() as s:
        return s.scalar(sa.select(sa.func.count()).select_from(kind))


def verify(head=""):
    with reading():
        return chain.verify(head=head)


def attack(*statements):
    """What somebody does who owns the database; in the transaction that is open, else in one of its own."""
    with somewhere():
        for table in ("trail_entries", "trail_seals"):
            if database().sqlite:
                found = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
                for name in session.scalars(sa.text(found), {"table": table}).all():
                    session.execute(sa.text(f"DROP TRIGGER {name}"))
            else:
                session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            session.execute(sa.text(statement) if isinstance(statement, str) else statement)


def told(*statements):
    """What verify says of an attack, which is rolled back."""
    with writing():
        attack(*statements)
        try:
            chain.verify()
        except chain.Broken as broken:
            return str(broken)
        finally:
            session.rollback()
    return "the chain holds"


def words(number):
    with reading() as s:
        return s.scalars(sa.select(TrailEntry.id).where(TrailEntry.note == f"words {number}")).one()


@pytest.mark.both_databases
def test_it_is_sealed_in_batches_and_holds(sealed):
    found = verify()
    assert (found.entries, found.number, found.unsealed, found.redacted) == (count(TrailEntry), 3, 0, 0)
    with writing():
        audit.record(sealed, "spoke", subject_kind="test", subject_id=99)
    assert verify().unsealed == 1
    seal_all()
    again = verify(head=f"{found.number}:{found.hash}")
    assert (again.number, again.unsealed) == (4, 0)


def test_the_worker_seals(app, sealed):
    with writing():
        audit.record(sealed, "spoke", subject_kind="test", subject_id=99)
    chores._done.pop(chain.seal, None)
    chores.run_due()
    assert verify().unsealed == 0


@pytest.mark.both_databases
def test_the_first_difference_is_named(sealed):
    """Also when a later one differs too."""
    key, later = words(5), "UPDATE trail_entries SET note = 'x' WHERE note = 'words 11'"
    for act, said in (
        ("UPDATE trail_entries SET note = 'words 5!' WHERE id = {id}", "entry {id} (spoke, test 5) was changed"),
        ("UPDATE trail_entries SET actor_name = 'Eve' WHERE id = {id}", "entry {id} (spoke, test 5) was changed"),
        ("UPDATE trail_entries SET details = '{{\"n\": 2}}' WHERE id = {id}", "entry {id} (spoke, test 5) was changed"),
        ("DELETE FROM trail_entries WHERE id = {id}", "entry {id} is missing"),
        ("UPDATE trail_seals SET former = '0' WHERE id = 2", "seal 2 (entries"),
        ("DELETE FROM trail_seals WHERE id = 2", "seal 2 is missing"),
    ):
        assert said.format(id=key) in told(act.format(id=key), later)
    assert verify().entries == count(TrailEntry), "what was attacked was rolled back each time"


def test_an_entry_written_anew_is_found(sealed):
    key = words(5)
    attack(f"DELETE FROM trail_entries WHERE id = {key}")
    entry = {c.key: None for c in sa.inspect(TrailEntry).column_attrs}
    about = {"id": key, "actor_name": "Eve", "verb": "x", "subject_kind": "test", "subject_id": 1, "note": "",
             "details": {}, "at": sealed_at()}  # fmt: skip
    attack(sa.insert(TrailEntry).values({**entry, **about}))
    with pytest.raises(chain.Broken, match=f"entry {key} .* was changed"):
        verify()


@pytest.mark.both_databases
def test_a_number_that_was_never_used_stays_unused(app, make, monkeypatch):
    """A transaction that failed leaves a gap; a row that turns up there later was not written then."""
    with writing():
        first = audit.record(None, "spoke", subject_kind="test", subject_id=1)
        session.flush()
        gap = first.id + 1
        audit_row = audit.record(None, "spoke", subject_kind="test", subject_id=2)
        audit_row.id = first.id + 2
    seal_all()
    assert verify().entries == count(TrailEntry)
    with writing():
        late = audit.record(None, "slipped", subject_kind="test", subject_id=3)
        late.id = gap
    with pytest.raises(chain.Broken, match=f"entry {gap} was slipped in"):
        verify()


def sealed_at():
    with reading() as s:
        return s.scalar(sa.select(TrailSeal.at).limit(1))


def test_what_is_missing_at_the_end_is_found_by_what_was_noted_outside(app, sealed):
    """A chain alone cannot show that its end was cut off together with the seals: the file in var does."""
    head = verify()
    cut = "DELETE FROM trail_entries WHERE id > (SELECT last_id FROM trail_seals WHERE id = 2)"
    attack(cut, "DELETE FROM trail_seals WHERE id = 3")
    with pytest.raises(chain.Broken, match="seal 3 was noted outside the database"):
        verify()
    witness = app.config["SPIRAL"].var / chain.WITNESS
    witness.unlink()  # who owns the folder, too …
    assert verify().number == 2
    with pytest.raises(chain.Broken, match="seal 3 was noted outside"):  # … is found by a head noted elsewhere
        verify(head=f"{head.number}:{head.hash}")


def test_a_chain_made_anew_is_found_by_what_was_noted_outside(sealed):
    attack("UPDATE trail_entries SET note = 'x' WHERE note = 'words 5'", "DELETE FROM trail_seals")
    known = chain._witness().read_text()
    seal_all()
    chain._witness().write_text(known)
    with pytest.raises(chain.Broken, match="the chain was made anew"):
        verify()


@pytest.mark.both_databases
def test_words_may_be_redacted_by_two_people_and_the_chain_holds(sealed, make):
    with writing():
        second = actor_of(make.user("manager"))
    key = words(5)
    with pytest.raises(Invalid), writing():
        audit.redact(key, sealed, sealed, "a phone number")
    with writing():
        audit.redact(key, sealed, second, "a phone number")
    seal_all()
    assert verify().redacted == 1
    with reading() as s:
        entry = s.get_one(TrailEntry, key)
        assert (entry.note, entry.note_digest) == (audit.REDACTED, hashlib.sha256(b'"words 5"').hexdigest())
        told = s.scalars(audit.trail(audit.ENTRY, key)).one()
        assert (told.verb, told.actor_id, told.details["second_id"]) == ("redacted", sealed.id, second.id)
    with pytest.raises(Conflict), writing():
        audit.redact(key, sealed, second, "again")


@pytest.mark.both_databases
def test_the_database_refuses_all_else(sealed):
    for act in (
        "UPDATE trail_entries SET note = 'mine'",
        "UPDATE trail_entries SET note = '[redacted]', note_digest = 'x', verb = 'y'",
        "UPDATE trail_entries SET note_digest = 'x'",
        "UPDATE trail_seals SET hash = 'x'",
        "DELETE FROM trail_seals",
    ):
        with pytest.raises(sa.exc.DBAPIError), writing() as s:
            s.execute(sa.text(act))


def test_words_taken_out_without_an_act_are_found(sealed):
    digest = hashlib.sha256(b'"words 5"').hexdigest()
    attack(f"UPDATE trail_entries SET note = '[redacted]', note_digest = '{digest}' WHERE note = 'words 5'")
    with pytest.raises(chain.Broken, match="no entry says by whom"):
        verify()


@pytest.mark.both_databases
def test_an_act_says_what_it_changed(app, make):
    """Old and new value stand in it as digests, which anybody can reckon who claims to know them."""
    with writing():
        user = make.user("qa", name="Before")
    with writing() as s:
        found = s.get_one(type(user), user.id)
        found.name, found.locale = "Between", found.locale
        s.flush()
        found.name = "After"
        audit.record(None, "renamed", subject_kind="user", subject_id=user.id)
        s.flush()
        audit.record(None, "looked", subject_kind="user", subject_id=user.id)
    with reading() as s:
        renamed, looked = s.scalars(audit.trail("user", user.id).where(TrailEntry.verb.in_(["renamed", "looked"])))
    column = f"users:{user.id}.name"
    assert renamed.changed == column
    said = [
        hashlib.sha256(json.dumps({column: text}, separators=(",", ":")).encode()).hexdigest()
        for text in ("Before", "After")
    ]
    assert [renamed.before_hash, renamed.after_hash] == said
    assert (looked.changed, looked.before_hash, looked.after_hash) == (None, None, None)


@pytest.mark.postgres
def test_a_number_taken_is_waited_for(new_postgres, tmp_path):
    """PostgreSQL: somebody who has begun to write an older entry is not passed over."""
    app = another(tmp_path, new_postgres())
    migrate.bring_up(app)
    with app.app_context():
        _passed_over_by_nobody(app)
    app.extensions["spiral.database"].close()


def _passed_over_by_nobody(app):
    begun, go_on = threading.Event(), threading.Event()

    def slow():
        with app.app_context(), writing() as s:
            audit.record(None, "slow", subject_kind="test", subject_id=1)
            s.flush()
            begun.set()
            go_on.wait(120)

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(60)
    with writing():
        audit.record(None, "fast", subject_kind="test", subject_id=2)
    with writing():
        chain.seal()
    assert count(TrailSeal) == 0
    go_on.set()
    thread.join(60)
    seal_all()
    with reading() as s:
        assert (s.scalar(sa.select(TrailSeal.last_id)), verify().unsealed) == (count(TrailEntry), 0)


def test_verify_and_export_at_the_terminal(app, sealed, tmp_path):
    run = app.test_cli_runner()
    done = run.invoke(args=["audit", "verify"])
    assert done.exit_code == 0, done.output
    number, _, found = done.output.splitlines()[-1].partition(":")
    assert run.invoke(args=["audit", "verify", "--head", f"{number}:{found}"]).exit_code == 0
    assert run.invoke(args=["audit", "verify", "--head", f"{number}:{'0' * 64}"]).exit_code == 1
    assert run.invoke(args=["audit", "export", str(tmp_path / "trail.jsonl")]).exit_code == 0
    told = [json.loads(line) for line in (tmp_path / "trail.jsonl").read_text().splitlines()]
    assert [line["seal"] for line in told if "seal" in line] == [1, 2, 3]
    first = next(line for line in told if line.get("note") == "words 5")
    assert len(first["digest"]) == 64
    attack("UPDATE trail_entries SET note = 'x' WHERE note = 'words 5'")
    broken = run.invoke(args=["audit", "verify"])
    assert broken.exit_code == 1
    assert f"entry {first['entry']} (spoke, test 5) was changed" in broken.output
