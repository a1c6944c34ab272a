"""What is refused, shown in one place: as a page with what was typed, or as ``application/problem+json``."""

import errno
import logging
import sqlite3
from typing import Any, cast

from flask import Flask, Response, current_app, g, jsonify, make_response, redirect, render_template, request
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from jinja2 import Template
from sqlalchemy.exc import DataError, OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from core.db import reading
from core.errors import DomainError, Invalid, Throttled, Unauthenticated
from core.i18n import _
from core.requests import BODY_LIMIT
from core.trouble import Trouble, trouble_of

log = logging.getLogger(__name__)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask) -> None:
    """Every error of a request ends here."""
    app.register_error_handler(DomainError, _show)
    app.register_error_handler(CSRFError, _show_csrf)
    app.register_error_handler(HTTPException, _show_http)
    app.register_error_handler(SQLAlchemyError, _show_database)
    app.register_error_handler(OverflowError, _show_too_large)
    app.register_error_handler(DataError, _show_too_large)
    app.register_error_handler(Exception, _show_bug)


def wants_json() -> bool:
    """True for the API, for what a frame fetches, and for scripts of our own pages."""
    return request.path.startswith(("/api/", "/embed/")) or request.accept_mimetypes.best == "application/json"


def problem(status: int, code: str, sentence: str, **extra: Any) -> Response:
    """An ``application/problem+json`` answer (RFC 9457)."""
    body = {
        "type": f"urn:spiral:{code}",
        "title": sentence,
        "status": status,
        "detail": sentence,
        "code": code,
        **extra,
    }
    response = jsonify({**body, "request_id": g.get("request_id")})
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def _typed() -> dict[str, str]:
    """What was typed, but for secrets; ``again`` is a new password once more."""
    hidden = {"csrf_token", "once", "key", "code", "totp", "again"}
    return {k: v for k, v in request.form.items() if k not in hidden and "password" not in k and v.strip()}


def _answer(status: int, code: str, sentence: str, **extra: Any) -> Response:
    if wants_json():
        return problem(status, code, sentence, **extra)
    if request_ctx.url_adapter is None:  # the name of the host is none: nothing of a page has an address
        return Response(f"{sentence}\n", status, mimetype="text/plain")
    typed = {} if status == 413 else _typed()  # a body that is too large is not read after all
    values = {"status": status, "code": code, "sentence": sentence, "request_id": g.get("request_id"), "typed": typed}
    templates: list[str | Template] = [
        f"errors/{code}.html",
        "errors/refused.html",
    ]  # what was typed is shown again, so that nothing is lost
    try:
        if code == "database-away":  # asking it for what stands around the sentence would only take as long again
            return make_response(render_template(templates, **values, **extra), status)
        with reading():
            page = render_template(templates, **values, **extra)
    except (SQLAlchemyError, sqlite3.Error):
        page = render_template(templates, **values, **extra)
    return make_response(page, status)


def _show(error: DomainError) -> Response:
    status = 413 if error.code == "too-large" else error.status
    if isinstance(error, Unauthenticated) and not wants_json() and request.method in SAFE:
        return cast(Response, redirect(current_app.url_for("accounts.login", next=request.full_path.rstrip("?"))))
    extra = {"errors": error.errors} if isinstance(error, Invalid) else error.details
    response = _answer(status, error.code, error.sentence, **extra)
    if isinstance(error, Throttled):
        response.headers["Retry-After"] = str(error.details.get("retry_after", 1))
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _show_csrf(error: CSRFError) -> Response:
    return _answer(
        400, "csrf", _("This form has grown too old or came from elsewhere. Go back, reload, and try again.")
    )


HTTP_SENTENCES = {
    404: lambda: _("There is nothing here, or you may not see it."),
    405: lambda: _("This address does not take that kind of request."),
    413: lambda: _("This is too large; %(n)s MB is the limit.", n=(request.max_content_length or BODY_LIMIT) >> 20),
    429: lambda: _("Too many requests; please wait a moment."),
}


def _show_http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return cast(Response, error.get_response())
    sentence = HTTP_SENTENCES.get(error.code, lambda: error.description or error.name)()
    response = _answer(error.code, (error.name or "error").lower().replace(" ", "-"), sentence)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _show_database(error: SQLAlchemyError) -> Response:
    trouble = trouble_of(error)
    if trouble is None and not isinstance(error, OperationalError):
        return _show_bug(error)
    log.error("database: %s", getattr(error, "orig", error))
    if trouble is Trouble.FULL:
        return _show_full()
    return _answer(503, "database-away", _("The database does not answer. Nothing was changed; try again in a moment."))


def _show_full() -> Response:
    return _answer(507, "disk-full", _("The disk is full. Nothing was changed; an administrator must make room."))


def _show_too_large(error: OverflowError | DataError) -> Response:
    """A number or a text no column holds, or a date outside all calendars: input, not a fault of ours."""
    said = str(getattr(error, "orig", error)).splitlines()
    log.warning("request %s: %s", g.get("request_id"), said[0] if said else "too large")
    return _answer(422, "invalid", _("A number or a date in it is too large."), errors={})


def _show_bug(error: Exception) -> Response:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:  # a file, not the database
        log.error("disk: %s", error)
        return _show_full()
    if current_app.testing and current_app.config.get("PROPAGATE_BUGS", True):
        raise error
    log.error("request %s failed", g.get("request_id"), exc_info=error)
    return _answer(500, "bug", _("Something went wrong on our side. Nothing was changed. Tell us the number below."))
