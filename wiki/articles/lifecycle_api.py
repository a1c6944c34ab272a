"""``/api/v1``: the life of a text, for programs."""

from datetime import datetime

from pydantic import AwareDatetime, Field

from core.api import Api, In, Out
from core.db import lock
from core.web import actor
from wiki.articles import lifecycle, lifecycle_showing, ops
from wiki.articles.models import Article
from wiki.articles.permissions import P

api = Api("lifecycle")


class LookIn(In):
    """What was found."""

    note: str = Field("", max_length=500)


class PlanIn(In):
    """From when and until when readers see it; ``null``: as soon as it is approved, and open."""

    publish_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None


class KeepingOut(Out):
    """How a text is kept true."""

    owner: str | None
    team: str | None
    verified_at: datetime | None
    due_at: datetime | None
    months: int
    expires_at: datetime | None
    live: bool


class PlanOut(Out):
    """From when and until when readers see it."""

    publish_at: datetime | None
    expires_at: datetime | None


def _keeping(article: Article) -> KeepingOut:
    found = lifecycle_showing.facts(article)
    return KeepingOut(**{name: found[name] for name in KeepingOut.model_fields})


@api.get("/articles/<slug>/lifecycle", gate=P.PROPOSE, answer=KeepingOut)
def show(slug: str) -> KeepingOut:
    """How a text is kept true"""
    return _keeping(ops.readable_article(actor(), slug))


@api.post("/articles/<slug>/verify", gate=P.PROPOSE, body=LookIn, answer=KeepingOut)
def verify(slug: str, body: LookIn) -> KeepingOut:
    """Say that it is still true"""
    article = ops.readable_article(actor(), slug)
    lock(Article, article.id)
    lifecycle.verify(article, actor(), note=body.note)
    return _keeping(article)


@api.put("/submissions/<int:submission_id>/schedule", gate=P.PROPOSE, body=PlanIn, answer=PlanOut)
def schedule(submission_id: int, body: PlanIn) -> PlanOut:
    """Say from when and until when readers see it"""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    lifecycle.schedule(submission, actor(), publish_at=body.publish_at, expires_at=body.expires_at)
    return PlanOut(publish_at=submission.publish_at, expires_at=submission.expires_at)
