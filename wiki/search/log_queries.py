"""What the query log says: what is asked most, what found nothing, what was said in other words a moment later."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.db import session
from wiki.articles.models import Article
from wiki.search.analysis.scripts import normalise
from wiki.search.analysis.synonyms import Synonyms
from wiki.search.analysis.words import cut, runs
from wiki.search.gap_rules import sense
from wiki.search.likeness import flat
from wiki.search.models import SearchQuery

SHOWN = 50
SOON = timedelta(minutes=3)  # who asks again so soon, asks for the same in other words
LOOKED_AT = 20_000  # questions, the newest
VIEWS = ("most", "nothing", "unopened")
_LONGEST = 12  # characters of a part that may be another word for something


@dataclass(frozen=True, slots=True)
class Turn:
    """``people`` asked ``asked`` in vain, then ``then``, and opened the article ``title``; what may mean the same."""

    asked: str
    then: str
    title: str
    slug: str
    people: int
    times: int
    line: str


def asked(since: datetime, view: str) -> list[dict[str, Any]]:
    """Wordings with how many people asked, how often, how often for nothing, how often something was opened."""
    people = sa.func.count(SearchQuery.user_id.distinct())
    nothing = sa.func.sum(sa.case((SearchQuery.found == 0, 1), else_=0))
    opened = sa.func.count(SearchQuery.opened_id)
    found = (
        sa.select(SearchQuery.flat, sa.func.max(SearchQuery.text).label("text"), people.label("people"),
                  sa.func.count().label("times"), nothing.label("empty"), opened.label("opened"))
        .where(SearchQuery.at >= since, SearchQuery.flat != "")
        .group_by(SearchQuery.flat)
        .order_by(people.desc(), sa.func.count().desc(), SearchQuery.flat)
        .limit(SHOWN)
    )  # fmt: skip
    if view == "nothing":
        found = found.having(nothing * 2 > sa.func.count())
    elif view == "unopened":
        found = found.having(sa.and_(opened == 0, nothing * 2 <= sa.func.count()))
    return [dict(row) for row in session.execute(found).mappings()]


def totals(since: datetime) -> dict[str, int]:
    """All questions, those that found nothing, those from which something was opened, and the people."""
    nothing = sa.func.sum(sa.case((SearchQuery.found == 0, 1), else_=0))
    row = session.execute(
        sa.select(sa.func.count(), nothing, sa.func.count(SearchQuery.opened_id),
                  sa.func.count(SearchQuery.user_id.distinct())).where(SearchQuery.at >= since)
    ).one()  # fmt: skip
    return dict(zip(("asked", "nothing", "opened", "people"), (int(value or 0) for value in row), strict=True))


def turns(since: datetime, synonyms: Synonyms, *, limit: int = 20) -> list[Turn]:
    """What people said first, and what they said when they found it; the turns of most people first."""
    found: dict[tuple[str, str], list[tuple[int, str, str, int]]] = defaultdict(list)
    last: dict[int, Any] = {}
    for row in _in_order(since):
        before = last.get(row.user_id)
        if before is not None and _turned(before, row):
            found[before.flat, row.flat].append((row.user_id, before.text, row.text, row.opened_id))
        last[row.user_id] = row
    titles = _titles({one[3] for pairs in found.values() for one in pairs})
    out = [turn for pairs in found.values() if (turn := _turn(pairs, titles, synonyms))]
    return sorted(out, key=lambda one: (-one.people, -one.times, one.asked))[:limit]


def _turned(before: Any, row: Any) -> bool:
    """The first was in vain, the second said something else soon after, and something was opened from it."""
    in_vain = before.opened_id is None and row.opened_id is not None
    return in_vain and row.at - before.at <= SOON and before.flat != row.flat


def _in_order(since: datetime) -> Iterable[Any]:
    newest = (
        sa.select(SearchQuery.id, SearchQuery.user_id, SearchQuery.at, SearchQuery.text, SearchQuery.flat,
                  SearchQuery.opened_id)
        .where(SearchQuery.at >= since, SearchQuery.flat != "", SearchQuery.user_id.is_not(None))
        .order_by(SearchQuery.at.desc(), SearchQuery.id.desc())
        .limit(LOOKED_AT)
    )  # fmt: skip
    return reversed(session.execute(newest).all())


def _titles(ids: set[int]) -> dict[int, tuple[str, str]]:
    if not ids:
        return {}
    rows = session.execute(sa.select(Article.id, Article.title, Article.slug).where(Article.id.in_(ids), Article.live))
    return {row.id: (row.title, row.slug) for row in rows}


def _turn(
    pairs: list[tuple[int, str, str, int]], titles: dict[int, tuple[str, str]], synonyms: Synonyms
) -> Turn | None:
    _user, before, after, article = pairs[-1]
    parts = difference(before, after)
    if parts is None or article not in titles or sense(before, synonyms) == sense(after, synonyms):
        return None  # nothing to learn, or known already
    title, slug = titles[article]
    people = len({one[0] for one in pairs})
    return Turn(before, after, title, slug, people, len(pairs), f"{parts[0]} = {parts[1]}")


def difference(before: str, after: str) -> tuple[str, str] | None:
    """What stands in the one and not in the other: the words that may mean the same. ``None`` where one adds nothing,
    or so much differs that nothing can be said."""
    one, other = _words(before), _words(after)
    first = last = 0
    while first < min(len(one), len(other)) and one[first] == other[first]:
        first += 1
    while last < min(len(one), len(other)) - first and one[-1 - last] == other[-1 - last]:
        last += 1
    if first and min(len(_together(words[first : len(words) - last])) for words in (one, other)) == 1:
        first -= 1  # one character alone: the word before belongs to it
    elif last and min(len(_together(words[first : len(words) - last])) for words in (one, other)) == 1:
        last -= 1  # or the word behind
    left, right = (_together(words[first : len(words) - last]) for words in (one, other))
    if not (len(flat(left)) > 1 and len(left) <= _LONGEST and len(flat(right)) > 1 and len(right) <= _LONGEST):
        return None
    return None if flat(left) in flat(right) or flat(right) in flat(left) else (left, right)


def _words(text: str) -> list[str]:
    return [word for run in runs(normalise(text)) for word in (cut(run.text) if run.han else [run.text])]


def _together(words: list[str]) -> str:
    """The words side by side, a blank between two Latin ones."""
    out = ""
    for word in words:
        out += f" {word}" if out and out[-1].isascii() and word[0].isascii() else word
    return out
