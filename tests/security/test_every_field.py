"""Every address, every parameter and field that it reads, with what nobody sane would send: never an error of ours.

Forms and names are found by looking (``forms``), addresses are those of ``expected``; nothing that is sent is kept.
"""

import itertools
import os
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.clients import Browser
from tests.security import forms
from tests.security.expected import ROWS
from tests.security.test_authz_matrix import UNSAFE, filled_in
from tests.security.world import PEOPLE, World, browsers, keep_nothing

SOAK = os.environ.get("SOAK") == "1"
STRONGEST = ("manager", "admin", "training", "author", "business", "qa", "supervisor", "rep")
NASTY = [
    "", " ", "\0", "a\0b", "\ud800", "\u202e\u2066x\u2069", "\U0001f469\u200d\U0001f680", "\ufffe", "1" * 5000,
    "-1", "0", "1e999", "NaN", "Infinity", "9" * 9, "9" * 25, str(2**31), str(2**63), "٣", "²", "1.", ".1", "1.1.1",
    "9" * 4000 + ".1", "%s%n%", "'; DROP TABLE users; --", "\\", "%", "_", "../../etc/passwd", "{{7*7}}", "[", "(?:",
    "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13", "0000-01",
    "9999-12", "2026-02-30", "team:" + "9" * 30, "user:٣", "user:0", "role:", "centre", "x" * 300, "字" * 3000,
    "<script>alert(1)</script>", "\r\nX: y", "a=b=c", "on", "1,1,1", "a|b|c", "null", "[]", '{"a":1}', ":", "/", "@",
    "person:", "01:00-25:61", "é" * 200, "🎉" * 100, "//evil.example", "https://evil.example/", "/\\evil.example",
]  # fmt: skip
words = st.one_of(st.sampled_from(NASTY), st.text(max_size=40))
OURS = {"state", "author_id", "actor_id", "user_id", "owner_id", "created_by_id", "password_hash", "points", "score",
        "credits_earned", "decided_at", "created_at", "published_at", "is_admin", "active", "passed",
        "sequence"}  # fmt: skip

WRITTEN_DOWN = {  # whoever keeps calendars, rules of points, actions or words says these; nobody else passes the gate
    ("calendars.change", "active"), ("scoring_rules.add", "points"), ("scoring_rules.try_out", "points"),
    ("scoring_rules.change", "points"), ("cuika.close", "state"), ("words.change", "state"),
}  # fmt: skip


@dataclass(slots=True)
class Asked:
    """One way of asking: who, how, where; what is sent when nothing is wrong; what else is read."""

    who: str
    method: str
    path: str
    sound: dict[str, str]
    names: list[str]


@pytest.fixture
def world(app, make, monkeypatch) -> World:
    app.config["PROPAGATE_BUGS"] = False

    found = World(make)
    found.session_of_author = found.token_of_author = 1
    keep_nothing(monkeypatch)
    forms.tell_names(monkeypatch)
    return found


def who_comes_in(expected: str) -> str | None:
    """Somebody strong who gets past the gate."""
    letters = dict(zip(PEOPLE, expected.replace(" ", ""), strict=True))
    allowed = [name for name in STRONGEST if letters[name] in "oi"]
    return allowed[0] if allowed else "nobody" if letters["nobody"] in "oi" else None


def send(client: Browser, token: str | None, one: Asked, values: dict[str, str]) -> Any:
    if one.method == "GET":
        return client.get(one.path, query_string={n: v.encode("utf-8", "surrogatepass") for n, v in values.items()})
    sent = {name: value.encode("utf-8", "replace").decode() for name, value in values.items()}
    return client.open(one.path, method=one.method, data=sent, headers={"X-CSRFToken": token or ""})


def fault(answer: Any) -> str:
    """What must never be: an error of ours, or a way off the site."""
    place = answer.headers.get("Location", "/")
    if answer.status_code >= 500:
        return str(answer.status_code)
    return f"leads to {place}" if not place.startswith("/") or place.startswith(("//", "/\\")) else ""


