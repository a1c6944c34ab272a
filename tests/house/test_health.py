"""How it is, in words: readiness, the doctor, and the administrator's page, of one machine and of several."""

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import checks, health, outbox
from core import clock as core_clock
from core.db import reading, session, writing
from core.health import Grade
from core.i18n import force_locale
from core.outbox import OutboxJob
from tests.support.smtp import MailServer


def use(app, **chosen):
    app.config["SPIRAL"] = app.config["SPIRAL"].model_copy(update=chosen)


def found(name: str) -> health.Finding:
    return next(one for one in health.examine() if one.name == name)


def forgetful(app) -> list[str]:
    """What is to be looked at in each test: the PostgreSQL of the tests does not wait for the disk."""
    return ["durability"] if app.config["SPIRAL"].database_url.startswith("postgresql") else []


@pytest.mark.both_databases
def test_since_when_is_kept_while_a_state_stays(app, clock, monkeypatch):
    clock.set(core_clock.now())
    states = iter([Grade.LOOK, Grade.LOOK, Grade.GOOD])

    def odd() -> str:
        if next(states) is Grade.LOOK:
            raise health.LookError("odd", "mend it")
        return "fine"

    monkeypatch.setattr(health, "_checks", {"odd": health.Kind(odd, False, False, "", "")})
    seen = []
    for _turn in range(3):
        checks.look([])
        with reading():
            state = checks.since()["odd"]
            seen.append((state.grade, state.seen_at - state.since))
        clock.advance(minutes=1)
    assert seen == [("look", timedelta(0)), ("look", timedelta(minutes=1)), ("good", timedelta(0))]


@pytest.mark.both_databases
def test_each_machine_tells_of_itself_and_the_worst_is_named(app, clock, monkeypatch):
    clock.set(core_clock.now())
    full = {"here": False, "there": False}
    at = ["here"]

    def disk() -> str:
        if full[at[0]]:
            raise health.UnwellError("no room", "make some")
        return "room"

    monkeypatch.setattr(health, "_checks", {
        "disk": health.Kind(disk, True, False, "Room on the disk", "", True),
        "elsewhere": health.Kind(checks._elsewhere, False, False, "The other machines", ""),
    })  # fmt: skip
    monkeypatch.setattr(checks.hosts, "place", lambda: at[0])
    monkeypatch.setattr(checks, "gethostname", lambda: f"machine-{at[0]}")

    def seen_at(where: str) -> health.Finding:
        at[0] = where
        checks.look_here()
        with force_locale("en"):
            return found("elsewhere")

    assert seen_at("here").said == "there is no other machine"
    full["there"] = True
    assert seen_at("there").said == "1 other machine is well", "here all is well"
    began = core_clock.now()
    clock.advance(minutes=1)
    worst = seen_at("here")
    assert (worst.grade, worst.said, worst.since) == (Grade.BROKEN, "machine-there: Room on the disk", began)
    with reading():
        assert checks.since()["disk"].grade == "good", "here it is as it is here"
        assert checks.looked_at() is None, "what a machine says of itself proves no worker"
    clock.advance(minutes=6)
    assert seen_at("here").said == "there is no other machine", "who says nothing any more is not counted"
    clock.advance(days=1)
    seen_at("here")
    with reading() as s:
        assert set(s.scalars(sa.select(checks.MachineState.place))) == {"here"}


def test_the_worker_looks_through_the_outbox_and_is_missed_when_it_is_gone(app, clock):
    assert found("worker").grade is Grade.LOOK
    with writing():
        checks.look_again()
        checks.look_again()
    assert outbox.drain() == 1
    assert found("worker").grade is Grade.GOOD
    clock.advance(minutes=7)
    assert found("worker").grade is Grade.LOOK
    with writing():
        outbox.promise("test", "a")
    clock.advance(seconds=1)
    finding = found("worker")
    assert (finding.grade, finding.said) == (Grade.BROKEN, "no worker has been seen for 7 min")
    assert finding.since is not None
    assert "flask --app wsgi worker" in finding.todo


