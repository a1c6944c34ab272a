"""The whole ledger from nothing: acts in the order in which they were recorded, one after the other. Pure.

What later acts refer to is remembered for as long as something may still refer to it, and no longer: a million acts
are replayed in the memory of some thousand.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from wiki.scoring.rules import NOTHING, Act, Does, Entry, Rule, price, split

Target = tuple[str, str]  # event and source of the act that others refer to


@dataclass(slots=True)
class Group:
    """What one act pays, after everything that was done with it later."""

    split: bool = True  # False: the rule pays everybody in full, and there is nothing to divide
    net: dict[int, Entry] = field(default_factory=dict)
    taken: list[Entry] = field(default_factory=list)  # what the last undoing took, until it is given back

    def add(self, entries: Iterable[Entry]) -> None:
        """Count these in."""
        for entry in entries:
            known = self.net.get(entry.user_id)
            self.net[entry.user_id] = entry if known is None else replace(known, points=known.points + entry.points)

    @property
    def standing(self) -> bool:
        """It pays somebody something."""
        return any(entry.points for entry in self.net.values())

    def follow(self, act: Act) -> list[Entry]:
        """The entries of an act that undoes, restores or divides, counted in."""
        entries = {Does.UNDO: self._undo, Does.RESTORE: self._restore, Does.DIVIDE: self._divide}[act.deed](act)
        self.add(entries)
        return entries

    def _undo(self, act: Act) -> list[Entry]:
        """Takes back what is left, to the hundredth; taking back twice takes nothing."""
        found = [_as(act, entry, -entry.points) for entry in self.net.values() if entry.points]
        if found:
            self.taken = found
        return found

    def _restore(self, act: Act) -> list[Entry]:
        taken, self.taken = self.taken, []
        return [_as(act, entry, -entry.points) for entry in taken]

    def _divide(self, act: Act) -> list[Entry]:
        """The same total in other parts: what somebody gains, others lose."""
        total = sum((entry.points for entry in self.net.values()), NOTHING)
        if not self.split or not total or not act.people:
            return []
        model = next(iter(self.net.values()))
        parts = split(total, act.shares if act.shares is not None else len(act.people))
        wanted = dict(zip(act.people, parts, strict=True))
        have = {user_id: entry.points for user_id, entry in self.net.items()}
        moved = {who: wanted.get(who, NOTHING) - have.get(who, NOTHING) for who in [*act.people, *have]}
        return [_as(act, replace(model, user_id=who), points) for who, points in moved.items() if points]


def _as(act: Act, entry: Entry, points: Decimal) -> Entry:
    return replace(entry, source=act.source, points=points, uncapped=points, day=act.day, period=act.period)


class Replay:
    """Prices one act after another. ``forget`` and ``keep`` bound what is remembered; without them, everything is."""

    def __init__(self, rules: Sequence[Rule], *, keep: Callable[[Target], bool] | None = None) -> None:
        self._rules: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            self._rules[rule.event].append(rule)
        self._split = {rule.id: rule.split for rule in rules}
        self._capped = {r.code for r in rules if r.cap_per_day is not None or r.cap_per_month is not None}
        self._keep = keep
        self._groups: dict[Target, Group] = {}
        self._spent: dict[date | str, dict[tuple[int, str], Decimal]] = defaultdict(dict)

    def entries(self, act: Act) -> list[Entry]:
        """What everybody earns or loses by the next act."""
        if act.undoes is not None:
            group = self._groups.get((act.event, act.undoes))
            return group.follow(act) if group is not None else []
        rules = self._rules.get(act.event, [])
        entries = price(act, rules, self._so_far)
        self._count(entries)
        target = (act.event, act.source)
        if self._keep is None or self._keep(target):
            self.know(target, entries)
        return entries

    def know(self, target: Target, entries: Iterable[Entry]) -> None:
        """This is what an act pays to which later ones refer."""
        group = self._groups[target] = Group()
        group.add(entries)
        group.split = all(self._split.get(entry.rule_id, True) for entry in group.net.values())

    def knows(self, target: Target) -> bool:
        """It is remembered what this act pays."""
        return target in self._groups

    def forget(self, *, days: Iterable[date | str] = (), targets: Iterable[Target] = ()) -> None:
        """Nothing to come lies on these days, in these months, or refers to these acts."""
        for day in days:
            self._spent.pop(day, None)
        for target in targets:
            self._groups.pop(target, None)

    @property
    def size(self) -> int:
        """How much is remembered."""
        return len(self._groups) + sum(len(one) for one in self._spent.values())

    def _so_far(self, user_id: int, code: str, span: date | str) -> Decimal:
        return self._spent[span].get((user_id, code), NOTHING)

    def _count(self, entries: list[Entry]) -> None:
        for entry in entries:
            if entry.points and entry.rule in self._capped:
                for span in (entry.day, entry.period):
                    spot, key = self._spent[span], (entry.user_id, entry.rule)
                    spot[key] = spot.get(key, NOTHING) + entry.points


def replay(acts: Iterable[Act], rules: Sequence[Rule]) -> list[Entry]:
    """The entries of all acts; one that is told again adds nothing."""
    book, seen, found = Replay(rules), set[Target](), list[Entry]()
    for act in acts:
        if (act.event, act.source) not in seen:
            seen.add((act.event, act.source))
            found += book.entries(act)
    return found
