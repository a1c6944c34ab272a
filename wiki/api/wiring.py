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
    before, after, at_end = app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs
    known = [list(functions.get(None, ())) for functions in (before, after, at_end)]
    limiter = Limiter(_who, app=app, storage_uri=f"{counting.SCHEME}://", headers_enabled=False)
    # it asks itself at every page, before, after and at the end, whether it limits any; calls are enough
    theirs = [[one for one in functions[None] if one not in old]
              for functions, old in zip((before, after, at_end), known, strict=True)]  # fmt: skip
    for functions, old in zip((before, after, at_end), known, strict=True):
        functions[None][:] = old  # type: ignore[index]
    for part in api.apis:
        limiter.limit(RATE)(part.blueprint)
        for functions, its in zip((before, after, at_end), theirs, strict=True):
            functions.setdefault(part.blueprint.name, []).extend(its)  # type: ignore[arg-type]
        app.register_blueprint(part.blueprint, url_prefix=views.PREFIX)
    app.register_blueprint(views.bp)