@pytest.mark.both_databases
def test_the_doctor_names_what_to_do_for_each_thing(app, make, tmp_path):
    run = app.test_cli_runner()
    assert run.invoke(args=["doctor"]).exit_code == 0
    (tmp_path / "spiral.toml").write_text("")
    (tmp_path / "spiral.toml").chmod(0o644)
    use(app, secret_key="secret" * 8, base_url="http://spiral.example")
    with writing():
        session.execute(sa.text("UPDATE outbox_jobs SET id = id"))
        session.add(checks.TrailEntry(at=core_clock.now() + timedelta(hours=1), actor_name="x", verb="x",
                                      subject_kind="x", subject_id=1, details={}))  # fmt: skip
    with MailServer() as server:
        use(app, smtp_url=server.url)
        assert found("mail server").said.startswith("it answers: ")
        assert server.mails == []
    done = run.invoke(args=["doctor", "--json"])
    told = json.loads(done.stdout)
    by_name = {one["name"]: one for one in told["checks"]}
    assert done.exit_code == 1
    assert told["well"] is False
    assert {name for name, one in by_name.items() if one["grade"] == "broken"} == {"secret", "mail server"}
    assert {name for name, one in by_name.items() if one["grade"] == "look"} == {
        "worker", "clock", "settings", "files", "backup", *forgetful(app),
    }  # fmt: skip
    assert all(one["todo"] for one in by_name.values() if one["grade"] != "good")
    assert told["settings"]["SPIRAL_SECRET_KEY"] == "***"
    said = run.invoke(args=["doctor"]).output
    assert "BROKEN       secret: the secret key can be guessed" in said
    assert "→ Run: chmod 600" in said


def test_the_age_of_the_last_backup_is_told(app, clock):
    checks.backed_up()
    clock.advance(hours=3)
    assert (found("backup").grade, found("backup").said) == (Grade.GOOD, "the last one was made 3 h ago")
    clock.advance(days=2)
    assert found("backup").grade is Grade.LOOK


@pytest.mark.both_databases
def test_readiness_says_why_in_words_and_in_english(app, client, clock):
    with writing():
        outbox.promise("test", "a")
    clock.advance(minutes=6)
    answer = client.get("/readyz", headers={"Accept-Language": "zh"})
    assert answer.status_code == 503
    assert answer.json["reasons"] == [
        "outbox: 1 promises wait, the oldest for 360 s. See that a worker runs: flask --app wsgi worker"
    ]


def test_readiness_tells_strangers_no_address_and_no_path(app, client, monkeypatch):
    def away() -> str:
        raise sa.exc.OperationalError(
            "SELECT", {}, Exception('connection to server at "10.1.2.3" failed, user "spiral"')
        )

    def closed() -> str:
        raise PermissionError(13, "Permission denied", "/srv/spiral/secret")

    for name, function in (("away", away), ("closed", closed)):
        monkeypatch.setitem(health._checks, name, health.Kind(function, True, False, "", ""))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["away"] == "the database does not answer: OperationalError"
    assert answer.json["checks"]["closed"] == "Permission denied"
    assert not re.search("10.1.2.3|/srv/spiral", answer.text)
    assert "10.1.2.3" in found("away").said  # whoever has a shell is told


@pytest.mark.both_databases
def test_the_page_says_what_is_not_well_since_when_and_what_to_do(app, make, signed_in, clock):
    admin = signed_in(make.user("admin"))
    checks.look([])
    well = not forgetful(app)
    assert ("All is well." if well else "SPIRAL_ALLOW_UNSAFE_DATABASE") in admin.text("/admin/health")
    with writing():
        outbox.promise("search.index", "7")
        session.execute(sa.update(OutboxJob).values(
            parked_at=core_clock.now(), attempts=10, error="EngineRefused: task 3 failed: <b>odd</b>"))  # fmt: skip
    text = admin.text("/admin/health")
    assert "1 thing does not work." in text
    assert "1 job was given up after 10 tries" in text
    assert "What to do:" in text
    assert "task 3 failed: &lt;b&gt;odd&lt;/b&gt;" in text
    assert text.index("Broken") < text.index("What is well")
