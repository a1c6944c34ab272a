"""Mounts every declared call."""

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
    limiter = Limiter(_who, app=app, storage_uri=f"{counting.SCHEME}://", headers_enabled=False)
    pages = app.before_request_funcs[None]  # it asks itself at every page whether it limits any; calls are enough
    pages.remove(limiter._check_request_limit)  # noqa: SLF001
    for part in api.apis:
        limiter.limit(RATE)(part.blueprint)
        app.before_request_funcs.setdefault(part.blueprint.name, []).append(limiter._check_request_limit)  # noqa: SLF001
        app.register_blueprint(part.blueprint, url_prefix=views.PREFIX)
    app.register_blueprint(views.bp)
