"""The one door for HTML: people's text becomes markup here and nowhere else.

Markdown with raw HTML off, then nh3. Python-Markdown is quadratic in unmatched brackets (10 kB of ``[`` hung it for
eight seconds), in headings and in empty points of lists that no blank line parts (100 kB of ``# a`` took two minutes),
it recurses once for every ``- `` of ``- - - a``, and nh3 is quadratic in nesting depth; so a guard looks at the text
first and names the line it cannot take.
"""

import re
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

import nh3
from markdown import Markdown
from markdown.extensions.tables import TableExtension
from markupsafe import Markup, escape

from core import mentions
from core.dialect import CLASSES, Dialect
from core.errors import Invalid
from core.i18n import _
from core.pictures import Pictures

RENDERER_VERSION = 4  # raise it when the output for the same text changes: caches are keyed by it
LIMIT = 100_000  # characters
BRACKET_BUDGET = 4_000_000  # sum over blocks of (brackets in the block)²
DEPTH_LIMIT = 20  # nesting of quotes and lists
RUN_LIMIT = 2_000  # delimiters in one block
RULED_BUDGET = 2_000_000  # sum over blocks of (headings, rules and empty points in the block) x (its lines)

TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "del", "code", "pre", "blockquote",
    "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "img", *mentions.TAGS,
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"}, "img": {"src", "alt", "title", "loading", "width", "height"},
    "ol": {"start"}, "blockquote": {"class"}, "code": {"class"}, "th": {"align"}, "td": {"align"},
    **mentions.ATTRIBUTES,
}  # fmt: skip
LINKED = {"a", "img", *mentions.TAGS}  # what leads out of a text

_LANGUAGE = re.compile(r"language-[\w+#.-]{1,30}")
_MARKED = re.compile(r"[^<]*+(?:<mark>[^<]*+</mark>[^<]*+)*+")
_BARE = re.compile(
    r"[^<]*+(?:</?(?:p|br|hr|strong|em|del|code|pre|blockquote|ul|ol|li|table|thead|tbody|tr|th|td|h[1-6])>[^<]*+)*+"
)
_BLANK = re.compile(r"\n[ \t]*\n")
_LEAD = re.compile(r"(?:[ \t>]|[-*+](?=[ \t])|\d+\.(?=[ \t]))*")  # everything that nests before the words of a line
_MARKER = re.compile(r">|[-*+]|(?<!\d)\d++\.")
_RULED = re.compile(r"#|[-=_*][-=_* \t]*$")  # a heading, the line under one, or a rule
_POINT = re.compile(r"[-*+.]")  # of the marks before a line, those of a list
_OPENING = re.compile(r"(?<!\\)(\*{1,3}|`{1,3})(?=\S)")
_ENDS = {mark: re.compile(rf"(?<=[^\s\\])(?={re.escape(mark)})") for mark in ("*", "**", "***", "`", "``", "```")}
PAIR = 2_000  # characters between two marks that belong together
_own = threading.local()  # a converter is made for each thread: setting one up takes as long as a page of text


def guard(source: str, field: str = "body") -> None:
    """Refuse text that would take unreasonably long to render.

    Raises:
        Invalid: naming the field and the line.
    """
    if len(source) > LIMIT:
        raise Invalid({field: _("This text is longer than %(n)s characters; please split it.", n=LIMIT)})
    spent, ruled, line = 0, 0, 1
    for block in _BLANK.split(source):
        brackets = block.count("[") + block.count("!") + block.count("(")
        spent += brackets * brackets
        runs = max(block.count(mark) for mark in "*_`<&~|")
        if spent > BRACKET_BUDGET or runs > RUN_LIMIT:
            raise Invalid(
                {field: _("Too many marks in the paragraph at line %(line)s; please simplify it.", line=line)}
            )
        lines = block.split("\n")
        ruled += _lines_ruled(lines, field, line) * len(lines)
        if ruled > RULED_BUDGET:
            words = _(
                "Too many headings or empty points without a blank line at line %(line)s; please part them.", line=line
            )
            raise Invalid({field: words})
        line += len(lines) + 1


def _lines_ruled(lines: list[str], field: str, first: int) -> int:
    """How many of a block's lines are headings, rules or empty points; refuses a line that is nested too deeply."""
    found = 0
    for offset, text in enumerate(lines):
        lead = cast(re.Match[str], _LEAD.match(text)).group()  # matches the empty string, too
        blanks, marks = _MARKER.subn("", lead)
        if marks + len(blanks.expandtabs(4)) // 4 > DEPTH_LIMIT:
            raise Invalid({field: _("Line %(line)s is nested too deeply.", line=first + offset)})
        empty_point = len(lead) == len(text) and _POINT.search(lead) is not None
        found += empty_point or _RULED.match(text, len(lead)) is not None
    return found


def converter() -> Markdown:
    """A fresh Markdown with our dialect; its HTML is not safe before ``clean``."""
    tables = TableExtension(use_align_attribute=True)
    ours = [Dialect(), Pictures(), mentions.Mentions()]
    return Markdown(extensions=[tables, "sane_lists", "fenced_code", "nl2br", *ours], output_format="html")


