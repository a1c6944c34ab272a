"""What our pages and addresses ask people for, found by looking: the forms of every page, and the names that are read.

Nothing is listed by hand, so a new form or parameter is met by the tests of this folder on the day it appears.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from core import requests

Values = dict[str, str]
BUTTONS = {"submit", "button", "image", "reset"}


@dataclass(slots=True)
class Form:
    """A form as it stands in a page: where it goes, how, and what it says when nothing is changed."""

    method: str
    action: str
    values: Values = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.open: Form | None = None
        self.found: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.choice: str | None = None  # the select that is open
        self.text: str | None = None  # the textarea that is open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            where = urljoin(self.page, has.get("action") or self.page)
            self.open = Form(has.get("method", "get").upper(), where)
            self.found.append(self.open)
            if "id" in has:
                self.by_id[has["id"]] = self.open
            return
        form = self.by_id.get(has.get("form", ""), self.open)
        if tag == "option" and form and self.choice and ("selected" in has or self.choice not in form.values):
            form.values[self.choice] = has.get("value", "")
        name = has.get("name")
        if form is None or not name:
            return
        if tag == "input" and has.get("type") == "file":
            form.files.append(name)
        elif tag in {"input", "button"}:
            if name not in form.values or "checked" in has:
                form.values[name] = has.get("value", "on")
        elif tag == "select":
            self.choice = name
        elif tag == "textarea":
            self.text, form.values[name] = name, ""

    def handle_data(self, data: str) -> None:
        if self.open is not None and self.text:
            self.open.values[self.text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "select":
            self.choice = None
        elif tag == "textarea":
            self.text = None


def forms(html: str, page: str) -> list[Form]:
    """The forms of a page."""
    reader = _Reader(page)
    reader.feed(html)
    return [form for form in reader.found if not urlsplit(form.action).netloc]


class _Told(ImmutableMultiDict[str, str]):
    """Notes the names that are asked for."""

    noted: set[str] | None = None

    def _note(self, name: Any) -> None:
        if _Told.noted is not None and isinstance(name, str):
            _Told.noted.add(name)

    def get(self, key: str, *args: Any, **kwargs: Any) -> Any:
        self._note(key)
        return super().get(key, *args, **kwargs)

    def getlist(self, key: str, *args: Any, **kwargs: Any) -> Any:
        self._note(key)
        return super().getlist(key, *args, **kwargs)

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)


@contextmanager
def noting() -> Iterator[set[str]]:
    """The names of parameters and fields that views ask for in here."""
    _Told.noted = names = set()
    try:
        yield names
    finally:
        _Told.noted = None


def tell_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on ``noting`` hears what is asked of requests."""
    before = requests._cleaned

    def told(given: MultiDict[str, str]) -> ImmutableMultiDict[str, str]:
        return _Told(before(given))

    monkeypatch.setattr(requests, "_cleaned", told)
