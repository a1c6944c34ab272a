"""Two hosts behind a real nginx, with database and search on a third: what one does the other knows, and one may fall.

Each is a network of its own (``tests/support/namespaces.py``), so a cable that is pulled is a cable that is pulled:
nobody hangs up, packets are lost. Where that is not allowed, ``test_machines.py`` tries the same with processes.
"""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from werkzeug.test import EnvironBuilder

from accounts.models import Throttle
from core import clock
from core.audit import TrailEntry
from core.checks import MachineState
from core.db import reading, session, writing
from core.hosts import Host as Row
from core.outbox import OutboxJob
from core.settings import ROOT
from tests.reliability.crowd import Person, together
from tests.reliability.hosted import DOOR, NAME, Answer, Browser, Site, site
from tests.reliability.sites import until
from tests.support.files import pdf
from wiki.articles.models import Submission
from workflows.definitions import Seat

pytestmark = [pytest.mark.soak, pytest.mark.server, pytest.mark.postgres, pytest.mark.timeout(400)]
AGAIN = {0, 502, 503, 504}  # what a program asks again after, with the same key
HOLD = """
import sys, time
import sqlalchemy as sa
from core.db import lock, writing
from wiki.app import create_app
from workflows.models import Review, Task
app = create_app()
with app.app_context(), writing() as s:
    assert lock(Review, s.scalar(sa.select(Task.review_id).where(Task.id == int(sys.argv[1]))))
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def put_up() -> Iterator[Site]:
    with site() as found:
        found.crowd.judged_by(Seat(key="business", role="business"))
        yield found


def call(
    at: Site, who: Person, method: str, path: str, body: Any = None, *, to: str = "", key: str = "", timeout: float = 60
) -> Answer:
    """A call of the API, from outside through the proxy, or as the proxy passes it ``to`` one host."""
    headers = {"Authorization": f"Bearer {who.token}", "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    data = json.dumps(body).encode() if body is not None else None
    if not to:
        return at.ask(at.people["client"], method, f"/api/v1{path}", data, headers, timeout=timeout)
    headers |= {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": NAME}
    return at.ask(at.proxy, method, f"/api/v1{path}", data, headers, to=(at.apps[to].address, 8000), plain=True)


def approve(at: Site, who: Person, task: int, *, to: str = "", key: str = "", timeout: float = 60) -> int:
    decision = {"verb": "approve", "version": 1}
    return call(at, who, "POST", f"/reviews/{task}/decisions", decision, to=to, key=key, timeout=timeout).status


# ── what they have in common ─────────────────────────────────────────────────────────────────────────────────────────


def signed_in_at_one_is_signed_in_at_the_other(at: Site) -> Browser:
    with writing():
        username = at.crowd.make.user("business").username
    browser = Browser(at, at.people["client"])
    answer = browser.sign_in(username)
    assert answer.status in {302, 303}, answer.text
    assert "; Secure" in answer.headers["Set-Cookie"]
    for name in at.apps:
        assert at.passed_on(name, "/reviews", browser.cookie).status == 200, name
        assert at.passed_on(name, "/reviews").status in {302, 303}
    return browser


def of_two_decisions_one_holds(at: Site, rounds: int) -> None:
    one, two = at.crowd.people("business", 2)
    tasks = at.crowd.tasks(rounds)
    for task, _submission in tasks:
        said = together(
            lambda t=task: approve(at, one, t, to="one"), lambda t=task: approve(at, two, t, to="two")
        )  # fmt: skip
        assert sorted(said) == [200, 409]
    assert len(at.crowd.sound(tasks)) == rounds


def a_text_judged_at_one_is_found_at_the_other(at: Site) -> None:
    rep, judge = at.crowd.people("rep", 1)[0], at.crowd.people("business", 1)[0]
    with writing():
        made = at.crowd.make.submission(at.crowd.make.actor(), "faq", title="宽带移机怎么办理")
        task = at.crowd.make.tasks(made)[0].id
    assert approve(at, judge, task, to="one") == 200

    def found() -> bool:
        answer = call(at, rep, "GET", f"/search?q={quote('宽带移机')}", to="two").json()
        return not answer["degraded"] and any(row["title"] == "宽带移机怎么办理" for row in answer["items"])

    until(found, "the text is found at the other host")


def a_file_brought_to_one_is_handed_out_by_the_other(at: Site, browser: Browser) -> None:
    """Of the largest size that may be brought: nginx lets it through."""
    with writing():
        username = at.crowd.make.user("rep").username
    who = Browser(at, browser.host)
    who.sign_in(username)
    data = pdf("x" * (10 * (1 << 20) - 40))
    fields = {"file": (BytesIO(data), "a.pdf"), "csrf_token": who.token("/files")}
    form = EnvironBuilder(method="POST", data=fields).get_request()
    body, kind = form.get_data(), form.headers["Content-Type"]
    assert who.ask("POST", "/files", body, kind).status in {201, 302, 303}
    path = who.ask("GET", "/files").text.partition('href="/files/')[2].partition('"')[0]
    for name in at.apps:
        assert at.passed_on(name, f"/files/{path}", who.cookie).body == data, name


# ── what the proxy tells them, and what it does not let through ──────────────────────────────────────────────────────


def they_see_who_asks_and_no_forged_address(at: Site) -> None:
    with writing():
        user = at.crowd.make.user("rep")
        victim = at.crowd.make.user("rep").username
    forged = {"X-Forwarded-For": "192.0.2.66", "X-Real-IP": "192.0.2.66", "Forwarded": "for=192.0.2.66",
              "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}  # fmt: skip
    for name, address in (("client", "198.51.100.7"), ("other", "203.0.113.8")):
        assert Browser(at, at.people[name], forged).sign_in(user.username).status in {302, 303}
        with reading() as s:
            mine = sa.select(TrailEntry.address).where(TrailEntry.subject_id == user.id, TrailEntry.verb == "signed in")
            assert s.scalar(mine.order_by(TrailEntry.id.desc()).limit(1)) == address

    def guess(name: str) -> int:
        body = json.dumps({"username": victim, "password": "wrong"}).encode()
        kind = {"Content-Type": "application/json"}
        return at.ask(at.people[name], "POST", "/api/v1/tokens", body, {**forged, **kind}).status

    said = []
    while 429 not in said:
        forged["X-Forwarded-For"] = f"192.0.2.{len(said)}"  # a guesser who looks like many
        said.append(guess("client"))
        assert len(said) < 40, "nobody was stopped"
    assert guess("other") == 401, "only who guessed waits"
    with reading() as s:
        counted = set(s.scalars(sa.select(Throttle.key).where(Throttle.key.like("network:%"))))
    assert counted == {"network:198.51.100.7", "network:203.0.113.8"}


def the_proxy_keeps_its_promises(at: Site) -> None:
    client = at.people["client"]
    plain = at.ask(client, "GET", "/login?next=/reviews", to=(DOOR, 80), plain=True)
    assert (plain.status, plain.headers["Location"]) == (301, f"https://{NAME}/login?next=/reviews")
    page = at.ask(client, "GET", "/login")
    assert page.headers["Strict-Transport-Security"]
    assert "default-src" in page.headers["Content-Security-Policy"]
    assert page.headers["Server"] == "nginx", "no version"
    assert at.ask(client, "POST", "/api/v1/submissions", b"x" * (13 << 20) + b"x").status == 413
    assert at.ask(client, "GET", "/metrics").status == 403
    inside = at.ask(at.data, "GET", "/metrics", to=(at.proxy.address, 443))
    assert inside.status == 200, "numbers are for the inside"
    assert "spiral_request_seconds" in inside.text


def each_host_tells_how_it_is(at: Site) -> None:
    def told() -> set[str]:
        with reading() as s:
            return set(s.scalars(sa.select(MachineState.machine).where(MachineState.name == "disk")))

    until(lambda: told() == {"one", "two"}, "both have said how their disks are")
    with reading() as s:
        assert set(s.scalars(sa.select(Row.name))) == {"one", "two"}


# ── falling, and coming back ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Writer(threading.Thread):
    """A program outside that hands in one text after the other, and asks again with the same key until it is told."""

    at: Site
    who: Person
    patience: float = 6.0
    ended: threading.Event = field(default_factory=threading.Event)
    made: list[int] = field(default_factory=list)  # the number of each submission that was acknowledged
    odd: list[tuple[int, str]] = field(default_factory=list)
    again: Counter[int] = field(default_factory=Counter)  # what it was told when it had to ask again
    longest: float = 0.0  # seconds until an act was acknowledged

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.ended.is_set():
            began = time.monotonic()
            number = len(self.made)
            text = {"kind": "faq", "title": f"几点开门 {number}", "fields": {"question": "几点?", "answer": "九点。"}}
            while True:
                answer = call(
                    self.at, self.who, "POST", "/submissions", text, key=f"{self.who.id}-{number}",
                    timeout=self.patience,
                )  # fmt: skip
                if answer.status == 201:
                    self.made.append(int(answer.json()["id"]))
                    break
                if answer.status not in AGAIN:
                    self.odd.append((answer.status, answer.text[:200]))
                    return
                self.again[answer.status] += 1
                time.sleep(0.2)
            self.longest = max(self.longest, time.monotonic() - began)

    def end(self) -> None:
        self.ended.set()
        self.join(120)
        assert not self.is_alive(), "its last act was never acknowledged"


def writers(at: Site, count: int) -> list[Writer]:
    found = [Writer(at, who) for who in at.crowd.people("rep", count)]
    for one in found:
        one.start()
    return found


def all_have_got_on(found: list[Writer], what: str) -> None:
    """Since now everybody's acts were acknowledged, three each."""
    marks = [len(one.made) for one in found]
    until(lambda: all(len(one.made) >= mark + 3 for one, mark in zip(found, marks, strict=True)), what)


