"""Texts as they are kept: each revision of a submission is a row that never changes."""

from datetime import datetime

import sqlalchemy as sa

from core import clock
from core.db import session
from wiki.articles import files
from wiki.articles.content import Content
from wiki.articles.models import Audience, Revision, Submission
from wiki.articles.queries import category_by_slug
from wiki.articles.rules import digest


def revision_of(submission: Submission, content: Content, *, number: int, author_id: int, at: datetime) -> Revision:
    """The row of a checked content, not stored yet."""
    category = category_by_slug(content.category) if content.category else None
    return Revision(
        submission_id=submission.id,
        number=number,
        kind=submission.kind,
        title=content.title,
        body=content.body,
        fields=content.fields,
        category_id=category.id if category else None,
        tags=content.tags,
        services=content.services,
        audience=Audience(content.audience),
        readers=content.readers,
        author_id=author_id,
        created_at=at,
        digest=digest(content.title, content.body, content.fields),
    )


def store_revision(submission: Submission, author_id: int, content: Content) -> Revision:
    """Add the next immutable revision of a submission and make it the head."""
    last = None
    if submission.head_revision_id is not None:
        last = session.scalar(sa.select(sa.func.max(Revision.number)).where(Revision.submission_id == submission.id))
    revision = revision_of(submission, content, number=(last or 0) + 1, author_id=author_id, at=clock.now())
    session.add(revision)
    session.flush()
    submission.head_revision_id, submission.updated_at = revision.id, clock.now()
    session.expire(submission, ["head"])
    files.refer(revision)
    return revision
