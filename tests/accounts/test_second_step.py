"""The second step: set up, taken, lost, asked for by an administrator – and what half a sign-in opens: nothing."""

import re
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
import segno
import sqlalchemy as sa

from accounts import access, ops, second_step, totp
from accounts.access import Access
from accounts.access_models import HalfSignIn, RecoveryCode, SecondFactor
from accounts.models import LoginSession, Throttle, User
from accounts.rules import Role
from core.audit import TrailEntry
from core.db import reading, session, writing
from tests.clients import PASSWORD, TOKEN
from tests.support.factors import asked_of, code_now, set_up


@pytest.fixture
def person(make, clock):
    return make.user("qa", username="li.wei")


@pytest.fixture
def secret(app, person) -> str:
    return set_up(person)[0]


def first_step(browser: Any, username: str = "li.wei", target: str = "") -> Any:
    page = f"/login{target}"
    answer = browser.submit(page, username=username, password=PASSWORD)
    assert answer.status_code == 303
    return answer


def second(browser: Any, code: str) -> Any:
    return browser.submit("/login/second", code=code)


def inside(browser: Any) -> bool:
    return browser.get("/profile").status_code == 200


# ── the code ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_codes_of_the_standard(clock):
    """RFC 6238, appendix B, SHA-1, the last six of its eight digits."""
    shared = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, digits in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        at = datetime.fromtimestamp(seconds, UTC)
        assert totp.step_of(shared, digits, at, 0) == seconds // 30
        assert totp.step_of(shared, digits, at, seconds // 30) is None, "used"


def test_one_step_of_a_slow_or_fast_clock_is_forgiven(app, secret, clock):
    for steps in (-2, -1, 0, 1, 2):
        browser = app.test_client()
        first_step(browser)
        clock.advance(seconds=300)
        second(browser, pyotp.TOTP(secret).at(int(clock.now().timestamp()) + 30 * steps))
        assert inside(browser) == (abs(steps) < 2), steps


@pytest.mark.both_databases
def test_a_code_opens_once(app, client, secret, clock):
    first_step(client)
    clock.advance(seconds=60)
    code = code_now(secret)
    assert second(client, f" {code[:3]} {code[3:]} ").status_code == 303
    other = app.test_client()
    first_step(other)
    assert second(other, code).status_code == 401
    assert not inside(other)
    clock.advance(seconds=30)
    assert second(other, code_now(secret)).status_code == 303


def test_the_database_alone_is_nobodys_second_factor(app, secret):
    with reading() as s:
        kept = s.scalar(sa.select(SecondFactor.sealed))
    assert secret not in kept
    assert totp.unseal(kept, app.config["SECRET_KEY"]) == secret
    assert totp.unseal(kept, "another key") is None


# ── half a sign-in ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_half_a_sign_in_reaches_nothing(app, client, secret):
    """No address of the house answers it otherwise than it answers a stranger."""
    app.config["PROPAGATE_BUGS"] = False
    answer = first_step(client, target="?next=/ledger")
    assert answer.headers["Location"] == "/login/second?next=/ledger"
    stranger = app.test_client()
    with reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(LoginSession)) == 0
    tried = 0
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint in {"static", "accounts.second"}:
            continue
        path = re.sub(r"<[^>]+>", "7", rule.rule)
        half, none = client.get(path), stranger.get(path)
        assert (half.status_code, half.headers.get("Location")) == (none.status_code, none.headers.get("Location"))
        tried += 1
    assert tried > 100
    assert client.get("/login/second").status_code == 200
    assert stranger.get("/login/second").headers["Location"] == "/login"


def test_with_the_code_one_goes_where_one_was_going(client, secret, clock):
    first_step(client, target="?next=/profile")
    clock.advance(seconds=60)
    token = client.csrf("/login/second")
    answer = client.post("/login/second?next=/profile", data={"code": code_now(secret), "csrf_token": token})
    assert answer.headers["Location"] == "/profile"
    with reading() as s:
        assert s.scalar(sa.select(LoginSession.stepped))
        assert s.scalar(sa.select(sa.func.count()).select_from(HalfSignIn)) == 0


def test_half_a_sign_in_ends_after_ten_minutes_and_with_the_password(app, client, secret, clock, person):
    first_step(client)
    clock.advance(minutes=11)
    assert client.get("/login/second").status_code == 303
    assert (
        client.post("/login/second", data={"code": code_now(secret), "csrf_token": client.csrf("/login")}).status_code
        == 401
    )
    first_step(client)
    token = client.csrf("/login/second")
    with writing():
        ops.set_password(None, session.get_one(User, person.id), "new")
    clock.advance(seconds=60)
    assert client.post("/login/second", data={"code": code_now(secret), "csrf_token": token}).status_code == 401
    assert not inside(client)


