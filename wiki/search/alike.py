"""What is already here: published articles and open submissions like the text that somebody is writing.

It answers with what this person may know and nothing else: a submission of a closed circle is not listed, and not
counted either, so that nobody learns of it by typing its title.
"""

from typing import Any

import sqlalchemy as sa
from flask import url_for

from accounts.models import User
from core.actors import Actor
from core.db import session
from core.i18n import _
from core.permissions import can
from wiki.articles.models import Article, Revision, Submission, SubmissionAuthor, SubmissionState
from wiki.articles.permissions import P
from wiki.articles.presenting import provisional_word
from wiki.articles.similar import opening_of
from wiki.search import service
from wiki.search.engines.base import Hit, Query
from wiki.search.likeness import ALMOST, BESIDE, percent

SHOWN = 5
OPEN = (SubmissionState.IN_REVIEW, SubmissionState.RETURNED, SubmissionState.APPROVED)
LOOKED_AT = 3000  # open submissions, the last touched first


def similar(actor: Actor, title: str, text: str = "", without: int | None = None) -> list[dict[str, Any]]:
    """At most five, the most alike first: published articles, then what colleagues have in review and one's own drafts.

    ``near`` says that one is almost the same; ``without`` is the submission that is being written.
    """
    found = [*_published(actor, title, text), *_open(actor, title, text, without)]
    found.sort(key=lambda one: -one["percent"])
    return found[:SHOWN]


def _likeness(title: str, text: str, other_title: str, other_text: str) -> int:
    by_text = percent(text, other_text) if len(text) > 7 and len(other_text) > 7 else 0
    return max(percent(title, other_title), by_text)


def _published(actor: Actor, title: str, text: str) -> list[dict[str, Any]]:
    hits: dict[str, Hit] = {}
    for asked in (title, text[:120]):
        if len(asked.strip()) > 1:
            page = service.search(Query(asked, service.reader_of(actor), limit=2 * SHOWN), actor, recommending=False)
            hits.update((hit.id, hit) for hit in page.hits)
    openings = _openings([int(hit_id) for hit_id in hits])
    return [
        {
            "title": hit.title,
            "slug": hit.slug,
            "url": url_for("articles.show", slug=hit.slug),
            "improve_url": url_for("kinds.improve", slug=hit.slug),
            "state": "published",
            "kind": hit.kind,
            "note": provisional_word(hit.provisional) if hit.provisional else None,
            "percent": alike,
            "near": alike >= ALMOST,
        }
        for hit in hits.values()
        for alike in [_likeness(title, text, hit.title, openings.get(int(hit.id), ""))]
    ]


def _openings(ids: list[int]) -> dict[int, str]:
    """What these articles say they are about, by id."""
    if not ids:
        return {}
    rows = session.execute(
        sa.select(Article.id, Revision.fields)
        .join(Revision, Revision.id == Article.revision_id)
        .where(Article.id.in_(ids))
    )
    return {row.id: opening_of(row.fields) for row in rows}


def _open(actor: Actor, title: str, text: str, without: int | None) -> list[dict[str, Any]]:
    mine = sa.exists().where(SubmissionAuthor.submission_id == Submission.id, SubmissionAuthor.user_id == actor.id)
    rows = session.execute(
        sa.select(Submission.id, Submission.state, Submission.kind, Revision.title, Revision.fields, User.name,
                  mine.label("own"))
        .join(Revision, Revision.id == Submission.head_revision_id)
        .join(User, User.id == Submission.author_id)
        .where(sa.or_(Submission.state.in_(OPEN), sa.and_(Submission.state == SubmissionState.DRAFT, mine)))
        .where(Submission.id != (without or 0))
        .order_by(Submission.updated_at.desc(), Submission.id.desc())
        .limit(LOOKED_AT)
    )  # fmt: skip
    scored = [(_likeness(title, text, row.title, opening_of(row.fields)), row) for row in rows]
    out: list[dict[str, Any]] = []
    for alike, row in sorted((one for one in scored if one[0] >= BESIDE), key=lambda one: (-one[0], -one[1].id)):
        if len(out) == SHOWN:
            break
        if not can(actor, P.KNOW_SUBMISSION, session.get_one(Submission, row.id)):
            continue
        out.append(
            {
                "title": row.title,
                "slug": None,
                "url": url_for("submissions.show", submission_id=row.id),
                "improve_url": None,
                "state": row.state.value,
                "kind": row.kind,
                "note": _("yours") if row.own else _("a colleague has this under way: %(name)s", name=row.name),
                "percent": alike,
                "near": alike >= ALMOST,
            }
        )
    return out
