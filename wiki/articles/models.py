"""Article ← Submission ← Revision, and Publication: which revision readers saw from when, under which number."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from accounts.models import User
from core.db import Base, enum_column
from core.folding import folded_title
from wiki.articles.lifecycle_rules import NEVER
from wiki.articles.rules import (
    EDITABLE,
    Audience,
    Because,
    ProvisionalKind,
    ProvisionalState,
    Significance,
    SubmissionState,
)

__all__ = ["EDITABLE", "Audience", "Significance", "SubmissionState"]  # the words of the columns, with the tables


class Service(Base):
    """业务: what customers call about."""

    __tablename__ = "services"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))


class Category(Base):
    """A node of the category tree. ``path`` is the slugs from the root, joined with '/'."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("categories.id"))
    path: Mapped[str] = mapped_column(sa.String(400))
    position: Mapped[int] = mapped_column(default=0)

    parent: Mapped["Category | None"] = relationship(remote_side="Category.id")


class Article(Base):
    """What readers see under a slug. Its row exists from the first publication on; it is never deleted."""

    __tablename__ = "articles"
    __table_args__ = (
        sa.Index("ix_articles_listing", "live", "kind", "updated_at"),
        sa.Index("ix_articles_verify_due_at", "verify_due_at"),
        sa.Index("ix_articles_expires_at", "expires_at"),
        sa.CheckConstraint("verify_months >= 0", name="verify_months_not_negative"),
        sa.CheckConstraint("(NOT live) OR (revision_id IS NOT NULL)", name="live_has_text"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str | None] = mapped_column(sa.String(200), unique=True)
    slug: Mapped[str] = mapped_column(sa.String(120), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(32))
    title: Mapped[str] = mapped_column(sa.String(300))
    folded_title: Mapped[str] = mapped_column(sa.String(300), index=True, default="")  # what links are compared with
    category_id: Mapped[int | None] = mapped_column(sa.ForeignKey("categories.id"), index=True)
    audience: Mapped[Audience] = mapped_column(enum_column(Audience))
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    live: Mapped[bool] = mapped_column(default=False)
    revision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("revisions.id", use_alter=True))
    major: Mapped[int] = mapped_column(default=0)
    minor: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]  # first time
    updated_at: Mapped[datetime | None]  # last publication
    provisional: Mapped[ProvisionalKind | None] = mapped_column(enum_column(ProvisionalKind))  # not yet reviewed
    provisional_until: Mapped[datetime | None]
    owner_team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("teams.id"))  # whose it is when its owner is gone
    verify_months: Mapped[int] = mapped_column(default=NEVER)  # between two looks; 0: never
    verified_at: Mapped[datetime | None]
    verify_due_at: Mapped[datetime | None]
    verify_told_for: Mapped[datetime | None]  # the due date of which its keeper has heard
    expires_at: Mapped[datetime | None]  # readers no longer see it then
    expiry_told_for: Mapped[datetime | None]

    revision: Mapped["Revision | None"] = relationship(foreign_keys=[revision_id])
    category: Mapped[Category | None] = relationship()
    readers: Mapped[list["ArticleReader"]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    tag_rows: Mapped[list["ArticleTag"]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    service_rows: Mapped[list["ArticleService"]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    @validates("title")
    def _fold(self, _name: str, title: str) -> str:
        self.folded_title = folded_title(title)
        return title

    @property
    def version(self) -> str:
        """The number readers see, e.g. '1.2'."""
        return f"{self.major}.{self.minor}"

    @property
    def tags(self) -> list[str]:
        """Tag names, sorted."""
        return sorted(row.tag for row in self.tag_rows)


class Verification(Base):
    """Somebody looked at a published text and found it still true. Rows only grow."""

    __tablename__ = "verifications"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), index=True)
    revision_id: Mapped[int] = mapped_column(sa.ForeignKey("revisions.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    at: Mapped[datetime]

    user: Mapped[User] = relationship()


class ArticleReader(Base):
    """One token of those who may read a restricted article: role:qa, team:3, tier:2, user:7."""

    __tablename__ = "article_readers"

    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), primary_key=True)
    token: Mapped[str] = mapped_column(sa.String(64), primary_key=True, index=True)


class ArticleTag(Base):
    """A free tag, made on first use."""

    __tablename__ = "article_tags"

    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(sa.String(60), primary_key=True, index=True)


class ArticleService(Base):
    """The article helps with this service."""

    __tablename__ = "article_services"

    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"), primary_key=True, index=True)

    service: Mapped[Service] = relationship(lazy="joined")


class Submission(Base):
    """One proposal to make or change one article. ``article_id`` is empty until a new article is published."""

    __tablename__ = "submissions"
    __table_args__ = (
        sa.Index(
            "uq_submissions_in_review_article",
            "article_id",
            unique=True,
            sqlite_where=sa.text("state = 'in_review'"),
            postgresql_where=sa.text("state = 'in_review'"),
        ),
        sa.Index("ix_submissions_author_state", "author_id", "state"),
        sa.UniqueConstraint("author_id", "draft_key"),
        sa.Index("ix_submissions_publish_at", "state", "publish_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(32))
    article_id: Mapped[int | None] = mapped_column(sa.ForeignKey("articles.id"))
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    base_revision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("revisions.id", use_alter=True))
    head_revision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("revisions.id", use_alter=True))
    state: Mapped[SubmissionState] = mapped_column(enum_column(SubmissionState))
    significance: Mapped[Significance] = mapped_column(enum_column(Significance))
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    draft_key: Mapped[str | None] = mapped_column(
        sa.String(40)
    )  # made by the page that began it: autosave finds it again
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    publish_at: Mapped[datetime | None]  # not before this, when it is approved
    expires_at: Mapped[datetime | None]  # until when readers see it; empty: as its article or kind says

    article: Mapped[Article | None] = relationship()
    author: Mapped[User] = relationship()
    head: Mapped["Revision | None"] = relationship(foreign_keys=[head_revision_id])
    base: Mapped["Revision | None"] = relationship(foreign_keys=[base_revision_id])
    author_rows: Mapped[list["SubmissionAuthor"]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="SubmissionAuthor.position"
    )

    @property
    def author_ids(self) -> tuple[int, ...]:
        """The author first, then co-authors in the order they joined."""
        return tuple(row.user_id for row in self.author_rows)

    @property
    def standing(self) -> SubmissionState:
        """Its state as people are told it: what was published is ``retired`` while readers do not see its article."""
        off = self.state is SubmissionState.PUBLISHED and self.article is not None and not self.article.live
        return SubmissionState.RETIRED if off else self.state


class SubmissionAuthor(Base):
    """The author (position 0) and co-authors."""

    __tablename__ = "submission_authors"

    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submissions.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0)

    user: Mapped[User] = relationship()


