"""What is secret is written nowhere: not in logs, the trail, the outbox, kept answers, mails or files (S31)."""

import io
import logging
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from accounts import ops
from core import logs, outbox
from core.db import Base, session, writing
from tests.clients import PASSWORD, Browser
from tests.make import Make
from workflows.calendar_models import ShiftCalendar

WRONG, NEW = "canary-wrong-4711-word", "canary-new-4712-word"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is said, as the product writes it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.OneLine(logs.FORMAT))
    root = logging.getLogger()
    before, _ = root.level, root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield out
    root.removeHandler(handler)
    root.setLevel(before)


def told(page: str, pattern: str) -> str:
    """The secret that a page shows this once."""
    found = re.search(pattern, unescape(page))
    assert found, (pattern, page[:3000])
    return found[1]


def secrets_of_everyday(app: Any, make: Make, signed_in: Callable[..., Browser]) -> list[str]:
    """Somebody signs in, mistypes, changes a password, makes a token; an administrator makes a password; a reviewer
    asks somebody outside; a program asks for a token; a page breaks while a password was typed. The secrets of it."""
    rep, boss = make.user("rep", username="rep"), make.user("admin", "manager", "business", username="boss")
    with writing():
        task = make.task(make.submission(make.actor("rep"))).id
        setup = ops.make_setup_link()
    key = {"Idempotency-Key": "canary"}
    browser, chief = signed_in(rep), signed_in(boss)
    for word in (WRONG, PASSWORD):
        client = app.test_client()
        client.submit("/login", username="rep", password=word)
        client.post("/api/v1/tokens", json={"username": "rep", "password": word})
    program = app.test_client(use_cookies=False).post("/api/v1/tokens", json={"username": "rep", "password": PASSWORD})
    csrf = browser.csrf("/profile")
    about = {"password": PASSWORD, "new_password": NEW, "again": NEW, "csrf_token": csrf}
    assert browser.post("/profile/password", data=about, headers=key).status_code < 400
    page = browser.post("/profile/tokens", data={"name": "x", "csrf_token": csrf}, headers=key)
    token = told(page.text, r"<p><code>([\w-]{20,})</code></p>")
    made = chief.submit("/admin/people/rep", to="/admin/people/rep/password")
    invented = told(made.text, r"Password</dt><dd><code>([^<]{12,})</code>")
    csrf = chief.csrf("/profile")
    asked = {"name": "Somebody outside", "question": "Is it so?", "csrf_token": csrf}
    link = told(chief.post(f"/reviews/{task}/experts", data=asked, headers=key).text, r"/expert/([\w-]{20,})")
    passed = chief.post("/connect", data={"csrf_token": csrf}, headers=key)
    frame = told(passed.text, r'data-pass="([^"]{20,})"')
    app.test_client().get(f"/expert/{link}")
    app.test_client().get(f"/setup/{setup}")
    cookies = [one.get_cookie("spiral").value for one in (browser, chief)]
    return [WRONG, PASSWORD, NEW, program.json["token"], token, invented, link, frame, setup, *cookies]


def written(app: Any) -> str:
    """Every cell of every table, and every file beside the database."""
    cells = []
    with writing():
        for table in Base.metadata.sorted_tables:
            cells += [str(cell) for row in session.execute(sa.select(table)) for cell in row]
    var = app.config["SPIRAL"].var
    files = [p.read_bytes().decode("latin-1") for p in var.rglob("*") if p.is_file() and "spiral.db" not in p.name]
    return "\n".join([*cells, *files])


def test_no_secret_is_written_anywhere(app, make, signed_in, log, monkeypatch):
    monkeypatch.setattr("accounts.passes.allowed_origins", lambda: ("https://crm.example",))
    secrets = secrets_of_everyday(app, make, signed_in)
    app.config["PROPAGATE_BUGS"] = False

    def broken(*_about: Any, **_more: Any) -> Any:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr("accounts.signin.sign_in", broken)
        answer = app.test_client().submit("/login", username="rep", password=WRONG)
    assert answer.status_code == 500
    assert WRONG not in answer.text
    outbox.drain()
    said, kept = log.getvalue(), written(app)
    assert "on purpose" in said, "the log is heard"
    assert "password changed" in kept, "the tables are read"
    assert [one for one in secrets if one in said] == []
    assert [one for one in secrets if one in kept] == []


def test_no_line_of_the_log_is_forged(app, make, log):
    """Names, addresses, and what browsers say of themselves."""
    forged = "x\r\n2026-01-01 00:00:00 ERROR core: forged\u2028\x1b[31m"
    logging.getLogger("wiki").warning("about %s", forged)
    client = app.test_client()
    app.config["PROPAGATE_BUGS"] = False
    client.submit("/login", username=forged, password=WRONG)
    client.get("/search", query_string={"q": forged}, headers={"User-Agent": "x y"})
    lines = log.getvalue().splitlines()
    assert not [line for line in lines if line.startswith("2026-01-01")]
    assert any("forged" in line for line in lines)


@pytest.mark.both_databases
def test_an_error_of_the_database_tells_the_log_no_values(app, log):
    """Its statement, and neither what was to be written nor, as PostgreSQL would, the whole row."""
    row = {"slug": "x", "name": f"{WRONG}\nline", "timezone": NEW, "document": {}}
    try:
        with writing():
            session.execute(sa.insert(ShiftCalendar), [row])
    except sa.exc.IntegrityError as error:
        logging.getLogger("core").exception("request failed", exc_info=error)
    assert "INSERT INTO calendars" in log.getvalue()
    assert WRONG not in log.getvalue()
    assert NEW not in log.getvalue()
