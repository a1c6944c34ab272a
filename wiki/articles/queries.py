"""Reads of articles, submissions and their history."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload, selectinload

from accounts.models import User
from core.actors import Actor
from core.db import session
from core.permissions import allowed, can
from wiki.articles.models import (
    Article,
    ArticleService,
    ArticleTag,
    Category,
    ProvisionalPublication,
    Publication,
    Revision,
    Service,
    Submission,
    SubmissionAuthor,
    SubmissionState,
)
from wiki.articles.permissions import P
from wiki.articles.rules import Because, News, ProvisionalState, news


def by_slug(slug: str) -> Article | None:
    """The article under a slug, live or not, with what its page needs."""
    return session.scalar(
        sa.select(Article)
        .where(Article.slug == slug)
        .options(joinedload(Article.revision), joinedload(Article.category), selectinload(Article.service_rows))
    )


def published(
    actor: Actor,
    *,
    kind: str | None = None,
    category: str | None = None,
    tag: str | None = None,
    service: str | None = None,
    changed_since: datetime | None = None,
) -> sa.Select[Article]:
    """What this person may read, last changed first; reusable blocks only when they are asked for."""
    found = (
        sa.select(Article)
        .where(allowed(actor, P.READ))
        .options(joinedload(Article.revision).joinedload(Revision.category), joinedload(Article.category))
        .order_by(Article.updated_at.desc(), Article.id.desc())
    )
    found = found.where(Article.kind == kind) if kind else found.where(Article.kind != "block")  # parts, not articles
    if category:
        found = found.where(Article.category_id.in_(below(category)))
    if tag:
        found = found.where(sa.exists().where(ArticleTag.article_id == Article.id, ArticleTag.tag == tag))
    if service:
        found = found.where(
            sa.exists().where(
                ArticleService.article_id == Article.id,
                ArticleService.service_id == Service.id,
                Service.code == service,
            )
        )
    if changed_since:
        found = found.where(Article.updated_at >= changed_since)
    return found


def below(slug: str) -> sa.Select[int]:
    """Ids of a category and of everything under it."""
    root = sa.alias(Category.__table__, "root")
    return sa.select(Category.id).where(
        root.c.slug == slug, sa.or_(Category.id == root.c.id, Category.path.startswith(root.c.path + "/"))
    )


def history(article_id: int) -> sa.Select[Publication]:
    """Every publication of an article, newest first."""
    return (
        sa.select(Publication)
        .where(Publication.article_id == article_id)
        .options(joinedload(Publication.revision).joinedload(Revision.author).lazyload(User.role_rows))
        .options(joinedload(Publication.submission))
        .options(joinedload(Publication.provisional), joinedload(Publication.restores))
        .order_by(Publication.major.desc(), Publication.minor.desc())
    )


def versions(actor: Actor, article: Article) -> list[Publication]:
    """Every version of an article that this person may read, newest first."""
    rows = session.scalars(history(article.id))
    return [row for row in rows if row.revision_id == article.revision_id or can(actor, P.READ_VERSION, row)]


def version_of(actor: Actor, article: Article, version: str) -> Publication | None:
    """The version with a number like '1.2', if there is one and this person may read it."""
    found = publication(article.id, version)
    if found is None or found.revision_id == article.revision_id or can(actor, P.READ_VERSION, found):
        return found
    return None


def publication(article_id: int, version: str) -> Publication | None:
    """The publication with a version number like '1.2'."""
    major, _dot, minor = version.partition(".")
    if not (major.isdecimal() and minor.isdecimal() and len(major) < 9 and len(minor) < 9):
        return None
    return session.scalar(history(article_id).where(Publication.major == int(major), Publication.minor == int(minor)))


def publication_of(submission_id: int) -> Publication | None:
    """The publication a submission ended in; what was rolled back, or still waits for its review, is none."""
    return session.scalar(
        sa.select(Publication)
        .where(Publication.submission_id == submission_id, counts())
        .options(joinedload(Publication.provisional))
        .order_by(Publication.id)
        .limit(1)
    )


def counts() -> sa.ColumnElement[bool]:
    """A review (or a manager's import) stands behind this publication itself, over ``Publication``: not behind one
    before review, unless the very text was confirmed; nor does a rollback count again."""
    early = sa.exists().where(
        ProvisionalPublication.publication_id == Publication.id,
        sa.or_(
            ProvisionalPublication.closed_because.is_(None),
            ProvisionalPublication.closed_because != Because.APPROVED,
        ),
    )
    again = sa.exists().where(ProvisionalPublication.restored_id == Publication.id)
    return sa.not_(sa.or_(early.correlate(Publication), again.correlate(Publication)))


def news_of(publication_id: int) -> News:
    """What a publication is after the texts that a review stood behind before it, whether readers saw the last of them
    or not."""
    this = session.get_one(Publication, publication_id)
    before = (
        sa.select(Revision.digest)
        .join(Publication, Publication.revision_id == Revision.id)
        .where(Publication.article_id == this.article_id, Publication.id < this.id, counts())
        .order_by(Publication.id)
    )
    return news(this.revision.digest, session.scalars(before).all())


def approved_revision_id(article: Article | None) -> int | None:
    """The revision that readers see with its review behind it – or would see, were it not for an emergency."""
    if article is None or not article.live:
        return None
    if article.provisional is None:
        return article.revision_id
    return session.scalar(
        sa.select(ProvisionalPublication.previous_revision_id).where(
            ProvisionalPublication.article_id == article.id,
            ProvisionalPublication.state == ProvisionalState.PUBLISHED,
        )
    )


def was_approved(article: Article) -> bool:
    """Whether a review stands behind the text that readers see, or saw last."""
    here = Publication.article_id == article.id, Publication.revision_id == article.revision_id
    return session.scalar(sa.select(Publication.id).where(*here, counts()).limit(1)) is not None


def approved_publication(article: Article | None) -> Publication | None:
    """The version of which ``approved_revision_id`` is the text; of what readers no longer see, the last one that a
    review stands behind."""
    if article is None:
        return None
    if article.live:
        this = Publication.revision_id == approved_revision_id(article)
    else:
        this = counts()
    return session.scalar(history(article.id).where(this).order_by(None).order_by(Publication.id.desc()).limit(1))


def written_by(actor: Actor) -> sa.ColumnElement[bool]:
    """The person is author or co-author, over ``Submission``; found from the person, who wrote few of all."""
    return Submission.id.in_(sa.select(SubmissionAuthor.submission_id).where(SubmissionAuthor.user_id == actor.id))


def mine(actor: Actor, *, state: SubmissionState | None = None) -> sa.Select[Submission]:
    """What this person wrote or co-wrote, last touched first."""
    found = (
        sa.select(Submission)
        .where(written_by(actor))
        .options(joinedload(Submission.head), joinedload(Submission.article))
        .order_by(Submission.updated_at.desc(), Submission.id.desc())
    )
    return found.where(standing() == state) if state else found


def submissions(actor: Actor, *, state: SubmissionState | None = None) -> sa.Select[Submission]:
    """What this person may read of submissions, last touched first."""
    found = (
        sa.select(Submission)
        .where(allowed(actor, P.READ_SUBMISSION))
        .options(joinedload(Submission.head), joinedload(Submission.article))
        .order_by(Submission.updated_at.desc(), Submission.id.desc())
    )
    return found.where(standing() == state) if state else found


def standing() -> sa.ColumnElement[str]:
    """``Submission.standing``, over ``Submission``."""
    off = sa.exists().where(Article.id == Submission.article_id, sa.not_(Article.live))
    published = Submission.state == SubmissionState.PUBLISHED
    return sa.case((sa.and_(published, off), SubmissionState.RETIRED.value), else_=Submission.state)


def by_submission_ids(ids: Sequence[int]) -> dict[int, Submission]:
    """Submissions by id, with head and author."""
    rows = session.scalars(
        sa.select(Submission)
        .where(Submission.id.in_(ids))
        .options(joinedload(Submission.head), joinedload(Submission.article))
        .options(joinedload(Submission.author).options(joinedload(User.team), lazyload(User.role_rows)))
    )
    return {row.id: row for row in rows}


def revisions(submission_id: int) -> sa.Select[Revision]:
    """Every saved revision of a submission, newest first."""
    return (
        sa.select(Revision)
        .where(Revision.submission_id == submission_id)
        .options(joinedload(Revision.author))
        .order_by(Revision.number.desc())
    )


def in_review_for(article_id: int) -> Submission | None:
    """The submission of this article that is under review, or approved and waiting for its day."""
    before_readers = (SubmissionState.IN_REVIEW, SubmissionState.APPROVED)
    found = sa.select(Submission).where(Submission.article_id == article_id, Submission.state.in_(before_readers))
    return session.scalar(found.order_by(Submission.id).limit(1))


def categories() -> list[Category]:
    """The whole tree, parents before children."""
    return list(session.scalars(sa.select(Category).order_by(Category.path)))


def category_by_slug(slug: str) -> Category | None:
    """The category of this slug."""
    return session.scalar(sa.select(Category).where(Category.slug == slug))


def services() -> list[Service]:
    """Every service, by name."""
    return list(session.scalars(sa.select(Service).order_by(Service.name)))


def unknown_services(codes: Iterable[str]) -> list[str]:
    """Which of these codes are not services."""
    wanted = list(codes)
    known = set(session.scalars(sa.select(Service.code).where(Service.code.in_(wanted)))) if wanted else set()
    return [code for code in wanted if code not in known]


def live_articles() -> sa.Select[Article]:
    """Every published article with what the index and the export need, by id."""
    return (
        sa.select(Article)
        .where(Article.live)
        .options(joinedload(Article.revision), joinedload(Article.category), selectinload(Article.service_rows))
        .order_by(Article.id)
    )


def usernames_of(submissions: Sequence[Submission]) -> dict[int, str]:
    """User names by id of everybody who wrote in these submissions; one query."""
    ids = {user_id for submission in submissions for user_id in submission.author_ids}
    return {row.id: row.username for row in session.execute(sa.select(User.id, User.username).where(User.id.in_(ids)))}


def authors_of(articles: Sequence[Article]) -> dict[int, list[str]]:
    """User names of the authors of what readers see of some articles, the author first; one query."""
    rows = session.execute(
        sa.select(Article.id, User.username)
        .join(
            Publication,
            sa.and_(
                Publication.article_id == Article.id,
                Publication.major == Article.major,
                Publication.minor == Article.minor,
            ),
        )
        .join(SubmissionAuthor, SubmissionAuthor.submission_id == Publication.submission_id)
        .join(User, User.id == SubmissionAuthor.user_id)
        .where(Article.id.in_([article.id for article in articles]))
        .order_by(SubmissionAuthor.position)
    )
    found: dict[int, list[str]] = {}
    for article_id, username in rows:
        found.setdefault(article_id, []).append(username)
    return found
