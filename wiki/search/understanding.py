"""How a question is understood, for the manager who keeps the words; and what the words change."""

from typing import Any

from core.actors import Actor
from wiki.search import service, words
from wiki.search.analysis import sounds
from wiki.search.analysis.queries import FRAME, MAX_CHARS, Unknown, analyse
from wiki.search.analysis.scripts import HAS_HAN, fold, mainland_wording, normalise
from wiki.search.analysis.synonyms import NONE, Synonyms, words_of
from wiki.search.engines.base import Query

SHOWN = 5


def understood(actor: Actor, text: str, synonyms: Synonyms | None = None) -> dict[str, Any]:
    """The words of a question with their sounds and the other words for them, and the first results without and with
    these. Nothing of it comes into the log."""
    text = text[:MAX_CHARS]
    known = synonyms or words.current()
    normal = normalise(text)
    found = known.find(normal)
    beside = {word: one.others for one in found for word in (words_of(one.term) + words_of(one.typed))}
    beside |= {one.typed: one.others for one in found}
    asked = analyse(text, Unknown(), known)
    mainland = mainland_wording(fold(text)) if HAS_HAN.search(text) else normal
    return {
        "text": text,
        "words": [
            {"word": need.typed, "sound": spelt(need.typed), "others": beside.get(need.typed, ())}
            for need in asked.needs
        ],
        "frame": [word for word in sorted(FRAME) if word in normal and all(n.typed != word for n in asked.needs)],
        "mainland": mainland if mainland != normal else "",
        "before": titles(actor, text, NONE),
        "after": titles(actor, text, known),
    }


def spelt(word: str) -> str:
    """How Chinese sounds, in letters; empty for the rest."""
    names = sounds.readings().names
    return " ".join(names.get(code, "") for code in sounds.sound(word)).strip() if HAS_HAN.match(word) else ""


def titles(actor: Actor, text: str, synonyms: Synonyms) -> list[dict[str, str]]:
    """The first results for this reader with these other words."""
    page = service.search(Query(text, service.reader_of(actor), limit=SHOWN, synonyms=synonyms), actor)
    return [{"title": hit.title, "slug": hit.slug} for hit in page.hits]
