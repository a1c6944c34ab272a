"""The frame beside the customer's file: who may show it, what a pass opens, and when it ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from accounts import ops, passes
from accounts.models import User
from accounts.people import actor_of
from core import outbox
from core.db import reading, session, writing
from core.errors import Forbidden, Invalid
from core.idempotency import IdempotencyKey
from core.settings import Settings, SettingsError, load
from tests.clients import PASSWORD, Browser, Script
from tests.make import Make

CRM, DESK = "https://crm.example", "https://desk.example:8443"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"embed_origins": f"{CRM} {DESK}"})


def ask(app: Any, path: str, token: str = "", **form: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client = app.test_client(use_cookies=False)
    return client.post(path, data=form, headers=headers) if form else client.get(path, headers=headers)


def given(user: User, **about: Any) -> str:
    with writing():
        found = session.get_one(User, user.id)
        return passes.give(actor_of(found), found, **about)[0]


def test_one_page_may_be_framed_by_the_listed_and_nothing_else_by_anybody(app: Any, make: Make, signed_in: Any):
    browser = signed_in(make.user("admin"))
    for client in (app.test_client(), browser):
        answer = client.get("/embed?q=x&token=y")
        assert f"frame-ancestors {CRM} {DESK};" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
    for path in ("/", "/connect", "/search", "/embed/typing", "/admin/embed", "/api/docs"):
        answer = browser.get(path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Frame-Options"] == "DENY"
    page = browser.text("/admin/embed")
    assert CRM in page
    assert "Its pages are https and Spiral is not" in page


def test_a_pass_opens_the_frame_and_nothing_else(app: Any, make: Make, api: Callable[..., Script], signed_in: Any):
    with writing():
        slug, hidden = make.article(title="账单").slug, make.article(audience="restricted", readers=["role:qa"]).slug
    outbox.drain()
    me = make.user()
    token = given(me)
    assert 'role="option"' in ask(app, "/embed/typing?q=账单", token).get_data(as_text=True)
    assert ask(app, f"/embed/reading/{slug}", token).status_code == 200
    assert ask(app, f"/embed/reading/{hidden}", token).status_code == 404
    assert ask(app, f"/embed/marks/{slug}", token, used_in_call="1", call_ref="cti-1").json["used"] == 1
    assert ask(app, f"/embed/marks/{hidden}", token, used_in_call="1").status_code == 404
    for answer in (
        ask(app, "/embed/typing?q=账单", token),
        ask(app, f"/embed/marks/{slug}", token, used_in_call="1", call_ref="cti-1"),
    ):
        assert "Set-Cookie" not in answer.headers
    assert ask(app, "/api/v1/me", token).status_code == 401
    assert ask(app, "/search/typing?q=x", token).status_code in {302, 303}
    assert (
        ask(app, f"/articles/{slug}/feedback", token, helpful="1").status_code == 400
    )  # a form of ours has a CSRF token
    other = token[:-9] + ("a" if token[-9] != "a" else "b") + token[-8:]  # not the last sign: it holds two idle bits
    bad = [other, "", "WzEsMV0.x", api(me).token]
    for one in bad:
        answer = ask(app, "/embed/typing?q=x", one)
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert signed_in(me).get("/embed/typing?q=x").status_code == 401  # no cookie counts there


def test_a_pass_ends_with_its_time_its_sign_in_and_its_person(app: Any, make: Make, clock: Any, signed_in: Any):
    me = make.user()

    def works(token: str) -> bool:
        return bool(ask(app, "/embed/typing?q=", token).status_code == 200)

    browser: Browser = signed_in(me)
    page = browser.submit("/connect").get_data(as_text=True)
    own = page.split('data-pass="')[1].split('"')[0]
    other = given(me, lasts=timedelta(hours=12))
    assert works(own)
    browser.submit("/profile", to="/logout")
    assert not works(own)
    assert works(other)
    with writing():
        ops.set_password(None, session.get_one(User, me.id), "x")
    assert not works(other)
    last = given(me, lasts=timedelta(hours=12))
    clock.advance(hours=11)
    assert works(last)
    clock.advance(hours=1)
    assert not works(last)
    again = given(me)
    with writing():
        passes.end_all(make.actor("admin"))
    assert not works(again)
    away = given(me)
    with writing():
        ops.disable(None, session.get_one(User, me.id))
    assert not works(away)


def test_a_program_lets_people_in_with_a_token_made_for_it(app: Any, make: Make, api: Callable[..., Script]):
    make.user(username="chenyu", password=PASSWORD)
    admin = make.user("admin")
    robot = api(admin, scopes=["embed"])
    answer = robot.post("/embed/tokens", {"username": "chenyu", "minutes": 60})
    assert answer.status_code == 201
    assert ask(app, "/embed/typing?q=", answer.json["token"]).status_code == 200
    assert robot.post("/embed/tokens", {"username": "nobody"}).status_code == 422
    assert robot.post("/embed/tokens", {"username": "chenyu", "minutes": 721}).status_code == 422
    for other in (api(admin), api(admin, scopes=["read", "write"]), api(make.user("manager"), scopes=["embed"])):
        assert other.post("/embed/tokens", {"username": "chenyu"}).status_code == 403
    with writing():
        user, actor = make.user(), make.actor("manager")
        with pytest.raises(Forbidden):
            passes.give(actor, user)
        with pytest.raises(Invalid):
            passes.give(actor_of(user), user, lasts=timedelta(hours=13))


def test_no_table_keeps_the_token_of_a_pass(app: Any, make: Make, api: Callable[..., Script]):
    make.user(username="chenyu", password=PASSWORD)
    robot = api(make.user("admin"), scopes=["embed"])
    answer = robot.post("/embed/tokens", {"username": "chenyu"}, **{"Idempotency-Key": "crm-1"})
    assert answer.status_code == 201
    with reading():
        assert session.scalar(sa.select(sa.func.count()).select_from(IdempotencyKey)) == 0


@pytest.mark.parametrize(
    "value", ["*", "https://*.example", "crm.example", "https://crm.example/path", "'self'", "https://a; x"]
)
def test_an_origin_that_is_none_stops_the_start(tmp_path: Any, value: str):
    with pytest.raises(SettingsError, match="SPIRAL_EMBED_ORIGINS"):
        load({"var": tmp_path, "embed_origins": value}, environ={})


def test_origins_are_told_apart_by_blanks_or_commas(tmp_path: Any):
    found = load(
        {"var": tmp_path, "embed_origins": "https://CRM.example, http://localhost:81 https://crm.example"}, environ={}
    )
    assert found.frames == ("https://crm.example", "http://localhost:81")
