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
from wiki.search.engines.base import Hit, Now
from wiki.search.wording import Wording


def shown(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """Results as pages show them, with the text to be read in place."""
    told = [(hit, hit.now, wording.unpacked(hit.carried, hit.now.revision_id)) for hit in hits if hit.now]
    lacking = [now.revision_id for _hit, now, words in told if words is None]
    found = sa.select(Revision).where(Revision.id.in_(lacking))
    rendered = {row.id: wording.of(row) for row in session.scalars(found)} if lacking else {}
    rows = [(hit, now, words or rendered[now.revision_id]) for hit, now, words in told]
    linker = Linker(actor())
    linker.gather([words.html for _hit, _now, words in rows])
    return [_row(hit, now, words, linker) for hit, now, words in rows]


def _row(hit: Hit, now: Now, words: Wording, linker: Linker) -> dict[str, Any]:
    return {
        "id": hit.id,
        "slug": hit.slug,
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
        "copy": linker.copied(words.copy, words.html) if words.blocks else words.copy,
        "feedback_url": f"/articles/{hit.slug}/feedback",
        "recommended": hit.recommended,
        "explained": hit.explained,
    }
