"""What ``/api/v1/reviews`` takes and gives."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from core.api import In, Out, PageIn


class ReviewsIn(PageIn):
    """Filters of the inbox."""

    state: Literal["open"] = "open"
    kind: str | None = None
    stage: str | None = None
    role: str | None = None
    due: Literal["overdue", "today"] | None = None
    holder: Literal["me", "pool", "colleagues", "others"] | None = None


class PassageIn(In):
    """A remark on a passage; without a quote it is about the whole field."""

    field: str = Field(max_length=64)
    quote: str = ""
    text: str


class DecisionIn(In):
    """A verdict on the version that was seen. ``to_stage``: ``author`` or an earlier stage; left out: as defined."""

    verb: Literal["approve", "send_back", "reject", "comment"]
    version: int
    note: str = ""
    to_stage: str | None = None
    checklist: dict[str, bool] = Field(default_factory=dict)
    reason: str | None = None
    remarks: list[PassageIn] = Field(default_factory=list, max_length=50)


class HandOverIn(In):
    """The username of who takes over, and on wish the version that was seen."""

    to: str
    version: int | None = None


class PeopleIn(In):
    """The usernames of who may decide from now on."""

    people: list[str] = Field(max_length=100)


class SeenIn(In):
    """A task and the version that was seen."""

    id: int
    version: int


class BulkIn(In):
    """Several approvals with one remark."""

    items: list[SeenIn] = Field(max_length=200)
    note: str = ""


class ExpertIn(In):
    """Whose opinion is asked for: a colleague (``to``, a username), or somebody outside (``name``, on wish a mail
    address)."""

    question: str
    to: str | None = None
    name: str | None = None
    address: str = ""
    days: int = 3


class AnswerIn(In):
    """What became of a remark."""

    answer: str = ""


class ReviewOut(Out):
    """A task."""

    id: str
    submission: str
    stage: str
    role: str
    title: str
    kind: str
    due_at: datetime | None
    version: int
    claimed_by: str | None = None
    claim_kind: str | None = None
    round: int
    opened_at: datetime
    escalation: int = 0
    blocked: bool = False
    blind: bool = False
    bulk: bool = False


class ReviewsOut(Out):
    """A page of the inbox."""

    items: list[ReviewOut]
    next: str | None
    total: int


class RemarkOut(Out):
    """A remark on a passage, and what became of it."""

    id: str
    field: str
    quote: str
    text: str
    author: str
    created_at: datetime
    answer: str
    resolved_at: datetime | None


class OpinionOut(Out):
    """An opinion that was asked for; ``verdict`` is yes, no or unsure once it has come."""

    id: str
    name: str
    question: str
    asked_at: datetime
    expires_at: datetime
    verdict: str | None
    answer: str
    answered_at: datetime | None
    revoked_at: datetime | None


class TaskOut(ReviewOut):
    """One task in full. ``remarks`` and ``opinions`` are empty for those who may not read the text."""

    state: str
    decidable: bool
    on_behalf_of: str | None
    claimed_at: datetime | None
    claimed_by_name: str | None
    needed: int
    definition: dict[str, Any]  # of its stage
    remarks: list[RemarkOut]
    opinions: list[OpinionOut]


class DecisionOut(Out):
    """What was recorded, and where the submission is now."""

    decision: dict[str, Any]
    submission: dict[str, Any]


class BulkOut(Out):
    """What was approved, and a sentence for each that was not."""

    approved: list[str]
    refused: dict[str, str]


class ExpertOut(Out):
    """What was asked. ``link`` is given once, and only for somebody outside."""

    id: str
    name: str
    expires_at: datetime
    link: str | None = None
    mailed: bool = False
