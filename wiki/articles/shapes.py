"""What ``/api/v1/submissions`` and ``/api/v1/articles`` take and answer."""

from datetime import datetime
from typing import Any

from pydantic import Field

from core.api import In, Out, PageIn
from wiki.articles.models import SubmissionState


class SubmissionIn(In):
    """A proposal. ``article`` is the slug of the article to change."""

    kind: str
    title: str = ""
    body: str = ""
    fields: dict[str, Any] = Field(default_factory=dict)
    category: str | None = None
    tags: list[str] = Field(default_factory=list)
    services: list[str] = Field(default_factory=list)
    article: str | None = None
    significance: str = "major"
    reason: str = ""
    audience: str = "internal"
    readers: list[str] = Field(default_factory=list)


class SubmissionChange(In):
    """A new revision; what is absent or null stays as it is, but ``category``: null takes it out of its category."""

    title: str | None = None
    body: str | None = None
    fields: dict[str, Any] | None = None
    category: str | None = None
    tags: list[str] | None = None
    services: list[str] | None = None
    significance: str | None = None
    reason: str | None = None
    audience: str | None = None
    readers: list[str] | None = None


class TrailOut(Out):
    """One act."""

    at: datetime
    actor: str
    verb: str
    stage: str | None
    revision: int | None
    note: str


class PersonalOut(Out):
    """A number of a person in a text. ``must_be_masked``: it cannot be submitted before."""

    field: str
    kind: str
    masked: str
    must_be_masked: bool


class SubmissionOut(Out):
    """A submission as its people see it."""

    id: str
    state: str
    stage: str | None
    waiting_for: list[str]
    due_at: datetime | None
    kind: str
    title: str
    author: str
    co_authors: list[str]
    significance: str
    reason: str
    revision: int | None
    article: str | None
    submitted_at: datetime | None
    updated_at: datetime
    links: dict[str, str]
    body: str | None = None
    fields: dict[str, Any] | None = None
    category: str | None = None
    tags: list[str] | None = None
    services: list[str] | None = None
    audience: str | None = None
    trail: list[TrailOut] | None = None
    personal: list[PersonalOut] | None = None
    similar: list[dict[str, Any]] | None = None


class MovedOut(Out):
    """Where a submission is after a verb of its author."""

    state: str
    stage: str | None
    waiting_for: list[str]
    due_at: datetime | None
    warnings: list[str] = Field(default_factory=list)  # of blocks that not all readers will see


class SubmissionsIn(PageIn):
    """Filters of the list."""

    mine: int = Field(0, ge=0, le=1)
    state: SubmissionState | None = None


class ArticlesIn(PageIn):
    """Filters of the list."""

    kind: str | None = None
    category: str | None = None
    tag: str | None = None
    changed_since: datetime | None = None


class ProvisionalOut(Out):
    """Readers see it before its review has ended, until ``deadline`` at most. ``kind``: emergency or workaround."""

    kind: str
    deadline: datetime | None


class ArticleOut(Out):
    """A published article."""

    id: str
    external_id: str | None
    slug: str
    kind: str
    title: str
    body: str
    fields: dict[str, Any]
    html: str
    version: str
    revision: str
    published_at: datetime | None
    updated_at: datetime | None
    authors: list[str]
    category: str | None
    tags: list[str]
    services: list[str]
    audience: str
    provisional: ProvisionalOut | None = None


class DiffIn(In):
    """Two version numbers, or revisions as ``r`` and their id; absent: the newest two versions."""

    from_: str | None = Field(None, alias="from")
    to: str | None = None


class ArticlesOut(Out):
    """A page of articles."""

    items: list[ArticleOut]
    next: str | None
    total: int


class SubmissionsOut(Out):
    """A page of submissions."""

    items: list[SubmissionOut]
    next: str | None
    total: int


class RevisionOut(Out):
    """A published version, and who approved it."""

    version: str
    revision: str
    title: str
    author: str
    significance: str
    reason: str
    published_at: datetime
    approved_by: list[str]


class RevisionsOut(Out):
    """All published versions, the newest first."""

    items: list[RevisionOut]
    next: str | None
    total: int


class DiffOut(Out):
    """Parts in reading order."""

    diff: list[dict[str, str]]