def render(source: str) -> Markup:
    """Markdown to safe HTML. Deterministic; the caller caches it by revision and ``RENDERER_VERSION``.

    Raises:
        Invalid: the text fails ``guard``.
    """
    guard(source)
    md: Markdown = getattr(_own, "converter", None) or converter()
    _own.converter = None  # one that breaks off in the middle is not used again
    html = md.reset().convert(source.replace("\x00", ""))
    _own.converter = md
    return clean(html)


def shown(source: str) -> Markup:
    """``render`` for stored text: what the guard would refuse (rows that came by other ways) is shown as typed."""
    try:
        return render(source)
    except Invalid:
        return Markup("<p>%s</p>") % source


def clean(html: str) -> Markup:
    """Only the tags and attributes of our dialect survive; links neither run scripts nor leak the referrer."""
    safe = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"https", "http", "mailto", "tel"},
        link_rel="nofollow noopener noreferrer",
    )
    return Markup(safe)  # noqa: S704 - sanitised on the line above


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Classes and places of text only as our dialect makes them."""
    if name == "class":
        fits = _LANGUAGE.fullmatch(value) if tag == "code" else CLASSES.issuperset(value.split())
        return value if fits else None
    if name == "align":
        return value if value in {"left", "center", "right"} else None
    return value


def bare(html: str) -> Markup:
    """The same markup without links and pictures: for readers who may see this text and nothing it leads to."""
    attributes = {tag: names for tag, names in ATTRIBUTES.items() if tag not in LINKED}
    safe = nh3.clean(html, tags=TAGS - LINKED, attributes=attributes, attribute_filter=_attribute)
    return Markup(safe)  # noqa: S704 - as in clean


def cleaned_before(html: str) -> Markup:
    """What ``clean`` made, come back from a place where it was kept. It is cleaned again, unless it obviously need
    not be: that takes as long as twenty results of a search."""
    if _BARE.fullmatch(html):
        return Markup(html)  # noqa: S704 - tags of our dialect without any attribute, and text
    return clean(html)


def marked(html: str) -> Markup:
    """Already escaped text in which only ``<mark>`` and ``<br>`` may remain (search snippets)."""
    if _MARKED.fullmatch(html):
        return Markup(html)  # noqa: S704 - text and marks, nothing else
    return Markup(nh3.clean(html, tags={"mark", "br"}, attributes={}))  # noqa: S704 - sanitised here


def joined(parts: Iterable[str]) -> Markup:
    """The output of our own templates and of ``render``, one after the other."""
    return Markup("").join(Markup(part) for part in parts)  # noqa: S704 - every part was made by a template or by render


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a mention leads. ``missing``: nothing is there yet, in words; ``note`` says more on hover."""

    href: str
    missing: str = ""
    note: str = ""


def resolved(html: str, link: Callable[[mentions.Mention], Anchor | None], block: Callable[[str], Markup]) -> Markup:
    """Rendered markup with a link in the place of each mention (``None``: plain words), and with its blocks.

    ``block`` answers with markup that was made here or by our templates.
    """
    out: list[str] = []
    for piece in mentions.pieces(html):
        if isinstance(piece, str):
            out.append(piece)
        elif piece.embed:
            out.append(block(piece.title))
        else:
            out.append(_anchored(piece.words, link(piece)))
    return joined(out)


def _anchored(words: str, anchor: Anchor | None) -> str:
    if anchor is None:
        return words
    about = f' title="{escape(anchor.note)}"' if anchor.note else ""
    missing = f' data-missing="{escape(anchor.missing)}"' if anchor.missing else ""
    look = "wiki-missing" if anchor.missing else "wiki-link"
    return f'<a class="{look}" href="{escape(anchor.href)}"{about}{missing}>{words}</a>'


def plain(source: str, block: Callable[[str], str] | None = None) -> str:
    """The words of a Markdown text without its marks: for snippets, search and excerpts.

    ``block`` gives the words of an embedded block; without it the block has none.
    """
    text = mentions.plain(source, block)
    text = re.sub(r"^[ \t]*(?:[>#]+|[-*+]|\d+\.)[ \t]+", "", text, flags=re.M)
    text = re.sub(r"!?\[([^\]\n]{0,300})\]\([^)\n]{0,500}\)", r"\1", text)
    text = "\n".join(_unmarked(line) for line in text.split("\n"))
    text = re.sub(r"(?<!\\)[*_`|]{1,3}|^[ \t]*:?-{3,}:?[ \t]*$", " ", text, flags=re.M)
    text = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)  # what was written so as to stay what it is
    return re.sub(r"[ \t]+", " ", text).strip()


def _unmarked(line: str) -> str:
    """The line without the pairs of stars and backticks around words: Chinese has no blanks there.

    The first pair wins, and what it holds stays as it is. The ends of pairs are looked up once, and not from every
    star again: that made two thousand steps of each.
    """
    found = {mark: [end.start() for end in _ENDS[mark].finditer(line)] for mark in _ENDS if mark in line}
    if not found:
        return line
    out, last, opening = [], 0, _OPENING.search(line)
    while opening is not None:
        start, after = opening.start(), opening.start() + 1
        for size in range(len(opening[1]), 0, -1):
            inside = start + size
            ends = found.get(line[start:inside], [])
            place = bisect_left(ends, inside + 1)
            if place < len(ends) and ends[place] <= inside + PAIR:
                out += [line[last:start], line[inside : ends[place]]]
                last = after = ends[place] + size
                break
        opening = _OPENING.search(line, after)
    return "".join([*out, line[last:]])
