"""Who votes for each other far more often than chance would have it. Pure; floats are allowed here, no points are made.

What chance would give: every reader keeps his number of votes on every topic, and each goes to an author in proportion
to what *others* gave that author on that topic – more often to one's own team, by as much as the rest of the team
does (at most by what is usual in the centre). So neither a popular author, nor a small team that reads its own texts,
nor two people who work on the same business stand out. Two people are *tied* when both have voted for the other so
much more often than that that it would hardly happen by chance in five thousand such centres. Tied people make a ring.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

LEAST = 4  # votes in each direction; fewer are never remarked on
LIFT = 3.0  # times what chance would give, in each direction
ALPHA = 0.0002  # how many ties of a whole centre may be chance
USUAL = 0.95  # a team is taken to read its own texts at most as much as this share of all teams does
PRIOR = 8.0  # votes of the average team that are mixed into what is known of one


@dataclass(frozen=True, slots=True)
class Thanks:
    """One reader thanked for one text, however often."""

    voter: int
    article: int
    authors: tuple[int, ...]
    topic: int | str | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """Two people: how many texts of the other each has thanked for, and how many chance would give."""

    one: int
    other: int
    given: int
    back: int
    expected: float
    expected_back: float
    chance: float  # of so much in both directions


@dataclass(frozen=True, slots=True)
class Ring:
    """People who are tied to each other, the strongest tie first."""

    people: tuple[int, ...]
    ties: tuple[Tie, ...]

    @property
    def votes(self) -> int:
        """All votes that went round in it."""
        return sum(tie.given + tie.back for tie in self.ties)


def rings(thanks: Iterable[Thanks], teams: Mapping[int, int | None]) -> list[Ring]:
    """Every ring, the largest number of votes first."""
    world = _World(thanks, teams)
    tried = [
        (one, other)
        for (one, other), given in world.given.items()
        if one < other and given >= LEAST and world.given.get((other, one), 0) >= LEAST
    ]
    pairs = sum(1 for one, other in world.given if one < other and (other, one) in world.given)
    ties = [tie for tie in (world.tie(one, other) for one, other in tried) if _stands_out(tie, max(1, pairs))]
    return sorted(_joined(ties), key=lambda ring: (-ring.votes, ring.people))


def _stands_out(tie: Tie, pairs: int) -> bool:
    lifted = tie.given >= LIFT * tie.expected and tie.back >= LIFT * tie.expected_back
    return lifted and tie.chance * pairs <= ALPHA


def _joined(ties: list[Tie]) -> list[Ring]:
    """Ties that share a person belong together."""
    root: dict[int, int] = {}

    def find(person: int) -> int:
        while root.setdefault(person, person) != person:
            person = root[person]
        return person

    for tie in ties:
        root[find(tie.one)] = find(tie.other)
    groups: dict[int, list[Tie]] = defaultdict(list)
    for tie in ties:
        groups[find(tie.one)].append(tie)
    return [
        Ring(
            tuple(sorted({person for tie in some for person in (tie.one, tie.other)})),
            tuple(sorted(some, key=lambda tie: (tie.chance, tie.one, tie.other))),
        )
        for some in groups.values()
    ]


class _World:
    """Votes counted in every way that is asked for."""

    def __init__(self, thanks: Iterable[Thanks], teams: Mapping[int, int | None]) -> None:
        self.teams = teams
        self.given: Counter[tuple[int, int]] = Counter()
        self.cast: dict[int, Counter[object]] = defaultdict(Counter)  # by voter: votes on each topic
        self.got: dict[object, Counter[int]] = defaultdict(Counter)  # by topic: votes for each author
        self.between: dict[tuple[int, int], Counter[object]] = defaultdict(Counter)
        self.whole: Counter[object] = Counter()  # by topic
        self.mates: dict[int, list[int]] = defaultdict(list)
        for one in thanks:
            for author in one.authors:
                if author != one.voter:
                    self._count(one.voter, author, one.topic)
        for person in {*self.cast, *(who for some in self.got.values() for who in some)}:
            if (team := teams.get(person)) is not None:
                self.mates[team].append(person)
        self._in_team = {person: self._own(person) for person in self.cast}
        self._affinities()

    def _count(self, voter: int, author: int, topic: object) -> None:
        self.given[voter, author] += 1
        self.cast[voter][topic] += 1
        self.got[topic][author] += 1
        self.between[voter, author][topic] += 1
        self.whole[topic] += 1

    def _own(self, person: int) -> tuple[float, float, float]:
        """Of a voter: votes inside the own team, how many popularity alone would send there, and all votes."""
        mates = [one for one in self.mates.get(self.teams.get(person) or 0, ()) if one != person]
        inside = sum(self.given.get((person, mate), 0) for mate in mates)
        by_chance = sum(
            count * sum(self.got[topic][mate] - self.between[person, mate][topic] for mate in mates)
            / max(1, self.whole[topic] - count)
            for topic, count in self.cast[person].items()
        )  # fmt: skip
        return inside, by_chance, self.cast[person].total()

    def _affinities(self) -> None:
        rows = list(self._in_team.values())
        self.usual = _odds(*(sum(row[n] for row in rows) for n in range(3)))
        found = sorted(
            _odds(*(sum(self._in_team[one][n] for one in mates if one in self._in_team) for n in range(3)))
            for mates in self.mates.values()
        )
        self.most = found[min(len(found) - 1, int(USUAL * len(found)))] if found else 1.0

    def _affinity(self, one: int, other: int) -> float:
        """How much more often the rest of a team votes inside it than popularity alone would have it."""
        mates = [who for who in self.mates[self.teams.get(one) or 0] if who not in {one, other}]
        inside, by_chance, whole = (sum(self._in_team.get(who, (0, 0, 0))[n] for who in mates) for n in range(3))
        rows = list(self._in_team.values())
        all_inside, all_by_chance, everything = (sum(row[n] for row in rows) for n in range(3))
        part = PRIOR / max(everything, PRIOR)
        mixed = _odds(inside + part * all_inside, by_chance + part * all_by_chance, whole + part * everything)
        return max(1.0, min(mixed, self.most))

    def expected(self, voter: int, author: int) -> float:
        """Votes that chance would send from one to the other."""
        team = self.teams.get(voter)
        same = team is not None and team == self.teams.get(author)
        mates = [one for one in self.mates.get(team or 0, ()) if one != voter] if team is not None else []
        bond = self._affinity(voter, author) if same else self.usual
        found = 0.0
        for topic, count in self.cast[voter].items():
            from_others = {one: self.got[topic][one] - self.between[voter, one][topic] for one in mates}
            at_home = sum(from_others.values()) + len(mates)
            weight = self.got[topic][author] - self.between[voter, author][topic] + 1
            whole = self.whole[topic] - count + len(self.got[topic]) + (bond - 1) * at_home
            found += count * weight * (bond if same else 1.0) / max(whole, 1.0)
        return found

    def tie(self, one: int, other: int) -> Tie:
        """Both directions, and how likely so much of it is."""
        given, back = self.given[one, other], self.given[other, one]
        expected, expected_back = self.expected(one, other), self.expected(other, one)
        chance = at_least(given, expected) * at_least(back, expected_back)
        return Tie(one, other, given, back, expected, expected_back, chance)


def _odds(inside: float, by_chance: float, whole: float) -> float:
    """By what factor votes inside a team are likelier than those outside, beyond popularity."""
    outside, elsewhere = max(whole - inside, 0.5), max(whole - by_chance, 0.5)
    return max(inside, 0.5) / outside * elsewhere / max(by_chance, 0.05)


def at_least(count: int, mean: float) -> float:
    """How likely a Poisson count of this mean is at least so large.

    >>> round(at_least(3, 1.0), 4)
    0.0803
    """
    if count <= 0 or mean <= 0:
        return 1.0 if count <= 0 else 0.0
    if mean > count:
        return min(1.0, 1.0 - sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count)))
    term = math.exp(-mean + count * math.log(mean) - math.lgamma(count + 1))
    total, k = 0.0, count
    while term > total * 1e-12 or term > 1e-300:
        total += term
        k += 1
        term *= mean / k
        if term < total * 1e-12:
            break
    return min(1.0, total)


# ── one text handed in several times ─────────────────────────────────────────────────────────────────────────────────

SHINGLE = 3  # characters
SKETCH = 12  # the smallest hashes of a text; two that share none of them are not compared
SHORTEST = 30  # characters; shorter texts say nothing
ALIKE = 0.80  # shared shingles, of both texts
WITHIN = 0.85  # shared shingles, of the smaller text: it is a slice of the larger
COMMON = 60  # a hash that so many texts share is a phrase of the house, and leads to nobody


@dataclass(frozen=True, slots=True)
class Paper:
    """A text somebody was paid for."""

    id: int
    authors: tuple[int, ...]
    text: str  # folded: letters, digits and characters alone


@dataclass(frozen=True, slots=True)
class Slice:
    """Two texts and how much of the smaller one stands in the larger, and of both in both, in percent."""

    one: int
    other: int
    within: int
    alike: int


@dataclass(frozen=True, slots=True)
class Slices:
    """Texts of the same people that are one text, in the order in which they came; ``pairs`` says how alike."""

    papers: tuple[int, ...]
    people: tuple[int, ...]
    pairs: tuple[Slice, ...]


def slices(papers: Iterable[Paper]) -> list[Slices]:
    """Every group of texts of common authors that say the same, the largest first."""
    known = {paper.id: paper for paper in papers if len(paper.text) >= SHORTEST}
    cut = {number: _shingles(paper.text) for number, paper in known.items()}
    found = []
    for one, other in _candidates(cut):
        if set(known[one].authors) & set(known[other].authors):
            pair = _compared(one, other, cut)
            if pair is not None:
                found.append(pair)
    return sorted(_grouped(found, known), key=lambda group: (-len(group.papers), group.papers))


def _shingles(text: str) -> frozenset[int]:
    from zlib import crc32

    raw = text.encode("utf-32-le")
    return frozenset(crc32(raw[4 * n : 4 * (n + SHINGLE)]) for n in range(len(text) - SHINGLE + 1))


def _candidates(cut: Mapping[int, frozenset[int]]) -> list[tuple[int, int]]:
    """Pairs that share one of their smallest hashes: such a sketch of a slice and of its whole overlap, too."""
    places: dict[int, list[int]] = defaultdict(list)
    for number, shingles in cut.items():
        for value in sorted(shingles)[:SKETCH]:
            places[value].append(number)
    pairs = {
        (min(pair), max(pair)) for some in places.values() if len(some) <= COMMON for pair in combinations(some, 2)
    }
    return sorted(pairs)


def _compared(one: int, other: int, cut: Mapping[int, frozenset[int]]) -> Slice | None:
    a, b = cut[one], cut[other]
    both, small = len(a & b), min(len(a), len(b))
    within, alike = both / small, 2 * both / (len(a) + len(b))
    if alike < ALIKE and within < WITHIN:
        return None
    return Slice(one, other, int(100 * within), int(100 * alike))


def _grouped(found: list[Slice], known: Mapping[int, Paper]) -> list[Slices]:
    by_ties = _joined([Tie(s.one, s.other, 1, 1, 0, 0, 0) for s in found])
    out = []
    for group in by_ties:
        members = set(group.people)
        pairs = tuple(s for s in found if s.one in members and s.other in members)
        people = set.intersection(*(set(known[number].authors) for number in members)) or {
            who for number in members for who in known[number].authors
        }
        out.append(Slices(group.people, tuple(sorted(people)), pairs))
    return out
