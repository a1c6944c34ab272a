"""How hits become the rows of a page, with the wording to be read in place.

What the database says of each hit came with it (`Hit.now`); texts are read only where the index carries no wording.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core.db import session
from core.markup import marked
from core.web import actor
from wiki.articles.linking import Linker
from wiki.articles.models import Revision
from wiki.search import wording
from wiki.search.engines.base import Hit
from wiki.search.wording import Wording


def shown(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """Results as pages show them, with the text to be read in place."""
    told = [(hit, hit.now.revision_id, wording.unpacked(hit.carried, hit.now.revision_id)) for hit in hits if hit.now]
    lacking = [revision_id for _hit, revision_id, words in told if words is None or words.blocks]
    found = sa.select(Revision).where(Revision.id.in_(lacking))
    revisions = {row.id: row for row in session.scalars(found)} if lacking else {}
    linker = Linker(actor())
    rows = [
        (hit, words or wording.of(revisions[revision_id]), revisions.get(revision_id))
        for hit, revision_id, words in told
        if words or revision_id in revisions
    ]
    linker.gather([words.html for _hit, words, _revision in rows])
    return [_row(hit, words, revision, linker) for hit, words, revision in rows]


def _row(hit: Hit, words: Wording, revision: Revision | None, linker: Linker) -> dict[str, Any]:
    now = hit.now
    assert now  # as asked above
    copy = linker.copies(revision).get(words.field, "") if revision and words.blocks else words.copy
    return {
        "id": hit.id,
        "url": url_for("articles.show", slug=hit.slug),
        "title": marked(hit.title_html),
        "plain_title": hit.title,
        "snippet": marked(hit.snippet),
        "kind": hit.kind,
        "category": now.category,
        "version": now.version,
        "updated_at": now.updated_at,
        "provisional": hit.provisional,
        "wording": linker.shown(words.html),
        "copy": copy,
        "feedback_url": f"/articles/{hit.slug}/feedback",
    }
