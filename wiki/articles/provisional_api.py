"""``/api/v1``: publication before review, for programs."""

from datetime import datetime

import sqlalchemy as sa
from pydantic import Field

from core.api import Answer, Api, In, Out
from core.db import session
from core.web import actor
from wiki.articles import ops, provisional
from wiki.articles.models import ProvisionalPublication, Revision
from wiki.articles.permissions import P
from wiki.articles.provisional_ends import SIGN_WITHIN

api = Api("provisional")


class ReasonIn(In):
    """Why it cannot wait for its review."""

    reason: str = Field("", max_length=1000)


class SignIn(In):
    """The revision that was read; without one, whatever was asked for."""

    revision: int | None = None


class EarlyOut(Out):
    """A publication before review, or the request for one."""

    kind: str
    state: str
    reason: str
    revision: int
    asked_at: datetime
    sign_until: datetime | None
    published_at: datetime | None
    deadline: datetime | None
    article: str | None


def _out(row: ProvisionalPublication) -> EarlyOut:
    return EarlyOut(
        kind=row.kind.value,
        state=row.state.value,
        reason=row.reason,
        revision=row.revision.number,
        asked_at=row.asked_at,
        sign_until=row.asked_at + SIGN_WITHIN if row.published_at is None else None,
        published_at=row.published_at,
        deadline=row.deadline,
        article=row.publication.article.slug if row.publication else None,
    )


@api.post("/submissions/<int:submission_id>/emergency", gate=P.PROPOSE, body=ReasonIn, answer=EarlyOut, status=201)
def ask(submission_id: int, body: ReasonIn) -> Answer:
    """Ask for publication in an emergency: the first of two signatures"""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    return Answer(_out(provisional.ask_emergency(submission, actor(), body.reason)), 201)


@api.post("/submissions/<int:submission_id>/emergency/confirm", gate=P.PROPOSE, body=SignIn, answer=EarlyOut)
def confirm(submission_id: int, body: SignIn) -> EarlyOut:
    """Give the second signature: readers see it now"""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    seen = None
    if body.revision is not None:
        read = sa.select(Revision.id).where(Revision.submission_id == submission_id, Revision.number == body.revision)
        seen = session.scalar(read) or 0
    return _out(provisional.confirm_emergency(submission, actor(), seen=seen))


@api.post("/submissions/<int:submission_id>/emergency/take-back", gate=P.PROPOSE, answer=EarlyOut)
def take_back(submission_id: int) -> EarlyOut:
    """Take the request back"""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    return _out(provisional.take_back_request(submission, actor()))


@api.post("/submissions/<int:submission_id>/workaround", gate=P.PROPOSE, body=ReasonIn, answer=EarlyOut, status=201)
def workaround(submission_id: int, body: ReasonIn) -> Answer:
    """Make a new text visible before its review, marked as not yet validated"""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    return Answer(_out(provisional.publish_workaround(submission, actor(), body.reason)), 201)
