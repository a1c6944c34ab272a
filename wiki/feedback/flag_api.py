"""``/api/v1``: flags, for programs."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from core.api import Answer, Api, In, Out
from core.web import actor
from wiki.feedback import flagging
from wiki.feedback.flag_models import Flag
from wiki.feedback.flag_rules import COMMENT_LIMIT
from wiki.feedback.permissions import P
from wiki.feedback.views import find

api = Api("flags")


class FlagIn(In):
    """What is the matter with an article."""

    reason: str = Field("", max_length=20)
    comment: str = Field("", max_length=COMMENT_LIMIT)
    quote: str = Field("", max_length=300)


class MoveIn(In):
    """What is asked, replied or answered; ``outcome`` (changed, right or elsewhere) goes with an answer."""

    act: Literal["ask", "reply", "answer", "reopen"]
    text: str = Field("", max_length=COMMENT_LIMIT)
    outcome: str = Field("", max_length=20)


class FlagOut(Out):
    """A flag as it stands."""

    id: str
    reason: str
    comment: str
    state: str
    outcome: str | None
    raised_at: datetime
    due_at: datetime


def _out(row: Flag) -> FlagOut:
    return FlagOut(
        id=str(row.id),
        reason=row.reason.value,
        comment=row.comment,
        state=row.state.value,
        outcome=row.outcome.value if row.outcome else None,
        raised_at=row.raised_at,
        due_at=row.due_at,
    )


@api.post("/articles/<slug>/flags", gate=P.SAY, body=FlagIn, answer=FlagOut, status=201)
def raise_one(slug: str, body: FlagIn) -> Answer:
    """Say that an article is wrong, outdated, unclear or incomplete"""
    return Answer(_out(flagging.flag(find(slug), actor(), **body.model_dump())), 201)


@api.get("/flags/<int:flag_id>", gate=P.SAY, answer=FlagOut)
def show(flag_id: int) -> FlagOut:
    """One flag, for its reporter and those who keep the text"""
    return _out(flagging.find(flag_id, actor()))


@api.post("/flags/<int:flag_id>/acts", gate=P.SAY, body=MoveIn, answer=FlagOut)
def move(flag_id: int, body: MoveIn) -> FlagOut:
    """Ask, reply, answer, or open again"""
    row, who = flagging.find(flag_id, actor(), locked=True), actor()
    if body.act == "answer":
        flagging.answer(row, who, outcome=body.outcome, text=body.text)
    elif body.act == "ask":
        flagging.ask(row, who, body.text)
    elif body.act == "reply":
        flagging.reply(row, who, body.text)
    else:
        flagging.reopen(row, who, body.text)
    return _out(row)