def everything(world: World, clients: dict[str, Browser], tokens: dict[str, str]) -> list[Asked]:
    """All addresses with what they read, pages before acts, so that the acts know the forms of the pages."""
    found: dict[tuple[str, str], Asked] = {}
    met: dict[tuple[str, str], dict[str, str]] = {}
    makes: set[tuple[str, str]] = set()
    for row in sorted(ROWS, key=lambda row: not row.asked.startswith("GET")):
        method, path = row.asked.split(" ", 1)
        who, make = who_comes_in(row.expected), (method, re.sub(r"{\w+}|\?.*", "", path))
        if make in makes or "/api/v1/" in path or who is None or path.startswith(("/logout", "/embed")):
            continue
        makes.add(make)
        parts = urlsplit(path.format(**vars(world)))
        sound = dict(parse_qsl(parts.query)) if method == "GET" else filled_in(row.body, world) or {}
        sound = {**met.get((method, parts.path), {}), **{n: str(v) for n, v in sound.items() if isinstance(v, str)}}
        one = Asked(who, method, parts.path, sound, [])
        with forms.noting() as names:
            answer = send(clients[who], tokens.get(who), one, sound)
        assert answer.status_code < 500, one
        if method == "GET" and answer.mimetype == "text/html":
            for form in forms.forms(answer.get_data(as_text=True), parts.path):
                met.setdefault((form.method, urlsplit(form.action).path), {}).update(form.values)
        one.names = sorted((names | set(sound)) - {"csrf_token", "_method"})
        found[method, parts.path] = one
    return [one for one in found.values() if one.names]


def attacks(all_of_it: list[Asked], chance: random.Random) -> Iterator[tuple[Asked, dict[str, str]]]:
    """Each address once: one thing odd beside what is sound, or everything odd."""
    for one in all_of_it:
        odd = {name: chance.choice(NASTY) for name in one.names}
        yield one, odd if chance.random() < 0.5 else {**one.sound, **dict([chance.choice([*odd.items()])])}


@pytest.mark.timeout(600)
def test_odd_values_in_every_field_of_every_address(app, world, signed_in):
    clients, tokens = browsers(app, world, signed_in)
    all_of_it = everything(world, clients, tokens)
    assert len(all_of_it) > 150
    adapter = app.url_map.bind("localhost")
    taken = {
        (adapter.match(one.path, method=one.method)[0], name)
        for one in all_of_it
        for name in one.names
        if name in OURS and one.method in UNSAFE
    }
    assert taken == WRITTEN_DOWN, "a field of ours is taken from outside: on purpose?"
    broken = [
        f"{wrong} {one.method} {one.path} {values!r}"[:600]
        for one, values in attacks(all_of_it, random.Random(20261122))
        if (wrong := fault(send(clients[one.who], tokens.get(one.who), one, values)))
    ]
    assert broken == []