def nothing_is_lost_or_doubled(found: list[Writer]) -> None:
    assert [one.odd for one in found if one.odd] == []
    with reading() as s:
        for one in found:
            kept = s.scalars(sa.select(Submission.id).where(Submission.author_id == one.who.id)).all()
            assert sorted(kept) == sorted(one.made), "what was acknowledged is there, once, and nothing else"


def a_host_may_be_cut_off(at: Site) -> None:
    """Its cable is pulled while it works, and while it holds what another one is asked for."""
    (judge,) = at.crowd.people("business", 1)
    ((task, _submission),) = at.crowd.tasks(1)
    holder = at.apps["one"].run(
        sys.executable, "-c", HOLD, str(task), cwd=ROOT, env=at.of("one"), log=at.place / "held.log"
    )
    until(lambda: "held" in (at.place / "held.log").read_text(), "somebody at one host holds the task")
    found = writers(at, 4)
    all_have_got_on(found, "they work")
    at.apps["one"].cut()
    began = time.monotonic()
    all_have_got_on(found, "the other host goes on")
    went_on = time.monotonic() - began
    assert not at.ready("one"), "it says itself that it cannot serve"
    said = until(
        lambda: (status := approve(at, judge, task, key="held", timeout=30)) not in AGAIN and status,
        "what the lost host held is let go of",
    )
    assert said == 200
    let_go = time.monotonic() - began
    before = at.asked()
    all_have_got_on(found, "the other host goes on still")
    assert at.served_by(before)[-1] == "10.0.0.12:8000"
    at.apps["one"].mend()
    until(lambda: at.ready("one"), "it comes back by itself")
    before = at.asked()
    until(lambda: {"10.0.0.11:8000", "10.0.0.12:8000"} <= set(at.served_by(before)), "both are asked again")
    for one in found:
        one.end()
    nothing_is_lost_or_doubled(found)
    holder.kill()
    print(f"cut: all went on after {went_on:.1f} s, the longest act took {max(w.longest for w in found):.1f} s, "
          f"asked again after {dict(sum((w.again for w in found), Counter()))}, a lock let go after {let_go:.1f} s, "
          f"{sum(len(w.made) for w in found)} texts")  # fmt: skip


