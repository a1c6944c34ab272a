"""What holds for every address of the house, found in the map of addresses itself."""

import contextlib
import json
import os
import random
import re
import socket
from datetime import datetime, timedelta

import pytest

from core import clock, web
from core.permissions import EVERYONE
from core.requests import BODY_LIMIT
from tests.clients import Browser
from tests.support.inside import serving

SOAK = os.environ.get("SOAK") == "1"
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
OPEN = {
    "training.certificate",  # what may be asked by nobody in particular; a new one is written down here on purpose
    "accounts.login", "accounts.logout", "accounts.language", "accounts.setup", "api_accounts.make_token",
    "api.openapi", "api.docs", "health.process", "health.ready", "health.numbers", "security.contact",
    "accounts.second", "accounts.take_second", "accounts.leave_for_sso", "accounts.back_from_sso", "accounts.left",
    "experts.opinion", "experts.answer_opinion", "embed.show", "embed.connect",
}  # fmt: skip


def address(rule) -> str:
    """An address of this rule, its parts filled with something."""
    return re.sub(
        r"<(?:(int|float|path|string|any\([^>]*\)):)?[^<>]+>", lambda m: "7" if m[1] == "int" else "x", rule.rule
    )


def rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def test_every_route_has_a_gate(app):
    naked = [rule.endpoint for rule in rules(app) if not hasattr(app.view_functions[rule.endpoint], "gate")]
    assert naked == []


def test_what_is_open_to_everybody_is_written_down(app):
    gated = {rule.endpoint: app.view_functions[rule.endpoint].gate for rule in rules(app)}
    assert {endpoint for endpoint, gate in gated.items() if gate is EVERYONE} <= OPEN


def test_csrf_every_route(app, make, signed_in):
    """Without the page's token an unsafe request is refused, whoever asks, login and logout too."""
    app.config["PROPAGATE_BUGS"] = False
    signed = signed_in(make.user("admin", "manager"))
    anybody = app.test_client()
    assert isinstance(anybody, Browser)
    wrong = []
    for rule in rules(app):
        for method in rule.methods & UNSAFE:
            if rule.endpoint == "api_accounts.make_token":
                continue  # carries its own secrets and no cookie
            for who, client in (("signed in", signed), ("nobody", anybody)):
                if who == "nobody" and rule.rule.startswith("/api/"):
                    continue  # refused for want of a token
                status = client.open(address(rule), method=method).status_code
                if status != (401 if rule.rule.startswith("/embed/") else 400):  # no cookie counts in the frame
                    wrong.append((method, rule.rule, who, status))
    assert wrong == []


def test_the_interface_wants_a_token_for_every_write(app):
    client = app.test_client(use_cookies=False)
    for rule in rules(app):
        if rule.rule.startswith("/api/") and rule.endpoint not in OPEN:
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                answer = client.open(address(rule), method=method, json={})
                assert answer.status_code == 401, (method, rule.rule, answer.status_code)
                assert answer.content_type == "application/problem+json"


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
    "connect-src": "'self'", "font-src": "'self'", "manifest-src": "'self'", "frame-ancestors": "'none'",
    "base-uri": "'none'", "form-action": "'self'",
}  # fmt: skip
FRAMED = ("/embed", "/connect")  # what other programs show or open: tests/security/test_frame.py


def missing(answer, *, framed=False):
    """What is wrong with the headers of an answer."""
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    wrong = {} if framed else {name: value for name, value in HEADERS.items() if answer.headers.get(name) != value}
    if not framed and policy != POLICY:
        wrong["policy"] = str(policy)
    assert "unsafe" not in str(policy)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
    return wrong if answer.headers["X-Request-Id"] else {"X-Request-Id": ""}


def test_headers_on_every_answer(app, make, signed_in):
    app.config["PROPAGATE_BUGS"] = False
    client = signed_in(make.user("admin", "manager"))
    for rule in rules(app):
        if "GET" not in rule.methods:
            continue
        answer = client.get(address(rule))
        wrong = missing(answer, framed=rule.rule.startswith(FRAMED))
        assert not wrong, (rule.rule, answer.status_code, wrong)
        assert "no-store" in answer.headers["Cache-Control"] or answer.headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/api/v1/nowhere", 404), ("/logout", 405)])
