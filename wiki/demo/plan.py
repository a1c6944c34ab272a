"""The plan of everything that happens in the demo, in the order of time, and the stage on which it happens."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from random import Random
from typing import Any

from core import clock
from core.actors import Actor
from wiki.articles.models import Article, Submission
from wiki.demo.content import Library, Present
from wiki.training.models import Course

SEED = "spiral"


@dataclass
class World:
    """What exists so far: who acts, and which row is which text. Rows are held, so that none is read twice."""

    actors: dict[str, Actor]
    tokens: dict[str, str]  # 'teams:billing' → 'team:3', and so for roles, tiers, people
    remarks: dict[str, dict[str, list[str]]]
    submissions: dict[str, Submission] = field(default_factory=dict)
    articles: dict[str, Article] = field(default_factory=dict)  # by title
    courses: dict[str, Course] = field(default_factory=dict)  # by title
    _turns: dict[tuple[str, str], Iterator[str]] = field(default_factory=dict)

    def remark(self, stage: str, locale: str) -> str:
        """The next remark with which a reviewer of this stage and language approves."""
        turn = self._turns.setdefault((stage, locale), cycle(self.remarks[stage][locale]))
        return next(turn)


Do = Callable[[World], Any]


@dataclass
class Plan:
    """Acts with their times. Nothing happens after ``present.now``."""

    library: Library
    present: Present
    acts: list[tuple[datetime, int, Do]] = field(default_factory=list)
    judged: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # verdicts by person, to share them out

    def at(self, moment: datetime, do: Do) -> None:
        """Do this then; acts of one moment keep their order."""
        if moment > self.present.now:
            raise ValueError(f"{moment} is in the future of the demo")
        self.acts.append((moment, len(self.acts), do))

    def chance(self, *about: object) -> Random:
        """Chance that is the same in every load."""
        return Random(":".join((SEED, *map(str, about))))  # noqa: S311 - scenery, not a secret

    def play(self, world: World, advance: Callable[[int], None]) -> None:
        """Let it all happen, each act at its time."""
        for moment, _number, do in sorted(self.acts, key=lambda act: act[:2]):
            with clock.fixed(moment):
                do(world)
            advance(1)