def test_guesses_at_the_code_wait_longer_and_longer(client, secret, clock):
    first_step(client)
    answers = [second(client, f"{number:06}").status_code for number in range(7)]
    assert answers[:5] == [401] * 5
    assert answers[-1] == 429
    answer = second(client, code_now(secret))
    assert answer.status_code == 429, "the right one, too"
    assert int(answer.headers["Retry-After"]) >= 1
    with reading() as s:
        rows = {row.key.split(":")[0]: row.failures for row in s.query(Throttle)}
    assert rows["second-pair"] == 5
    assert rows.get("pair", 0) == 0, "the password was right, and is not slowed down"
    clock.advance(minutes=1)
    assert second(client, code_now(secret)).status_code == 303


def test_from_many_addresses_the_account_waits(app, secret, person, clock):
    """Only who knows the password gets so far, so the account may wait long."""
    from core.errors import Throttled, Unauthenticated

    tried = 0
    for number in range(300):
        try:
            second_step.ask(person.id, f"{number:06}", f"10.0.{number}.1")
        except Unauthenticated:
            tried += 1
        except Throttled:
            pass
        clock.advance(seconds=12)
    assert tried < 25, "in an hour"


# ── recovery codes ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.both_databases
def test_each_recovery_code_opens_once_and_none_is_kept(app, client, person, clock):
    _secret, codes = set_up(person)
    with reading() as s:
        hashes = set(s.scalars(sa.select(RecoveryCode.code_hash)))
    assert len(codes) == len(hashes) == 10
    assert not hashes & set(codes)
    first_step(client)
    assert second(client, codes[3].upper().replace("-", " ")).status_code == 303
    other = app.test_client()
    first_step(other)
    assert second(other, codes[3]).status_code == 401
    assert second(other, codes[4]).status_code == 303


def test_a_recovery_code_is_its_persons_alone(app, client, make, secret):
    _secret, codes = set_up(make.user(username="other"))
    first_step(client)
    assert second(client, codes[0]).status_code == 401


# ── one's own page ───────────────────────────────────────────────────────────────────────────────────────────────────


def shown_secret(page: str) -> str:
    return re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)[1].replace(" ", "")


def test_it_is_set_up_by_picture_or_key_and_switched_off(app, signed_in, person, clock):
    browser, elsewhere = signed_in(person), signed_in(person)
    page = browser.submit("/profile/second-step", to="/profile/second-step/begin").text
    assert '<svg class="qr"' in page
    key = shown_secret(page)
    wrong = browser.submit("/profile/second-step", code="000000", password=PASSWORD)
    assert (wrong.status_code, "This code is wrong" in wrong.text) == (422, True)
    for later in (wrong.text, browser.text("/profile/second-step")):
        assert key[:4] not in later, "it is shown once"
        assert "<svg class" not in later
    careless = browser.submit("/profile/second-step", code=code_now(key), password="not mine at all")
    assert (careless.status_code, "not your present password" in careless.text) == (422, True)
    done = browser.submit("/profile/second-step", code=code_now(key), password=PASSWORD)
    codes = re.findall(r"<li><code>([a-z0-9-]+)</code>", done.text)
    assert len(codes) == 10
    assert inside(browser)
    assert not inside(elsewhere), "it took no second step"
    assert key[:4] not in browser.text("/profile/second-step")
    clock.advance(seconds=60)
    again = browser.submit("/profile/second-step", to="/profile/second-step/codes", code=code_now(key))
    assert set(re.findall(r"<li><code>([a-z0-9-]+)</code>", again.text)).isdisjoint(codes)
    assert browser.submit("/profile/second-step", to="/profile/second-step/remove", code=codes[0]).status_code == 422
    clock.advance(seconds=60)
    browser.submit("/profile/second-step", to="/profile/second-step/remove", code=code_now(key))
    old = browser.submit("/profile/second-step", code=code_now(key), password=PASSWORD)
    assert old.status_code == 422, "what was shown is not set up twice"
    assert app.test_client().submit("/login", username="li.wei", password=PASSWORD).headers["Location"] == "/"


def test_the_picture_shows_every_dark_module_and_no_other():
    text = totp.address("ABCDEFGH" * 4, "li.wei")
    assert text == f"otpauth://totp/Spiral:li.wei?secret={'ABCDEFGH' * 4}&issuer=Spiral"
    made, dark = totp.picture(text), set()
    for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", made.path):
        dark |= {(int(y) - 4, int(x) - 4 + step) for step in range(int(wide))}
    whole = segno.make(text, error="m", micro=False).matrix
    assert dark == {(y, x) for y, row in enumerate(whole) for x, module in enumerate(row) if module}
    assert made.side == len(whole) + 8


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_tokens_work_on_and_making_one_takes_the_code(api, make, signed_in, person, clock):
    script = api(person)
    secret, codes = set_up(person)
    assert script.ok("GET", "/me")["username"] == "li.wei", "made before, and unaffected"
    asked = {"username": "li.wei", "password": PASSWORD}
    anybody = api()
    answer = anybody.post("/tokens", asked)
    assert (answer.status_code, answer.json["code"]) == (401, "second-step")
    answer = anybody.post("/tokens", {**asked, "totp": "000000"})
    assert (answer.status_code, answer.json["code"]) == (401, "wrong-code")
    clock.advance(seconds=60)
    anybody.token = anybody.ok("POST", "/tokens", {**asked, "totp": code_now(secret)})["token"]
    assert anybody.ok("GET", "/me")["username"] == "li.wei"
    wrong = api().post("/tokens", {**asked, "password": "wrong", "totp": codes[0]})
    assert wrong.json["code"] == "wrong-credentials"


