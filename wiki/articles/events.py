"""What happened to a text."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RevisionSaved:
    """Somebody saved an immutable revision of a submission."""

    submission_id: int
    revision_id: int
    author_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ArticlePublished:
    """Readers now see this revision. ``imported`` ones earn nothing; ``version`` is like '1.0'."""

    article_id: int
    slug: str
    kind: str
    submission_id: int
    revision_id: int
    previous_revision_id: int | None
    version: str
    significance: str
    author_ids: tuple[int, ...]  # the author first, then co-authors
    score: int | None  # mean checklist score of the approvals, 0–100
    imported: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class ArticleRetired:
    """Readers no longer see this article."""

    article_id: int
    slug: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ArticleTouched:
    """What search shows of an article changed without a new publication (tags, category, audience)."""

    article_id: int
