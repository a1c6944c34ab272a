"""Mounts every declared call."""

from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from core import api
from core.web import maybe_actor
from wiki.api import counting, views

# The contract promises a hundred a second to each token. The wall stands further out, because one program asking one
# question after the other is as quick as our answers are, and must never meet it; several at once do.
RATE = "250/second"


def _who() -> str:
    actor = maybe_actor()
    return f"user:{actor.id}" if actor else get_remote_address()


def init_app(app: Flask) -> None:
    """``/api/v1`` with its rate."""
    tables: list[Any] = [app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs]
    known = [list(functions.get(None, ())) for functions in tables]
    limiter = Limiter(_who, app=app, storage_uri=f"{counting.SCHEME}://", headers_enabled=False)
    # it asks itself at every page – before, after, at the end – whether it limits any; calls are enough
    theirs = [[one for one in functions[None] if one not in old] for functions, old in zip(tables, known, strict=True)]
    for functions, old in zip(tables, known, strict=True):
        functions[None] = old
    for part in api.apis:
        limiter.limit(RATE)(part.blueprint)
        for functions, its in zip(tables, theirs, strict=True):
            functions.setdefault(part.blueprint.name, []).extend(its)
        app.register_blueprint(part.blueprint, url_prefix=views.PREFIX)
    app.register_blueprint(views.bp)
