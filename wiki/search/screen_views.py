"""What the overlay of every page fetches and posts, and the same as forms for pages without script."""

from typing import Any

from flask import flash, redirect, request, url_for

from core.db import reading
from core.i18n import _
from core.web import actor, gate, local_path, wants_json
from wiki.articles.open_models import OpenSource
from wiki.articles.permissions import P
from wiki.search import finding, own
from wiki.search.views import bp


@bp.get("/search/typing")
@gate(P.PROPOSE)
def typing() -> str:
    """The first results, or what is at hand when nothing is typed, as a piece of HTML."""
    return finding.typing(actor())


@bp.get("/search/reading/<slug>")
@gate(P.PROPOSE)
def read(slug: str) -> str:
    """A text as a piece of HTML, to be read beside the results."""
    return finding.read(actor(), slug)


@bp.get("/search/services")
@gate(P.PROPOSE)
def narrowing() -> Any:
    """The services that a search can be narrowed to."""
    return finding.narrowing()


@bp.post("/search/opened")
@gate(P.PROPOSE, transaction=False)
def opened() -> Any:
    """A result of one's own question was opened, or read in place; ``asked`` is the question's key."""
    with reading():
        finding.opened(actor(), OpenSource.SEARCH)
    return "", 204


@bp.post("/search/pins/<slug>")
@gate(P.PROPOSE)
def pin(slug: str) -> Any:
    """A text is pinned for oneself, taken off, or moved among one's pins."""
    found = finding.pin(actor(), slug)
    return found if wants_json() else _back()


@bp.post("/search/service")
@gate(P.PROPOSE)
def keep_service() -> Any:
    """Every search of one's own is narrowed to this service from now on; to none when it is empty."""
    code = request.form.get("service", "")
    own.keep_service(actor(), code)
    if wants_json():
        return {"service": code}
    flash(
        _("Your searches are narrowed to this service.") if code else _("Your searches find everything again."),
        "success",
    )
    return _back()


def _back() -> Any:
    return redirect(local_path(request.form.get("next")) or url_for("search.results"), 303)
