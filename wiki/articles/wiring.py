"""Puts the package into the application, and fills the slots of ``workflows``."""

from collections.abc import Sequence
from typing import Any

from flask import Flask, url_for

from core.actors import Actor
from core.db import session
from core.i18n import _l
from core.permissions import can
from core.seeds import seed
from core.slots import menu, panel
from wiki.articles import (
    api,
    blame_api,
    draft_views,
    editor_views,
    file_api,
    file_views,
    kind_views,
    lifecycle_api,
    lifecycle_views,
    link_api,
    link_cli,
    link_table,
    link_upkeep,
    link_views,
    list_views,
    listeners,
    personal_views,
    presenting,
    provisional_api,
    provisional_views,
    renaming,
    similar,
    submission_views,
    tracking,
    version_views,
    views,
)
from wiki.articles.content import of_revision
from wiki.articles.diff import changed, changes, names
from wiki.articles.kinds import KINDS
from wiki.articles.lifecycle_showing import count_due, gone
from wiki.articles.linking import shown
from wiki.articles.models import Article, Publication, Revision, Submission
from wiki.articles.ops import SUBJECT
from wiki.articles.permissions import P
from wiki.articles.pipelines import seeded
from wiki.articles.queries import approved_publication, by_submission_ids, categories
from workflows import subjects
from workflows.models import Task
from workflows.ops import ensure_pipelines
from workflows.queries import last_stage


def init_app(app: Flask) -> None:
    """Article pages, the writer's desk, the commands, and what a review page shows of a submission."""
    app.register_blueprint(views.bp)
    app.register_blueprint(submission_views.bp)
    editor_views.init_app(app)
    app.register_blueprint(draft_views.bp)
    app.register_blueprint(list_views.bp)
    app.register_blueprint(kind_views.bp)
    app.register_blueprint(provisional_views.bp)
    file_views.init_app(app)
    app.register_blueprint(personal_views.bp)
    menu(_l("Numbers of people in texts"), "personal.show", P.MANAGE_ARTICLES, order=61, place="person")
    menu(_l("Published before review"), "provisional.index", P.SEE_PROVISIONAL, order=55, place="person")
    app.register_blueprint(lifecycle_views.bp)
    menu(_l("Kept true"), "lifecycle.index", P.PROPOSE, order=40, place="person", badge=count_due)
    panel("submission.side", lifecycle_views.beside_submission, order=20)
    for slot in ("submission.side", "review.side"):
        panel(slot, provisional_views.beside_submission, order=10)
    for slot in ("home.top", "inbox.top"):
        panel(slot, provisional_views.waiting_signatures, order=10)
    menu(_l("Categories and services"), "lists.show", P.MANAGE_ARTICLES, order=60, place="person")
    app.register_blueprint(link_views.bp)
    menu(_l("Links that lead nowhere"), "links.broken", P.MANAGE_ARTICLES, order=61, place="person")
    for slot in ("submission.side", "review.side"):
        panel(slot, link_views.beside_review, order=20)
    app.cli.add_command(link_cli.links)
    seed(link_upkeep.fill)
    menu(_l("My submissions"), "submissions.mine_page", P.PROPOSE, order=30)
    for kind in KINDS.values():
        menu(kind.label, "submissions.new", P.PROPOSE, order=50, place="new", kind=kind.code)
    subjects.name_topics({kind.code: kind.label for kind in KINDS.values()}, presenting.role_word)
    subjects.name_categories(_categories)
    subjects.name_fields(lambda topic: names(KINDS[topic]) if topic in KINDS else [])
    subjects.name_significances(presenting.significances)
    seed(_pipelines)
    subjects.register(
        SUBJECT,
        subjects.Subject(
            visible=_visible,
            readable=_readable,
            summary=_summary,
            page=_page,
            url=_url,
            cards=_cards,
            changed=_changed,
            known=_known,
            text=_text,
        ),
    )


