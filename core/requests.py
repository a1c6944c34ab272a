"""What arrives: words made storable, numbers as large as ids grow, and the signed cookie read quickly."""

from typing import Any

import flask
from flask import Flask
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.routing import IntegerConverter
from werkzeug.utils import cached_property

from core.caches import Cache
from core.texts import clean

_cookies: Cache[dict[str, Any]] = Cache(4000, seconds=60)

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


class Request(flask.Request):
    """What people send, storable in every database: line ends are one kind, control characters are gone."""

    @cached_property
    def args(self) -> MultiDict[str, str]:
        return _cleaned(super().args)

    def _load_form_data(self) -> None:
        if "form" not in self.__dict__:
            super()._load_form_data()
            self.__dict__["form"] = _cleaned(self.__dict__["form"])


def _cleaned(given: MultiDict[str, str]) -> ImmutableMultiDict[str, str]:
    return ImmutableMultiDict([(clean(name), clean(value)) for name, value in given.items(multi=True)])


class Number(IntegerConverter):
    """A number in an address, as large as ids grow: others are an address of nothing."""

    regex = "[0-9]{1,9}"