class Revision(Base):
    """Immutable text and fields. Triggers refuse UPDATE and DELETE; ``digest`` proves the content."""

    __tablename__ = "revisions"
    __table_args__ = (sa.UniqueConstraint("submission_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submissions.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(32))
    title: Mapped[str] = mapped_column(sa.String(300))
    body: Mapped[str] = mapped_column(sa.Text)
    fields: Mapped[dict[str, Any]]
    category_id: Mapped[int | None] = mapped_column(sa.ForeignKey("categories.id"))
    tags: Mapped[list[Any]]
    services: Mapped[list[Any]]  # service codes
    audience: Mapped[Audience] = mapped_column(enum_column(Audience))
    readers: Mapped[list[Any]]  # tokens, when restricted
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    digest: Mapped[str] = mapped_column(sa.String(64))

    category: Mapped[Category | None] = relationship()
    author: Mapped[User] = relationship()


class Publication(Base):
    """A revision became what readers see, under a version number; never changed, never deleted."""

    __tablename__ = "publications"
    __table_args__ = (sa.UniqueConstraint("article_id", "major", "minor"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"))
    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submissions.id"), index=True)
    revision_id: Mapped[int] = mapped_column(sa.ForeignKey("revisions.id"), index=True)
    major: Mapped[int]
    minor: Mapped[int]
    significance: Mapped[Significance] = mapped_column(enum_column(Significance))
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    article: Mapped[Article] = relationship()
    revision: Mapped[Revision] = relationship()
    submission: Mapped[Submission] = relationship()
    provisional: Mapped["ProvisionalPublication | None"] = relationship(
        foreign_keys="ProvisionalPublication.publication_id", back_populates="publication"
    )
    restores: Mapped["ProvisionalPublication | None"] = relationship(
        foreign_keys="ProvisionalPublication.restored_id", back_populates="restored"
    )

    @property
    def version(self) -> str:
        """The number, e.g. '2.0'."""
        return f"{self.major}.{self.minor}"


class ProvisionalPublication(Base):
    """Readers see a revision before its review has ended – or somebody has asked for it. ``Article.provisional``
    repeats it while it lasts, for lists. Rows are never deleted."""

    __tablename__ = "provisional_publications"
    __table_args__ = (
        sa.CheckConstraint("(state IN ('asked', 'published')) = (closed_at IS NULL)", name="open_until_closed"),
        sa.CheckConstraint("(state <> 'published') OR (publication_id IS NOT NULL)", name="published_has_publication"),
        sa.CheckConstraint("(publication_id IS NULL) = (deadline IS NULL)", name="published_has_deadline"),
        sa.CheckConstraint("confirmed_by_id IS NULL OR confirmed_by_id <> asked_by_id", name="two_people"),
        sa.Index(
            "uq_provisional_publications_open_submission",
            "submission_id",
            unique=True,
            sqlite_where=sa.text("state IN ('asked', 'published')"),
            postgresql_where=sa.text("state IN ('asked', 'published')"),
        ),
        sa.Index(
            "uq_provisional_publications_published_article",
            "article_id",
            unique=True,
            sqlite_where=sa.text("state = 'published'"),
            postgresql_where=sa.text("state = 'published'"),
        ),
        sa.Index("ix_provisional_publications_state_deadline", "state", "deadline"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submissions.id"), index=True)
    revision_id: Mapped[int] = mapped_column(sa.ForeignKey("revisions.id"))  # the text that was signed
    article_id: Mapped[int | None] = mapped_column(sa.ForeignKey("articles.id"))
    kind: Mapped[ProvisionalKind] = mapped_column(enum_column(ProvisionalKind))
    state: Mapped[ProvisionalState] = mapped_column(enum_column(ProvisionalState))
    reason: Mapped[str] = mapped_column(sa.String(500))
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    confirmed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))  # the second signature
    published_at: Mapped[datetime | None]
    publication_id: Mapped[int | None] = mapped_column(sa.ForeignKey("publications.id"), unique=True)
    previous_revision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("revisions.id"))  # what was live before
    restored_id: Mapped[int | None] = mapped_column(sa.ForeignKey("publications.id"), unique=True)  # of the rollback
    deadline: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[Because | None] = mapped_column(enum_column(Because))

    submission: Mapped[Submission] = relationship()
    revision: Mapped[Revision] = relationship(foreign_keys=[revision_id])
    article: Mapped[Article | None] = relationship()
    asked_by: Mapped[User] = relationship(foreign_keys=[asked_by_id])
    confirmed_by: Mapped[User | None] = relationship(foreign_keys=[confirmed_by_id])
    publication: Mapped[Publication | None] = relationship(foreign_keys=[publication_id], back_populates="provisional")
    restored: Mapped[Publication | None] = relationship(foreign_keys=[restored_id], back_populates="restores")

    @property
    def publisher_ids(self) -> tuple[int, ...]:
        """Who answers for it: who asked first, then the second signature."""
        return tuple(one for one in (self.asked_by_id, self.confirmed_by_id) if one is not None)


class DraftBuffer(Base):
    """What somebody is typing: overwritten by autosave, one per person, submission and open page; no revision."""

    __tablename__ = "draft_buffers"

    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submissions.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    page: Mapped[str] = mapped_column(sa.String(40), primary_key=True, default="")
    document: Mapped[dict[str, Any]]
    base_revision_id: Mapped[int | None]  # what the text was begun from
    saved_at: Mapped[datetime]


class Presence(Base):
    """Somebody has an editor open: of a submission, of an article without one yet, or both. It fades unless renewed.

    ``saved_revision_id``: what the page saved last, just as it says it; for a while also after the page was left.
    """

    __tablename__ = "presences"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    page: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    submission_id: Mapped[int | None] = mapped_column(sa.ForeignKey("submissions.id"), index=True)
    article_id: Mapped[int | None] = mapped_column(sa.ForeignKey("articles.id"), index=True)
    saved_revision_id: Mapped[int | None]
    seen_at: Mapped[datetime] = mapped_column(index=True)
