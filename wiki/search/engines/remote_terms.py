"""The vocabulary of an index on another machine: asked for in rounds, all questions of a round at once, and remembered.

The analysis asks for one count after the other; each would be a journey of its own. So it runs on what is remembered
and notes what it missed; that is fetched; and it runs again, until nothing is missed (two or three times).
"""

import time
from typing import Any

from wiki.search.analysis import queries
from wiki.search.analysis.queries import Analysed, Kind
from wiki.search.analysis.synonyms import NONE, Synonyms
from wiki.search.engines import common
from wiki.search.engines.fields import PARTS
from wiki.search.engines.remote_fields import OTHER_WORDS, any_of, asked_term
from wiki.search.engines.remote_server import Server

ROUNDS = 4
_LASTING = 30.0  # seconds a count is remembered: they weigh, never show
_FLEETING = 0.5  # what does not exist may exist in a moment: a new text is found at once
_COMPLETIONS = 3.0
_LATIN = 60.0
_MOST = 40_000

Frequency = tuple[int, int]  # in the titles, in the bodies, of so many documents


class Memory:
    """What was learnt of one index, by all threads, each thing for its time."""

    def __init__(self, server: Server, uid: str) -> None:
        self._server = server
        self._uid = uid
        self._known: dict[Any, tuple[float, Any]] = {}

    def get(self, key: Any) -> Any:
        """What is remembered; None where nothing is, or not any more."""
        until, value = self._known.get(key, (0.0, None))
        return value if time.monotonic() < until else None

    def keep(self, key: Any, value: Any, seconds: float) -> None:
        """Remember it for a time."""
        if len(self._known) > _MOST:
            self._known.clear()
        self._known[key] = (time.monotonic() + seconds, value)

    def forget(self) -> None:
        """The index has been written to from here."""
        self._known.clear()

    def documents(self) -> int:
        """How many documents there are, nearly."""
        known = self.get("documents")
        if known is None:
            known = self._server.ask(lambda c: int(c.index(self._uid).get_stats().number_of_documents))
            self.keep("documents", known, _LASTING if known else _FLEETING)
        return int(known)

    def learn_counts(self, terms: list[tuple[Kind, str]]) -> None:
        """The frequencies of these terms, in one journey."""
        asked = [
            {"indexUid": self._uid, "q": "", "limit": 0, "filter": any_of(f"{part}_{kind}", [asked_term(term)])}
            for kind, term in terms
            for part in PARTS
        ]
        counts = self._server.ask(
            lambda c: [int(each["estimatedTotalHits"]) for each in c.multi_search(asked)["results"]]
        )
        for term, title, body in zip(terms, counts[::2], counts[1::2], strict=True):
            self.keep(term, (title, body), _LASTING if title or body else _FLEETING)

    def learn_endings(self, kind: Kind, beginning: str) -> None:
        """The terms with this beginning, by how often they occur."""
        fields = [OTHER_WORDS] if kind is Kind.WORD else [f"{part}_{kind}" for part in PARTS]
        found: dict[str, int] = {}
        for field in fields:
            for value, count in self._beginning(field, beginning):
                found[value] = max(count, found.get(value, 0))
        self.keep((kind, beginning, "…"), sorted(found, key=lambda term: (-found[term], term)), _COMPLETIONS)

    def learn_latin(self, letter: str) -> None:
        """The Latin words with this first letter."""
        self.keep(("latin", letter), common.latin(word for word, _ in self._beginning(OTHER_WORDS, letter)), _LATIN)

    def _beginning(self, field: str, beginning: str) -> list[tuple[str, int]]:
        index = self._uid
        hits = self._server.ask(
            lambda c: [
                (str(each["value"]), int(each["count"]))
                for each in c.index(index).facet_search(field, asked_term(beginning))["facetHits"]
            ]
        )
        return [each for each in hits if each[0].startswith(beginning)]


class _Round:
    """A `queries.Vocabulary` that knows what is remembered, and notes what it was asked for beyond."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.documents = memory.documents()
        self.counts: dict[tuple[Kind, str], None] = {}
        self.beginnings: dict[tuple[Kind, str], None] = {}
        self.letters: dict[str, None] = {}

    def count(self, kind: Kind, term: str) -> int:
        """See `queries.Vocabulary`."""
        known = self.memory.get((kind, term))
        if known is None:
            self.counts[kind, term] = None
            return 0
        in_titles, in_bodies = known
        return max(int(in_titles), int(in_bodies))

    def endings(self, kind: Kind, beginning: str, limit: int) -> list[str]:
        """See `queries.Vocabulary`."""
        known: list[str] | None = self.memory.get((kind, beginning, "…"))
        if known is None:
            self.beginnings[kind, beginning] = None
        return (known or [])[:limit]

    def near(self, word: str) -> list[str]:
        """See `queries.Vocabulary`."""
        if len(word) < 4:
            return []
        pools = {letter: self.memory.get(("latin", letter)) for letter in dict.fromkeys(word[:2])}
        self.letters |= {letter: None for letter, pool in pools.items() if pool is None}
        return common.near(word, [known for pool in pools.values() for known in pool or ()])

    def learn(self) -> bool:
        """What was missed is remembered now; False where nothing was."""
        if self.counts:
            self.memory.learn_counts(list(self.counts))
        for kind, beginning in self.beginnings:
            self.memory.learn_endings(kind, beginning)
        for letter in self.letters:
            self.memory.learn_latin(letter)
        return bool(self.counts or self.beginnings or self.letters)


def analyse(text: str, memory: Memory, synonyms: Synonyms = NONE) -> Analysed:
    """The needs in what was typed, as the index's vocabulary tells them."""
    for _ in range(ROUNDS):
        vocabulary = _Round(memory)
        asked = queries.analyse(text, vocabulary, synonyms)
        if not vocabulary.learn():
            return asked
    return queries.analyse(text, _Round(memory), synonyms)


def frequencies(terms: list[tuple[Kind, str]], memory: Memory) -> dict[tuple[Kind, str], Frequency]:
    """In how many titles and bodies each term occurs."""
    if missing := [term for term in terms if memory.get(term) is None]:
        memory.learn_counts(missing)
    return {term: memory.get(term) or (0, 0) for term in terms}
