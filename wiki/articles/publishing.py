"""A revision becomes what readers see – by approval, or by a manager's import."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid
from core.events import emit
from core.i18n import _
from core.permissions import require
from wiki.articles.content import Content, checked
from wiki.articles.events import ArticlePublished, ArticleRetired
from wiki.articles.kinds import Kind, kind_of
from wiki.articles.lifecycle_rules import due, interval
from wiki.articles.models import (
    Article,
    ArticleReader,
    ArticleService,
    ArticleTag,
    Audience,
    DraftBuffer,
    Publication,
    Revision,
    Service,
    Significance,
    Submission,
    SubmissionAuthor,
    SubmissionState,
)
from wiki.articles.permissions import P
from wiki.articles.personal_policy import require_masked
from wiki.articles.queries import approved_revision_id, in_review_for, was_approved
from wiki.articles.revisions import store_revision
from wiki.articles.rules import ProvisionalKind, digest, next_version, slugify
from workflows import ops as reviewing
from workflows.queries import approvals_of

ADDRESSES = frozenset({"titles", "named"})  # pages of their own


def publish(submission: Submission, *, by: int | None = None, imported: bool = False) -> Article:
    """Readers see the head revision from now on, under the next version number, and it is nobody's risk any more."""
    row = _put_up(submission, by)
    article, score = row.article, None if imported else mean_score(submission.id)
    article.provisional = article.provisional_until = None
    close_published(submission, article, drafts=not imported)
    emit(told(row, submission, score=score, imported=imported))
    return article


def publish_before_review(submission: Submission, kind: ProvisionalKind, until: datetime, *, by: int) -> Publication:
    """Readers see the head revision from now on, marked as not yet reviewed; its review goes on."""
    row = _put_up(submission, by)
    row.article.provisional, row.article.provisional_until = kind, until
    submission.article_id = row.article.id
    session.flush()
    emit(told(row, submission, score=None, provisional=True))
    return row


def publish_again(
    article: Article, revision: Revision, *, reason: str = "rolled back", by: int | None = None
) -> Publication:
    """Readers see an earlier revision again, under the next small number: what came after it was rolled back, or it had
    been taken off."""
    submission = session.get_one(Submission, revision.submission_id)
    article.provisional = article.provisional_until = None
    row = _put_up_revision(article, submission, revision, Significance.MINOR, reason, by)
    emit(told(row, submission, score=None, restored=True))
    return row


def close_published(submission: Submission, article: Article, *, drafts: bool = True) -> None:
    """What was proposed is what readers see: the submission is done. ``drafts``: somebody may have begun a change."""
    submission.article_id, submission.state, submission.closed_at = article.id, SubmissionState.PUBLISHED, clock.now()
    if drafts:
        session.execute(sa.delete(DraftBuffer).where(DraftBuffer.submission_id == submission.id))
    session.flush()


def _put_up(submission: Submission, by: int | None) -> Publication:
    """The head revision in its article."""
    revision = session.get_one(Revision, submission.head_revision_id)
    article = _article_for(submission, revision)
    return _put_up_revision(article, submission, revision, submission.significance, submission.reason, by)


def _put_up_revision(
    article: Article, submission: Submission, revision: Revision, size: Significance, reason: str, by: int | None
) -> Publication:
    now = clock.now()
    article.major, article.minor = next_version(article.major, article.minor, size)
    show(article, revision)
    _keep_true(article, submission, revision, size)
    article.live, article.published_at, article.updated_at = True, article.published_at or now, now
    row = Publication(
        article=article,
        submission_id=submission.id,
        revision_id=revision.id,
        major=article.major,
        minor=article.minor,
        significance=size,
        reason=reason,
        published_at=now,
        published_by_id=by,
    )
    session.add(row)
    session.flush()
    return row


def told(
    row: Publication,
    submission: Submission,
    *,
    score: int | None,
    imported: bool = False,
    provisional: bool = False,
    restored: bool = False,
    at: datetime | None = None,
) -> ArticlePublished:
    """What others are told of a publication. ``at``: now."""
    article = row.article
    return ArticlePublished(
        article_id=article.id,
        slug=article.slug,
        kind=article.kind,
        submission_id=submission.id,
        revision_id=row.revision_id,
        publication_id=row.id,
        version=row.version,
        significance=row.significance.value,
        author_ids=submission.author_ids,
        score=score,
        imported=imported,
        at=at or clock.now(),
        provisional=provisional,
        restored=restored,
    )