def test_a_token_of_ones_own_takes_the_code(client, secret, clock):
    first_step(client)
    clock.advance(seconds=60)
    second(client, code_now(secret))
    answer = client.submit("/profile", to="/profile/tokens", name="crm")
    assert answer.status_code == 422
    clock.advance(seconds=60)
    answer = client.submit("/profile", to="/profile/tokens", name="crm", code=code_now(secret))
    assert "not shown again" in answer.text


# ── what an administrator asks ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.both_databases
def test_asked_of_a_role_it_is_set_up_at_sign_in(app, client, signed_in, person, make, clock, api):
    rep = make.user("rep")
    bystander, before, script = signed_in(rep), signed_in(person), api(person)
    admin = make.user("admin", username="boss")
    key, _codes = set_up(admin)
    boss = app.test_client()
    first_step(boss, "boss")
    clock.advance(seconds=60)
    second(boss, code_now(key))
    answer = boss.submit("/admin/access", {"roles": ["qa", "admin"]}, follow=True)
    assert "1 sign-ins that no longer suffice have ended" in answer.text
    assert inside(boss)
    assert inside(bystander)
    assert not inside(before)
    assert script.get("/me").status_code == 200
    refused = api().post("/tokens", {"username": "li.wei", "password": PASSWORD})
    assert (refused.status_code, refused.json["code"]) == (403, "second-step-needed")
    first_step(client)
    assert not inside(client)
    before = shown_secret(client.text("/login/second"))
    page = client.text("/login/second")
    mine, token = shown_secret(page), TOKEN.search(page).group(1)
    assert mine != before, "another one at each visit"
    wrong = client.post("/login/second", data={"code": code_now(before), "csrf_token": token})
    assert (wrong.status_code, mine[:4] in wrong.text, "<svg class" in wrong.text) == (401, False, False)
    done = client.post("/login/second", data={"code": code_now(mine), "csrf_token": token})
    assert len(re.findall(r"<li><code>", done.text)) == 10
    assert inside(client)
    clock.advance(seconds=60)
    kept = client.submit("/profile/second-step", to="/profile/second-step/remove", code=code_now(mine))
    assert kept.status_code == 403


def test_nobody_locks_themselves_out(signed_in, make):
    boss = signed_in(make.user("admin"))
    answer = boss.submit("/admin/access", {"roles": ["admin"]})
    assert (answer.status_code, "set up your own second step first" in answer.text) == (422, True)
    answer = boss.submit("/admin/access", {"roles": ["boss"]})
    assert answer.status_code == 422
    with reading():
        assert access.now() == access.DEFAULT


def test_a_lost_phone_is_an_administrators_act_in_the_trail(app, client, signed_in, make, person, secret, clock):
    asked_of(Role.QA)
    first_step(client)
    clock.advance(seconds=60)
    second(client, code_now(secret))
    boss = make.user("admin")
    page = f"/admin/people/{person.username}"
    signed_in(boss).submit(page, to=f"{page}/second-step/reset")
    assert not inside(client)
    with reading() as s:
        entry = s.scalar(sa.select(TrailEntry).where(TrailEntry.verb == "second step reset"))
        assert (entry.actor_id, entry.subject_id) == (boss.id, person.id)
        assert s.scalar(sa.select(sa.func.count()).select_from(RecoveryCode)) == 0
    first_step(client)
    assert "Set it up now" in client.text("/login/second")
    assert shown_secret(client.text("/login/second")) != secret


def test_a_role_given_later_is_asked_too(app, make, signed_in, clock):
    asked_of(Role.MANAGER)
    user = make.user("rep")
    browser = signed_in(user)
    with writing():
        ops.change_person(None, session.get_one(User, user.id), name="x", roles=["manager"], team=None, tier=None)
    assert not inside(browser)
    first_step(browser, user.username)
    assert not inside(browser)


def test_the_trail_tells_what_was_asked_before(app):
    asked_of(Role.QA)
    with writing():
        access.save(None, Access())
    with reading() as s:
        last = s.scalars(sa.select(TrailEntry).where(TrailEntry.verb == "access changed")).all()[-1]
    assert (last.details["before"]["second_roles"], last.details["after"]["second_roles"]) == (["qa"], [])
