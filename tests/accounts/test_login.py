"""The one way in: the same answer for all who may not, and no way to be led astray."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts import passwords, signin, throttling
from accounts.models import Throttle
from core.db import reading, session, writing
from core.errors import Throttled, Unauthenticated
from core.web import local_path
from tests.clients import PASSWORD


@pytest.fixture
def person(make):
    return make.user(username="li.wei")


def attempt(client, username, password):
    return client.submit("/login", username=username, password=password)


def test_unknown_wrong_and_disabled_sound_the_same(client, person, make):
    gone = make.user(username="gone", active=False)
    without = make.user(username="tokens.only", password=None)
    answers = [
        attempt(client, "li.wei", "wrong password"),
        attempt(client, "nobody.here", "wrong password"),
        attempt(client, gone.username, PASSWORD),
        attempt(client, without.username, "wrong password"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert all("do not go together" in answer.get_data(as_text=True) for answer in answers)


def test_who_is_refused_is_in_the_log_and_what_they_typed_is_not(client, person, caplog):
    for name in ("li.wei", "my secret typed too early"):
        attempt(client, name, "wrong")
    said = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert said == [
        f"sign-in refused, for user {person.id} from 127.0.0.1",
        "sign-in refused, for a name that is none from 127.0.0.1",
    ]


def test_unknown_people_cost_as_much_work(app, person, make, monkeypatch, query_count):
    """The same statements and one hash for each; the hash for nobody costs what the others do (see below)."""
    make.user(username="gone", active=False)
    make.user(username="tokens.only", password=None)
    hashed, asked = [], {}
    monkeypatch.setattr(passwords, "verify", lambda kept, password: bool(hashed.append(bool(kept))))
    for name in ("the first of all", "li.wei", "nobody.here", "gone", "tokens.only"):
        with pytest.raises(Unauthenticated), query_count() as statements:
            signin.sign_in(name, "x", address=f"10.0.{len(asked)}.1", agent=None)
        asked[name] = sorted(statements)  # counters are locked in the order of their keys, which are digests
    assert hashed == [False, True, False, False, False]
    assert asked["li.wei"]
    assert asked["li.wei"] == asked["nobody.here"] == asked["gone"] == asked["tokens.only"]


@pytest.mark.parametrize("name", ["nobody.here", "gone", "tokens.only"])
def test_who_is_locked_out_for_a_moment_hears_the_same_whoever_it_is(client, person, make, clock, monkeypatch, name):
    """Nothing is hashed for anybody who has to wait."""
    make.user(username="gone", active=False)
    make.user(username="tokens.only", password=None)
    for who in ("li.wei", name):
        for _ in range(5):
            attempt(client, who, "wrong")
    monkeypatch.setattr(passwords, "verify", lambda kept, password: pytest.fail("hashed"))
    known, other = (attempt(client, who, "wrong") for who in ("li.wei", name))
    assert known.status_code == other.status_code == 429
    assert known.headers["Retry-After"] == other.headers["Retry-After"]
    assert "Too many attempts" in known.text


def test_nobodys_password_costs_what_the_product_asks_for():
    from argon2 import extract_parameters

    found = extract_parameters(passwords.NOBODY)
    assert (found.memory_cost, found.time_cost, found.parallelism) == (19 * 1024, 2, 1)


def test_the_username_may_be_typed_in_any_case_and_width(client, person):
    assert attempt(client, " LI.Wei ", PASSWORD).status_code == 303


@pytest.mark.parametrize("password", ["x" * 72 + "tail", "长" * 300, "café naïve ①", "e" * 1024])
def test_long_and_unicode_passwords(make, client, password):
    make.user(username="uni", password=password)
    assert attempt(client, "uni", password).status_code == 303


def test_the_tail_of_a_long_password_counts(make, client):
    make.user(username="long", password="x" * 72 + "tail")
    assert attempt(client, "long", "x" * 72 + "other").status_code == 401


def test_the_same_password_on_another_keyboard(make, client):
    make.user(username="uni", password="caf\u00e9 de Flore")
    assert attempt(client, "uni", "cafe\u0301 de Flore").status_code == 303


def test_old_parameters_are_renewed_at_login(app, make, monkeypatch):
    import argon2

    user = make.user(username="old")
    monkeypatch.setattr(passwords, "HASHER", argon2.PasswordHasher(memory_cost=128, time_cost=1, parallelism=1))
    signin.sign_in("old", PASSWORD, address=None, agent=None)
    with reading() as s:
        kept = s.get_one(type(user), user.id).password_hash
    assert "m=128," in kept


def test_the_wait_grows_and_ends_with_success(client, person, clock):
    for _ in range(5):
        assert attempt(client, "li.wei", "wrong").status_code == 401
    answer = attempt(client, "li.wei", PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 2
    clock.advance(seconds=2)
    assert attempt(client, "li.wei", PASSWORD).status_code == 303
    with reading() as s:
        pair = [row for row in s.query(Throttle) if row.key.startswith(("pair", "account"))]
    assert all(row.failures == 0 for row in pair)


def test_the_wait_is_the_same_for_who_does_not_exist(client, clock):
    for _ in range(5):
        attempt(client, "nobody.here", "wrong")
    assert attempt(client, "nobody.here", "wrong").status_code == 429


def test_hammering_does_not_lengthen_the_wait(client, person, clock):
    for _ in range(50):
        attempt(client, "li.wei", "wrong")
    clock.advance(seconds=2)
    assert attempt(client, "li.wei", PASSWORD).status_code == 303


def test_a_stranger_cannot_lock_somebody_out(app, person, clock):
    """Whatever comes from elsewhere, the person waits half a minute at most."""
    for number in range(120):
        with pytest.raises((Unauthenticated, Throttled)):
            signin.sign_in("li.wei", "wrong", address=f"10.1.{number}.9", agent=None)
        clock.advance(seconds=5)
    clock.advance(seconds=30)
    assert signin.sign_in("li.wei", PASSWORD, address="10.9.9.9", agent=None)


def test_the_slips_of_a_whole_centre_behind_one_address_do_not_add_up(app, person, clock):
    """One a minute, then the next shift: the first of them may err, and the others still come in."""
    for number in range(110):
        with pytest.raises(Unauthenticated):
            signin.sign_in(f"colleague.{number}", "slip", address="10.0.0.1", agent=None)
        clock.advance(seconds=60)
    for name in ("somebody", "somebody.else"):
        with pytest.raises(Unauthenticated):
            signin.sign_in(name, "slip", address="10.0.0.1", agent=None)
    assert signin.sign_in("li.wei", PASSWORD, address="10.0.0.1", agent=None)


def test_everybody_together_wait_when_the_whole_world_guesses(app, person, clock):
    """Guesses at thousands of accounts from thousands of networks fill nobody's own counter, but that of all together;
    half a minute later at most, who knows the password comes in."""

    def guess(number):
        with writing():
            throttling.attempt(f"guessed.{number}", f"10.1.{number}.9")

    guess(1)
    for number, failures in ((2, 2_003), (3, 2_004), (4, 9_000)):
        with writing():
            session.get_one(Throttle, "everybody").failures = failures
        guess(number)
        clock.advance(seconds=1.1 if failures == 2_004 else 0)
    with pytest.raises(Throttled) as refused:
        signin.sign_in("li.wei", PASSWORD, address="10.250.0.1", agent=None)
    assert 20 < refused.value.details["retry_after"] <= 31
    clock.advance(seconds=31)
    assert signin.sign_in("li.wei", PASSWORD, address="10.250.0.1", agent=None)


def test_as_many_hashes_at_once_as_there_are_processors(monkeypatch):
    """A shift of a hundred people takes the memory of two of them (S20)."""
    at_once, most, gate = 0, 0, threading.Lock()

    class Hasher:
        def verify(self, *_about: object) -> bool:
            nonlocal at_once, most
            with gate:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.002)
            with gate:
                at_once -= 1
            return True

    monkeypatch.setattr(passwords, "HASHER", Hasher())
    with ThreadPoolExecutor(100) as pool:
        assert all(pool.map(lambda _n: passwords.verify("kept", "x"), range(100)))
    assert 2 <= most <= max(2, os.cpu_count() or 2)


def test_guesses_at_once_are_all_counted(app, person, monkeypatch):
    """The attempt is counted before the password is looked at."""
    counted = []
    monkeypatch.setattr(passwords, "verify", lambda kept, password: bool(counted.append(_failures())))
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            signin.sign_in("li.wei", "x", address="10.0.0.1", agent=None)
    assert counted == [1, 2, 3]


def _failures() -> int:
    with reading() as s:
        return max(row.failures for row in s.query(Throttle) if row.key.startswith("pair"))


@pytest.mark.parametrize(
    ("address", "line"),
    [("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"), ("10.0.0.1", "10.0.0.1"), (None, "unknown"), ("junk", "unknown")],
)
def test_one_line_is_one_network(address, line):
    assert throttling.network(address) == line


def test_the_interface_is_throttled_alike(api, person, clock):
    script = api()
    for _ in range(5):
        answer = script.post("/tokens", {"username": "li.wei", "password": "wrong"})
        assert answer.status_code == 401
        assert answer.json["code"] == "wrong-credentials"
    answer = script.post("/tokens", {"username": "li.wei", "password": PASSWORD})
    assert answer.status_code == 429
    clock.advance(seconds=2)
    token = script.ok("POST", "/tokens", {"username": "li.wei", "password": PASSWORD})["token"]
    script.token = token
    me = script.ok("GET", "/me")
    assert me == {
        "id": me["id"],
        "username": "li.wei",
        "name": me["name"],
        "roles": ["rep"],
        "team": None,
        "locale": "en",
    }


ASTRAY = [
    "//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example", "\\\\evil", "/\t/evil",
    "/\n/evil", "javascript:alert(1)", "evil.example", "", " /x", "///evil", "/%0a/evil\r\n",
]  # fmt: skip


@pytest.mark.parametrize("target", ASTRAY)
def test_nobody_is_led_astray(client, person, target):
    assert local_path(target) is None
    answer = client.post(
        "/login",
        query_string={"next": target},
        data={"username": "li.wei", "password": PASSWORD, "csrf_token": client.csrf("/login")},
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("target", ["/", "/articles/x?rev=2", "/search?q=%E8%B5%84"])
def test_paths_of_ours_are_followed(target):
    assert local_path(target) == target


def test_the_language_goes_with_the_browser_and_the_profile(client, person):
    client.submit("/login", to="/language", locale="zh_Hant", next="/login")
    assert 'lang="zh-Hant"' in client.text("/login")
    client.sign_in(person)
    client.submit("/profile", to="/language", locale="zh_Hans", next="//evil")
    assert 'lang="zh-Hans"' in client.text("/profile")
