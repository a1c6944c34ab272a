"""How far two people who judged the same thing, without knowing of each other, agree: percent and Cohen's kappa.

Percent agreement alone flatters: two reviewers who approve nine items of ten agree on 82 % of them by chance. Kappa is
what they agree beyond chance, of what they could: ``(observed - expected) / (1 - expected)``, where ``expected`` is
the agreement of two people with these very habits who throw dice. Pure; nothing here knows the database.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.i18n import _l

LEAST_PAIRS = 10  # with fewer, kappa would be an accident
Z = 1.96  # 95 %


class Why(StrEnum):
    """Why there is no kappa."""

    TOO_FEW = "too_few"
    ONE_CATEGORY = "one_category"


@dataclass(frozen=True, slots=True)
class Agreement:
    """``agreed`` of ``pairs`` gave the same answer. ``kappa`` is ``None`` when it means nothing; ``why`` says why."""

    pairs: int
    agreed: int
    kappa: float | None = None
    low: float | None = None  # of the 95 % interval, by the usual large-sample formula; none when all agree
    high: float | None = None
    why: Why | None = None

    @property
    def percent(self) -> float | None:
        """Percent agreement; ``None`` without a pair."""
        return 100 * self.agreed / self.pairs if self.pairs else None

    @property
    def grade(self) -> str | None:
        """The word for this kappa (``GRADES``)."""
        return None if self.kappa is None else grade(self.kappa)


def agreement(pairs: Iterable[tuple[str, str]], *, least: int = LEAST_PAIRS) -> Agreement:
    """The agreement of two raters over categories; a yes/no question is two categories."""
    cells = Counter(pairs)
    total, same = cells.total(), sum(number for (a, b), number in cells.items() if a == b)
    if total < least:
        return Agreement(total, same, why=Why.TOO_FEW)
    first, second = Counter[str](), Counter[str]()
    for (a, b), number in cells.items():
        first[a] += number
        second[b] += number
    # whole numbers up to here: the test for «one category» must not depend on rounding
    chance = sum(number * second[name] for name, number in first.items())
    if chance == total * total:
        return Agreement(total, same, why=Why.ONE_CATEGORY)
    observed, expected = same / total, chance / (total * total)
    kappa = (observed - expected) / (1 - expected)
    if same == total:
        return Agreement(total, same, kappa)  # the formula would claim certainty: an interval without width
    margin = Z * math.sqrt(observed * (1 - observed) / total) / (1 - expected)
    return Agreement(total, same, kappa, max(-1.0, kappa - margin), min(1.0, kappa + margin))


# up to and including this kappa, the word of Landis and Koch
GRADES = ((0.0, "none"), (0.2, "slight"), (0.4, "fair"), (0.6, "moderate"), (0.8, "substantial"), (1.0, "perfect"))

GRADE_WORDS: dict[str, Any] = {
    "none": _l("no better than chance"),
    "slight": _l("slight"),
    "fair": _l("fair"),
    "moderate": _l("moderate"),
    "substantial": _l("good"),
    "perfect": _l("very good"),
}


def grade(kappa: float) -> str:
    """The key of the word for a kappa."""
    return next((word for limit, word in GRADES if kappa <= limit + 1e-12), "perfect")


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval: its place in the order of the stages, and the revision that was approved."""

    decision_id: int
    review_id: int
    actor_id: int
    place: int
    revision_id: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """One send-back or reject."""

    decision_id: int
    review_id: int
    place: int
    revision_id: int


def overturned(approvals: Iterable[Approval], refusals: Iterable[Refusal]) -> dict[int, int]:
    """Approvals after which a later stage of the same review refused the same text: approval → that refusal.

    An approval is overturned once, by the first such refusal. What the author has changed since is another text, and
    nobody is blamed for it.
    """
    by_text: dict[tuple[int, int], list[Refusal]] = {}
    for refusal in sorted(refusals, key=lambda one: one.decision_id):
        by_text.setdefault((refusal.review_id, refusal.revision_id), []).append(refusal)
    found: dict[int, int] = {}
    for one in approvals:
        for refusal in by_text.get((one.review_id, one.revision_id), ()):
            if refusal.place > one.place and refusal.decision_id > one.decision_id:
                found[one.decision_id] = refusal.decision_id
                break
    return found
