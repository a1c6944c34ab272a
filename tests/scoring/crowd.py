"""A centre of a thousand people as they vote and write, with rings and slices hidden among what is normal.

Normal is: few write much and most little; some texts are loved by everybody; people read what belongs to their
business, and their own team's texts far more than others' – in some teams of three nearly nothing else; friends read
each other; texts of one kind share their phrases.
"""

from dataclasses import dataclass, field
from random import Random

from wiki.scoring.fairness import Paper, Thanks

PEOPLE = 1000
TOPICS = 20
HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 2500)]


@dataclass
class Crowd:
    """What happened in a quarter, and who did it on purpose."""

    teams: dict[int, int]
    thanks: list[Thanks]
    rings: list[frozenset[int]]
    authors: dict[int, int] = field(default_factory=dict)


def crowd(seed: int, *, rings: int = 25) -> Crowd:
    """A quarter of votes."""
    chance = Random(seed)
    teams, team = {}, 0
    person = 1
    while person <= PEOPLE:
        team += 1
        for _n in range(chance.choice((3, 4, 6, 8, 8, 10, 12))):
            teams[person] = team
            person += 1
    teams = {who: of for who, of in teams.items() if who <= PEOPLE}
    home = {of: chance.randrange(TOPICS) for of in set(teams.values())}
    writing = {who: min(40, int(1.5 * chance.paretovariate(1.1))) if chance.random() < 0.6 else 0 for who in teams}
    for of in chance.sample(sorted(set(teams.values())), 40):  # teams in which everybody writes
        for who in (one for one, team in teams.items() if team == of):
            writing[who] = max(writing[who], chance.randint(5, 15))
    seeded = _rings(chance, teams, rings)
    for ring in seeded:
        for who in ring:
            writing[who] = max(writing[who], chance.randint(7, 14))
    author: dict[int, int] = {}
    topic: dict[int, int] = {}
    loved: dict[int, float] = {}
    for who, count in writing.items():
        for _n in range(count):
            number = len(author) + 1
            author[number] = who
            topic[number] = home[teams[who]] if chance.random() < 0.8 else chance.randrange(TOPICS)
            loved[number] = chance.lognormvariate(0, 1)
    cast = _normal(chance, teams, home, author, topic, loved)
    _friends(chance, teams, author, cast)
    for ring in seeded:
        eager = chance.uniform(0.4, 0.95)
        for who in ring:
            cast |= {
                (who, number)
                for number, by in author.items()
                if by in ring and by != who and chance.random() < eager
            }
    thanks = [Thanks(who, number, (author[number],), topic[number]) for who, number in sorted(cast)]
    return Crowd(teams, thanks, [frozenset(ring) for ring in seeded], author)


def _rings(chance: Random, teams: dict[int, int], count: int) -> list[set[int]]:
    """Two to six people each, nobody in two; every third ring within one team."""
    free, out = set(teams), []
    while len(out) < count:
        size = chance.randint(2, 6)
        if len(out) % 3 == 0:
            team = [who for who in sorted(free) if teams[who] == teams[chance.choice(sorted(free))]]
            some = set(chance.sample(team, size)) if len(team) >= size + 3 else None
        else:
            some = set(chance.sample(sorted(free), size))
        if some:
            out.append(some)
            free -= some
    return out


def _normal(
    chance: Random, teams: dict[int, int], home: dict[int, int], author: dict[int, int], topic: dict[int, int],
    loved: dict[int, float],
) -> set[tuple[int, int]]:  # fmt: skip
    by_team: dict[int, list[int]] = {}
    by_topic: dict[int, list[int]] = {}
    for number, who in author.items():
        by_team.setdefault(teams[who], []).append(number)
        by_topic.setdefault(topic[number], []).append(number)
    everything = list(author)
    warmth = {team: chance.betavariate(2, 3) for team in set(teams.values())}
    weights = {id(some): [loved[n] for n in some] for some in (*by_team.values(), *by_topic.values(), everything)}
    cast: set[tuple[int, int]] = set()
    for who, team in teams.items():
        for _n in range(min(150, int(chance.lognormvariate(3.4, 0.7)))):
            luck = chance.random()
            some = by_team.get(team) if luck < warmth[team] else by_topic.get(home[team]) if luck < 0.9 else everything
            if some:
                number = chance.choices(some, weights[id(some)])[0]
                if author[number] != who:
                    cast.add((who, number))
    return cast


