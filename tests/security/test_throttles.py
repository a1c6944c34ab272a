"""Every way in that a secret opens slows down whoever tries many – and nobody who holds a good one."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts import ops, signin, throttling
from accounts.models import Throttle
from core.db import reading, session, writing
from core.errors import Throttled, Unauthenticated
from core.settings import Settings
from tests.clients import PASSWORD
from tests.support.factors import code_now, set_up

ROOT = Path(__file__).resolve().parent.parent.parent


class Doors:
    """One wrong try at each door, and one right one; what the browser needs for it was prepared before."""

    def __init__(self, app: Any, make: Any, clock: Any, signed_in: Any, api: Any) -> None:
        self.person = make.user("qa", username="li.wei")
        self.secret, _codes = set_up(self.person)
        self.stranger, self.half, self.app = app.test_client(), app.test_client(), app
        self.clock, self.api, self.inside = clock, api, signed_in
        self.good_token = api(self.person)

    def sign_in(self) -> Any:
        clear(self.half)
        self.half.submit("/login", username="li.wei", password=PASSWORD)
        self.clock.advance(seconds=60)
        return self.half.submit("/login/second", code=code_now(self.secret))


def clear(browser: Any) -> None:
    browser.delete_cookie("spiral")


def post(path: str, page: str = "/login", **fields: str) -> Callable[[Doors], Any]:
    """The same form again and again, as a program would send it."""

    def attempt(doors: Doors) -> Any:
        browser = doors.stranger
        token = getattr(doors, "token", None) or browser.csrf(page)
        doors.token = token
        return browser.post(path, data={**fields, "csrf_token": token})

    return attempt


def half_way(doors: Doors) -> Any:
    if not hasattr(doors, "token"):
        doors.stranger.submit("/login", username="li.wei", password=PASSWORD)
        doors.token = doors.stranger.csrf("/login/second")
    return doors.stranger.post("/login/second", data={"code": "000000", "csrf_token": doors.token})


def signed_in(path: str, **fields: str) -> Callable[[Doors], Any]:
    def attempt(doors: Doors) -> Any:
        if not hasattr(doors, "token"):
            doors.sign_in()
            doors.token = doors.half.csrf("/profile")
        return doors.half.post(path, data={**fields, "csrf_token": doors.token})

    return attempt


def bearer(doors: Doors) -> Any:
    return doors.app.test_client().get("/api/v1/me", headers={"Authorization": "Bearer guessed"})


def token_code(doors: Doors) -> Any:
    return doors.api().post("/tokens", {"username": "li.wei", "password": PASSWORD, "totp": "000000"})


def password_of_a_token(doors: Doors) -> Any:
    return doors.api().post("/tokens", {"username": "li.wei", "password": "wrong"})


DOORS: dict[str, tuple[Callable[[Doors], Any], int]] = {
    "the password": (post("/login", username="li.wei", password="wrong"), 401),
    "the password of a token": (password_of_a_token, 401),
    "the second step": (half_way, 401),
    "the second step of a token": (token_code, 401),
    "a token of one's own": (signed_in("/profile/tokens", name="x", code="000000"), 422),
    "new recovery codes": (signed_in("/profile/second-step/codes", code="000000"), 422),
    "switching it off": (signed_in("/profile/second-step/remove", code="000000"), 422),
    "the present password": (
        signed_in("/profile/password", password="wrong", new_password="a long new one", again="a long new one"),
        422,
    ),
    "an API token": (bearer, 401),
    "the set-up link": (lambda doors: doors.stranger.get("/setup/guessed"), 404),
    "an expert's link": (lambda doors: doors.stranger.get("/expert/guessed"), 404),
    "a certificate": (lambda doors: doors.stranger.get("/certificates/0123456789abcdef"), 404),
}


@pytest.fixture
def doors(app, make, clock, signed_in, api) -> Doors:
    app.config["PROPAGATE_BUGS"] = False
    return Doors(app, make, clock, signed_in, api)


@pytest.mark.parametrize("door", list(DOORS))
def test_whoever_tries_many_waits(doors, door):
    attempt, wrong = DOORS[door]
    seen = []
    while len(seen) < 70 and (not seen or seen[-1].status_code != 429):
        seen.append(attempt(doors))
    assert {answer.status_code for answer in seen[:-1]} == {wrong}
    assert len(seen) > 4, "a slip costs nothing"
    assert seen[-1].status_code == 429
    assert int(seen[-1].headers["Retry-After"]) >= 1
    doors.clock.advance(minutes=20)
    assert doors.sign_in().status_code == 303
    assert doors.good_token.get("/me").status_code == 200


def test_who_holds_a_good_token_never_waits_for_those_who_guess(doors):
    while bearer(doors).status_code != 429:
        pass
    assert doors.good_token.get("/me").status_code == 200


def test_a_program_whose_token_was_revoked_is_told_so_as_often_as_it_asks(doors):
    with writing():
        ops.disable(None, session.get_one(type(doors.person), doors.person.id))
    assert {doors.good_token.get("/me").status_code for _ in range(80)} == {401}


def test_the_kinds_count_apart(app):
    """Wrong codes slow no password down, and the other way round; nobody's username is another's second step."""
    keys = [{c.key for c in throttling.counters("5", "10.0.0.1", kind)} for kind in ("password", "second")]
    assert not keys[0] & keys[1]


GUESSING = """
import sys
from tests.security.test_throttles import guesses
from wiki.app import create_app

with create_app().app_context():
    print("ready", flush=True)
    sys.stdin.readline()
    print(guesses(int(sys.argv[1])))
"""


def guesses(tries: int) -> int:
    """How many of so many wrong passwords were looked at at all."""
    seen = 0
    for _ in range(tries):
        try:
            signin.sign_in("li.wei", "wrong", address="10.0.0.1", agent=None)
        except Unauthenticated:
            seen += 1
        except Throttled:
            pass
    return seen


def test_several_processes_count_together(settings: Settings, make, app):
    count_together(settings, make, 10)


@pytest.mark.soak
@pytest.mark.both_databases
def test_several_processes_count_together_for_long(settings: Settings, make, app):
    count_together(settings, make, 200)


def count_together(settings: Settings, make: Any, tries: int) -> None:
    """This process and another guess at the same time."""
    make.user("qa", username="li.wei")
    mine = {f"SPIRAL_{name.upper()}": str(value) for name, value in settings.model_dump().items() if value != ""}
    mine = {name: {"True": "1", "False": "0"}.get(value, value) for name, value in mine.items()}
    run = [sys.executable, "-c", GUESSING, str(tries)]
    other = subprocess.Popen(run, cwd=ROOT, env=mine, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline().strip() == "ready"
    other.stdin.write("go\n")
    other.stdin.flush()
    looked_at = guesses(tries) + int(other.communicate(timeout=240)[0])
    with reading() as s:
        failures = {row.key.split(":")[0]: row.failures for row in s.query(Throttle)}
    assert failures["pair"] == failures["account"] == looked_at
    assert 5 <= looked_at < 2 * tries