def _article_for(submission: Submission, revision: Revision) -> Article:
    if submission.article_id is not None:
        return lock(Article, submission.article_id) or session.get_one(Article, submission.article_id)
    while True:
        point = session.begin_nested()
        try:
            article = _new_article(submission, revision)
            point.commit()
        except IntegrityError:  # an article of the same title took the address a moment earlier
            point.rollback()
        else:
            return article


def _new_article(submission: Submission, revision: Revision) -> Article:
    article = Article(
        slug=_free_slug(revision.title),
        kind=submission.kind,
        title=revision.title,
        audience=revision.audience,
        owner_id=submission.author_id,
        created_at=clock.now(),
        major=0,
        minor=0,
        live=False,
        provisional=None,
        provisional_until=None,
        readers=[],  # a new article has none, and the database need not be asked for them
        tag_rows=[],
        service_rows=[],
    )
    session.add(article)
    session.flush()
    return article


def _free_slug(title: str) -> str:
    """An address that no article has: that of the title, else with a number. Ten thousand articles of one title are
    asked for some thirty numbers: upwards in leaps until one is free, then between it and the last that was taken."""
    base = slugify(title)
    if base not in ADDRESSES and not _is_taken(base):
        return base
    taken, free = 1, 2
    while _is_taken(f"{base}-{free}"):
        taken, free = free, free * 2
    while free - taken > 1:
        middle = (taken + free) // 2
        taken, free = (middle, free) if _is_taken(f"{base}-{middle}") else (taken, middle)
    return f"{base}-{free}"


_OF_SLUG = sa.select(Article.id).where(Article.slug == sa.bindparam("slug"))


def _is_taken(slug: str) -> bool:
    return session.scalar(_OF_SLUG, {"slug": slug}) is not None


def show(article: Article, revision: Revision) -> None:
    """Copy what lists, filters and doors need from the revision to the article."""
    article.title, article.category_id = revision.title, revision.category_id
    article.audience, article.revision_id = revision.audience, revision.id
    article.readers = (
        [ArticleReader(token=token) for token in dict.fromkeys(revision.readers)]
        if revision.audience is Audience.RESTRICTED
        else []
    )
    article.tag_rows = [ArticleTag(tag=tag) for tag in revision.tags]
    ids = session.scalars(sa.select(Service.id).where(Service.code.in_(revision.services))) if revision.services else ()
    article.service_rows = [ArticleService(service_id=service_id) for service_id in ids]


def _keep_true(article: Article, submission: Submission, revision: Revision, size: Significance) -> None:
    """Who approved a new version has looked at it: the next look is due an interval later. A typo is no look."""
    now, kind = clock.now(), kind_of(article.kind)
    if (article.major, article.minor) == (1, 0):
        article.verify_months = interval(kind.verify_months, revision.fields)
    if size is not Significance.TYPO or article.verified_at is None:
        article.verified_at, article.verify_due_at = now, due(now, article.verify_months)
    ends = submission.expires_at or _own_end(kind, revision)
    if ends is not None and ends > now:
        article.expires_at = ends
    elif article.expires_at is not None and article.expires_at <= now:
        article.expires_at = None


def _own_end(kind: Kind, revision: Revision) -> datetime | None:
    """When the text says itself that it ends."""
    given = revision.fields.get(kind.ends_with) if kind.ends_with else None
    return datetime.fromisoformat(given) if given else None


def mean_score(submission_id: int) -> int | None:
    """The mean of the checklists with which it was approved; ``None`` when none was filled in."""
    scores = [d.score for d, _name in approvals_of("submission", submission_id) if d.score is not None]
    return round(sum(scores) / len(scores)) if scores else None


def retire(article: Article, actor: Actor, *, reason: str, duplicate_of: Article | None = None) -> None:
    """Readers no longer see it; history, links and numbers stay. ``duplicate_of``: another one says the same.

    Raises:
        Forbidden, Conflict, Invalid.
    """
    require(actor, P.MANAGE_ARTICLES)
    if not article.live:
        raise Conflict(_("This article is not published."), code="illegal-move")
    if duplicate_of is not None and (duplicate_of.id == article.id or not duplicate_of.live):
        raise Invalid({"duplicate_of": _("Name another article that readers can see.")})
    about = {"duplicate_of": duplicate_of.slug} if duplicate_of is not None else {}
    audit.record(actor, "retire", subject_kind="article", subject_id=article.id, note=reason, details=about)
    end(article, duplicate_of=duplicate_of.id if duplicate_of is not None else None)