def _friends(chance: Random, teams: dict[int, int], author: dict[int, int], cast: set[tuple[int, int]]) -> None:
    """A hundred pairs read a few of each other's texts, whatever their team: that is what friends do."""
    people = sorted(teams)
    by_person: dict[int, list[int]] = {}
    for number, who in author.items():
        by_person.setdefault(who, []).append(number)
    for _n in range(100):
        one, other = chance.sample(people, 2)
        for reader, writer in ((one, other), (other, one)):
            texts = by_person.get(writer, [])
            cast |= {(reader, number) for number in chance.sample(texts, min(len(texts), chance.randint(1, 4)))}


@dataclass
class Desk:
    """What was accepted in a quarter, and which texts are one."""

    papers: list[Paper]
    seeded: list[frozenset[int]]


def desk_of(seed: int, *, groups: int = 30) -> Desk:
    """Accepted texts of a thousand people; some wrote one text and handed it in two to five times."""
    chance = Random(seed)
    phrases = ["".join(chance.choices(HAN, k=chance.randint(12, 30))) for _n in range(40)]  # the house's own
    papers: list[Paper] = []
    for who in range(1, PEOPLE + 1):
        for _n in range(min(12, int(chance.paretovariate(1.2)))):
            body = _own_words(chance, chance.randint(80, 400))
            for _k in range(chance.randint(0, 4)):
                body += chance.choice(phrases)
            papers.append(Paper(len(papers) + 1, (who,), body))
    for _n in range(60):  # one form filled in for several products: the same frame, other words
        who, frame = chance.randint(1, PEOPLE), _own_words(chance, 60)
        for _k in range(3):
            papers.append(Paper(len(papers) + 1, (who,), frame + _own_words(chance, 60)))
    seeded = []
    for _n in range(groups):
        who, whole = chance.randint(1, PEOPLE), _own_words(chance, chance.randint(250, 600))
        numbers = set()
        for _k in range(chance.randint(2, 5)):
            text = _changed(chance, whole) if chance.random() < 0.6 else _cut(chance, whole)
            papers.append(Paper(len(papers) + 1, (who,), text))
            numbers.add(len(papers))
        papers.append(Paper(len(papers) + 1, (who,), whole))
        seeded.append(frozenset({*numbers, len(papers)}))
    return Desk(papers, seeded)


def _own_words(chance: Random, length: int) -> str:
    return "".join(chance.choices(HAN, k=length))


def _changed(chance: Random, text: str) -> str:
    """A word here and there is another one."""
    out = list(text)
    for _n in range(int(len(out) * chance.uniform(0.01, 0.05))):
        out[chance.randrange(len(out))] = chance.choice(HAN)
    return "".join(out)


def _cut(chance: Random, text: str) -> str:
    """Most of it, from somewhere."""
    length = int(len(text) * chance.uniform(0.5, 0.9))
    begin = chance.randrange(len(text) - length)
    return text[begin : begin + length] + _own_words(chance, 5)


def quality(found: list[frozenset[int]], seeded: list[frozenset[int]]) -> tuple[float, float]:
    """(precision, recall): a finding is right when it shares at least half of its people with one that was seeded, and
    the other way round."""

    def meets(one: frozenset[int], others: list[frozenset[int]]) -> bool:
        return any(2 * len(one & other) >= len(one | other) for other in others)

    right = sum(meets(one, seeded) for one in found)
    seen = sum(meets(one, found) for one in seeded)
    return right / max(1, len(found)), seen / max(1, len(seeded))
