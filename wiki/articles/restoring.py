"""Back to an earlier version: never an overwrite, always a proposal that goes the way of every other."""

import secrets
from dataclasses import replace

import sqlalchemy as sa

from core import audit
from core.actors import Actor
from core.db import session
from core.errors import Conflict, NotFound
from core.i18n import _
from wiki.articles import ops
from wiki.articles.content import of_revision
from wiki.articles.models import Article, Audience, Publication, Submission, SubmissionState
from wiki.articles.queries import version_of


def restore(actor: Actor, article: Article, version: str) -> Submission:
    """A draft of this person with the text of an old version; asking again gives the same draft as it was left.

    Who may read it stays as it is now, unless that text was meant for a closed circle: going back opens nothing.
    Raises NotFound (no such version for this person), Conflict (``same-text``: readers see that text now).
    """
    published = version_of(actor, article, version)
    if published is None:
        raise NotFound(_("This article has no version %(version)s.", version=version[:20]))
    now = of_revision(article.revision)
    content = of_revision(published.revision)
    if content.audience != Audience.RESTRICTED or now.audience == Audience.RESTRICTED:
        content = replace(content, audience=now.audience, readers=now.readers)
    if content == now:
        raise Conflict(_("This is what readers see already."), code="same-text")
    submission = ops.begin(actor, article.kind, article_slug=article.slug, draft_key=_key(actor, article, published))
    if submission.head_revision_id is not None:
        return submission
    ops.save(submission, actor, content, significance=published.significance.value, reason=_reason(published))
    audit.record(
        actor,
        "restore_version",
        subject_kind=ops.SUBJECT,
        subject_id=submission.id,
        revision_id=submission.head_revision_id,
        details={"version": published.version},
    )
    return submission


def _key(actor: Actor, article: Article, published: Publication) -> str:
    """The draft's key: the same for the same wish, another one when that draft was handed in or thrown away."""
    key = f"back-{published.id}-{article.revision_id}"
    used = session.scalar(sa.select(Submission).where(Submission.author_id == actor.id, Submission.draft_key == key))
    return key if used is None or used.state is SubmissionState.DRAFT else f"{key[:24]}-{secrets.token_hex(6)}"


def _reason(published: Publication) -> str:
    if published.reason:
        return _("Back to version %(version)s: %(reason)s", version=published.version, reason=published.reason)[:500]
    return _("Back to version %(version)s", version=published.version)