def _categories() -> list[tuple[str, str, str]]:
    return [(node.slug, node.name, node.path) for node in categories()]


def _pipelines() -> None:
    ensure_pipelines(seeded())


def _visible(actor: Actor, submission_id: int) -> bool:
    return can(actor, P.KNOW_SUBMISSION, session.get_one(Submission, submission_id))


def _readable(actor: Actor, submission_id: int) -> bool:
    return can(actor, P.READ_SUBMISSION, session.get_one(Submission, submission_id))


def _summary(submission_id: int) -> dict[str, Any]:
    submission = session.get_one(Submission, submission_id)
    return {"state": submission.state.value, "stage": last_stage(SUBJECT, submission_id)}


def _changed(old: int, new: int) -> frozenset[str]:
    if old == new:
        return frozenset()
    before, after = session.get_one(Revision, old), session.get_one(Revision, new)
    return changed(KINDS[after.kind], of_revision(before), of_revision(after))


def _url(submission_id: int) -> str:
    return url_for("submissions.show", submission_id=submission_id)


def _cards(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = by_submission_ids(ids)
    return {
        key: {
            "author": row.author.name,
            "author_team": row.author.team.name if row.author.team else None,
            "new": row.article_id is None,
            "significance": row.significance.value,
        }
        for key, row in rows.items()
    }


def _known(actor: Actor, ids: Sequence[int]) -> frozenset[int]:
    found = by_submission_ids(ids)
    return frozenset(key for key, row in found.items() if can(actor, P.KNOW_SUBMISSION, row))


def _text(revision_id: int) -> dict[str, Any]:
    revision = session.get_one(Revision, revision_id)
    texts = shown(presenting.labelled(revision), None, published=False)
    return {"title": revision.title, "kind": revision.kind, "texts": texts}


def _version_url(article: Article, published: Publication) -> str:
    rev = published.version if published.version != article.version else None
    return url_for("articles.show", slug=article.slug, rev=rev)


def _page(actor: Actor, task: Task) -> dict[str, Any]:
    """What the review page shows: the proposal, and its difference to what is live."""
    submission = session.get_one(Submission, task.review.subject_id)
    revision = session.get_one(Revision, task.revision_id)
    kind = KINDS[submission.kind]
    article = submission.article
    before = approved_publication(article)
    changed, same = changes(kind, of_revision(before.revision), of_revision(revision)) if before else ([], [])
    names = presenting.names_of(submission.author_ids)
    ids = submission.author_ids
    author = submission.author
    return {
        "submission": {
            "id": submission.id,
            "title": revision.title,
            "kind": submission.kind,
            "author": author.name,
            "author_team": author.team.name if author.team else None,
            "co_authors": [names.get(i, "") for i in ids[1:]],
            "submitted_at": submission.submitted_at,
            "significance": submission.significance.value,
            "reason": submission.reason,
            "state": submission.state.value,
            "url": _url(submission.id),
            "revision": revision.number,
            "category": revision.category.name if revision.category else None,
            "edit_url": url_for("submissions.edit", submission_id=submission.id),
            "provisional": article.provisional.value if article and article.provisional else None,
        },
        "live": {"url": _version_url(article, before), "version": before.version} if article and before else None,
        "gone": gone(article),
        "changes": changed,
        "unchanged": same,
        "texts": shown(presenting.labelled(revision), actor, published=False),
        "stages": presenting.stages_of(submission, presenting.way_of(submission)),
        "trail": tracking.trail_of(submission, reader=actor),
        "similar": [
            s
            for s in similar.like(actor, revision.title, without=submission.id)
            if not article or s.get("slug") != article.slug
        ],
    }


__all__ = [
    "api",
    "blame_api",
    "file_api",
    "init_app",
    "lifecycle_api",
    "link_api",
    "link_table",
    "listeners",
    "provisional_api",
    "renaming",
    "version_views",
]
