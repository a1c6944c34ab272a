"""The site as one person sees it: signed in, its pages read, its forms kept, for those who then attack it."""

import contextlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from http.cookiejar import CookieJar
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from core.settings import load
from tests.security.forms import Form, forms
from wiki.app import create_app

LEFT_ALONE = re.compile(r"/logout|/profile/(sessions|password)|/password$|/disable|/static/|/setup/|/demo")
LINK = re.compile(r'<a\b[^>]*\bhref="([^"]+)"')
JSON = "application/json"
OF_EACH = 8  # pages of one rule that are read


@dataclass(slots=True)
class Site:
    """The site as one person sees it."""

    base: str
    name: str
    opener: OpenerDirector
    jar: CookieJar
    token: str = ""  # of a program, with all rights of this person
    pages: list[str] = field(default_factory=list)
    found: dict[str, Form] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{one.name}={one.value}" for one in self.jar)

    def read(self, path: str, data: dict[str, str] | None = None) -> str:
        body = urlencode(data).encode() if data is not None else None
        try:
            with self.opener.open(Request(self.base + path, body), timeout=30) as answer:
                kind = answer.headers.get_content_type()
                return answer.read().decode("utf-8", "replace") if kind == "text/html" else ""
        except (HTTPError, URLError, TimeoutError):
            return ""

    def call(self, method: str, path: str, data: Any = None) -> tuple[int, Any]:
        """What the JSON interface answers: the status, and what it says where it is content.

        A program has no cookies.
        """
        body = json.dumps(data).encode() if data is not None else None
        head = {"Content-Type": JSON} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        try:
            with build_opener().open(Request(self.base + path, body, head, method=method), timeout=30) as answer:
                said = answer.read()
                return answer.status, json.loads(said) if answer.headers.get_content_type() == JSON else None
        except HTTPError as error:
            return error.code, None


def signed_in(base: str, name: str, password: str) -> Site:
    """A site with this person's cookie."""
    jar = CookieJar()
    site = Site(base, name, build_opener(HTTPCookieProcessor(jar)), jar)
    if name:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', site.read("/login"))
        assert token, "the sign-in page has a token"
        site.read("/login", {"username": name, "password": password, "csrf_token": token[1]})
        assert "/logout" in site.read("/"), f"{name} is signed in"
        status, made = site.call("POST", "/api/v1/tokens", {"username": name, "password": password})
        assert status == 201, f"{name} has a token: {status}"
        site.token = made["token"]
    return site


@cache
def rules() -> MapAdapter:
    """The addresses of the product."""
    with TemporaryDirectory() as var:
        app = create_app(load({"var": var}))
        app.extensions["spiral.database"].close()
    return app.url_map.bind("localhost")


def make_of(path: str) -> str:
    """What addresses that differ in numbers, titles and names alone have in common: their rule."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        with contextlib.suppress(HTTPException):
            return str(rules().match(unquote(path).replace("*", ""), method=method, return_rule=True)[0].rule)
    return path


def crawl(site: Site, most: int) -> bool:
    """Pages and forms, one of each make: addresses of one rule, or that differ in values, are one. What stands in a
    page depends on the thing it shows, so several are read of each. Whether there are more than were read."""
    queue, read = ["/", "/search?q=a", "/articles", "/admin/people", "/scorecard", "/courses", "/reviews"], set[str]()
    makes, shown = Counter[str](), set[str]()
    while queue and len(read) < most:
        path = queue.pop(0)
        parts = urlsplit(path)
        names = ",".join(sorted({name for name, _value in parse_qsl(parts.query, keep_blank_values=True)}))
        make = f"{make_of(parts.path)}?{names}"
        if path in read or makes[make] >= OF_EACH or LEFT_ALONE.search(parts.path):
            continue
        read.add(path)
        makes[make] += 1
        text = site.read(path)
        if not text:
            continue
        if make not in shown:
            shown.add(make)
            site.pages.append(path)
        for form in forms(text, path):
            key = f"{form.method} {make_of(urlsplit(form.action).path)} {','.join(sorted(form.values))}"
            if form.method in {"GET", "POST"} and not LEFT_ALONE.search(form.action):
                site.found.setdefault(key, form)
        for href in LINK.findall(text):
            where = urlsplit(urljoin(site.base + path, unescape(href)))
            if f"{where.scheme}://{where.netloc}" == site.base:
                queue.append(where.path + (f"?{where.query}" if where.query else ""))
    return bool(queue)
