"""What every engine does. Both are held to it by the same tests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from wiki.search.analysis.synonyms import Synonyms
from wiki.search.weights import Explained


@dataclass(frozen=True, slots=True)
class Document:
    """One article as the index knows it. `body` is text without markup; `audience` holds the tokens of who may read it.

    Tokens are opaque here: `public`, `internal`, `role:qa`, `team:3`, `tier:2`, `user:7`. Without one nobody finds it.
    `stamp` is opaque too: the index gives it back, and another one in the database means that the index is behind.
    `carried` is given back with each hit, as it is.
    """

    id: str
    slug: str
    title: str
    body: str
    external_id: str = ""
    kind: str = ""
    category: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    audience: frozenset[str] = frozenset()
    published_at: datetime | None = None
    boost: float = 1.0
    stamp: str = ""
    readership: str = ""  # who may read it, as one word to filter by: `public`, `internal`, `restricted`
    due_at: datetime | None = None  # when somebody has to look at it again
    carried: str = ""


class Facet(StrEnum):
    """What results can be narrowed by."""

    KIND = "kind"
    CATEGORY = "category"
    TAG = "tag"
    SERVICE = "service"
    READERSHIP = "readership"
    FRESH = "fresh"


STORED = tuple(facet for facet in Facet if facet is not Facet.FRESH)  # the values of FRESH follow from times


class Fresh(StrEnum):
    """Values of `Facet.FRESH`: changed within so many days, or its next look is overdue."""

    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    LOOK = "look"


# From ids to what their score is multiplied by, within the bounds of `weights`; 1 for those left out.
Weigh = Callable[[Sequence[str]], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Query:
    """One question of one reader. `filters` narrow to any of the values given for each facet.

    `reader` holds the tokens of the person asking; a document is visible when one of them is in its audience.
    A category matches with all below it. The ids in `first` stand first, in their order, whether or not they meet the
    question, as far as the reader and the filters let them through. `weigh` tells what else counts than words.
    """

    text: str
    reader: frozenset[str]
    filters: Mapping[Facet, tuple[str, ...]] = field(default_factory=dict)
    facets: tuple[Facet, ...] = ()
    offset: int = 0
    limit: int = 10
    synonyms: Synonyms | None = None  # other words for what is asked; None: the application's own (`service.search`)
    explain: bool = False
    first: tuple[str, ...] = ()
    weigh: Weigh | None = field(default=None, compare=False)


class Now(NamedTuple):
    """What the database says of an article when it is found; `category` is a name."""

    revision_id: int
    version: str
    updated_at: datetime | None
    category: str | None


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. `title_html` and `snippet` are safe HTML in which only `<mark>` occurs; `why` is for managers.

    `carried` is what the document carried; `now` and `provisional` are said by the database.
    """

    id: str
    external_id: str
    slug: str
    title: str
    title_html: str
    snippet: str
    kind: str
    category: tuple[str, ...]
    score: float
    provisional: str | None = None  # 'emergency' or 'workaround' while its review goes on
    recommended: bool = False  # the manager wants it to stand first for this question
    why: Mapping[str, float] | None = None
    explained: Explained | None = None
    carried: str = ""
    now: Now | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Results in their order. `total` and `facets` count what the reader may see, nothing else."""

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[Facet, tuple[tuple[str, int], ...]]
    took_ms: float
    engine: str
    degraded: bool = False  # the engine could not be asked; something plainer answered


class State(StrEnum):
    """How an index is."""

    READY = "ready"
    MISSING = "missing"
    OUTDATED = "outdated"
    CORRUPT = "corrupt"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures of an index; `reason` is a sentence where it is not ready."""

    engine: str
    state: State
    documents: int = 0
    segments: int = 0
    size: int = 0
    reason: str = ""


class EngineUnavailable(Exception):
    """Search cannot answer now; the message is a sentence for the log, `state` says what would help."""

    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


class EngineRefused(Exception):
    """The engine is there and does not take what it is told; the message is a sentence. Waiting alone mends nothing."""


# The documents with these ids as the database has them now; those that may not be found any more are left out.
Reload = Callable[[Iterable[str]], Iterable[Document]]


class Engine(Protocol):
    """A search engine. Every call may raise `EngineUnavailable`; none ever leaves half of its work visible."""

    name: str

    def index(self, documents: Iterable[Document]) -> int:
        """The documents can be found from now on, as they are now; those with the same id are replaced. How many."""

    def delete(self, ids: Iterable[str]) -> None:
        """Documents with these ids are not found any more; unknown ids are fine."""

    def search(self, query: Query) -> Page:
        """The visible documents that meet the query, best first; the same question has the same order."""

    def suggest(self, text: str, reader: frozenset[str], limit: int = 8, synonyms: Synonyms | None = None) -> list[Hit]:
        """Titles for what has been typed so far, best first."""

    def rebuild(self, documents: Iterable[Document], again: Reload) -> int:
        """The index holds exactly these documents; the old one answers until the new one is complete. How many.

        `again` is asked, last of all, for those that were indexed or deleted by others in the meantime.
        """

    def clear(self) -> None:
        """The index is empty and ready."""

    def stats(self) -> Stats:
        """How the index is; never raises."""

    def stamps(self) -> Iterable[tuple[str, str]]:
        """(id, stamp) of all documents in the index, for comparison with the database."""

    def advice(self) -> str:
        """A sentence about how it is set up, where it could be safer; else nothing."""

    def version(self) -> str:
        """What answers, by its own number; empty where it does not say."""

    def tidy(self) -> bool:
        """What a killed rebuild left behind is removed. True where there was any: compare with the database then."""

    def aside(self) -> "Engine":
        """The same index for work behind the answers. Whoever asks for it closes it, if it is another engine than this
        one: what that work looked through does not stay in memory."""

    def close(self) -> None:
        """Files and connections are let go."""


@contextmanager
def behind(engine: Engine) -> Iterator[Engine]:
    """The engine for work behind the answers, which leaves nothing in memory that nobody has asked for."""
    own = engine.aside()
    try:
        yield own
    finally:
        if own is not engine:
            own.close()