def end(article: Article, *, duplicate_of: int | None = None) -> None:
    """Readers no longer see it, and who has a change of it open looks again: to approve that would now put it back."""
    take_off(article, duplicate_of=duplicate_of)
    if (change := in_review_for(article.id)) is not None:
        reviewing.look_again("submission", change.id)


def hold(article_id: int) -> Article | None:
    """The article, locked until the transaction ends, and before it the review of its change, in the order of a
    decision; ``None``: there is none."""
    if (change := in_review_for(article_id)) is not None:
        reviewing.hold("submission", change.id)
    return lock(Article, article_id)


def put_back(article: Article, actor: Actor, *, reason: str) -> Publication:
    """Readers see again what they saw last, under the next small number.

    Raises:
        Forbidden, Conflict, Invalid.
    """
    require(actor, P.MANAGE_ARTICLES)
    if article.live:
        raise Conflict(_("This article is published."), code="illegal-move")
    if not reason.strip():
        raise Invalid({"reason": _("Please say why it is put back.")})
    if not was_approved(article):
        raise Conflict(_("No review stands behind its text. Propose it anew."), code="illegal-move")
    audit.record(actor, "put_back", subject_kind="article", subject_id=article.id, note=reason)
    return publish_again(
        article, session.get_one(Revision, article.revision_id), reason=reason.strip()[:500], by=actor.id
    )


def take_off(article: Article, *, duplicate_of: int | None = None) -> None:
    """Readers no longer see it. A text that no review stands behind goes first: nobody may put it back."""
    if article.provisional is not None and (before := approved_revision_id(article)) is not None:
        show(article, session.get_one(Revision, before))
    article.live, article.provisional, article.provisional_until = False, None, None
    session.flush()
    emit(ArticleRetired(article.id, article.slug, clock.now(), duplicate_of))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an import. ``kind`` may be empty: what the article is, else a FAQ. ``slug`` comes with our export,
    whose articles may have been written here and so have no external id.
    """

    id: str
    kind: str
    content: Content
    slug: str = ""


Outcome = Literal["created", "updated", "unchanged"]


def import_row(actor: Actor, row: Row) -> Outcome:
    """The article with this external id says what the row says; importing again changes nothing.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.MANAGE_ARTICLES)
    article = _imported_before(row)
    kind = kind_of(row.kind or (article.kind if article else "faq"))
    if article is not None and article.kind != kind.code:
        raise Invalid({"kind": _("This article is of another kind.")})
    content = checked(kind, row.content)
    if article is not None and _says(article, content):
        return "unchanged"
    require_masked(kind.code, content)
    if article is not None and (article.provisional is not None or in_review_for(article.id) is not None):
        raise Invalid({"id": _("A change of this article is under review; import it again when that is decided.")})
    now = clock.now()
    submission = Submission(
        kind=article.kind if article else kind.code,
        article_id=article.id if article else None,
        author_id=actor.id,
        base_revision_id=article.revision_id if article else None,
        state=SubmissionState.APPROVED,
        significance=Significance.MINOR if article else Significance.MAJOR,
        reason="",
        created_at=now,
        updated_at=now,
        submitted_at=now,
        author_rows=[SubmissionAuthor(user_id=actor.id)],
    )
    session.add(submission)
    session.flush()
    revision = store_revision(submission, actor.id, content)
    made = publish(submission, by=actor.id, imported=True)
    made.external_id = row.id
    audit.record(
        actor, "imported", subject_kind="submission", subject_id=submission.id, revision_id=revision.id, note=row.id
    )
    session.flush()
    return "updated" if article else "created"


def _imported_before(row: Row) -> Article | None:
    found = session.scalar(sa.select(Article).where(Article.external_id == row.id))
    if found is None and row.slug:
        written_here = sa.select(Article).where(Article.slug == row.slug, Article.external_id.is_(None))
        found = session.scalar(written_here)
    return found


def _says(article: Article, content: Content) -> bool:
    revision = session.get_one(Revision, article.revision_id)
    category = article.category.slug if article.category else None
    return (
        article.live
        and revision.digest == digest(content.title, content.body, content.fields)
        and list(revision.tags) == content.tags
        and category == content.category
        and revision.audience.value == content.audience
        and list(revision.services) == content.services
        and list(revision.readers) == content.readers
    )
