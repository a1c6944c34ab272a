"""A browser and a script, as tests hold them: forms are posted with the token that their page carries, and no other."""

import contextvars
import re
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest import mock

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import caches
from tests.support import spoken

PASSWORD = "Corr3ct-horse-battery"
TOKEN = re.compile(r'name="csrf[_-]token"[^>]*(?:value|content)="([^"]+)"')


class Browser(FlaskClient):
    """One browser with its cookies. ``submit`` is what a person does: open the page, fill the form, press it."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """A request knows nothing of the context and the transactions of the test, as in a real server; and its headers
        are such that a real server can send them."""
        answer: TestResponse = contextvars.Context().run(lambda: super(Browser, self).open(*args, **kwargs))
        for name, value in answer.headers:
            assert max(value, default="a") <= "\xff", f"{name}: {value} cannot be sent"
        asked = answer.request
        wrong = spoken.unsaid(
            self.application, asked.method, asked.path, answer.status_code, answer.content_type or "", answer.get_data
        )
        assert not wrong, wrong
        return answer

    def csrf(self, page: str) -> str:
        """The token in a page's form."""
        answer = self.get(page)
        assert answer.status_code == 200, f"GET {page} → {answer.status_code}"
        found = TOKEN.search(answer.get_data(as_text=True))
        assert found, f"{page} carries no CSRF token"
        return found.group(1)

    def submit(
        self,
        page: str,
        data: dict[str, Any] | None = None,
        *,
        to: str | None = None,
        follow: bool = False,
        **fields: Any,
    ) -> TestResponse:
        """Open ``page`` and post its form to ``to`` (by default to the page itself)."""
        values = {**(data or {}), **fields, "csrf_token": self.csrf(page)}
        return self.post(to or page, data=values, follow_redirects=follow)

    def sign_in(self, user: Any, password: str = PASSWORD) -> "Browser":
        """Sign in as this user (or username) through the form."""
        name = user if isinstance(user, str) else user.username
        answer = self.submit("/login", username=name, password=password)
        assert answer.status_code in {302, 303}, f"{name} could not sign in: {answer.status_code}"
        return self

    def text(self, path: str, status: int = 200) -> str:
        """The page as text."""
        answer = self.get(path)
        assert answer.status_code == status, f"GET {path} → {answer.status_code}, expected {status}"
        return answer.get_data(as_text=True)


class Script:
    """A program with a bearer token, talking to ``/api/v1``."""

    def __init__(self, client: FlaskClient, token: str | None = None) -> None:
        self.client, self.token = client, token

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One call; header names are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        return self.client.open("/api/v1" + path, method=method, json=body, headers=sent)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.call("GET", path, None, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.call("POST", path, {} if body is None else body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.call("PUT", path, {} if body is None else body, **headers)

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The parsed answer of a call that must succeed."""
        answer = self.call(method, path, body, **headers)
        assert answer.status_code in {200, 201}, (
            f"{method} {path} → {answer.status_code}: {answer.get_data(as_text=True)}"
        )
        return answer.json


def fewest(query_count: Any, ask: Callable[[], object], count: Callable[[list[str]], int] = len) -> int:
    """How many queries a request takes when what is kept for a second (sign-in, badges) is at hand, however slow the
    machine is: meanwhile nothing that is kept grows older."""
    counts, still = [], time.monotonic()
    with mock.patch.object(caches, "time", SimpleNamespace(monotonic=lambda: still)):
        for _ in range(3):
            with query_count() as statements:
                ask()
            counts.append(count(statements))
    return min(counts)
