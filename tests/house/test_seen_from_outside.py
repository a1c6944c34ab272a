"""What the outside sees: numbers, and lines of the log."""

import json
import logging
import re

import pytest
import sqlalchemy as sa

from core import clock as core_clock
from core import logs, metrics, outbox, watch
from core.db import Database, reading, session, writing
from core.outbox import OutboxJob
from wiki.search.listeners import TOPIC

CANARY = "canary-7c1f0d"


@pytest.fixture
def book(monkeypatch):
    """Numbers of this test alone."""
    fresh = metrics.Book()
    for module in (metrics, watch):
        monkeypatch.setattr(module, "book", fresh)
    return fresh


@pytest.fixture
def lines():
    """What the log would say, as (lines for people, objects for machines)."""
    people, machines = logs.OneLine(logs.FORMAT), logs.Json()
    said: list[str] = []
    told: list[dict] = []

    class Both(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(people.format(record))
            told.append(json.loads(machines.format(record)))

    handler, root = Both(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield said, told
    root.removeHandler(handler)
    root.setLevel(level)


def use(app, **chosen):
    app.config["SPIRAL"] = app.config["SPIRAL"].model_copy(update=chosen)


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_requests_are_counted_by_template_and_never_by_what_was_typed(app, make, signed_in, book):
    browser = signed_in(make.user("rep"))
    browser.get(f"/articles/{CANARY}")
    browser.get(f"/search?q={CANARY}")
    browser.get(f"/{CANARY}")
    text = browser.text("/metrics")
    assert CANARY not in text
    assert 'spiral_request_seconds_count{route="/articles/<slug>",method="GET",status="4xx"} 1\n' in text
    assert 'spiral_request_seconds_bucket{route="/search",method="GET",status="2xx",le="+Inf"} 1\n' in text
    assert 'spiral_request_seconds_count{route="none",method="GET",status="4xx"} 1\n' in text
    assert re.search(r"^spiral_write_wait_seconds_count [1-9]", text, re.MULTILINE)
    assert re.search(r"^spiral_write_hold_seconds_count [1-9]", text, re.MULTILINE)
    for name in ("outbox_waiting", "outbox_oldest_seconds", "outbox_parked", "reviews_open", "sessions",
                 "search_lag_seconds", "database_bytes", "resident_bytes", "descriptors"):  # fmt: skip
        assert re.search(rf"^spiral_{name}(\{{.*\}})? \d", text, re.MULTILINE), name


def numbers(client) -> dict[str, float]:
    """Those without a label."""
    return {name: float(value) for name, value in re.findall(r"^spiral_(\w+) (\S+)$", client.text("/metrics"), re.M)}


@pytest.mark.both_databases
def test_the_numbers_are_what_is_there(app, make, client, signed_in, book, clock):
    make.pipeline("business", "qa")
    before = numbers(client)
    with writing():
        for _each in range(2):
            make.submission()
        session.execute(sa.delete(OutboxJob))
        outbox.promise("test", "a")
    clock.advance(seconds=40)
    with writing():
        outbox.promise("test", "b")
        outbox.promise(TOPIC, "7")
        outbox.promise("given.up", "c")
        session.execute(sa.update(OutboxJob).filter_by(topic="given.up").values(parked_at=core_clock.now()))
    signed_in(make.user("rep"))
    clock.advance(seconds=20)
    now = numbers(client)
    assert {name: now[f"outbox_{name}"] for name in ("waiting", "oldest_seconds", "parked")} == {
        "waiting": 3, "oldest_seconds": 60, "parked": 1,
    }  # fmt: skip
    assert (now["search_waiting"], now["search_lag_seconds"]) == (1, 20)
    assert (now["reviews_open"] - before["reviews_open"], now["reviews_overdue"]) == (2, 0)
    assert now["sessions"] - before["sessions"] == 1
    clock.advance(days=30)
    late = numbers(client)
    assert late["reviews_overdue"] - before["reviews_overdue"] == 2
    assert late["sessions"] == 0
    assert late["search_lag_seconds"] == 20 + 30 * 86_400


def test_a_database_that_is_away_takes_no_other_number_along(app, client, book, monkeypatch):
    client.get("/login")

    def away(**_about):
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(outbox, "oldest", away)
    text = client.get("/metrics").text
    assert "spiral_numbers_failed 1\n" in text
    assert "\nspiral_outbox_oldest_seconds" not in text
    assert 'spiral_request_seconds_count{route="/login",method="GET",status="2xx"} 1\n' in text


TOKEN = "t" * 20
WHO_MAY_READ = (
    ({}, {}, 200),
    ({}, {"REMOTE_ADDR": "10.0.0.7"}, 403),
    ({}, {"HTTP_HOST": "spiral.example"}, 403),
    ({}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 403),
    ({}, {"HTTP_VIA": "1.1 proxy"}, 403),
    ({}, {"SERVER_PROTOCOL": "HTTP/1.0"}, 403),
    ({"base_url": "https://spiral.example"}, {}, 403),
    ({"proxies": 1}, {}, 403),
    ({"metrics_from": "10.0.0.0/8"}, {"REMOTE_ADDR": "10.0.0.7"}, 200),
    ({"metrics_from": "10.0.0.0/8"}, {"REMOTE_ADDR": "11.0.0.7"}, 403),
    ({"metrics_from": "10.0.0.0/8"}, {}, 403),
    ({"metrics_from": "127.0.0.0/8"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 403),  # a proxy that nobody named
    ({"metrics_token": TOKEN}, {}, 401),
    ({"metrics_token": TOKEN}, {"HTTP_AUTHORIZATION": "Bearer " + "u" * 20}, 401),
    ({"metrics_token": TOKEN}, {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}", "REMOTE_ADDR": "11.0.0.7"}, 200),
)


def test_who_may_read_the_numbers(app, client):
    plain = app.config["SPIRAL"]
    for chosen, asked, status in WHO_MAY_READ:
        app.config["SPIRAL"] = plain.model_copy(update=chosen)
        answer = client.get("/metrics", environ_overrides=asked)
        assert answer.status_code == status, (chosen, asked)
        assert ("spiral_" in answer.text) == (status == 200)


def test_a_batch_of_jobs_is_counted_and_told(app, book, lines, monkeypatch):
    def refuse(_jobs):
        logging.getLogger("some.handler").warning("on the way")
        raise ValueError("the document is odd\n2026-01-01 00:00:00 INFO forged: line")

    monkeypatch.setitem(outbox._handlers, "test.good", lambda jobs: None)
    monkeypatch.setitem(outbox._handlers, "test.bad", refuse)
    with writing():
        outbox.promise("test.good", "1")
        outbox.promise("test.good", "2")
        outbox.promise("test.bad", "1")
    outbox.drain()
    said, told = lines
    assert book.told()["spiral_job_seconds", ("test.good", "done")][:7].count(1) == 1
    assert sum(book.told()["spiral_job_seconds", ("test.bad", "failed")][:7]) == 1
    (row,) = [one for one in told if one.get("topic") == "test.good"]
    assert (row["jobs"], row["result"]) == (2, "done")
    assert next(one for one in told if one["message"] == "on the way")["within"] == "job test.bad"
    assert any("[job test.bad]: on the way" in line for line in said)
    assert not any(line.startswith("2026-01-01") for text in said for line in text.splitlines())


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_for_each_request_with_its_number_and_no_secret(app, client, make, lines):
    user = make.user("rep")
    client.submit("/login", username=CANARY, password=f"password {CANARY}")
    client.sign_in(user)
    client.get(f"/search?q={CANARY}", headers={"User-Agent": CANARY, "Cookie2": CANARY})
    client.get(f"/setup/{CANARY}")
    answer = client.get("/", headers={"Authorization": f"Bearer {CANARY}"})
    said, told = lines
    (row,) = [one for one in told if one.get("route") == "/"]
    assert row["request_id"] == answer.headers["X-Request-Id"]
    assert (row["method"], row["status"], row["user"], row["slow"]) == ("GET", 200, user.id, False)
    assert row["ms"] >= 0
    assert next(one["user"] for one in told if one.get("route") == "/login") is None
    assert any(f"[{row['request_id']}]: GET / 200" in line for line in said)
    assert CANARY not in "\n".join(said) + json.dumps(told)


def test_a_fault_is_logged_with_its_number_and_forges_no_line(app, client, lines, monkeypatch):
    app.config["PROPAGATE_BUGS"] = False

    def broken(**_parts):
        with reading() as s:
            s.execute(sa.text("SELECT no_such_column, :typed"), {"typed": CANARY})

    monkeypatch.setitem(app.view_functions, "accounts.login", broken)
    answer = client.get("/login")
    said, told = lines
    assert answer.status_code >= 500
    assert any(answer.headers["X-Request-Id"] in line for line in said)
    assert CANARY not in "\n".join(said) + json.dumps(told)
    logging.getLogger("odd").error("refused\nDETAIL: Key (name)=(%s) is there\n[SQL: x]", CANARY)
    assert "DETAIL: not told" in told[-1]["message"]
    assert CANARY not in said[-1]
    odd = ValueError("one\n2026-11-22 00:00:00,000 INFO spiral: forged\r\nline\u2028end")
    logging.getLogger("odd").error("it broke\r\n2026 forged", exc_info=odd)
    record = said[-1].splitlines()
    assert record[0].endswith("it broke\\r\\n2026 forged")
    assert all(line.startswith("    ") for line in record[1:])
    assert "forged" in told[-1]["traceback"]


def test_what_is_slow_is_noted(app, client, tmp_path, lines, book, monkeypatch):
    use(app, slow_request_ms=50)
    now = iter(range(0, 100_000, 7))
    monkeypatch.setattr(watch.time, "perf_counter", lambda: float(next(now)))
    client.get("/login")
    monkeypatch.undo()
    _said, told = lines
    (row,) = [one for one in told if one.get("route") == "/login"]
    assert (row["level"], row["slow"]) == ("WARNING", True)
    slow = Database(f"sqlite:///{tmp_path / 'slow.db'}", slow_ms=1)
    long_one = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i), :x FROM n"
    )
    for within in ("", "job test"):  # a command of an administrator may take as long as it likes
        token = watch.about.set(within)
        with slow.reader.connect() as connection:
            connection.execute(sa.text(long_one), {"x": CANARY})
        watch.about.reset(token)
    slow.close()
    (row,) = [one for one in told if one.get("statement", "").startswith("WITH RECURSIVE")]
    assert row["statement"].startswith("WITH RECURSIVE")
    assert row["ms"] >= 1
    assert CANARY not in str(row)


def test_the_number_of_a_proxy_is_taken_over_where_one_is_believed(app, client):
    given = {"X-Request-Id": "proxy-number-0001"}
    assert client.get("/login", headers=given).headers["X-Request-Id"] != given["X-Request-Id"]
    use(app, proxies=1)
    assert client.get("/login", headers=given).headers["X-Request-Id"] == given["X-Request-Id"]
    odd = {"X-Request-Id": "a b<script>"}
    assert client.get("/login", headers=odd).headers["X-Request-Id"] != odd["X-Request-Id"]
