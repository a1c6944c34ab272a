"""Pages that are kept: what a person was shown is shown again, for as long as everything it was made from stands.

The view asks the database for a *stamp* – a value that changes whenever the page would – and permission is checked
before, on every request. What the frame of a page shows (name, language, menu, badges) is stamped here. The ETag is of
the page's own bytes, so that a browser that has it is answered 304.
"""

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from flask import Response, g, make_response, request
from flask import session as cookie
from werkzeug.datastructures import Headers

from core import clock, slots
from core.actors import Actor
from core.caches import Cache, is_current
from core.i18n import choose_locale, local

CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")


class Page(Response):
    """The answer with a page that was kept: its head is complete, and goes out as it is."""

    default_mimetype = None
    complete = True

    def get_wsgi_headers(self, environ: Any) -> Headers:
        return self.headers if self.complete else super().get_wsgi_headers(environ)


@dataclass(frozen=True, slots=True)
class Kept:
    """A page as it was sent."""

    body: bytes
    etag: str


# A person's page of some 15 kB each. Stamps cover what it shows; the quarter of an hour is for what nobody thought of.
_pages: Cache[Kept] = Cache(size=1500, seconds=900)


_stamps: Cache[Any] = Cache(size=10_000, seconds=1.0, until_write=True)


def stamp_of(actor: Actor, thing: Hashable, ask: Callable[[], Any]) -> Any:
    """What the database says of a thing for this person, asked at most once a second and again after every commit."""
    key = (actor.id, thing)
    found = _stamps.get(key)
    if found is None:
        found = ask()
        if found is not None:
            _stamps.put(key, found)
    return found


def kept(actor: Actor, stamp: Hashable, make: Callable[[], Any]) -> Response:
    """The page of this address for this person: the one that was made under the same stamp, else a new one."""
    asked, held = request._get_current_object(), cookie._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - asked once for all
    if "_flashes" in held or "csrf_token" not in held:
        return make_response(make())  # it says something once, or gives the browser its first token
    key = (asked.full_path, actor, stamp, _frame(actor, asked, held))
    found = _pages.get(key)
    if found is None:
        body = make_response(make()).get_data()
        if "_flashes" in held:  # it was made to say something
            return Response(body, mimetype="text/html")
        found = Kept(body, f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"')
        if is_current():  # the stamp may be of another's asking, and newer than what this transaction sees
            _pages.put(key, found)
    head = [("Cache-Control", "private, no-cache"), ("ETag", found.etag)]  # the browser asks each time …
    if asked.environ.get("HTTP_IF_NONE_MATCH") == found.etag:
        return Page(status=304, headers=Headers(head))  # … and is mostly told that it has the page
    head += [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(found.body)))]
    answer = Page(found.body, headers=Headers(head))
    if any(name in asked.environ for name in CONDITIONS):
        answer.complete = False
        answer.make_conditional(asked)
    return answer


def _frame(actor: Actor, asked: Any, held: Any) -> tuple[Hashable, ...]:
    """What ``base.html`` shows besides the page."""
    return (
        choose_locale(),
        held["csrf_token"],
        held.get("theme", ""),
        asked.cookies.get("theme", ""),
        g.get("person_detail", ""),
        tuple(slots.badges_of(actor).values()),
        local(clock.now()).date(),
        slots.frames_of(actor),
    )
