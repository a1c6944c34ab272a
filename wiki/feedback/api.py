"""``POST /articles/{slug}/feedback``."""

from pydantic import Field

from core.api import Api, In, Out
from core.web import actor
from wiki.feedback.ops import say
from wiki.feedback.permissions import P
from wiki.feedback.queries import standing
from wiki.feedback.rules import COMMENT_LIMIT
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
