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

from core import clock, slots
from core.actors import Actor
from core.caches import Cache
from core.i18n import choose_locale, local

CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")


@dataclass(frozen=True, slots=True)
class Kept:
    """A page as it was sent."""

    body: bytes
    etag: str


# A person's page of some 15 kB each. The minute is for what no stamp covers: names of people and places.
_pages: Cache[Kept] = Cache(size=1500, seconds=60)


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
    if "_flashes" in cookie or "csrf_token" not in cookie:
        return make_response(make())  # it says something once, or gives the browser its first token
    key = (request.full_path, actor, stamp, _frame(actor))
    found = _pages.get(key)
    if found is None:
        body = make_response(make()).get_data()
        if "_flashes" in cookie:  # it was made to say something
            return Response(body, mimetype="text/html")
        found = Kept(body, hashlib.blake2b(body, digest_size=16).hexdigest())
        _pages.put(key, found)
    answer = Response(found.body, mimetype="text/html")
    answer.headers["Cache-Control"] = "private, no-cache"  # the browser asks each time, and is mostly told 304
    answer.headers["ETag"] = f'"{found.etag}"'
    if any(name in request.environ for name in CONDITIONS):
        answer.make_conditional(request)
    return answer


def _frame(actor: Actor) -> tuple[Hashable, ...]:
    """What ``base.html`` shows besides the page."""
    held = cookie._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - asked once for all
    return (
        choose_locale(),
        held["csrf_token"],
        held.get("theme", ""),
        request.cookies.get("theme", ""),
        g.get("person_detail", ""),
        tuple(slots.badges_of(actor).values()),
        local(clock.now()).date(),
        slots.frames_of(actor),
    )
