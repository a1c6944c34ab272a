"""Imports in words."""

from typing import Any

import sqlalchemy as sa
from flask import url_for

from core.db import session
from core.i18n import _
from wiki.articles.kinds import KINDS
from wiki.articles.models import Article
from wiki.exchange import columns
from wiki.exchange.models import Import, ImportRow
from wiki.exchange.rules import Found, Outcome, State, Way


def state_word(state: State) -> str:
    """Where an import stands."""
    return {
        State.NEW: _("waiting for you"),
        State.CHECKING: _("being checked"),
        State.CHECKED: _("checked"),
        State.RUNNING: _("running"),
        State.DONE: _("done"),
        State.REFUSED: _("refused"),
    }[state]


def found_words() -> dict[str, str]:
    """What the dry run says of a row."""
    return {
        Found.NEW.value: _("new"),
        Found.CHANGED.value: _("changed"),
        Found.SAME.value: _("unchanged"),
        Found.WRONG.value: _("wrong"),
    }


def outcome_words() -> dict[str, str]:
    """What became of a row."""
    return {
        Outcome.CREATED.value: _("created"),
        Outcome.UPDATED.value: _("updated"),
        Outcome.UNCHANGED.value: _("unchanged"),
        Outcome.REFUSED.value: _("refused"),
    }


def ways() -> list[tuple[str, str]]:
    """(code, words) of what may become of the rows."""
    return [
        (Way.PUBLISH.value, _("Publish at once, in my name")),
        (Way.SUBMIT.value, _("Hand in for review")),
        (Way.DRAFT.value, _("Keep as my drafts")),
    ]


def fields() -> list[tuple[str, str]]:
    """(code, words) of what a column may be."""
    plain = {
        "id": _("Number (external id)"),
        "title": _("Title"),
        "body": _("Text"),
        "kind": _("Kind"),
        "category": _("Category"),
        "tags": _("Tags"),
        "services": _("Services"),
        "audience": _("Who may read it"),
        "readers": _("Readers of a closed circle"),
        "slug": _("Address"),
        "fields": _("Fields as JSON"),
    }
    named: dict[str, str] = {}
    for kind in KINDS.values():
        for spec in kind.fields:
            if spec.code in columns.FIELDS:
                named.setdefault(spec.code, f"{kind.label} · {spec.label}")
    return [*plain.items(), *named.items()]


def links(row: Import, rows: list[ImportRow]) -> dict[int, str]:
    """Where the rows on a page lead, by their ids."""
    slugs = sa.select(Article.id, Article.slug).where(
        Article.id.in_([one.article_id for one in rows if one.article_id])
    )
    by_id: dict[int, Any] = dict(session.execute(slugs).all())
    out = {}
    for one in rows:
        if one.submission_id:
            out[one.id] = url_for("submissions.show", submission_id=one.submission_id)
        elif one.article_id in by_id:
            out[one.id] = url_for("articles.show", slug=by_id[one.article_id])
    return out
