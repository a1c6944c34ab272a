"""Scopes of tokens, and what fields from outside may say."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel, RootModel

from accounts import ops, passwords
from accounts.models import User
from core.api import calls
from core.db import session, writing
from core.errors import Invalid
from core.scopes import SCOPES
from core.settings import SettingsError, load


def test_every_call_names_a_scope_that_exists():
    assert {call.scope for call in calls} - {None} == set(SCOPES)


@pytest.mark.parametrize("scope", list(SCOPES))
def test_a_token_does_only_what_its_scopes_name(app, make, api, scope):
    app.config["PROPAGATE_BUGS"] = False
    program = api(make.user("manager", "admin", "training"), scopes=[scope])
    for call in calls:
        path = re.sub(r"<[^>]+>", "7", call.path)
        if call.scope is None:
            continue
        answer = program.call(call.method, path, {"nonsense": 1} if call.body else None)
        stopped = answer.status_code == 403 and answer.json["code"] == "scope"
        assert stopped == (call.scope != scope), (call.method, call.path, answer.status_code)


def test_scopes_are_words_we_know(make):
    user = make.user("rep")
    with writing(), pytest.raises(Invalid):
        ops.create_token(None, session.get_one(User, user.id), scopes=["everything"])


@pytest.mark.parametrize("path", ["/submissions", "/courses", "/tokens", "/kpi/readings"])
def test_fields_that_nobody_asked_for_are_refused(make, api, path):
    """Roles, states, authors and points are never taken from outside."""
    program = api(make.user("manager"))
    extra = {"role": "admin", "state": "published", "author_id": 1, "score": 100, "id": 7, "version": 9}
    for name, value in extra.items():
        body = [{name: value}] if path == "/kpi/readings" else {name: value}
        answer = program.post(path, body)
        assert answer.status_code == 422
        known = path == "/courses" and name == "state"
        assert known or any(name in field for field in answer.json["errors"])


def inner(model: Any) -> Iterator[type[BaseModel]]:
    """The model and every model inside of it."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        yield model
        for one in model.model_fields.values():
            yield from inner(one.annotation)
    for part in get_args(model):
        yield from inner(part)


def test_no_body_and_no_query_takes_a_field_it_does_not_name():
    """Of every call, at every depth. (Pages: the names they read are counted in ``test_every_field``.)"""
    taken = {found for call in calls for asked in (call.body, call.query) if asked for found in inner(asked)}
    assert len(taken) > 30
    loose = [one for one in taken if not issubclass(one, RootModel) and one.model_config.get("extra") != "forbid"]
    assert loose == []


def test_a_password_that_an_administrator_sets_ends_every_token(make, api):
    user, boss = make.user("rep"), make.actor("admin")
    program = api(user)
    assert program.get("/me").status_code == 200
    hashed = passwords.hashed("another long password")
    with writing():
        ops.set_password(boss, session.get_one(User, user.id), hashed)
    assert program.get("/me").status_code == 401


def test_a_weak_secret_stops_the_start(tmp_path):
    with pytest.raises(SettingsError, match="SPIRAL_SECRET_KEY"):
        load({"var": tmp_path, "secret_key": "secret"}, environ={})


def test_the_name_of_the_host_is_repeated_nowhere(client):
    for path in ("/login", "/nowhere", "/api/docs", "/login?next=/ledger"):
        answer = client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "worse.example"})
        assert "evil.example" not in answer.get_data(as_text=True) + str(answer.headers)
        assert "worse.example" not in answer.get_data(as_text=True) + str(answer.headers)


@pytest.mark.parametrize(
    "target",
    ["//evil", "/\\evil", "https:evil", "https://evil", "\t//evil", "/\t/evil", "/\n/evil", "\\\\evil", "javascript:x"],
)
def test_no_way_leads_off_the_site(make, client, target):
    user = make.user("rep")
    answer = client.post(
        "/login",
        query_string={"next": target},
        data={"username": user.username, "password": "Corr3ct-horse-battery", "csrf_token": client.csrf("/login")},
    )
    assert answer.headers["Location"] == "/"
