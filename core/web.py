"""How a request walks through the house: identify, gate, one transaction, answer. Refusals: ``core.refusals``."""

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    make_response,
    request,
)
from flask import session as cookie
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.exc import IntegrityError
from werkzeug.middleware.proxy_fix import ProxyFix

from core import idempotency, refusals, slots, watch
from core.actors import Actor
from core.db import has_session, perhaps_reading, reading, session, writing
from core.errors import DomainError, NotFound, Unauthenticated
from core.gently import giving_way
from core.i18n import _
from core.permissions import EVERYONE, SIGNED_IN, Everyone, Permission, can, require
from core.refusals import SAFE, wants_json
from core.requests import BODY_LIMIT, Cookies, Number, Request
from core.settings import Settings
from core.texts import clean

log = logging.getLogger(__name__)

__all__ = ["EVERYONE", "SIGNED_IN", "Page", "actor", "blueprint", "csrf", "gate", "init_app", "maybe_actor", "paginate",
           "wants_json"]  # fmt: skip


UNIDENTIFIED = {"static", "health.process"}  # answered without asking who, and so without the database
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}

_HEADERS = tuple(HEADERS.items())
NOBODY = "'none'"
_larger: dict[str, int] = {}


class Guard(CSRFProtect):
    """Flask-WTF's check, which asks what is exempt before it asks whether anything is sent at all."""

    def protect(self, apply_exemptions: bool = False) -> None:
        if request.method not in SAFE:
            super().protect(apply_exemptions)


csrf = Guard()
View = Callable[..., Any]


def framed_by(response: Response, origins: tuple[str, ...]) -> Response:
    """The answer may be shown in frames of these programs, and of no others."""
    response.headers["Content-Security-Policy"] = CSP.replace(
        "frame-ancestors 'none'", f"frame-ancestors {' '.join(origins) or NOBODY}"
    ).replace("form-action 'self'", "form-action 'none'")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"  # the window in which people connect
    response.headers["Referrer-Policy"] = "no-referrer"
    g.framed = bool(origins)
    return response


def blueprint(name: str, import_name: str, *, url_prefix: str | None = None) -> Blueprint:
    """A package's blueprint."""
    return Blueprint(name, import_name, url_prefix=url_prefix)


def allow_body(endpoint: str, size: int) -> None:
    """Bodies sent to this endpoint may have ``size`` bytes; everywhere else ``BODY_LIMIT`` holds."""
    _larger[endpoint] = size


def body_limit(endpoint: str) -> int:
    """What may be sent to this endpoint, in bytes."""
    return _larger.get(endpoint, BODY_LIMIT)


def largest_body() -> int:
    """What a server in front has to let through, in bytes."""
    return max(BODY_LIMIT, *_larger.values(), 0)


def maybe_actor() -> Actor | None:
    """Who is acting, or ``None`` when nobody is signed in."""
    return cast(Actor | None, g.get("actor"))


def actor() -> Actor:
    """Who is acting.

    Raises:
        Unauthenticated: nobody is.
    """
    found = maybe_actor()
    if found is None:
        raise Unauthenticated(_("Please sign in first."))
    return found


def gate(permission: Permission | Everyone, *, transaction: bool = True) -> Callable[[View], View]:
    """Guard a view and own its transaction: an answer commits, an exception rolls back.

    An answer of 400 and above rolls back too. Reading methods get a reading transaction, the others a writing one.
    ``transaction=False`` is for views that do slow work (hashing a password) before they open their own.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**parts: Any) -> Response:
            if permission is SIGNED_IN:
                actor()
            elif permission is not EVERYONE:
                require(maybe_actor(), cast(Permission, permission))
            if not transaction:
                return make_response(view(**parts))
            if request.method in SAFE:
                with perhaps_reading():
                    return make_response(view(**parts))
            return _write(view, parts)

        guarded.gate = permission  # type: ignore[attr-defined]  # read by the test that finds ungated routes
        return guarded

    return decorate


def _write(view: View, parts: dict[str, Any]) -> Response:
    key, who = idempotency.key_of_request(), maybe_actor()
    if key is None or who is None:
        with writing():
            return _kept(make_response(view(**parts)))
    try:
        with writing():
            known = idempotency.replay(who.id, key)
            if known is not None:
                return known
            row = idempotency.claim(who.id, key)
            answer = make_response(view(**parts))
            idempotency.remember(row, answer)
            return _kept(answer)
    except IntegrityError:
        with reading():  # a rival with the same key was faster: give its answer
            known = idempotency.replay(who.id, key)
        if known is None:
            raise
        return known


def _kept(answer: Response) -> Response:
    """A refusal that a view answered itself (a form shown again with its errors) must leave nothing behind either."""
    if answer.status_code >= 400:
        session.rollback()
    return answer


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its rows and where it stands."""

    items: list[Any]
    number: int
    per: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.per))

    @property
    def has_next(self) -> bool:
        """True when another page follows."""
        return self.number < self.pages


