"""What became true of points, for the packages above."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SharesProposed:
    """An author proposes how a text's authors share; the others (``user_ids``) are to say whether they agree."""

    submission_id: int
    shares_id: int
    user_ids: tuple[int, ...]
    by_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class SharesRefused:
    """A co-author does not agree to what ``proposed_by_id`` proposed."""

    submission_id: int
    shares_id: int
    proposed_by_id: int
    by_id: int
    at: datetime
