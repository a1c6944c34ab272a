"""The wording of an article that is read and copied from its result: made when it is indexed, for that takes a
millisecond a text, and carried by the hits. It is used while revision and renderer are the same, and cleaned anew."""

import json
from typing import NamedTuple

from markupsafe import Markup

from core import markup, pictures
from core.caches import Cache
from wiki.articles.files import sizes_in
from wiki.articles.kinds import KINDS, FieldType
from wiki.articles.models import Revision

FIRST = ("say", "answer", "customer_text", "action")  # the first of these that has words; else the body
MOST = 20_000  # characters; what is longer is rendered when it is asked for
_BLOCK = "![["


class Wording(NamedTuple):
    """What is read, and what goes to the clipboard. With ``blocks`` the copy is still as it was written: words of
    other texts stand in it, which depend on the reader."""

    html: Markup | None
    copy: str
    blocks: bool


_kept: Cache[Wording] = Cache(size=2000)


def of(revision: Revision) -> Wording:
    """The wording of a revision, before links and blocks are put in for somebody."""
    specs = {spec.code: spec for spec in KINDS[revision.kind].fields}
    with pictures.sizes(sizes_in(revision)):
        for code in FIRST:
            text = revision.fields.get(code)
            if text and code in specs and specs[code].type is FieldType.TEXT and (html := markup.shown(text)):
                return _wording(html, text)
        text = revision.body
        whole = markup.shown(text) if text.strip() else None
        return _wording(whole, text)


def _wording(html: Markup | None, text: str) -> Wording:
    blocks = _BLOCK in text
    return Wording(html, text if blocks else markup.plain(text), blocks)


def packed(revision: Revision) -> str:
    """The wording as the index carries it; empty where it is too long for that."""
    found = of(revision)
    if len(found.html or "") > MOST:
        return ""
    return json.dumps([_seal(revision.id), *found], ensure_ascii=False)


def unpacked(carried: str, revision_id: int | None) -> Wording | None:
    """The wording that was carried, if it is that of this revision (whose text never changes) by this renderer."""
    if not carried:
        return None
    found = _kept.get((carried, revision_id))
    if found is None:
        seal, html, copy, blocks = json.loads(carried)
        if seal != _seal(revision_id):
            return None
        found = Wording(markup.cleaned_before(html) if html is not None else None, copy, blocks)
        _kept.put((carried, revision_id), found)
    return found


def _seal(revision_id: int | None) -> str:
    return f"{revision_id}-{markup.RENDERER_VERSION}"
