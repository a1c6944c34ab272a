"""Finding the words that a remark is about in the text as it reads now, and marking them there.

Words are compared without blanks and without the marks of Markdown: a passage may have been taken from the text as it
is typed, from its difference to what is live, or from what readers will see, and it is the same passage.
"""

from collections.abc import Iterable, Sequence
from html import unescape
from html.parser import HTMLParser

from markupsafe import Markup, escape

from core.markup import joined

IGNORED = frozenset(" \t\r\n\u00a0\u3000*_`#>|~")
Wanted = Sequence[tuple[int, str]]  # (number of the remark, the words it quotes)


def reduced(text: str) -> str:
    """What of a text is compared."""
    return "".join(char for char in text if char not in IGNORED)


def contains(text: str, quote: str) -> bool:
    """True when the words still stand in the text; a remark on a whole field always finds it."""
    return reduced(quote) in reduced(text)


def owners(text: str, wanted: Wanted) -> list[int | None]:
    """For each character of the text the remark that quotes it; of two that overlap the first keeps its words."""
    places = [place for place, char in enumerate(text) if char not in IGNORED]
    small = "".join(text[place] for place in places)
    found: list[int | None] = [None] * len(text)
    for number, quote in wanted:
        short = reduced(quote)
        at = small.find(short) if short else -1
        if at < 0:
            continue
        for place in range(places[at], places[at + len(short) - 1] + 1):
            found[place] = number if found[place] is None else found[place]
    return found


def new_text(parts: Iterable[object]) -> str:
    """The text that a difference leads to."""
    return "".join(part.text for part in parts if part.op != "delete")  # type: ignore[attr-defined]


def _runs(who: Sequence[int | None]) -> Iterable[tuple[int, int, int | None]]:
    start = 0
    for place in range(1, len(who) + 1):
        if place == len(who) or who[place] != who[start]:
            yield start, place, who[start]
            start = place


class _Cutter(HTMLParser):
    """Markup as (raw, words): tags have no words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.pieces: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.pieces.append((self.get_starttag_text() or "", None))

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.pieces.append((self.get_starttag_text() or "", None))

    def handle_endtag(self, tag: str) -> None:
        self.pieces.append((f"</{tag}>", None))

    def handle_data(self, data: str) -> None:
        self.pieces.append((data, data))

    def handle_entityref(self, name: str) -> None:
        self.pieces.append((f"&{name};", unescape(f"&{name};")))

    def handle_charref(self, name: str) -> None:
        self.pieces.append((f"&#{name};", unescape(f"&#{name};")))


def cut(html: str) -> list[tuple[str, str | None]]:
    """Markup as (raw, words): tags have no words."""
    cutter = _Cutter()
    cutter.feed(html)
    cutter.close()
    return cutter.pieces


def words_of(html: str) -> str:
    """The words of rendered markup, without tags."""
    return "".join(words for _raw, words in cut(html) if words is not None)


def mark_html(html: Markup, wanted: Wanted) -> Markup:
    """Rendered (and thereby cleaned) markup with the quoted words in ``<mark>``; the tags stay as they are."""
    wanted = [one for one in wanted if reduced(one[1])]
    if not wanted:
        return html
    pieces = cut(html)
    kept = owners("".join(words for _raw, words in pieces if words is not None), wanted)
    if not any(kept):
        return html
    out: list[str] = []
    at = 0
    for raw, words in pieces:
        if words is None:
            out.append(raw)
            continue
        for start, end, who in _runs(kept[at : at + len(words)]):
            inner = raw if raw != words else str(escape(words[start:end]))
            out.append(f'<mark data-remark="{who}">{inner}</mark>' if who is not None else inner)
        at += len(words)
    return joined(out)