PARTS = 6  # of the long forms, each of which takes minutes
SQLITE, POSTGRES = 3, 33  # of some 100,000 ways, one in so many is tried there; others each time, by the run's seed


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.both_databases
@pytest.mark.parametrize("part", range(PARTS))
def test_every_odd_value_in_every_field(app, engine, world, signed_in, part):
    """Each field with odd values, a megabyte among them."""
    clients, tokens = browsers(app, world, signed_in)
    all_of_it = everything(world, clients, tokens)
    odd_values = [*NASTY, "x" * 1_000_000]
    jobs = [(one, name, odd) for one in all_of_it for name in one.names for odd in odd_values][part::PARTS]
    broken: dict[str, str] = {}
    for one, name, odd in random.sample(jobs, len(jobs) // (SQLITE if engine.startswith("sqlite") else POSTGRES)):
        if wrong := fault(send(clients[one.who], tokens.get(one.who), one, {**one.sound, name: odd})):
            broken.setdefault(f"{one.method} {one.path} {name}", f"{wrong} {odd!r}"[:80])
    assert broken == {}


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.both_databases
@pytest.mark.parametrize("part", range(2))
def test_anything_in_all_fields_of_every_form(app, world, signed_in, part):
    """Hypothesis: several odd things at once, and words that nobody thought of."""
    clients, tokens = browsers(app, world, signed_in)
    all_of_it = everything(world, clients, tokens)
    broken: dict[str, str] = {}

    @seed(part)
    @settings(max_examples=1250, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.data())
    def one_form(data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(all_of_it))
        values = {**one.sound, **data.draw(st.dictionaries(st.sampled_from(one.names), words))}
        if wrong := fault(send(clients[one.who], tokens.get(one.who), one, values)):
            broken.setdefault(f"{one.method} {one.path}", f"{wrong} {values!r}"[:600])

    one_form()
    assert broken == {}


HEADERS = [
    "Accept", "Accept-Language", "Authorization", "Content-Type", "Cookie", "Host", "Idempotency-Key", "If-Match",
    "If-Modified-Since", "If-None-Match", "If-Range", "Origin", "Range", "Referer", "User-Agent", "X-CSRFToken",
    "X-Forwarded-For", "X-Forwarded-Host", "X-HTTP-Method-Override",
]  # fmt: skip
SAID = [
    *(one for one in NASTY if one.isascii() and one.isprintable()), "字", "bytes=0-", "bytes=9999999999999-",
    "bytes=-1",
    "W/", '"', '*, "x"', "en;q=x, *;q=9", "Bearer", "Bearer x", "Basic !", "text/html; charset=x", "a b", "[::1",
    "application/json; charset=utf-7", "multipart/form-data; boundary=", "spiral=x", "spiral=.x.y", 'a=b; spiral="',
    "Thu, 01 Jan 0001 00:00:00 GMT", "Sat, 99 Foo 99999 99:99:99", "evil.example:99999", "multipart/form-data",
]  # fmt: skip


@pytest.mark.soak if SOAK else pytest.mark.timeout(600)
def test_odd_headers(app, world, signed_in):
    """Odd values in headers, at one address after the other; each of them at each address under soak."""
    client = signed_in(world.users["manager"])
    token, broken = client.csrf("/profile"), []
    read = ["/", f"/articles/{world.open}", f"/files/{world.open_file}/x", "/login", "/static/css/tokens.css",
            "/api/v1/articles"]  # fmt: skip
    written = ["/profile", "/nowhere", "/api/v1/submissions", f"/submissions/{world.draft}/comments"]
    places = [*(("GET", path) for path in read), *(("POST", path) for path in written)]
    odd, turn = list(itertools.product(HEADERS, SAID)), itertools.cycle(places)
    for name, value in odd if SOAK else random.Random(8).sample(odd, 300):
        for method, path in places if SOAK else [next(turn)]:
            headers = {"X-CSRFToken": token, name: value.encode().decode("latin-1")}
            answer = client.open(path, method=method, data={"name": "x", "locale": "en"}, headers=headers)
            if answer.status_code >= 500:
                broken.append((answer.status_code, method, path, name, value[:60]))
    assert broken == []


UNITS = [
    " ",
    "\n",
    "a",
    "字",
    "1 ",
    "[",
    "*a ",
    "a:",
    "→",
    "，",
    "？",
    "> ",
    "- a\n",
    "|a",
    "a\n\n",
    "/files/1/a ",
    "[[a]] ",
]


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_length_of_anything_takes_long(app, world, signed_in, part):
    """Each field filled with 60,000 characters of one kind: two seconds of processor time are enough for any of it.

    What took longer is asked again: the process has other threads, and a collector.
    """
    clients, tokens = browsers(app, world, signed_in)

    def seconds(one: Asked, values: dict[str, str]) -> float:
        began = time.process_time()
        assert not fault(send(clients[one.who], tokens.get(one.who), one, values)), (one, values.keys())
        return time.process_time() - began

    slow: dict[str, str] = {}
    for one in everything(world, clients, tokens)[part::PARTS]:
        for name in one.names:
            for unit in random.sample(UNITS, 5):
                values = {**one.sound, name: unit * (60_000 // len(unit))}
                if seconds(one, values) > 2 and (took := seconds(one, values)) > 2:
                    slow.setdefault(f"{one.method} {one.path} {name}", f"{took:.1f} s for {unit!r}")
    assert slow == {}
