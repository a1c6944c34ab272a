"""``/api/v1/submissions`` and ``/api/v1/articles``, as the contract says."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import request, url_for

from accounts.models import User
from core.api import Answer, Api, must_match, page
from core.audit import trail
from core.db import session
from core.errors import Invalid, NotFound, Stale
from core.i18n import _
from core.permissions import can
from core.web import actor
from wiki.articles import draft_ops, opens, ops, personal_policy, presenting, similar
from wiki.articles.blocks import warnings
from wiki.articles.content import Content, of_revision
from wiki.articles.diff import whole
from wiki.articles.kinds import KINDS
from wiki.articles.linking import Linker
from wiki.articles.mentioning import may_name
from wiki.articles.models import Article, Revision, Submission
from wiki.articles.open_models import OpenSource
from wiki.articles.permissions import P
from wiki.articles.queries import authors_of, mine, published, submissions, usernames_of, versions
from wiki.articles.shapes import (
    ArticleOut,
    ArticlesIn,
    ArticlesOut,
    DiffIn,
    DiffOut,
    MovedOut,
    PersonalOut,
    ProvisionalOut,
    RevisionsOut,
    SubmissionChange,
    SubmissionIn,
    SubmissionOut,
    SubmissionsIn,
    SubmissionsOut,
    TrailOut,
)
from wiki.articles.versions import approvals_for, approvers, points_of
from workflows.blindness import blind_since, hides
from workflows.models import Review
from workflows.queries import last_review

api = Api("articles")


def _where(submission: Submission) -> dict[str, Any]:
    return _here(submission, presenting.way_of(submission))


def _here(submission: Submission, way: presenting.Way | None) -> dict[str, Any]:
    where = presenting.where_is_it(way)
    return {
        "state": submission.standing.value,
        "stage": where["stage"] if where else None,
        "waiting_for": where["waiting_for"] if where else [],
        "due_at": where["due_at"] if where else None,
    }


def _etag(submission: Submission) -> str:
    return f"{submission.id}-{submission.head_revision_id}-{submission.standing.value}"


def _seen(submission: Submission) -> int | None:
    """The revision that ``If-Match`` names."""
    found = [re.match(rf"{submission.id}-(\d{{1,9}})-", tag) for tag in request.if_match.as_set()]
    return next((int(one[1]) for one in found if one), None)


def _show(submission: Submission, *, text: bool = False, trail_too: bool = False) -> SubmissionOut:
    out = _row(submission, presenting.way_of(submission), usernames_of([submission]))
    if text and submission.head is not None:
        content = of_revision(submission.head)
        out.body, out.fields, out.category = content.body, content.fields, content.category
        out.tags, out.services, out.audience = content.tags, content.services, content.audience
        out.personal = [
            PersonalOut(field=f.field, kind=f.finding.kind.value, masked=f.finding.masked, must_be_masked=f.must_go)
            for f in personal_policy.of_content(submission.kind, content)
        ]
    if trail_too:
        out.trail = _trail(submission)
    return out


def _row(submission: Submission, way: presenting.Way | None, known: dict[int, str]) -> SubmissionOut:
    head = submission.head
    names = [known[user_id] for user_id in submission.author_ids]
    return SubmissionOut(
        **_here(submission, way),
        id=str(submission.id),
        kind=submission.kind,
        title=head.title if head else "",
        author=names[0] if names else "",
        co_authors=names[1:],
        significance=submission.significance.value,
        reason=submission.reason,
        revision=head.number if head else None,
        article=submission.article.slug if submission.article else None,
        submitted_at=submission.submitted_at,
        updated_at=submission.updated_at,
        links={
            "self": f"/api/v1/submissions/{submission.id}",
            "page": url_for("submissions.show", submission_id=submission.id),
        },
    )


def _rows(found: list[Submission]) -> list[SubmissionOut]:
    ways, known = presenting.ways_of(found), usernames_of(found)
    return [_row(submission, ways.get(submission.id), known) for submission in found]


def _usernames(ids: tuple[int, ...]) -> dict[int, str]:
    return {row.id: row.username for row in session.execute(sa.select(User.id, User.username).where(User.id.in_(ids)))}


def _trail(submission: Submission) -> list[TrailOut]:
    who = actor()
    since = blind_since(who, ops.SUBJECT, submission.id)
    rows = [
        row
        for row in session.scalars(trail(ops.SUBJECT, submission.id))
        if not hides(since, who, row.verb, row.at, row.actor_id)
    ]
    names = _usernames(tuple({row.actor_id for row in rows if row.actor_id}))
    numbers = dict(
        session.execute(sa.select(Revision.id, Revision.number).where(Revision.submission_id == submission.id)).all()
    )
    return [
        TrailOut(
            at=row.at,
            actor=names.get(row.actor_id or 0, "spiral"),
            verb=row.verb,
            stage=row.stage,
            revision=numbers.get(row.revision_id or 0),
            note=row.note,
        )
        for row in rows
    ]


@api.post("/submissions", gate=P.PROPOSE, body=SubmissionIn, answer=SubmissionOut, status=201)
def propose(body: SubmissionIn) -> Answer:
    """Propose a new article or a change of one."""
    audience, readers = body.audience, body.readers
    if body.article and "audience" not in body.model_fields_set:  # a change says nothing: it opens no closed circle
        now = of_revision(ops.readable_article(actor(), body.article).revision)
        audience, readers = now.audience, readers or now.readers
    content = Content(
        title=body.title,
        body=body.body,
        fields=body.fields,
        category=body.category,
        tags=body.tags,
        services=body.services,
        audience=audience,
        readers=readers,
    )
    alike = similar.like(actor(), body.title)
    submission = ops.propose(
        actor(),
        body.kind,
        content,
        article_slug=body.article,
        significance=body.significance,
        reason=body.reason,
    )
    out = _show(submission, text=True)
    out.similar = [s for s in alike if s.get("slug") != body.article]
    return Answer(out, 201, _etag(submission), {"Location": out.links["self"]})


@api.put("/submissions/<int:submission_id>", gate=P.PROPOSE, body=SubmissionChange, answer=SubmissionOut)
def revise(submission_id: int, body: SubmissionChange) -> Answer:
    """Save a new revision."""
    submission = ops.find_submission(submission_id, actor(), P.READ_SUBMISSION, locked=True)
    told = body.model_dump(exclude_unset=True)
    given = {name: value for name, value in told.items() if value is not None or name == "category"}
    try:
        must_match(_etag(submission))
    except Stale as stale:
        stale.details |= draft_ops.what_moved(submission, _seen(submission), given)
        raise
    content = draft_ops.changed(of_revision(submission.head), given)
    ops.save(submission, actor(), content, significance=given.get("significance"), reason=given.get("reason"))
    return Answer(_show(submission, text=True), 200, _etag(submission))


@api.post("/submissions/<int:submission_id>/submit", gate=P.PROPOSE, answer=MovedOut)
def submit(submission_id: int) -> MovedOut:
    """Hand it to the pipeline."""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    ops.submit(submission, actor())
    return MovedOut(**_where(submission), warnings=warnings(submission.head, actor()))


@api.post("/submissions/<int:submission_id>/withdraw", gate=P.PROPOSE, answer=MovedOut)
def withdraw(submission_id: int) -> MovedOut:
    """Take it back."""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    ops.withdraw(submission, actor())
    return MovedOut(**_where(submission))


@api.get("/submissions", gate=P.PROPOSE, query=SubmissionsIn, answer=SubmissionsOut)
def list_submissions(query: SubmissionsIn) -> dict[str, Any]:
    """Submissions: own ones with ``mine=1``, else all the caller may read."""
    found = mine(actor(), state=query.state) if query.mine else submissions(actor(), state=query.state)
    return page(found, query, every=_rows)


@api.get("/submissions/<int:submission_id>", gate=P.PROPOSE, answer=SubmissionOut, also=(304,))
def show_submission(submission_id: int) -> Answer:
    """One submission with its trail; the text only for those who may read it."""
    submission = ops.find_submission(submission_id, actor())
    readable = can(actor(), P.READ_SUBMISSION, submission)
    review = last_review(ops.SUBJECT, submission.id)
    out = _show(submission, text=readable, trail_too=True)
    if not readable and out.trail is not None:
        out.reason, out.trail = "", [entry.model_copy(update={"note": ""}) for entry in out.trail]
    return Answer(out, 200, f"{_etag(submission)}-{_pulse(review)}-{readable}")


def _pulse(review: Review | None) -> str:
    return f"{review.round_number}.{review.stage}" if review else "0"


def _article(article: Article) -> ArticleOut:
    return _articles([article])[0]


def _articles(found: Sequence[Article]) -> list[ArticleOut]:
    authors, linker = authors_of(found), Linker(actor())
    texts = [presenting.labelled(article.revision) if article.revision else [] for article in found]
    linker.gather(texts)
    return [
        _article_row(article, authors.get(article.id, []), linker.shown(labelled))
        for article, labelled in zip(found, texts, strict=True)
    ]


def _article_row(article: Article, authors: list[str], texts: list[dict[str, Any]]) -> ArticleOut:
    revision = article.revision
    if revision is None:
        raise NotFound(_("There is no such article, or you may not see it."))
    content = of_revision(revision)
    return ArticleOut(
        id=str(article.id),
        external_id=article.external_id,
        slug=article.slug,
        kind=article.kind,
        title=revision.title,
        body=revision.body,
        fields=content.fields,
        html="\n".join(str(text["html"]) for text in texts),
        version=article.version,
        revision=str(revision.id),
        published_at=article.published_at,
        updated_at=article.updated_at,
        authors=authors,
        category=content.category,
        tags=content.tags,
        services=content.services,
        audience=article.audience.value,
        provisional=ProvisionalOut(kind=article.provisional.value, deadline=article.provisional_until)
        if article.provisional
        else None,
    )


@api.get("/articles", gate=P.PROPOSE, query=ArticlesIn, answer=ArticlesOut)
def list_articles(query: ArticlesIn) -> dict[str, Any]:
    """Published articles the caller may read, last changed first."""
    since = query.changed_since
    if since is not None and (since.tzinfo is None or not 1900 <= since.year <= 9000):
        raise Invalid({"changed_since": _("Please give a time like 2026-11-30T18:00+08:00.")})
    found = published(actor(), kind=query.kind, category=query.category, tag=query.tag, changed_since=since)
    return page(found, query, every=_articles)


@api.get("/articles/<slug>", gate=P.PROPOSE, answer=ArticleOut, also=(304,))
def show_article(slug: str) -> Answer:
    """One published article."""
    article = ops.readable_article(actor(), slug)
    opens.note(actor(), article.id, article.revision_id, OpenSource.API)
    out = _article(article)
    etag = f"{article.id}-{article.version}-{article.revision_id}-{article.provisional or ''}"
    if article.revision is not None and may_name(article.revision):  # what others are called, and what blocks say today
        etag += f"-{hashlib.blake2b(out.html.encode(), digest_size=8).hexdigest()}"
    return Answer(out, 200, etag)


@api.get("/articles/<slug>/revisions", gate=P.PROPOSE, answer=RevisionsOut)
def list_revisions(slug: str) -> dict[str, Any]:
    """Every published version, newest first."""
    article = ops.readable_article(actor(), slug)
    rows = versions(actor(), article)
    items = [
        {
            "version": row.version,
            "revision": str(row.revision_id),
            "title": row.revision.title,
            "author": row.revision.author.username,
            "significance": row.significance.value,
            "reason": row.reason,
            "published_at": row.published_at.isoformat(),
            "approved_by": approvers(given),
        }
        for row, given in zip(rows, approvals_for(actor(), rows), strict=True)
    ]
    return {"items": items, "next": None, "total": len(items)}


@api.get("/articles/<slug>/diff", gate=P.PROPOSE, query=DiffIn, answer=DiffOut)
def diff(slug: str, query: DiffIn) -> dict[str, Any]:
    """What happened between two versions, or revisions that the caller may read (``r`` and the revision's id)."""
    article = ops.readable_article(actor(), slug)
    points = {point.key: point for point in points_of(actor(), article)}
    published = [point for point in points.values() if point.publication]
    new = points.get(query.to) if query.to else published[0]
    old = points.get(query.from_) if query.from_ else published[min(1, len(published) - 1)]
    if new is None or old is None:
        raise NotFound(_("This article has no such version."))
    parts = whole(KINDS[article.kind], of_revision(old.revision), of_revision(new.revision))
    return {"diff": [{"op": part.op, "text": part.text} for part in parts]}
