"""A sign-in is a row: it ends on the server, and a copied cookie ends with it."""

import re

import pytest
import sqlalchemy as sa

from accounts import ops
from accounts.identity import token_hash
from accounts.models import LoginSession, User
from core import buffers
from core.db import reading, session, writing
from tests.clients import PASSWORD


@pytest.fixture
def person(make):
    return make.user("rep", username="lixiaolan", team="billing", tier="first")


@pytest.fixture
def browser(person, signed_in):
    return signed_in(person)


def copied(app, browser):
    """A second browser with the same cookie."""
    thief = app.test_client()
    thief.set_cookie("spiral", browser.get_cookie("spiral").value)
    return thief


def works(browser) -> bool:
    """Whether this cookie is a sign-in: a page or, for what has ended, 401 for scripts and the way to the door."""
    page, script = browser.get("/profile"), browser.get("/api/v1/me")
    if page.status_code == 200 == script.status_code:
        return True
    assert (page.status_code, page.headers["Location"]) == (302, "/login?next=/profile")
    assert script.status_code == 401
    return False


def test_signing_in_leads_where_one_was_going(client, person):
    answer = client.get("/profile")
    assert answer.headers["Location"] == "/login?next=/profile"
    answer = client.submit("/login?next=/profile", username=person.username, password=PASSWORD)
    assert answer.headers["Location"] == "/profile"
    assert "billing" in client.text("/profile")


def test_the_table_keeps_no_secret(browser):
    with browser.session_transaction() as cookie:
        token = cookie["_user_id"]
    with reading() as s:
        assert s.scalar(sa.select(LoginSession.token_hash)) == token_hash(token) != token


def test_every_sign_in_is_a_new_one(signed_in, person):
    tokens = set()
    for _ in range(2):
        with signed_in(person).session_transaction() as cookie:
            tokens.add(cookie["_user_id"])
    assert len(tokens) == 2


def test_one_browser_that_signs_in_again_gets_another_sign_in(client, person, make):
    """What was slipped into a browser before (session fixation) is worth nothing after; nor is what it had."""
    client.sign_in(person)
    with client.session_transaction() as cookie:
        before = cookie["_user_id"]
    old = copied(client.application, client)
    client.submit("/profile", to="/logout")
    client.set_cookie("spiral", old.get_cookie("spiral").value)
    client.sign_in(make.user("qa"))
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    assert works(client)
    assert not works(old)


def test_the_form_of_before_signing_in_is_worth_nothing_after(client, person):
    before = client.csrf("/login")
    client.sign_in(person)
    assert client.post("/logout", data={"csrf_token": before}).status_code == 400


def test_logout_ends_every_copy(app, browser):
    thief = copied(app, browser)
    assert works(thief)
    browser.submit("/profile", to="/logout")
    assert not works(thief)
    assert not works(browser)


def test_a_password_change_ends_the_others_and_keeps_this_one(app, browser, person, signed_in):
    other = signed_in(person)
    new = "another long sentence"
    answer = browser.submit("/profile", to="/profile/password", password=PASSWORD, new_password=new, again=new)
    assert answer.status_code == 303
    assert works(browser)
    assert not works(other)
    assert works(app.test_client().sign_in(person, new))


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({"password": "wrong"}, "not your present password"),
        ({"new_password": "short", "again": "short"}, "at least 10"),
        ({"again": "something else altogether"}, "not the same"),
        ({"new_password": "Password123!", "again": "Password123!"}, "guessed soon"),
        ({"new_password": "1234567890", "again": "1234567890"}, "guessed soon"),
        ({"new_password": "spiral-10086", "again": "spiral-10086"}, "guessed soon"),
        ({"new_password": "lixiaolan123", "again": "lixiaolan123"}, "guessed soon"),  # who it is, as all know
        ({"new_password": "billing123", "again": "billing123"}, "guessed soon"),
    ],
)
def test_a_password_is_not_changed_carelessly(browser, about, sentence):
    fields = {"password": PASSWORD, "new_password": "a new long password", "again": "a new long password", **about}
    answer = browser.submit("/profile", fields, to="/profile/password")
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)


