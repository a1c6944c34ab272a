"""Articles, submissions, immutable revisions, publications."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time, code
from migrations.triggers import append_only, drop_append_only

revision = "0004_articles"
down_revision = "0003_workflows"

APPEND_ONLY = ("revisions", "publications")
TO_REVISIONS = (("articles", "revision_id"), ("submissions", "base_revision_id"), ("submissions", "head_revision_id"))


def _later(table: str, column: str) -> list[sa.ForeignKeyConstraint]:
    """Articles, submissions and revisions point at each other. SQLite takes a key to a table that comes later in the
    same breath; PostgreSQL gets it afterwards."""
    if op.get_context().dialect.name != "sqlite":
        return []
    return [sa.ForeignKeyConstraint([column], ["revisions.id"], name=f"fk_{table}_{column}_revisions")]


def upgrade() -> None:
    _categories()
    _services()
    _articles()
    _article_readers()
    _article_services()
    _article_tags()
    _submissions()
    _draft_buffers()
    _revisions()
    _submission_authors()
    _publications()
    if op.get_context().dialect.name != "sqlite":
        for table, column in TO_REVISIONS:
            op.create_foreign_key(f"fk_{table}_{column}_revisions", table, "revisions", [column], ["id"])
    for table in APPEND_ONLY:
        append_only(table)


def _categories() -> None:
    op.create_table(
        "categories",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("slug", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("parent_id", sa.Integer, nullable=True),
        sa.Column("path", sa.String(400), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["categories.id"], name="fk_categories_parent_id_categories"),
        sa.PrimaryKeyConstraint("id", name="pk_categories"),
        sa.UniqueConstraint("slug", name="uq_categories_slug"),
    )


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_services"),
        sa.UniqueConstraint("code", name="uq_services_code"),
    )


def _articles() -> None:
    op.create_table(
        "articles",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("slug", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("category_id", sa.Integer, nullable=True),
        sa.Column("audience", code(), nullable=False),
        sa.Column("owner_id", sa.Integer, nullable=True),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("revision_id", sa.Integer, nullable=True),
        sa.Column("major", sa.Integer, nullable=False),
        sa.Column("minor", sa.Integer, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("published_at", Time, nullable=True),
        sa.Column("updated_at", Time, nullable=True),
        sa.CheckConstraint("(NOT live) OR (revision_id IS NOT NULL)", name="ck_articles_live_has_text"),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name="fk_articles_category_id_categories"),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_articles_owner_id_users"),
        *_later("articles", "revision_id"),
        sa.PrimaryKeyConstraint("id", name="pk_articles"),
        sa.UniqueConstraint("external_id", name="uq_articles_external_id"),
        sa.UniqueConstraint("slug", name="uq_articles_slug"),
    )
    op.create_index("ix_articles_category_id", "articles", ["category_id"])
    op.create_index("ix_articles_listing", "articles", ["live", "kind", "updated_at"])


def _article_readers() -> None:
    op.create_table(
        "article_readers",
        sa.Column("article_id", sa.Integer, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_article_readers_article_id_articles"),
        sa.PrimaryKeyConstraint("article_id", "token", name="pk_article_readers"),
    )
    op.create_index("ix_article_readers_token", "article_readers", ["token"])


def _article_services() -> None:
    op.create_table(
        "article_services",
        sa.Column("article_id", sa.Integer, nullable=False),
        sa.Column("service_id", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_article_services_article_id_articles"),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name="fk_article_services_service_id_services"),
        sa.PrimaryKeyConstraint("article_id", "service_id", name="pk_article_services"),
    )
    op.create_index("ix_article_services_service_id", "article_services", ["service_id"])


def _article_tags() -> None:
    op.create_table(
        "article_tags",
        sa.Column("article_id", sa.Integer, nullable=False),
        sa.Column("tag", sa.String(60), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_article_tags_article_id_articles"),
        sa.PrimaryKeyConstraint("article_id", "tag", name="pk_article_tags"),
    )
    op.create_index("ix_article_tags_tag", "article_tags", ["tag"])


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("article_id", sa.Integer, nullable=True),
        sa.Column("author_id", sa.Integer, nullable=False),
        sa.Column("base_revision_id", sa.Integer, nullable=True),
        sa.Column("head_revision_id", sa.Integer, nullable=True),
        sa.Column("state", code(), nullable=False),
        sa.Column("significance", code(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("draft_key", sa.String(40), nullable=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.Column("submitted_at", Time, nullable=True),
        sa.Column("closed_at", Time, nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_submissions_article_id_articles"),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_submissions_author_id_users"),
        *_later("submissions", "base_revision_id"),
        *_later("submissions", "head_revision_id"),
        sa.UniqueConstraint("author_id", "draft_key", name="uq_submissions_author_id_draft_key"),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
    )
    op.create_index("ix_submissions_author_state", "submissions", ["author_id", "state"])
    op.create_index(
        "uq_submissions_in_review_article",
        "submissions",
        ["article_id"],
        unique=True,
        sqlite_where=sa.text("state = 'in_review'"),
        postgresql_where=sa.text("state = 'in_review'"),
    )


def _draft_buffers() -> None:
    op.create_table(
        "draft_buffers",
        sa.Column("submission_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("base_revision_id", sa.Integer, nullable=True),
        sa.Column("saved_at", Time, nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_draft_buffers_submission_id_submissions"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_draft_buffers_user_id_users"),
        sa.PrimaryKeyConstraint("submission_id", "user_id", name="pk_draft_buffers"),
    )


def _revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("submission_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("category_id", sa.Integer, nullable=True),
        sa.Column("tags", Json, nullable=False),
        sa.Column("services", Json, nullable=False),
        sa.Column("audience", code(), nullable=False),
        sa.Column("readers", Json, nullable=False),
        sa.Column("author_id", sa.Integer, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_revisions_author_id_users"),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name="fk_revisions_category_id_categories"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_revisions_submission_id_submissions"),
        sa.PrimaryKeyConstraint("id", name="pk_revisions"),
        sa.UniqueConstraint("submission_id", "number", name="uq_revisions_submission_id_number"),
    )


def _submission_authors() -> None:
    op.create_table(
        "submission_authors",
        sa.Column("submission_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_submission_authors_submission_id_submissions"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_submission_authors_user_id_users"),
        sa.PrimaryKeyConstraint("submission_id", "user_id", name="pk_submission_authors"),
    )
    op.create_index("ix_submission_authors_user_id", "submission_authors", ["user_id"])


def _publications() -> None:
    op.create_table(
        "publications",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("article_id", sa.Integer, nullable=False),
        sa.Column("submission_id", sa.Integer, nullable=False),
        sa.Column("revision_id", sa.Integer, nullable=False),
        sa.Column("major", sa.Integer, nullable=False),
        sa.Column("minor", sa.Integer, nullable=False),
        sa.Column("significance", code(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("published_at", Time, nullable=False),
        sa.Column("published_by_id", sa.Integer, nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_publications_article_id_articles"),
        sa.ForeignKeyConstraint(["published_by_id"], ["users.id"], name="fk_publications_published_by_id_users"),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name="fk_publications_revision_id_revisions"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_publications_submission_id_submissions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_publications"),
        sa.UniqueConstraint("article_id", "major", "minor", name="uq_publications_article_id_major_minor"),
    )
    op.create_index("ix_publications_revision_id", "publications", ["revision_id"])
    op.create_index("ix_publications_submission_id", "publications", ["submission_id"])


def downgrade() -> None:
    for table in APPEND_ONLY:
        drop_append_only(table)
    if op.get_context().dialect.name != "sqlite":
        for table, column in TO_REVISIONS:
            op.drop_constraint(f"fk_{table}_{column}_revisions", table)
    op.drop_table("publications")
    op.drop_table("submission_authors")
    op.drop_table("revisions")
    op.drop_table("draft_buffers")
    op.drop_table("submissions")
    op.drop_table("article_tags")
    op.drop_table("article_services")
    op.drop_table("article_readers")
    op.drop_table("articles")
    op.drop_table("services")
    op.drop_table("categories")