def hosts_are_restarted_one_after_the_other(at: Site) -> None:
    """Nobody outside is refused or cut off: not one request is asked twice."""
    found = writers(at, 4)
    all_have_got_on(found, "they work")
    for name in at.apps:
        assert at.end(name) == 0, at.tail(name)
        with reading() as s:
            assert set(s.scalars(sa.select(Row.name))) == set(at.apps) - {name}, "it has signed off"
        all_have_got_on(found, "the other host goes on")
        at.begin(name)
    for one in found:
        one.end()
    nothing_is_lost_or_doubled(found)
    again = dict(sum((one.again for one in found), Counter()))
    print(f"restarted: {sum(len(one.made) for one in found)} texts, asked again after {again}")
    assert again == {}


def nothing_is_left_undone(at: Site) -> None:
    """But for what is promised for later, and was not tried yet: the index is compared ten minutes after a start."""

    def waiting() -> list[tuple[str, str, str | None]]:
        later = sa.and_(OutboxJob.available_at > clock.now(), OutboxJob.attempts == 0, OutboxJob.error.is_(None))
        with reading():
            return [(one.topic, one.key, one.error) for one in session.scalars(sa.select(OutboxJob).where(~later))]

    until(lambda: waiting() == [], f"every promise is kept; waiting at first: {waiting()}")


def test_two_hosts_behind_nginx_are_one_site(put_up: Site) -> None:
    browser = signed_in_at_one_is_signed_in_at_the_other(put_up)
    they_see_who_asks_and_no_forged_address(put_up)
    the_proxy_keeps_its_promises(put_up)
    of_two_decisions_one_holds(put_up, 20)
    a_text_judged_at_one_is_found_at_the_other(put_up)
    a_file_brought_to_one_is_handed_out_by_the_other(put_up, browser)
    each_host_tells_how_it_is(put_up)
    nothing_is_left_undone(put_up)


def test_a_host_may_fall_and_be_restarted_while_people_work(put_up: Site) -> None:
    browser = signed_in_at_one_is_signed_in_at_the_other(put_up)
    a_host_may_be_cut_off(put_up)
    assert put_up.passed_on("one", "/reviews", browser.cookie).status == 200, "who was signed in is still"
    hosts_are_restarted_one_after_the_other(put_up)
    nothing_is_left_undone(put_up)