def page_number() -> int:
    """The page that ``?page=`` names, from 1; the first when it names none."""
    return max(1, min(request.args.get("page", 1, type=int) or 1, 100_000))


def paginate(found: sa.Select[Any], *, per: int = 30, unique: bool = False, total: int | None = None) -> Page:
    """The page named by ``?page=`` of a select, with the total over all pages (counted unless it is known)."""
    number = page_number()
    if total is None:
        total = session.scalar(sa.select(sa.func.count()).select_from(found.order_by(None).subquery())) or 0
    rows = session.scalars(found.limit(per).offset((number - 1) * per))
    return Page(list(rows.unique() if unique else rows), number, per, total)


def local_path(target: str | None) -> str | None:
    """A ``next=`` target if it is a path of this site, else ``None``."""
    if not target or not target.startswith("/") or any(ord(c) < 33 for c in target) or "\\" in target:
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and not target.startswith("//") else None


def init_app(app: Flask, identify: Callable[[], Actor | None]) -> None:
    """Wire identification, CSRF, security headers, body limit and error pages into the application."""
    settings: Settings = app.config["SPIRAL"]
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        SESSION_COOKIE_NAME="__Host-spiral" if settings.secure else "spiral",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # it lives as long as the sign-in: a form left open over lunch must not lose its text
        WTF_CSRF_METHODS=["POST", "PUT", "PATCH", "DELETE"],
    )
    app.request_class = Request
    app.url_map.converters["int"] = Number
    app.session_interface = Cookies()
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it
    app.wsgi_app = giving_way(app.wsgi_app)  # type: ignore[method-assign]
    if settings.proxies:
        n = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]

    @app.before_request
    def begin() -> None:
        watch.begin()
        asked = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - asked once, not at each of its words
        limit = body_limit(asked.endpoint or "")
        asked.max_content_length = limit
        if asked.content_length and asked.content_length > limit:
            raise DomainError(_("This is too large; %(n)s MB is the limit.", n=limit >> 20), code="too-large")
        if asked.path != clean(asked.path):
            raise NotFound(_("There is nothing here, or you may not see it."))
        g.actor = None if asked.endpoint in UNIDENTIFIED else identify()

    version = asset_version(app)
    csrf.init_app(app)  # after begin(): its check needs the request id for the error page
    app.after_request(_finish)
    refusals.init_app(app)

    @app.context_processor
    def shell() -> dict[str, Any]:
        return {
            "actor": maybe_actor(),
            "can": lambda permission, thing=None: can(maybe_actor(), permission, thing),
            "menu_entries": _menu,
            "panels": slots.render_panels,
            "once": lambda: secrets.token_urlsafe(12),
            "theme": cookie.get("theme", ""),
            "asset_version": version,
        }


def asset_version(app: Flask) -> str:
    """Changes whenever a static file does; their addresses carry it, so that browsers fetch them once per release."""
    digest = hashlib.sha256()
    for path in sorted(Path(app.static_folder or "").rglob("*")):
        if path.is_file():
            about = path.stat()
            digest.update(f"{path.name} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:10]


def _menu(place: str = "main") -> list[dict[str, Any]]:
    if not has_session():
        return []
    return slots.menu_for(maybe_actor(), place)


def _finish(response: Response) -> Response:
    asked, here = request._get_current_object(), g._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - once
    headers, known = response.headers, {name.lower() for name, _value in response.headers}
    static = asked.endpoint == "static"
    if here.get("framed"):
        known.add("x-frame-options")  # the policy says which origins
    more = [pair for pair in _HEADERS if pair[0].lower() not in known]
    if current_app.config["SPIRAL"].secure and "strict-transport-security" not in known:
        more.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
    if not static and "cache-control" not in known:
        more.append(("Cache-Control", "no-store"))
    elif static and "v" in asked.args and response.status_code == 200:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"  # the address names the release
    number = here.get("request_id")
    if number:
        more.append(("X-Request-Id", number))
    headers._list.extend(more)  # noqa: SLF001 - each of them would be looked through for line ends: ours have none
    if number:
        watch.ended(response)
    return response
