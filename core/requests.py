"""What arrives: words made storable, numbers as large as ids grow, and the signed cookie read quickly."""

from collections.abc import Callable
from typing import Any, TypeVar

import flask
from flask import Flask, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.routing import IntegerConverter
from werkzeug.utils import cached_property

from core.caches import Cache
from core.texts import clean

_cookies: Cache[dict[str, Any]] = Cache(4000, seconds=60)

View = TypeVar("View", bound=Callable[..., Any])


class Application(Flask):
    """Flask without what it asks of each function of each request: whether it is a coroutine. None of ours is."""

    def ensure_sync(self, func: View) -> View:
        return func


BODY_LIMIT = 12 * 1024 * 1024  # bytes; a 100 kB article passes in any encoding, a picture too


class Cookies(SecureCookieSessionInterface):
    """Flask's signed cookie, its signature checked once a minute and not at every picture of a page.

    The same bytes are always signed the same; whether the sign-in they name still stands is asked elsewhere.
    """

    def open_session(self, app: Flask, request: flask.Request) -> SecureCookieSession | None:
        sent = request.cookies.get(self.get_cookie_name(app))
        known = _cookies.get((app.secret_key, sent)) if sent else None
        if known is not None:
            return self.session_class(known)
        found = super().open_session(app, request)
        if found and not any(isinstance(value, list | dict) for value in found.values()):
            _cookies.put((app.secret_key, sent), dict(found))
        return found

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """As Flask does it; a cookie that stays as it is – nearly always – has its short way."""
        if not session or session.modified or session.permanent or "Vary" in response.headers:
            super().save_session(app, session, response)
        elif session.accessed:
            response.headers["Vary"] = "Cookie"


class Request(flask.Request):
    """What people send, storable in every database: line ends are one kind, control characters are gone."""

    @cached_property
    def args(self) -> MultiDict[str, str]:
        return _cleaned(super().args) if self.query_string else _NOTHING

    def _load_form_data(self) -> None:
        if "form" not in self.__dict__:
            super()._load_form_data()
            self.__dict__["form"] = _cleaned(self.__dict__["form"])


_NOTHING: ImmutableMultiDict[str, str] = ImmutableMultiDict()


def _cleaned(given: MultiDict[str, str]) -> ImmutableMultiDict[str, str]:
    return ImmutableMultiDict([(clean(name), clean(value)) for name, value in given.items(multi=True)])


class Number(IntegerConverter):
    """A number in an address, as large as ids grow: others are an address of nothing."""

    regex = "[0-9]{1,9}"
