"""Who is asking: a bearer token under ``/api/``, else Flask-Login over our own table of sign-ins.

The cookie carries a random token, the table its SHA-256, so that ending a sign-in is deleting a row. What was found is
remembered in the process for at most one second, and forgotten at once by whoever changes it.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask, g, request
from flask import session as cookie
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy.exc import SQLAlchemyError

from accounts import throttling
from accounts.models import ApiToken, LoginSession, User
from accounts.people import actor_from, actor_of, snapshots
from accounts.rules import SESSION_ABSOLUTE, SESSION_IDLE, Way
from core import clock
from core.actors import Actor
from core.buffers import Buffer
from core.caches import Cache
from core.db import after_commit, reading, writing
from core.errors import Unauthenticated
from core.i18n import _

FRAME = "/embed/"  # what is asked from within a frame of another program
NOTE_EVERY = timedelta(minutes=1)  # how exact 'last seen' is


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of one sign-in or API token."""

    actor: Actor
    detail: str = ""  # tier and team by name, for the corner of every page
    session_id: int | None = None
    token_id: int | None = None
    created_at: datetime | None = None
    seen_at: datetime | None = None
    expires_at: datetime | None = None  # of a pass for the frame
    way: Way | None = None


class SignedIn(UserMixin):
    """One sign-in, as Flask-Login sees it; its id is the secret token of the sign-in, never a user's number."""

    def __init__(self, token: str, known: Known) -> None:
        self.token, self.known = token, known

    def get_id(self) -> str:
        return self.token


_known: Cache[Known] = Cache(10_000, seconds=1.0)
manager = LoginManager()
manager.session_protection = None  # it would compare addresses, which change when a headset person walks


def new_token() -> str:
    """A secret nobody can guess (256 bits)."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the tables keep of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def remembered_as(key: str) -> Known | None:
    """What is remembered under a key of the caller's own, for at most a second."""
    return _known.get(key)


def remember(key: str, known: Known) -> None:
    """Remember it, until somebody's rights change."""
    _known.put(key, known)


def identify() -> Actor | None:
    """The actor of this request; ``None`` when nobody is signed in. The frame has passes, and no cookie counts there.

    Raises:
        Unauthenticated: an API call carries an ``Authorization`` header that is good for nothing. The cookie is not
            asked then, so that a forged page can never ride on it.
    """
    if request.path.startswith("/api/") and "Authorization" in request.headers:
        kind, _sep, token = request.headers["Authorization"].partition(" ")
        known = _by_bearer(token.strip()) if kind.lower() == "bearer" else None
        if known is None:
            _count_a_guess(token.strip())
            raise Unauthenticated(_("This token is unknown, or it was revoked."))
        g.token_id = known.token_id
        return known.actor
    if request.path.startswith(FRAME):
        from accounts.passes import holder  # it is made of this module

        kind, _sep, token = request.headers.get("Authorization", "").partition(" ")
        return holder(token.strip()) if kind.lower() == "bearer" else None
    browser = cookie._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - as below
    if "_user_id" not in browser:
        return None
    try:
        found: SignedIn | None = _by_cookie(browser["_user_id"])
    except SQLAlchemyError:  # the page that says so must not ask again
        manager._update_request_context_with_user()  # noqa: SLF001 - Flask-Login's only word for 'nobody'
        raise
    manager._update_request_context_with_user(found)  # noqa: SLF001 - as it does itself, by a longer way
    if found is None:
        return None
    g.person_detail = found.known.detail
    return found.known.actor


def _count_a_guess(token: str) -> None:
    """A program whose token was revoked is told so as often as it asks; a token that never was is a guess."""
    with reading() as s:
        was = s.scalar(sa.select(ApiToken.id).where(ApiToken.token_hash == token_hash(token)))
    if was is None:
        throttling.missed("token", request.remote_addr)


# Asked for at nearly every request: one statement of plain columns takes a quarter of the time of three loaded objects.
_SIGNED_IN = (
    snapshots(LoginSession)
    .add_columns(
        LoginSession.id.label("session_id"),
        LoginSession.created_at.label("began_at"),
        LoginSession.seen_at.label("last_at"),
        LoginSession.way,
    )
    .where(LoginSession.token_hash == sa.bindparam("token"), User.active)
)
_TOKEN = (
    snapshots(ApiToken)
    .add_columns(ApiToken.scopes, ApiToken.id.label("token_id"))
    .where(ApiToken.token_hash == sa.bindparam("token"), ApiToken.revoked_at.is_(None), User.active)
)


