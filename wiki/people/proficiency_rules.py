"""Where a new hire is on the path, and when they can do the work alone: pure decisions, exact figures.

**Day N** of somebody is their N-th working day, by the calendar of their site; day 1 is the first working day from the
day they were hired on.

**Proficient** is somebody from the first working day on which both hold: every test of the path is passed, and on each
of their last five working days with a quality score the score reached the target. A working day without a score neither
counts nor breaks the row; one below the target breaks it. Days on which the site is closed do not count at all.

**Time to proficiency** of a cohort is the median of these days as Kaplan and Meier reckon it: who is not yet proficient
(or left before) counts as *not yet after N days* and is never dropped. While more than half are not, there is none.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

IN_A_ROW = 5
BY_DAY = 30  # six working weeks: where cohorts of different age are compared
FARTHEST = 3660  # days that are looked at: ten years
Works = Callable[[date], bool]


def day_number(hired: date, day: date, works: Works) -> int:
    """Which working day of theirs this is, from 1; on a day off the last one before. 0 before the first."""
    if day < hired:
        return 0
    span = min((day - hired).days, FARTHEST)
    return sum(1 for ahead in range(span + 1) if works(hired + timedelta(days=ahead)))


def day_of(hired: date, number: int, works: Works) -> date:
    """The calendar day of their ``number``-th working day (from 1); where nobody ever works, the hiring day."""
    found, left = hired, number
    for ahead in range(FARTHEST):
        day = hired + timedelta(days=ahead)
        if works(day):
            found, left = day, left - 1
            if left <= 0:
                return found
    return found


def row_until(day: date, scored: Sequence[tuple[date, Fraction]], target: Fraction) -> int:
    """How many of the last scored days up to this one reached the target, without a break. ``scored`` is in order."""
    count = 0
    for when, value in reversed(scored):
        if when > day:
            continue
        if value < target:
            break
        count += 1
    return count


def scored_days(hired: date, until: date, scores: Mapping[date, Fraction], works: Works) -> list[tuple[date, Fraction]]:
    """The working days with a score since hiring, in order."""
    return [(day, scores[day]) for day in sorted(scores) if hired <= day <= until and works(day)]


def proficient_on(
    hired: date,
    passed_on: date | None,
    scores: Mapping[date, Fraction],
    target: Fraction,
    *,
    until: date,
    works: Works,
    needed: int = IN_A_ROW,
) -> date | None:
    """The day on which they became proficient (see above); ``None``: not yet on ``until``. ``passed_on``: the day of
    the last test, ``None`` while one is not passed."""
    if passed_on is None or passed_on > until:
        return None
    scored = scored_days(hired, until, scores, works)
    since = max(passed_on, hired)
    days = [day_of(since, 1, works), *(day for day, _value in scored if day > since)]
    return next((day for day in sorted(days) if day <= until and row_until(day, scored, target) >= needed), None)


@dataclass(frozen=True, slots=True)
class Life:
    """``days`` until somebody was proficient (``done``), or so many days after which they are not yet."""

    days: int
    done: bool


def curve(lives: Iterable[Life]) -> list[tuple[int, Fraction]]:
    """(day, share not yet proficient after it) at each day on which somebody became it (Kaplan–Meier)."""
    known = sorted(lives, key=lambda one: one.days)
    share, steps = Fraction(1), []
    for day in sorted({one.days for one in known if one.done}):
        there = sum(1 for one in known if one.days >= day)
        done = sum(1 for one in known if one.done and one.days == day)
        share *= 1 - Fraction(done, there)
        steps.append((day, share))
    return steps


def median(lives: Iterable[Life]) -> int | None:
    """The first day after which at most half are not yet proficient; ``None`` while more than half are not."""
    return next((day for day, share in curve(lives) if share <= Fraction(1, 2)), None)


def share_by(lives: Sequence[Life], day: int) -> Fraction | None:
    """The share proficient by this day; ``None`` when nobody has been there so long and somebody is not yet."""
    if not lives or all(one.days < day and not one.done for one in lives):
        return None
    if max(one.days for one in lives) < day and not all(one.done for one in lives):
        return None
    return 1 - next((share for when, share in reversed(curve(lives)) if when <= day), Fraction(1))


@dataclass(frozen=True, slots=True)
class Change:
    """How a cohort's median differs from an earlier one's, in days and percent (half-up, negative: faster)."""

    days: int
    percent: int


def change(now: int | None, before: int | None) -> Change | None:
    """``None`` where one of them has no median yet.

    >>> change(12, 20)
    Change(days=-8, percent=-40)
    """
    if now is None or not before:
        return None
    exact = Fraction((now - before) * 100, before)
    size = (abs(exact) * 2 + 1) // 2
    return Change(now - before, -int(size) if exact < 0 else int(size))


# ── the way ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def late(steps: Iterable[tuple[int, bool]], number: int) -> int:
    """How many steps are behind: their day is over, and they are not done. ``steps``: (day, done)."""
    return sum(1 for day, done in steps if not done and day < number)


def on_today(steps: Sequence[tuple[int, bool]], number: int) -> list[int]:
    """The places of what to do now: everything not done up to this day, else what comes next."""
    due = [at for at, (day, done) in enumerate(steps) if not done and day <= number]
    if due:
        return due
    ahead = [day for day, done in steps if not done]
    return [at for at, (day, done) in enumerate(steps) if not done and day == min(ahead)] if ahead else []