def test_refusals_carry_headers_and_a_sentence(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert missing(answer) == {}
    assert "Traceback" not in answer.get_data(as_text=True)


def test_nothing_is_traced_back(client):
    """TRACE would show a page its own cookie."""
    for path in ("/", "/login", "/api/v1/me", "/static/css/tokens.css"):
        answer = client.open(path, method="TRACE", headers={"X-Secret": "zzsecret"})
        assert answer.status_code == 405, path
        assert "zzsecret" not in answer.text


@pytest.mark.parametrize("path", ["/login", "/api/v1/openapi.json"])
def test_a_fault_of_ours_carries_headers_and_a_sentence(app, client, monkeypatch, path):
    def broken():
        raise RuntimeError("zzsecret of the machine")

    app.config["PROPAGATE_BUGS"] = False
    endpoint = app.url_map.bind("localhost").match(path)[0]
    monkeypatch.setitem(app.view_functions, endpoint, broken)
    answer = client.get(path)
    assert answer.status_code == 500
    assert missing(answer) == {}
    assert answer.headers["X-Request-Id"] in answer.text
    assert "zzsecret" not in answer.text


def test_a_file_carries_headers_too(client):
    answer = client.get("/static/css/tokens.css?v=1")
    assert missing(answer) == {}
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_body_beyond_the_limit_is_refused_everywhere(app, client):
    """On every address and method, whoever asks, and also where no body is read."""
    size = {"CONTENT_LENGTH": str(web.largest_body() + 1)}
    asked = [(method, address(rule)) for rule in rules(app) for method in rule.methods - {"OPTIONS"}]
    for method, path in [*asked, ("POST", "/nowhere")]:
        answer = client.open(path, method=method, data=b"x", environ_overrides=size)
        assert answer.status_code == 413, (method, path)
        assert missing(answer, framed=path.startswith(FRAMED)) == {}, (method, path)


@pytest.mark.soak if SOAK else pytest.mark.timeout(600)  # a sample of the addresses, or all of them
def test_a_body_without_a_length_is_measured(app):
    """In chunks, through the server that comes with the product: it is refused once it is whole, and kept in a file
    until then; what nobody may send is refused on the way."""
    with serving(app, max_request_body_size=web.largest_body()) as port:
        plain = sorted({address(rule) for rule in rules(app) if web.body_limit(rule.endpoint) == BODY_LIMIT})
        for path in plain if SOAK else random.sample(plain, 12):
            assert chunked(port, path, BODY_LIMIT + 1) == 413, path
        assert chunked(port, "/login", web.largest_body() + (1 << 20)) == 413
        assert chunked(port, "/login", 1000) == 400, "it is read, and lacks the page's token"


def chunked(port: int, path: str, size: int) -> int:
    """The status of a POST whose length nobody was told."""
    part = b"x" * (1 << 18)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % path.encode())
        with contextlib.suppress(OSError):  # it may hang up before the end
            for start in range(0, size, len(part)):
                piece = part[: size - start]
                line.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            line.sendall(b"0\r\n\r\n")
        return int(line.makefile("rb").readline().split()[1])


def test_who_runs_this_may_say_whom_to_tell_of_a_hole(app, client):
    app.config["SPIRAL"] = app.config["SPIRAL"].model_copy(
        update={"security_contact": "mailto:a@b.example", "base_url": "https://b.example"}
    )
    answer = client.get("/.well-known/security.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    lines = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert lines["Contact"] == "mailto:a@b.example"
    assert lines["Canonical"] == "https://b.example/.well-known/security.txt"
    assert clock.now() < datetime.fromisoformat(lines["Expires"]) < clock.now() + timedelta(days=366)


def test_cookies_are_for_the_server_alone(client):
    cookie = client.get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_headers_of_a_site_on_https(settings):
    from wiki.app import create_app

    app = create_app(settings.model_copy(update={"base_url": "https://spiral.example"}))
    answer = app.test_client().get("/login", base_url="https://spiral.example")
    assert answer.headers["Set-Cookie"].startswith("__Host-spiral=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in answer.headers
    app.extensions["spiral.database"].close()


def test_the_document_of_the_interface_names_nothing_that_is_not_in_it(app) -> None:
    document = app.test_client().get("/api/v1/openapi.json").json
    named = re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document))
    assert set(named) <= set(document["components"]["schemas"])
    assert json.dumps(document).count('"$ref"') == len(named) > 100
