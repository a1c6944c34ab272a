"""An article with its whole past comes from another installation: the same versions, texts, people and times."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core import audit
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Invalid
from core.events import emit
from core.i18n import _
from core.permissions import require
from wiki.articles.content import Content, checked
from wiki.articles.file_models import FileReference
from wiki.articles.kinds import kind_of
from wiki.articles.models import (
    Article,
    Audience,
    Publication,
    Revision,
    Significance,
    Submission,
    SubmissionAuthor,
    SubmissionState,
    Verification,
)
from wiki.articles.permissions import P
from wiki.articles.publishing import show, told
from wiki.articles.revisions import revision_of


@dataclass(frozen=True, slots=True)
class PastText:
    """A revision that readers saw. ``number``: which of its submission's revisions it was; ``file_ids``: the files here
    that it refers to."""

    number: int
    content: Content
    author_id: int
    created_at: datetime
    file_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PastProposal:
    """A submission that was published. ``approvals``: who judged it, as plain data for the approval sheet."""

    author_ids: tuple[int, ...]
    significance: str
    reason: str
    created_at: datetime
    submitted_at: datetime | None
    closed_at: datetime | None
    publish_at: datetime | None
    expires_at: datetime | None
    texts: tuple[PastText, ...]
    approvals: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PastVersion:
    """From when readers saw which text (by its place in ``proposals`` and ``texts``), under which number."""

    major: int
    minor: int
    significance: str
    reason: str
    published_at: datetime
    published_by_id: int | None
    proposal: int
    text: int


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody found the text of a version (by its place) still true."""

    version: int
    user_id: int
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Keeping:
    """Who keeps the article true, how often it is looked at, and until when readers see it."""

    owner_team_id: int | None = None
    verify_months: int = 0
    verified_at: datetime | None = None
    verify_due_at: datetime | None = None
    expires_at: datetime | None = None
    looked: tuple[Looked, ...] = ()


@dataclass(frozen=True, slots=True)
class PastArticle:
    """An article as another installation had it; ``versions`` in their order, at least one."""

    slug: str
    kind: str
    external_id: str | None
    owner_id: int | None
    created_at: datetime
    live: bool
    proposals: tuple[PastProposal, ...]
    versions: tuple[PastVersion, ...]
    keeping: Keeping = Keeping()


def adopt(actor: Actor, past: PastArticle) -> Article:
    """The article is here as it was there. What was published elsewhere earns nothing here.

    Raises:
        Forbidden, Invalid, Conflict (``slug-taken``).
    """
    require(actor, P.MANAGE_ARTICLES)
    if session.scalar(sa.select(Article.id).where(Article.slug == past.slug)) is not None:
        raise Conflict(_("There is an article «%(slug)s» already.", slug=past.slug), code="slug-taken")
    kind = kind_of(past.kind)
    last = past.versions[-1]
    article = Article(
        external_id=past.external_id,
        slug=past.slug,
        kind=kind.code,
        title="",
        audience=Audience.INTERNAL,
        owner_id=past.owner_id,
        created_at=past.created_at,
        published_at=past.versions[0].published_at,
        updated_at=last.published_at,
        major=last.major,
        minor=last.minor,
        live=False,
        owner_team_id=past.keeping.owner_team_id,
        verify_months=past.keeping.verify_months,
        verified_at=past.keeping.verified_at,
        verify_due_at=past.keeping.verify_due_at,
        expires_at=past.keeping.expires_at,
    )
    session.add(article)
    session.flush()
    made = [_proposal(actor, article, proposal) for proposal in past.proposals]
    rows = [_version(article, version, *made[version.proposal]) for version in past.versions]
    session.add_all(rows)
    show(article, made[last.proposal][1][last.text])
    article.live = past.live
    session.flush()
    session.add_all(
        Verification(
            article_id=article.id, revision_id=rows[look.version].revision_id, user_id=look.user_id,
            note=look.note[:500], at=look.at,
        )
        for look in past.keeping.looked
    )  # fmt: skip
    if past.live:
        emit(told(rows[-1], made[last.proposal][0], score=None, imported=True))
    return article


def _proposal(actor: Actor, article: Article, past: PastProposal) -> tuple[Submission, list[Revision]]:
    submission = Submission(
        kind=article.kind,
        article_id=article.id,
        author_id=past.author_ids[0],
        state=SubmissionState.PUBLISHED,
        significance=Significance(past.significance),
        reason=past.reason[:500],
        created_at=past.created_at,
        updated_at=past.closed_at or past.created_at,
        submitted_at=past.submitted_at,
        closed_at=past.closed_at,
        publish_at=past.publish_at,
        expires_at=past.expires_at,
        author_rows=[SubmissionAuthor(user_id=one, position=n) for n, one in enumerate(past.author_ids)],
    )
    session.add(submission)
    session.flush()
    texts = [_text(submission, text) for text in past.texts]
    session.add_all(texts)
    session.flush()
    for text, row in zip(past.texts, texts, strict=True):
        session.add_all(FileReference(revision_id=row.id, file_id=one) for one in dict.fromkeys(text.file_ids))
    submission.head_revision_id = texts[-1].id
    audit.record(
        actor,
        "imported",
        subject_kind="submission",
        subject_id=submission.id,
        revision_id=texts[-1].id,
        note=article.external_id or article.slug,
        details={"approvals": past.approvals},
    )
    return submission, texts


def _text(submission: Submission, past: PastText) -> Revision:
    content = checked(kind_of(submission.kind), past.content)
    return revision_of(submission, content, number=past.number, author_id=past.author_id, at=past.created_at)


def _version(article: Article, past: PastVersion, submission: Submission, texts: list[Revision]) -> Publication:
    if past.major < 0 or past.minor < 0:
        raise Invalid({"version": _("A version is a number like 1.2.")})
    return Publication(
        article=article,
        submission_id=submission.id,
        revision_id=texts[past.text].id,
        major=past.major,
        minor=past.minor,
        significance=Significance(past.significance),
        reason=past.reason[:500],
        published_at=past.published_at,
        published_by_id=past.published_by_id,
    )
