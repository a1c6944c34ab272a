"""A text as it is read beside the results: what to say first and copied with one key, then the rest, without its page.

Scripts with answers are stepped through; which part the copy key takes is marked.
"""

from typing import Any

from flask import url_for

from core.actors import Actor
from core.i18n import _
from core.permissions import can
from wiki.articles.kinds import KINDS, FieldType
from wiki.articles.linking import Linker
from wiki.articles.models import Article, Revision
from wiki.articles.permissions import P
from wiki.articles.presenting import labelled, texts_of
from wiki.feedback.queries import standing
from wiki.feedback.rules import REASON_NAMES
from wiki.search.own import pinned_ids

SAY = {"script": "say", "faq": "answer", "product": "customer_text", "best_practice": "action"}
LOOKS = {"customer_says": "customer", "qbq": "why", "avoid": "avoid", "closing": "you", "question": "customer"}


def piece(article: Article, who: Actor) -> dict[str, Any]:
    """What the template ``search/_reading.html`` needs of an article that this person reads."""
    revision = article.revision
    assert revision is not None  # a live article has one
    now = standing(article, who.id)
    return {
        "id": article.id,
        "slug": article.slug,
        "title": revision.title,
        "kind": article.kind,
        "kind_word": KINDS[article.kind].label,
        "version": article.version,
        "updated_at": article.updated_at,
        "provisional": article.provisional.value if article.provisional else None,
        "url": url_for("articles.show", slug=article.slug),
        "used": now.used,
        "used_today": now.used_today,
        "bad": now.mine is False,
        "reasons": REASON_NAMES,
        "pinned": bool(pinned_ids(who, [article.id])),
        **texts(revision, who),
    }


def texts(revision: Revision, who: Actor) -> dict[str, Any]:
    """``parts`` [{name, label, look, html, words, main, first}] in the order in which they are of use; ``steps`` of a
    script with answers [{n, when, html, words, action, to, opening}]."""
    linker = Linker(who)
    shown = linker.shown(texts_of(revision))
    copies = linker.copies(revision)
    rest = {part["name"]: part for part in linker.shown(labelled(revision))}
    main = next((name for name in (SAY.get(revision.kind, "body"), "body") if shown.get(name)), "")
    steps = shown.get("branches") or []
    hidden = {spec.code for spec in KINDS[revision.kind].fields if spec.type is FieldType.BRANCHES}
    order = [name for name in _before(revision.kind) if name in rest]
    order += [name for name in (main,) if name in rest]
    order += [name for name in rest if name not in order and name not in hidden]
    parts = [
        {
            "name": name,
            "label": _("You say") if name == "say" else rest[name]["label"],
            "look": "you" if name == main else LOOKS.get(name, "rest"),
            "html": rest[name]["html"],
            "words": copies.get(name, "") if name in {main, "closing"} else "",
            "main": name == main,
            "first": name == main or name in _before(revision.kind),
        }
        for name in order
    ]
    return {"parts": parts, "steps": steps}


def _before(kind: str) -> tuple[str, ...]:
    """What is read before the wording: in a script the words of the customer, by which one knows that it fits."""
    return ("customer_says",) if kind == "script" else ("question",) if kind == "faq" else ()


def readable(article: Article | None, who: Actor) -> bool:
    """There is such a text, and this person may read it."""
    return article is not None and article.live and can(who, P.READ, article)
