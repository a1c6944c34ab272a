"""Search before create: what is already here under a similar title. A slot that ``wiki.search`` fills."""

from collections.abc import Callable
from typing import Any

from core.actors import Actor
from wiki.articles.content import Content, of_revision
from wiki.articles.models import Submission

Finder = Callable[[Actor, str, str, int | None], list[dict[str, Any]]]
OPENINGS = ("question", "scenario", "situation")  # the fields that say what a text is about
_finder: list[Finder] = []


def register(finder: Finder) -> None:
    """Fill the slot; the last one wins."""
    _finder[:] = [finder]


def like(
    actor: Actor, title: str, text: str = "", *, without: int | None = None, article: str | None = None
) -> list[dict[str, Any]]:
    """At most five similar pieces the person may know of:
    ``{title, url, state, note, kind, slug or None, improve_url or None, near}``.

    ``text`` is the question or the scenario; ``without`` the submission and ``article`` the slug that is being changed.
    """
    if not _finder or len(title.strip()) < 2:
        return []
    found = _finder[0](actor, title.strip()[:200], text.strip()[:300], without)
    if article is None:
        return found
    return [{**one, "improve_url": None} for one in found if one.get("slug") != article]  # a change improves already


def opening_of(fields: dict[str, Any]) -> str:
    """The question, scenario or situation of a text."""
    return next((str(fields[code]) for code in OPENINGS if fields.get(code)), "")


def nearly_the_same(actor: Actor, submission: Submission) -> list[dict[str, Any]]:
    """What says almost the same as a new piece that was never handed in before; nothing else is asked about."""
    if submission.article_id is not None or submission.submitted_at is not None or submission.head is None:
        return []
    content: Content = of_revision(submission.head)
    found = like(actor, content.title, opening_of(content.fields), without=submission.id)
    return [one for one in found if one["near"]]
