"""What headers say about addresses and hosts counts only where the settings say how many proxies stand in front."""

import pytest
import sqlalchemy as sa
from flask import request

from accounts.models import LoginSession, Throttle
from core.db import reading
from core.settings import Settings
from tests.clients import PASSWORD

FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "4444",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
}


def sign_in(client, user, headers):
    data = {"username": user.username, "password": PASSWORD, "csrf_token": client.csrf("/login")}
    return client.post("/login", data=data, headers=headers)


def address_of_the_sign_in() -> str | None:
    with reading() as s:
        return s.scalar(sa.select(LoginSession.address))


def hosts_seen(app, client, headers) -> set[str]:
    """What the product takes itself for in an answer to these headers."""
    seen: set[str] = set()
    app.before_request_funcs.setdefault(None, []).append(lambda: seen.add(request.host_url))
    client.get("/login", headers=headers)
    return seen


def test_without_proxies_nothing_they_say_counts(app, client, make):
    assert hosts_seen(app, client, FORGED) == {"http://localhost/"}
    answer = sign_in(client, make.user(), FORGED)
    assert answer.headers["Location"] == "/"
    assert "Strict-Transport-Security" not in answer.headers
    assert address_of_the_sign_in() == "127.0.0.1"


def test_a_forged_address_does_not_escape_the_wait(client, make):
    user = make.user()
    token = client.csrf("/login")
    seen = []
    for number in range(8):
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        data = {"username": user.username, "password": "wrong", "csrf_token": token}
        seen.append(client.post("/login", data=data, headers=headers).status_code)
    assert seen[-1] == 429
    with reading() as s:
        assert {row.key for row in s.query(Throttle) if row.key.startswith("network")} == {"network:127.0.0.1"}


class TestBehindOneProxy:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"proxies": 1})

    def test_only_what_that_proxy_added_counts(self, client, make):
        sign_in(client, make.user(), {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
        assert address_of_the_sign_in() == "203.0.113.9"

    def test_and_the_name_under_which_it_serves(self, app, client):
        said = {"X-Forwarded-Host": "evil.example, spiral.example", "X-Forwarded-Proto": "http, https"}
        more = {name: FORGED[name] for name in ("X-Forwarded-Prefix", "X-Forwarded-Port", "Forwarded")}
        assert hosts_seen(app, client, {**said, **more}) == {"https://spiral.example/"}


class TestUnderAPublicAddress:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"base_url": "https://spiral.example"})

    def test_no_link_is_made_of_what_a_request_calls_the_host(self, app, make):
        from workflows.expert_links import link_to

        with app.test_request_context("/", headers={"Host": "evil.example"}):
            assert link_to("secret") == "https://spiral.example/expert/secret"