@manager.user_loader  # type: ignore[untyped-decorator]
def _by_cookie(token: str) -> SignedIn | None:
    digest = token_hash(token)
    known = _known.get(digest)
    if known is None:
        with reading() as s:
            row = s.connection().execute(_SIGNED_IN, {"token": digest}).first()
            if row is None:
                return None
            detail = " · ".join(name for name in (row.tier_name, row.team_name) if name)
            known = Known(
                actor_from(row), detail, row.session_id, created_at=row.began_at, seen_at=row.last_at, way=row.way
            )
            _known.put(digest, known)
    return _still_good(token, digest, known)


def known_of(user: User, entry: LoginSession) -> Known:
    """What is remembered of a sign-in whose person has team and tier loaded."""
    detail = " · ".join(place.name for place in (user.tier, user.team) if place is not None)
    return Known(actor_of(user), detail, entry.id, created_at=entry.created_at, seen_at=entry.seen_at, way=entry.way)


def _still_good(token: str, digest: str, known: Known) -> SignedIn | None:
    now = clock.now()
    assert known.created_at  # an API token has none, and is never looked up by a cookie
    assert known.seen_at
    if now - known.created_at > SESSION_ABSOLUTE or now - known.seen_at > SESSION_IDLE:
        return None
    if now - known.seen_at > NOTE_EVERY:
        last_seen.add((known.session_id, known.actor.id, now))
        known = replace(known, seen_at=now)
        _known.put(digest, known)
    return SignedIn(token, known)


def _by_bearer(token: str) -> Known | None:
    digest = token_hash(token)
    known = _known.get(digest)
    if known is None:
        with reading() as s:
            row = s.connection().execute(_TOKEN, {"token": digest}).first()
            if row is None:
                return None
            scopes = None if row.scopes is None else frozenset(row.scopes)
            known = Known(actor_from(row, scopes=scopes), token_id=row.token_id)
            _known.put(digest, known)
    return known


def _write_last_seen(items: list[Any]) -> None:
    newest = {session_id: (user_id, at) for session_id, user_id, at in items}
    with writing() as s:
        for session_id, (user_id, at) in newest.items():
            s.execute(sa.update(LoginSession).where(LoginSession.id == session_id).values(seen_at=at))
            s.execute(sa.update(User).where(User.id == user_id).values(seen_at=at))


last_seen = Buffer("last seen", _write_last_seen)


def forget_known() -> None:
    """Let no remembered sign-in or right outlive the current transaction."""
    after_commit(_known.clear)


def begin(token: str, user: User, entry: LoginSession) -> None:
    """Put a sign-in that ``ops.sign_in`` made into this browser's cookie; what the cookie knew before is gone."""
    _fresh_cookie()
    login_user(SignedIn(token, known_of(user, entry)))


def hold(token: str) -> None:
    """Keep half a sign-in in this browser's cookie. It is nobody's sign-in: ``identify`` never looks at it."""
    _fresh_cookie()
    cookie["half"] = token


def held() -> str | None:
    """The half of a sign-in that this browser's cookie keeps."""
    found = cookie.get("half")
    return found if isinstance(found, str) else None


def shown_anew() -> str:
    """From now on this browser may confirm what it is shown now, and nothing that it was shown before."""
    cookie["showing"] = new_token()
    return str(cookie["showing"])


def showing() -> str | None:
    """What this browser was shown last, and may confirm."""
    found = cookie.get("showing")
    return found if isinstance(found, str) else None


def shown_no_more() -> None:
    """What this browser was shown was confirmed, and confirms nothing again."""
    cookie.pop("showing", None)


def _fresh_cookie() -> None:
    kept = {name: cookie[name] for name in ("locale", "theme") if name in cookie}
    cookie.clear()
    cookie.update(kept)


def end() -> None:
    """Take the sign-in out of this browser's cookie."""
    logout_user()
    for name in ("csrf_token", "showing"):
        cookie.pop(name, None)


def current_token() -> str | None:
    """The secret token of this browser's sign-in."""
    return current_user.token if current_user.is_authenticated else None


def current_token_id() -> int | None:
    """Which row of ``api_tokens`` this call came with."""
    found = g.get("token_id")
    return found if isinstance(found, int) else None


def current_way() -> Way | None:
    """How the person of this browser came in."""
    return current_user.known.way if current_user.is_authenticated else None


def current_session_id() -> int | None:
    """Which row of ``login_sessions`` this browser is."""
    return current_user.known.session_id if current_user.is_authenticated else None


def init_app(app: Flask) -> None:
    """Give the application its sign-ins."""
    manager.init_app(app)
    manager._session_identifier_generator = lambda: ""  # noqa: SLF001 - of address and browser; asked for, and never looked at
    app.after_request_funcs[None].remove(manager._update_remember_cookie)  # noqa: SLF001 - no sign-in here outlives its row
    app.context_processor(lambda: {"person_detail": g.get("person_detail", "")})
