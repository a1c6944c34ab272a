"""What a reader said about a revision, told in the transaction in which it was said."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HelpfulVoted:
    """A reader's vote on a revision is now ``helpful``; it was ``before`` (``None``: the first vote).

    ``previous_feedback_id`` is the vote that this one replaces. ``author_ids`` are those whose work was judged, the
    author first; empty for imported text, which is nobody's work.
    """

    feedback_id: int
    previous_feedback_id: int | None
    article_id: int
    slug: str
    revision_id: int
    author_ids: tuple[int, ...]
    voter_id: int
    helpful: bool
    before: bool | None
    at: datetime


@dataclass(frozen=True, slots=True)
class UsedInCall:
    """A reader used a revision while a customer was on the line. ``first``: the only use of theirs that counts that
    day."""

    feedback_id: int
    article_id: int
    slug: str
    revision_id: int
    author_ids: tuple[int, ...]
    user_id: int
    at: datetime
    first: bool = True


@dataclass(frozen=True, slots=True)
class UseTakenBack:
    """A reader took a use of the same day back. ``last``: none of theirs is left of this revision and day."""

    feedback_id: int
    article_id: int
    slug: str
    revision_id: int
    author_ids: tuple[int, ...]
    user_id: int
    used_at: datetime
    at: datetime
    last: bool


@dataclass(frozen=True, slots=True)
class FlagRaised:
    """A reader says that a published text is wrong, outdated, unclear or incomplete; somebody is to answer in time."""

    flag_id: int
    article_id: int
    reporter_id: int
    reason: str
    due_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class FlagMoved:
    """Something was done with a flag: ``act`` is a value of ``flag_rules.Act``, ``outcome`` of ``Outcome``."""

    flag_id: int
    article_id: int
    reporter_id: int
    actor_id: int
    act: str
    outcome: str | None
    publication_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class FlagOverdue:
    """Nobody has answered a flag in time; told once."""

    flag_id: int
    article_id: int
    due_at: datetime
    at: datetime
