"""Mounts every declared call."""

from typing import Any

from flask import Flask, request
from flask_limiter import Limiter

from accounts.identity import current_token_id
from accounts.throttling import network
from core import api
from core.web import maybe_actor
from wiki.api import counting, views

# The contract promises a hundred a second to each token, on the whole site. The wall stands further out: one
# program asking one question after the other is as quick as our answers are, and must never meet it; several do.
RATE = "250/second"


def _who() -> str:
    """The token, else the person whose browser asks, else the network."""
    token = current_token_id()
    if token is not None:
        return f"token:{token}"
    actor = maybe_actor()
    return f"user:{actor.id}" if actor else f"network:{network(request.remote_addr)}"


def init_app(app: Flask) -> None:
    """``/api/v1`` with its rate."""
    tables: list[Any] = [app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs]
    known = [list(functions.get(None, ())) for functions in tables]
    limiter = Limiter(_who, app=app, storage_uri=f"{counting.SCHEME}://", headers_enabled=False)
    calls = limiter.shared_limit(RATE, scope="api")  # all calls together, not each of them
    # it asks itself at every page – before, after, at the end – whether it limits any; calls are enough
    theirs = [[one for one in functions[None] if one not in old] for functions, old in zip(tables, known, strict=True)]
    for functions, old in zip(tables, known, strict=True):
        functions[None] = old
    for part in api.apis:
        calls(part.blueprint)
        for functions, its in zip(tables, theirs, strict=True):
            functions.setdefault(part.blueprint.name, []).extend(its)
        app.register_blueprint(part.blueprint, url_prefix=views.PREFIX)
    app.register_blueprint(views.bp)
