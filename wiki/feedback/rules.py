"""What a reader may say, and what a new vote amounts to."""

from collections.abc import Callable
from enum import StrEnum

from core.errors import Invalid
from core.i18n import _, _l

COMMENT_LIMIT = 2000


class Reason(StrEnum):
    """Why it did not help: few words, so that they can be counted."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    UNCLEAR = "unclear"
    MISSING = "missing"
    NOT_NEEDED = "not_needed"
    OTHER = "other"


REASON_NAMES = {
    Reason.WRONG: _l("It is wrong"),
    Reason.OUTDATED: _l("It is out of date"),
    Reason.UNCLEAR: _l("It is hard to understand"),
    Reason.MISSING: _l("Something is missing"),
    Reason.NOT_NEEDED: _l("It is not what I needed"),
    Reason.OTHER: _l("Another reason"),
}


def checked(helpful: bool | None, used_in_call: bool, reason: str, comment: str) -> tuple[str, str]:
    """The reason and comment to keep.

    Raises:
        Invalid: nothing was said, the reason is unknown, or the comment is too long.
    """
    problems: dict[str, Callable[[], str]] = {}
    if helpful is None and not used_in_call:
        problems["helpful"] = lambda: _("Say whether it helped, or that you used it in a call.")
    if reason and reason not in set(Reason):
        problems["reason"] = lambda: _("This reason is not known here.")
    if len(comment) > COMMENT_LIMIT:
        problems["comment"] = lambda: _("A comment may have %(n)s characters at most.", n=COMMENT_LIMIT)
    if problems:
        raise Invalid({name: say() for name, say in problems.items()})
    return reason, comment.strip()
