"""What is another between two versions of a course: a pure comparison of two outlines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from wiki.training.rules import Requires

Row = Mapping[str, Any]


class Sort(StrEnum):
    """What happened to a step, or to the course as a whole."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    MOVED = "moved"
    CREDITS = "credits"
    REQUIRES = "requires"
    # what learners of every version meet at once
    TEXT = "text"
    MARK = "mark"
    QUESTION_ADDED = "question_added"
    QUESTION_REMOVED = "question_removed"
    DRAWS = "draws"
    AUDIENCE_ADDED = "audience_added"
    AUDIENCE_REMOVED = "audience_removed"


WAITING = {Sort.ADDED, Sort.REMOVED, Sort.MOVED, Sort.CREDITS, Sort.REQUIRES}
WHO = {Sort.AUDIENCE_ADDED, Sort.AUDIENCE_REMOVED}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a version says."""

    outline: Sequence[Row]
    credits: Decimal
    requires: Requires
    audience: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is another. ``row``: the step it is about; ``before`` and ``after`` in the words stored."""

    sort: Sort
    row: Row = field(default_factory=dict)
    before: str = ""
    after: str = ""

    @property
    def waits(self) -> bool:
        """It holds only for those who begin, or move on to, the version that has it."""
        return self.sort in WAITING


def compare(old: Plan, new: Plan) -> list[Change]:
    """What is another in ``new``: steps first, then what they consist of, the whole, and who is to take it."""
    was, now = ({row["step"]: row for row in plan.outline} for plan in (old, new))
    found = [Change(Sort.ADDED, row) for key, row in now.items() if key not in was]
    found += [Change(Sort.REMOVED, row) for key, row in was.items() if key not in now]
    both = [key for key in was if key in now]
    if both != [key for key in now if key in was]:
        found.append(Change(Sort.MOVED))
    for key in both:
        found += _step(was[key], now[key])
    if old.credits != new.credits:
        found.append(Change(Sort.CREDITS, {}, f"{old.credits.normalize():f}", f"{new.credits.normalize():f}"))
    if old.requires is not new.requires:
        found.append(Change(Sort.REQUIRES, {}, old.requires.value, new.requires.value))
    return found + _audience(old, new)


def _step(was: Row, now: Row) -> list[Change]:
    pairs = ((Sort.RENAMED, "title"), (Sort.TEXT, "version"), (Sort.MARK, "mark"), (Sort.DRAWS, "draws"))
    found = [
        Change(sort, now, str(was.get(name) or ""), str(now.get(name) or ""))
        for sort, name in pairs
        if was.get(name) != now.get(name)
    ]
    before, after = (dict(row.get("questions") or ()) for row in (was, now))
    found += [Change(Sort.QUESTION_ADDED, now, after=text) for one, text in after.items() if one not in before]
    found += [Change(Sort.QUESTION_REMOVED, now, before=text) for one, text in before.items() if one not in after]
    return found


def _audience(old: Plan, new: Plan) -> list[Change]:
    was, now = ([row["circle"] for row in plan.audience] for plan in (old, new))
    found = [Change(Sort.AUDIENCE_ADDED, after=one) for one in now if one not in was]
    return found + [Change(Sort.AUDIENCE_REMOVED, before=one) for one in was if one not in now]
