"""Whatever is sent: no 5xx, no answer that the document does not name, nothing that stays and breaks a page later."""

import itertools
import os
import random
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from core.api import calls
from tests.security.test_authz_matrix import filled_in, rows
from tests.security.test_every_field import who_comes_in
from tests.security.world import World, browsers, keep_nothing, scripts
from tests.support import spoken
from wiki.api.views import PREFIX
from wiki.articles.kinds import KINDS

SOAK = os.environ.get("SOAK") == "1"
QUICK = settings(
    max_examples=2, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
LONG = settings(QUICK, max_examples=25)  # of each call, person and mode; others each time
NASTY = [
    "", " ", "\0", "a\0b", "\u202e\u2066", "\U0001f469\u200d\U0001f680", "\ufffe", "x" * 5000, "字" * 3000, "1" * 5000,
    "-1", "1e999", "NaN", "9" * 25, "٣", "²", "%s%n", "'; DROP TABLE users; --", "../../etc/passwd", "{{7*7}}",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "team:" + "9" * 30, "user:٣", "[" * 3000, "- " * 600,
    "# a\n" * 3000, ">" * 40 + "x", "<script>alert(1)</script>", "a|b\n-|-\n" * 200, "\r\n\r\nX: y",
]  # fmt: skip
words = st.one_of(st.sampled_from(NASTY), st.text(max_size=60))


@pytest.fixture
def world(app, make) -> World:
    app.config["PROPAGATE_BUGS"] = False
    return World(make)


def speak(app, token: str, chosen: settings, modes: list[Any], part: slice = slice(None)) -> list[str]:
    """Every call of the document, as it says and not as it says; what was wrong with the answers."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    wrong: list[str] = []
    for found, mode in itertools.product(list(schema.get_all_operations())[part], modes):
        call = found.ok()

        @chosen
        @given(case=call.as_strategy(generation_mode=mode))
        def one(case: Any) -> None:
            if case.path.endswith("/tokens"):
                return  # throttled, and tried elsewhere
            answer = case.call(headers={"Authorization": f"Bearer {token}"})
            kind = ", ".join(answer.headers.get("content-type", []))
            said = spoken.unsaid(
                app, case.method, case.formatted_path, answer.status_code, kind, lambda: answer.content or b""
            )
            if said or answer.status_code >= 500:
                wrong.append(f"{said or answer.status_code}: {case.formatted_path} {case.query} {case.body}"[:400])

        try:
            one()
        except Unsatisfiable:  # nothing can be said wrongly here
            continue
    return wrong


def test_the_interface_answers_as_its_document_says(app, world):
    modes = [schemathesis.GenerationMode.POSITIVE]
    assert speak(app, world.make.token(world.users["manager"]), QUICK, modes) == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
@pytest.mark.parametrize("name", ["manager", "author"])
@pytest.mark.parametrize("part", range(3))
def test_the_interface_answers_as_its_document_says_at_length(app, world, name, mode, part):
    assert speak(app, world.make.token(world.users[name]), LONG, [mode], slice(part, None, 3)) == []


ODD: list[Any] = [
    None, True, 0, -1, 2**31, 2**63, 10**30, 1.5, [], {}, [[]], {"a": {"b": [{}]}}, [None] * 300, *NASTY[1:],
]  # fmt: skip
ODD = [one for one in ODD if not (isinstance(one, str) and "\0" in one)] + ["a\0b"]


@pytest.mark.soak if SOAK else pytest.mark.timeout(600)  # some values of each field, or all of them
def test_odd_values_in_every_field_of_the_interface(app, world, api, monkeypatch):
    """One field after the other of every body and query holds something odd; the rest is sound, and so is the thing."""
    keep_nothing(monkeypatch)
    programs, known = scripts(world, api), {(call.method, PREFIX + call.path): call for call in calls}
    wrong, asked = [], set()
    for row, method, path, rule in rows(app):
        call, who = known.get((method, rule)), who_comes_in(row.expected)
        if call is None or who in {None, "nobody"} or (method, rule) in asked:
            continue
        asked.add((method, rule))
        client, place = programs[who], path.format(**vars(world)).partition("?")[0].removeprefix(PREFIX)
        given = filled_in(row.body, world)
        sound = {**(given if isinstance(given, dict) else {}), **SOUND.get(call.path, {})}
        taken = call.body or call.query
        values = ODD if SOAK else random.sample(ODD, 6)
        for name, odd in itertools.product(taken.model_fields if taken else [], values):
            if call.body:
                answer = client.call(method, place, {**sound, name: odd} if name != "root" else odd)
            else:
                query = {name.rstrip("_"): str(odd)}
                answer = client.client.get(
                    PREFIX + place, query_string=query, headers={"Authorization": f"Bearer {client.token}"}
                )
            if answer.status_code >= 500:
                wrong.append(f"{answer.status_code} {method} {place} {name}={odd!r}"[:200])
    assert wrong == []
    assert set(known) - asked == NOT_THERE


NOT_THERE = {("POST", f"{PREFIX}/embed/tokens")}  # passes ask a token made for them
SOUND: dict[str, dict[str, Any]] = {
    "/submissions": {"kind": "notice", "title": "A notice"},
    "/reviews/<int:task_id>/decisions": {"verb": "comment", "version": 1, "note": "x"},
    "/courses": {"title": "A course"},
    "/courses/<slug>/quizzes": {"questions": [{"text": "?", "options": ["a", "b"], "answer": 0}]},
    "/quizzes/<quiz_id>/attempts": {"answers": []},
}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/reviews/{n}"), ("POST", "/reviews/{n}/claim"), ("GET", "/submissions/{n}"), ("GET", "/quizzes/{n}"),
     ("POST", "/courses/x/lessons/{n}/done"), ("GET", "/articles/{n}"), ("GET", "/scorecards/{n}")],
)  # fmt: skip
@pytest.mark.parametrize("number", ["0", str(2**31), str(2**63), "9" * 30, "9" * 5000, "٣", "%00", "%ED%A0%80"])
def test_numbers_no_database_can_hold_are_not_there(app, make, api, method, path, number):
    app.config["PROPAGATE_BUGS"] = False
    assert api(make.user("manager")).call(method, path.format(n=number)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'"\\ud800"',
        b"\xff\xfe",
        b"1" * 10_000,
        b"null",
        b"[]",
        b'"x"',
        b"NaN",
    ],
)
def test_bodies_that_are_none(app, make, api, body):
    app.config["PROPAGATE_BUGS"] = False
    client = api(make.user("manager"))
    for path in ("/submissions", "/kpi/readings", "/courses"):
        for kind in ("application/json", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"):
            answer = client.client.post(
                "/api/v1" + path, data=body, content_type=kind, headers={"Authorization": f"Bearer {client.token}"}
            )
            assert answer.status_code in {200, 400, 422}, (path, kind, answer.get_data(as_text=True)[:200])


def forms(world: World) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """(who, method, where, names of the fields) of the forms that take people's words."""
    texts = ("title", "body", "category", "tags", "services", "audience", "readers", "significance", "reason", "head",
             "key", "once", "verb")  # fmt: skip
    found: list[tuple[str, str, str, tuple[str, ...]]] = []
    for kind in KINDS.values():
        rows = tuple(
            f"{f.code}-{n}-{part}" for f in kind.fields for n in (1, 2) for part in ("id", "text", "next", "say")
        )
        fields = (*texts, *(f.code for f in kind.fields), *rows)
        found.append(("author", "POST", f"/new/{kind.code}", fields))
    found += [
        ("author", "POST", f"/submissions/{world.draft}/edit", texts),
        ("author", "PUT", f"/submissions/{world.draft}/autosave", texts),
        ("author", "PUT", "/drafts/akey", ("kind", "article", "title")),
        ("author", "POST", "/preview", ("text",)),
        ("author", "POST", f"/articles/{world.open}/edit", texts),
        ("author", "POST", f"/articles/{world.open}/feedback",
         ("helpful", "used_in_call", "reason", "comment", "once")),
        ("author", "POST", f"/quizzes/{world.quiz}", (f"q-{world.question}", "attempt", "sure")),
        ("author", "POST", "/profile", ("name", "locale")),
        ("author", "POST", "/profile/tokens", ("name",)),
        ("author", "POST", "/language", ("locale", "next")),
        ("business", "POST", f"/reviews/{world.task}/decisions", ("verb", "version", "note", "to_stage", "check-x")),
        ("business", "POST", f"/reviews/{world.task}/comments", ("note",)),
        ("manager", "POST", "/courses/new", ("title", "summary", "credits", "requires")),
        ("manager", "POST", f"/courses/{world.course}/edit", ("title", "summary", "credits", "requires")),
        ("manager", "POST", f"/courses/{world.course}/lessons", ("article", "q")),
        ("manager", "POST", f"/courses/{world.course}/lessons/1", ("verb", "task")),
        ("manager", "POST", f"/courses/{world.course}/assignments", ("role", "team", "tier", "user", "due_on", "days")),
        ("manager", "POST", f"/quizzes/{world.quiz}/edit", ("title", "pass_mark", "attempts_allowed")),
        ("manager", "POST", f"/quizzes/{world.quiz}/questions/new",
         ("kind", "text", "option-1", "option-2", "right", "explanation", "article", "passage")),
        ("manager", "POST", "/admin/kpi/close", ("period",)),
        ("admin", "POST", "/admin/people/new", ("username", "name", "email", "roles", "team", "tier")),
        ("admin", "POST", "/admin/people/victim", ("name", "email", "roles", "team", "tier")),
        *(("admin", "POST", f"/admin/teams/{kind}", ("slug", "name", "site", "timezone", "position", "change"))
          for kind in ("team", "site", "tier")),
    ]  # fmt: skip
    return found


SENSE = {
    "verb": ["save", "submit", "preview", "up"], "kind": ["faq", "single"], "audience": ["restricted", "internal"],
    "readers": ["team:1"], "title": ["A title"], "who": ["user:1", "team:" + "9" * 30, "user:" + "9" * 5000],
    "slug": ["aslug"], "timezone": ["Asia/Shanghai"], "name": ["A name"], "version": ["1"], "position": ["1"],
    "option-1": ["a"], "option-2": ["b"], "right": ["1", "9" * 5000], "text": ["Q"], "username": ["somebody"],
    "roles": ["rep"], "effective_from": ["2026-11-20T00:00"], "acknowledge_by": ["2026-11-20T00:00"],
}  # fmt: skip
LOOKED_AT = {
    "author": ["/", "/submissions/mine", "/courses", "/profile", "/ledger", "/search?q=a"],
    "business": ["/", "/reviews"],
    "manager": ["/", "/courses", "/admin/kpi", "/admin/people", "/scorecard/centre"],
    "admin": ["/admin/people", "/admin/teams"],
}


def fill_in(app, world, signed_in, examples: int) -> None:
    clients, tokens = browsers(app, world, signed_in)
    listed = forms(world)

    @settings(QUICK, max_examples=examples)
    @given(st.data())
    def one(data: st.DataObject) -> None:
        who, method, path, names = data.draw(st.sampled_from(listed))
        sent = {name: data.draw(st.sampled_from(SENSE[name]) | words if name in SENSE else words) for name in names}
        turn = data.draw(st.integers(0, 9))  # before the answer, which is another one when it is asked again
        answer = clients[who].open(path, method=method, data=sent, headers={"X-CSRFToken": tokens[who]})
        assert answer.status_code < 500, (who, method, path, sent)
        place = answer.headers.get("Location", "")
        looked = [*LOOKED_AT[who], *([place] if place.startswith("/") else [])]
        page = looked[turn % len(looked)]
        assert clients[who].get(page).status_code < 500, (who, method, path, sent, page)

    one()
    for who, pages in LOOKED_AT.items():
        for page in pages:
            assert clients[who].get(page).status_code == 200, (who, page)


def test_forms_take_anything_without_breaking(app, world, signed_in):
    fill_in(app, world, signed_in, 75)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.both_databases
@pytest.mark.parametrize("part", range(2))
def test_forms_take_anything_without_breaking_at_length(app, world, signed_in, part):
    fill_in(app, world, signed_in, 1000)