def test_a_refused_form_shows_no_password_back(browser):
    """Not even where the page's own form is out of reach: its token has grown too old."""
    typed = {"password": PASSWORD, "new_password": "a new long password", "again": "a new long password"}
    answer = browser.post("/profile/password", data={**typed, "name": "shown back", "csrf_token": "old"})
    said = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "shown back" in said
    assert "a new long password" not in said
    assert PASSWORD not in said


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0",
         "Edge · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1",
         "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 MicroMessenger/8.0",
         "WeChat · Android"),
        ("curl/8.5", "curl/8.5"),
    ],
)  # fmt: skip
def test_where_one_is_signed_in_is_told_in_known_names(app, person, agent, said):
    browser = app.test_client()
    browser.environ_base["HTTP_USER_AGENT"] = agent
    assert f'<p title="{agent}">{said}</p>' in browser.sign_in(person).text("/profile")


@pytest.mark.parametrize("act", ["disable", "roles", "password"])
def test_what_an_administrator_does_ends_them(browser, person, act):
    with writing():
        user = session.get_one(User, person.id)
        if act == "disable":
            ops.disable(None, user)
        elif act == "roles":
            ops.change_person(None, user, name=user.name, roles=["qa"], team="billing", tier=None)
        else:
            ops.set_password(None, user, "new")
    assert not works(browser)


def test_a_token_ends_with_its_person(api, make):
    user = make.user()
    script = api(user)
    assert script.get("/me").status_code == 200
    with writing():
        ops.disable(None, session.get_one(User, user.id))
    assert script.get("/me").status_code == 401


def test_a_sign_in_left_alone_ends(person, signed_in, clock):
    browser = signed_in(person)
    clock.advance(hours=11)
    assert works(browser)
    buffers.flush_all()  # as the flusher does each second
    clock.advance(hours=11)
    assert works(browser), "it was used in between"
    clock.advance(hours=13)
    assert not works(browser)


def test_a_sign_in_ends_after_a_week_however_busy(person, signed_in, clock):
    browser = signed_in(person)
    for _ in range(16):
        clock.advance(hours=11)
        buffers.flush_all()
        answered = works(browser)
        buffers.flush_all()
    assert not answered


def test_last_seen_is_written_later_and_not_by_the_read(person, signed_in, clock, query_count):
    browser = signed_in(person)
    clock.advance(minutes=5)
    with query_count() as statements:
        assert works(browser)
    assert not [text for text in statements if text.startswith(("UPDATE", "INSERT"))]
    buffers.flush_all()
    with reading() as s:
        assert s.get_one(User, person.id).seen_at == clock.now()


def test_one_ends_ones_own_sign_ins_and_nobody_elses(browser, person, make, signed_in):
    mine, stranger = signed_in(person), signed_in(make.user())
    with reading() as s:
        ids = {row.id: row.user_id for row in s.scalars(sa.select(LoginSession))}
    theirs = next(number for number, user in ids.items() if user != person.id)
    assert browser.submit("/profile", to=f"/profile/sessions/{theirs}/end").status_code == 404
    assert works(stranger)
    last = max(number for number, user in ids.items() if user == person.id)
    ended_by = set(re.findall(r"/profile/sessions/(\d+)/end", browser.text("/profile")))
    own = {str(number) for number, user in ids.items() if user == person.id}
    assert ended_by and ended_by <= own, "the list is of one's own sign-ins"
    assert str(last) in ended_by
    assert browser.submit("/profile", to=f"/profile/sessions/{last}/end").status_code == 303
    assert not works(mine)


def test_tokens_are_shown_once_and_revoked(browser, app):
    from tests.clients import Script

    page = browser.submit("/profile", to="/profile/tokens", name="crm").get_data(as_text=True)
    token = page.split("<code>")[1].split("<")[0]
    script = Script(app.test_client(use_cookies=False), token)
    assert script.ok("GET", "/me")["roles"] == ["rep"]
    assert token not in browser.text("/profile")
    browser.submit("/profile", to="/profile/tokens/1/revoke")
    assert script.get("/me").status_code == 401


def test_a_cookie_alone_cannot_write_through_the_interface(browser):
    assert browser.get("/api/v1/me").status_code == 200
    assert browser.get("/api/v1/me", headers={"Authorization": "Bearer nonsense"}).status_code == 401
