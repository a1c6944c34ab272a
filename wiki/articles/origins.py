"""Where the text of a published article is from: its publications one after the other, traced once for each live text.

Of a text that several people wrote together, the revisions at which the pen changed hands count, too. What was rolled
back never counts.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import groupby

import sqlalchemy as sa

from core.caches import Cache
from core.db import session
from wiki.articles import blame
from wiki.articles.content import of_revision
from wiki.articles.diff import flat
from wiki.articles.kinds import KINDS, FieldType
from wiki.articles.models import Article, Publication, Revision, Submission
from wiki.articles.queries import history
from wiki.articles.rules import ProvisionalState

WORDS = {FieldType.TEXT, FieldType.BRANCHES, FieldType.STEPS}


@dataclass(frozen=True, slots=True)
class Source:
    """Who brought words, and with which version readers got them."""

    revision_id: int
    author_id: int
    publication_id: int
    version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Section:
    """One field of the live text, passage by passage. The steps of its runs are places in ``Origins.sources``."""

    name: str
    passages: tuple[blame.Passage, ...]


@dataclass(frozen=True, slots=True)
class Origins:
    """Where a live text is from."""

    sources: tuple[Source, ...]
    sections: tuple[Section, ...]

    def weights(self) -> dict[int, int]:
        """Characters by user id, the largest first."""
        found: dict[int, int] = {}
        for section in self.sections:
            for passage in section.passages:
                for step, count in passage.weights:
                    who = self.sources[step].author_id
                    found[who] = found.get(who, 0) + count
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


_origins: Cache[Origins] = Cache(size=500)  # by the live revision: neither it nor what came before ever changes


def origins_of(article: Article) -> Origins:
    """Whose words readers see in a live article."""
    key = (article.id, article.revision_id, article.version)
    found = _origins.get(key)
    if found is None:
        found = _traced(article)
        _origins.put(key, found)
    return found


def shares(article: Article) -> dict[int, Fraction]:
    """Each contributor's share of the characters of the live text by user id, the largest first; they sum to 1."""
    weights = origins_of(article).weights()
    whole = sum(weights.values())
    if whole:
        return {who: Fraction(count, whole) for who, count in weights.items()}
    return {article.revision.author_id: Fraction(1)} if article.revision is not None else {}


def contributed(submission: Submission) -> dict[int, int]:
    """Characters of a proposed text by who brought them in with this submission, the most first; what its base said
    already counts for nobody. Not kept: a text under review changes."""
    head, base = submission.head, submission.base
    if head is None:
        return {}
    hands = _hands_of(submission, head.number)
    steps = [*([base] if base is not None else []), *hands]
    owners = blame.traced([_text(revision) for revision in steps])
    first = len(steps) - len(hands)
    found: dict[int, int] = {}
    at = 0
    for _name, words in _fields(steps[-1]):
        for passage in blame.passages_of(words, owners[at : at + len(words)]):
            for step, count in passage.weights:
                if step >= first:
                    who = steps[step].author_id
                    found[who] = found.get(who, 0) + count
        at += len(words) + 2
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _traced(article: Article) -> Origins:
    steps = _steps(article)
    texts = [_text(revision) for revision, _source in steps]
    owners = blame.traced(texts)
    sections, at = [], 0
    for name, words in _fields(steps[-1][0]):
        own = owners[at : at + len(words)]
        sections.append(Section(name, tuple(blame.passages_of(words, own))))
        at += len(words) + 2
    return Origins(tuple(source for _revision, source in steps), tuple(sections))


def _fields(revision: Revision) -> list[tuple[str, str]]:
    kind = KINDS[revision.kind]
    words = {"body", *(spec.code for spec in kind.fields if spec.type in WORDS)}
    return [(name, text) for name, _label, text in flat(kind, of_revision(revision)) if name in words and text.strip()]


def _text(revision: Revision) -> str:
    """The fields one after the other, so that a passage may move from one into another."""
    return "".join(words + "\n\n" for _name, words in _fields(revision))


def _steps(article: Article) -> list[tuple[Revision, Source]]:
    rows = [
        row
        for row in session.scalars(history(article.id))
        if row.provisional is None or row.provisional.state is not ProvisionalState.ROLLED_BACK
    ]
    rows.sort(key=lambda row: row.id)
    last = max(n for n, row in enumerate(rows) if row.revision_id == article.revision_id)
    out: list[tuple[Revision, Source]] = []
    for row in rows[: last + 1]:
        for revision in _hands(row):
            source = Source(revision.id, revision.author_id, row.id, row.version, row.published_at)
            out.append((revision, source))
    return out


def _hands(row: Publication) -> list[Revision]:
    """The revisions of a publication at which the pen changed hands; the published one is the last."""
    if len(row.submission.author_ids) < 2:
        return [row.revision]
    return _hands_of(row.submission, row.revision.number)


def _hands_of(submission: Submission, last: int) -> list[Revision]:
    """The revisions up to the ``last`` at which the pen changed hands, and that one."""
    found = session.scalars(
        sa.select(Revision)
        .where(Revision.submission_id == submission.id, Revision.number <= last)
        .order_by(Revision.number)
    )
    return [list(some)[-1] for _author, some in groupby(found, key=lambda revision: revision.author_id)]
