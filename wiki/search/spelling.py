"""'Did you mean …?': for a question that finds little, a word of the titles that sounds or is written almost like it.

Proposed are only words of texts that all staff may read, gathered by the worker; and only what then finds a text with
this very word for this reader. So nobody learns a word from a text that is closed to them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

import sqlalchemy as sa
from rapidfuzz import process
from rapidfuzz.distance import OSA

from core import noted
from core.actors import Actor
from core.chores import chore
from core.db import reading, session, writing
from core.folding import converter, fold, normalise
from core.gently import LANE, gently
from core.outbox import Job, handler, promise
from wiki.articles.models import Article, ArticleTag, Audience, Publication, Revision
from wiki.articles.titles import BLOCK
from wiki.search import service
from wiki.search.analysis import sounds
from wiki.search.analysis.words import HAN_RUN, Run, cut, cut_fine, runs
from wiki.search.engines.base import Page, Query
from wiki.search.spelling_models import VocabularyWord

FEW = 10  # results, and the question is looked at: as few as bring the engines to show what meets only a part
LONGEST = 40  # characters of a question that is corrected, and of a word
MOST_TITLES, MOST_BODIES, MOST_WORDS = 50_000, 2_000, 30_000
FREQUENT = 3  # texts among the latest in which a word stands that is in no title
TRIED = 4  # ways to write the question anew that are asked
COMPARED = 2_000  # words that begin alike
EVERY = 600.0  # seconds between two gatherings
SOME = 500  # words that are written at once
TOPIC = "search.vocabulary"
RULES = 1  # of what is gathered; raised when they change, so that it is gathered anew

_LONGEST_WORD = 6
_KNOWN, _ALIKE, _ONE_OFF, _STRANGE = 0.1, 1.0, 1.3, 1.5  # what a piece of a question costs, cut one way or another
_FUZZY = (("zh", "z"), ("ch", "c"), ("sh", "s"))


@dataclass(frozen=True, slots=True)
class Words:
    """The words that may be meant by a question, most frequent first: by how they are written, sound, and are typed."""

    texts: Mapping[str, int]
    by_sound: Mapping[str, str]
    by_pinyin: Mapping[str, str]


# ── what is proposed ─────────────────────────────────────────────────────────────────────────────────────────────────


def meant(text: str, actor: Actor, page: Page) -> str | None:
    """The question written in another way that finds more for this reader; None where there is none to be proposed."""
    asked = " ".join(text.split())
    if page.total >= FEW or not asked or len(asked) > LONGEST:
        return None
    for other, new in islice(_written_anew(normalise(asked), _shown(page)), TRIED):
        found = _shown(service.search(Query(other, service.reader_of(actor), limit=5), actor))
        if all(word in found for word in new):
            return other if fold(asked) == normalise(asked) else str(converter("s2tw").convert(other))
    return None


def _shown(page: Page) -> str:
    """What the reader is shown of the results, to look for words in."""
    texts = (f"{hit.title}\n{hit.snippet.replace('<mark>', '').replace('</mark>', '')}" for hit in page.hits)
    return normalise("\n".join(texts))


def _written_anew(asked: str, there: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    """(question, the words in it that are new): one part replaced, then two. What stands in ``there`` was found."""
    parts = runs(asked)
    words = _known(parts)
    for chosen in product(*([None, *_instead(part.text, part.han, words, there)] for part in parts)):
        new = tuple(word for way in chosen if way for word in way[1])
        if new:
            out, at = "", 0
            for part, way in zip(parts, chosen, strict=True):
                out += asked[at : part.start] + (way[0] if way else part.text)
                at = part.start + len(part.text)
            yield out + asked[at:], new


Way = tuple[str, tuple[str, ...]]  # the part written anew, and the words of it that are new


def _instead(part: str, han: bool, words: Words, there: str) -> list[Way]:
    if part in words.texts or part in there:
        return []
    return _chinese(part, words, there) if han else _other(part, words)


def _chinese(part: str, words: Words, there: str) -> list[Way]:
    """Cut so that as much as possible is words: known ones, else those of the same sound or one character off."""
    best: list[tuple[float, str, tuple[str, ...]]] = [(0.0, "", ())]
    for end in range(1, len(part) + 1):
        ways = [_with(best[end - 1], _STRANGE, part[end - 1])]
        for start in range(max(0, end - _LONGEST_WORD), end - 1):
            typed = part[start:end]
            if typed in words.texts or typed in there:
                ways.append(_with(best[start], _KNOWN, typed))
                continue
            ways += [_with(best[start], _ALIKE, word, new=True) for word in [words.by_sound.get(_sound(typed))] if word]
            if len(typed) > 2:
                ways += [_with(best[start], _ONE_OFF, word, new=True) for word in _one_off(typed, words)[:1]]
        best.append(min(ways))
    _cost, written, new = best[-1]
    return [(written, new)] if new else []


def _with(
    before: tuple[float, str, tuple[str, ...]], cost: float, word: str, *, new: bool = False
) -> tuple[float, str, tuple[str, ...]]:
    return before[0] + cost, before[1] + word, (*before[2], word) if new else before[2]


def _one_off(typed: str, words: Words) -> list[str]:
    """Chinese words of which one character is another, is missing, or is too much."""
    pool = [word for word in words.texts if abs(len(word) - len(typed)) < 2 and HAN_RUN.match(word)]
    near = process.extract(typed, pool, scorer=OSA.distance, score_cutoff=1, limit=3)
    return [word for word, _, _ in near if word[0] == typed[0]]


def _other(part: str, words: Words) -> list[Way]:
    """A Latin word by its letters; letters that are pinyin typed wrongly, as the Chinese word."""
    if len(part) < 4 or not part.isascii():
        return []
    slips = 1 if len(part) < 6 else 2
    known = [word for word in words.texts if word.isascii() and word.isalpha()]
    latin = process.extract(part, known, scorer=OSA.distance, score_cutoff=slips, limit=3)
    said = process.extract(part, list(words.by_pinyin), scorer=OSA.distance, score_cutoff=1, limit=3)
    both = [(distance, word) for word, distance, _ in latin]
    both += [(distance, words.by_pinyin[letters]) for letters, distance, _ in said]
    best = sorted(both, key=lambda each: (each[0], -words.texts.get(each[1], 0), each[1]))
    return [(word, (word,)) for _distance, word in best if word != part]


# ── the words ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _known(parts: Iterable[Run]) -> Words:
    """Of all words those that one of these parts may mean."""
    conditions: list[sa.ColumnElement[bool]] = []
    for part in parts:
        if not part.han:
            conditions += [
                _beginning(VocabularyWord.word, part.text[:1]),
                _beginning(VocabularyWord.pinyin, part.text[:2]),
            ]
            continue
        typed = list(_windows(part.text))
        conditions += [VocabularyWord.word.in_(typed), VocabularyWord.sound.in_({_sound(each) for each in typed})]
        conditions += [_beginning(VocabularyWord.word, char) for char in set(part.text)] if len(part.text) > 2 else []
    found = sa.select(VocabularyWord).where(sa.or_(sa.false(), *conditions))
    rows = session.scalars(found.order_by(VocabularyWord.texts.desc(), VocabularyWord.word).limit(COMPARED)).all()
    often_last = rows[::-1]  # of words that sound alike the frequent one stays
    return Words(
        {row.word: row.texts for row in rows},
        {row.sound: row.word for row in often_last if row.sound},
        {row.pinyin: row.word for row in often_last if row.pinyin},
    )


def _windows(part: str) -> Iterable[str]:
    for start in range(len(part)):
        for end in range(start + 2, min(len(part), start + _LONGEST_WORD) + 1):
            yield part[start:end]


def _beginning(column: Any, letters: str) -> sa.ColumnElement[bool]:
    condition: sa.ColumnElement[bool] = column.startswith(letters, autoescape=True)
    return condition


def _syllables(word: str) -> list[str]:
    names = sounds.readings().names
    return [names.get(code, code) for each in cut(word) for code in sounds.sound(each)]


def _sound(word: str) -> str:
    """How a word sounds to somebody who does not tell zh from z, nor n from ng at the end."""
    out = []
    for said in _syllables(word):
        flat = next((other + said[len(one) :] for one, other in _FUZZY if said.startswith(one)), said)
        out.append(flat.removesuffix("g") if flat.endswith("ng") else flat)
    return " ".join(out)[:80]


@chore(every=EVERY)
def remember() -> None:
    """Have the words gathered, where something was published or retired since; a start alone is no reason."""
    live = sa.select(sa.func.count()).select_from(Article).where(Article.live).scalar_subquery()
    newest, count = session.execute(sa.select(sa.func.max(Publication.id), live)).one()
    now, known = f"{RULES} {newest or 0} {count}", noted.last(TOPIC)
    if known is None or known.said != now:
        noted.note(TOPIC, now)
        promise(TOPIC, "all")


@handler(TOPIC, lane=LANE)
def gather(jobs: Iterable[Job] = ()) -> None:
    """The words are those of the texts that all staff may read now: of titles and tags, and the frequent ones."""
    found = Counter(_frequent())
    with reading():
        short = [*session.scalars(_titles()), *session.scalars(_tags())]
    for text in gently(short):
        found.update(set(_words_of(text)))
    with reading():
        known = dict(session.execute(sa.select(VocabularyWord.word, VocabularyWord.texts)).all())
    best = dict(found.most_common(MOST_WORDS))
    found.clear()
    changed = [word for word in known.keys() | best.keys() if best.get(word) != known.get(word)]
    for start in gently(range(0, len(changed), SOME)):  # what is held all at once is room that the process keeps
        some = changed[start : start + SOME]
        rows = [_row(word, best[word]) for word in some if word in best]
        with writing():
            session.execute(sa.delete(VocabularyWord).where(VocabularyWord.word.in_(some)))
            if rows:
                session.execute(sa.insert(VocabularyWord), rows)


def _row(word: str, texts: int) -> dict[str, str | int]:
    chinese = HAN_RUN.fullmatch(word) is not None
    pinyin = "".join(_syllables(word))[:80] if chinese else ""
    return {"word": word, "texts": texts, "sound": _sound(word) if chinese else "", "pinyin": pinyin}


_OPEN_TO_ALL = sa.and_(Article.live, Article.audience != Audience.RESTRICTED, Article.kind != BLOCK)


def _titles() -> sa.Select[str]:
    return sa.select(Article.title).where(_OPEN_TO_ALL).order_by(Article.updated_at.desc()).limit(MOST_TITLES)


def _tags() -> sa.Select[str]:
    return sa.select(ArticleTag.tag).join(Article, Article.id == ArticleTag.article_id).where(_OPEN_TO_ALL).distinct()


def _frequent() -> dict[str, int]:
    latest = sa.select(Article.revision_id).where(_OPEN_TO_ALL).order_by(Article.updated_at.desc()).limit(MOST_BODIES)
    with reading():
        ids = list(session.scalars(latest))
    found: Counter[str] = Counter()
    for start in gently(range(0, len(ids), 20)):
        some = sa.select(Revision).where(Revision.id.in_(ids[start : start + 20]))
        with reading():
            texts = [service.text_of(each) for each in session.scalars(some)]
        for text in texts:
            found.update(set(_words_of(text[:2_000])))
    return {word: n for word, n in found.items() if n >= FREQUENT}


def _words_of(text: str) -> Iterable[str]:
    for run in runs(normalise(text)):
        each = cut_fine(run.text) if run.han else [run.text]
        yield from (word for word in each if 1 < len(word) <= LONGEST and not word.isdigit())
