"""``POST /articles/{slug}/feedback``, and ``/uses`` for what is used in calls."""

import sqlalchemy as sa
from pydantic import Field

from accounts.models import User
from accounts.people import actor_of
from core.actors import Actor
from core.api import Answer, Api, In, Out
from core.db import session
from core.errors import Invalid
from core.i18n import _
from core.permissions import can, require
from core.scopes import must_name
from core.web import actor
from wiki.articles.models import Article
from wiki.feedback.models import Feedback
from wiki.feedback.ops import mark_used, say, take_back
from wiki.feedback.permissions import P
from wiki.feedback.queries import is_taken_back, standing, use_of_call
from wiki.feedback.rules import COMMENT_LIMIT, checked_call
from wiki.feedback.views import find

api = Api("feedback")


class FeedbackIn(In):
    """What a reader says."""

    helpful: bool | None = None
    used_in_call: bool = False
    reason: str = ""
    comment: str = Field("", max_length=COMMENT_LIMIT)


class FeedbackOut(Out):
    """What readers say of the article now."""

    helpful: int
    not_helpful: int
    used_in_call: int
    mine: bool | None


@api.post("/articles/<slug>/feedback", gate=P.SAY, body=FeedbackIn, answer=FeedbackOut, status=201)
def give(slug: str, body: FeedbackIn) -> FeedbackOut:
    """Say whether an article helped, and that it was used in a call."""
    article = find(slug)
    say(
        article,
        actor(),
        helpful=body.helpful,
        used_in_call=body.used_in_call,
        reason=body.reason,
        comment=body.comment,
    )
    now = standing(article, actor().id)
    return FeedbackOut(helpful=now.helpful, not_helpful=now.not_helpful, used_in_call=now.used, mine=now.mine)


class UseIn(In):
    """A use in a call. ``user``: whose it was, for a program with the scope ``calls``; without it, the caller's own."""

    call_ref: str = Field("", max_length=120)
    user: str | None = None


class TakeBackIn(In):
    """Which use is taken back; without a call, the last one of today."""

    call_ref: str = Field("", max_length=120)


class UseOut(Out):
    """The use, whether it counts (its person may have taken it back), and how often the text was used."""

    id: str
    call_ref: str | None
    counts: bool
    used_in_call: int


@api.post("/articles/<slug>/uses", gate=P.SAY, scope="calls", body=UseIn, answer=UseOut, status=201, also=(200,))
def use(slug: str, body: UseIn) -> Answer:
    """Say that an article was used in a call; the same call again is the same use."""
    article, caller = find(slug), actor()
    person = _for_whom(caller, body.user, article)
    call_ref = checked_call(body.call_ref)
    before = use_of_call(article.id, call_ref) if call_ref else None
    row = mark_used(article, person, call_ref=call_ref, reported_by=None if person is caller else caller)
    return Answer(_use(article, row, row.call_ref), 200 if before is not None and before.id == row.id else 201)


@api.post("/articles/<slug>/uses/undo", gate=P.SAY, body=TakeBackIn, answer=UseOut)
def undo_use(slug: str, body: TakeBackIn) -> UseOut:
    """Take one's own use of today back; the caller's last one, or the one of a call."""
    article = find(slug)
    row = take_back(article, actor(), call_ref=checked_call(body.call_ref))
    return _use(article, row, row.call_ref)


def _for_whom(caller: Actor, username: str | None, article: Article) -> Actor:
    if username is None:
        return caller
    must_name(caller, "calls")
    require(caller, P.REPORT)
    found = session.scalar(sa.select(User).where(User.username == username.strip().lower(), User.active))
    if found is None or not can(actor_of(found), P.SAY, article):
        raise Invalid({"user": _("Nobody of this name works here and may read this article.")})
    return actor_of(found)


def _use(article: Article, row: Feedback, call_ref: str | None) -> UseOut:
    used = standing(article, actor().id).used
    return UseOut(id=str(row.id), call_ref=call_ref, counts=not is_taken_back(row), used_in_call=used)
