"""An article is taken away: as a page to print, as Markdown, for Word, as PDF – each with its approval sheet."""

import re
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, render_template, url_for

from core.actors import Actor
from core.errors import NotFound
from core.i18n import _
from core.tables import attachment
from core.web import actor, blueprint, gate
from wiki.articles import files
from wiki.articles.models import Article, Publication
from wiki.articles.permissions import P
from wiki.exchange import documents

bp = blueprint("taking", __name__)
PICTURE = re.compile(r'(<img\b[^>]*?\bsrc=")(/files/([0-9]{1,9})/[^"]*)(")')


@bp.get("/articles/<slug>/print")
@gate(P.PROPOSE)
def printed(slug: str) -> str:
    """The paper as a page: the browser prints it, or saves it as PDF."""
    article, row = documents.asked_for(actor(), slug)
    return render_template(
        "exchange/print.html",
        doc=documents.document(actor(), article, row),
        links=_links(article, row),
        back=url_for("articles.show", slug=slug, rev=None if row.version == article.version else row.version),
    )


def _links(article: Article, row: Publication) -> list[tuple[str, str]]:
    rev = None if row.version == article.version else row.version
    ways = [(_("Markdown"), ".markdown"), (_("Word"), ".word")]
    if documents.has_pdf():
        ways.append((_("PDF"), ".pdf"))
    return [(words, url_for(f"taking{endpoint}", slug=article.slug, rev=rev)) for words, endpoint in ways]


@bp.get("/articles/<slug>.md")
@gate(P.PROPOSE)
def markdown(slug: str) -> Response:
    """Front matter and text."""
    article, row = documents.asked_for(actor(), slug)
    text = documents.as_markdown(actor(), article, row)
    return _taken(text.encode(), "text/markdown; charset=utf-8", f"{_name(row)}.md")


@bp.get("/articles/<slug>.doc")
@gate(P.PROPOSE)
def word(slug: str) -> Response:
    """HTML that Word opens as a document; with pictures as one file of several parts."""
    article, row = documents.asked_for(actor(), slug)
    page = _standalone(actor(), article, row, "exchange/word.html", "word.css")
    pictures = _pictures(page)
    if pictures:
        return _taken(_with_pictures(page, pictures), "application/msword", f"{_name(row)}.doc")
    return _taken(b"\xef\xbb\xbf" + page.encode(), "application/msword", f"{_name(row)}.doc")


@bp.get("/articles/<slug>.pdf")
@gate(P.PROPOSE)
def pdf(slug: str) -> Response:
    """The paper as PDF, where the program for it is installed.

    Raises:
        NotFound: it is not; the print page does it.
    """
    article, row = documents.asked_for(actor(), slug)
    if not documents.has_pdf():
        raise NotFound(
            _("PDF files are not made by this installation. Open “Print” beside the article and save as PDF there."),
            code="no-pdf",
        )
    import weasyprint  # an extra, which few install

    page = _standalone(actor(), article, row, "exchange/word.html", "paper.css")
    pictures = _pictures(page)
    made = weasyprint.HTML(string=page, base_url="paper:/", url_fetcher=lambda url: _own_only(url, pictures))
    return _taken(made.write_pdf(), "application/pdf", f"{_name(row)}.pdf")


def _own_only(url: str, pictures: dict[str, tuple[bytes, str]]) -> dict[str, Any]:
    """Pictures of this text and nothing else: no address that somebody typed is ever fetched."""
    data, media_type = pictures[urlsplit(url).path]
    return {"string": data, "mime_type": media_type}


def _standalone(who: Actor, article: Article, row: Publication, template: str, sheet: str) -> str:
    """A page that needs nothing beside it. The style is ours, from a file; the CSP of pages has no say over papers."""
    page = render_template(template, doc=documents.document(who, article, row))
    css = (Path(current_app.static_folder or "") / "css" / sheet).read_text("utf-8")
    return page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n<style>\n{css}</style>', 1)


def _pictures(page: str) -> dict[str, tuple[bytes, str]]:
    """The pictures that the page shows and this person may fetch, by their address."""
    wanted = {found.group(2): int(found.group(3)) for found in PICTURE.finditer(page)}
    entries = {entry.id: entry for entry in files.readable(actor(), dict.fromkeys(wanted.values()))}
    return {
        address: (files.opened(entries[key]).read(), entries[key].media_type)
        for address, key in wanted.items()
        if key in entries
    }


def _with_pictures(page: str, pictures: dict[str, tuple[bytes, str]]) -> bytes:
    message = EmailMessage(policy=SMTP)
    numbers = {address: f"p{number}@spiral" for number, address in enumerate(pictures, 1)}

    def inside(match: re.Match[str]) -> str:
        return f"{match.group(1)}cid:{numbers[match.group(2)]}{match.group(4)}" if match.group(2) in numbers else ""

    message.set_content(PICTURE.sub(inside, page), subtype="html", charset="utf-8", cte="base64")
    for address, (data, media_type) in pictures.items():
        kind, _slash, form = media_type.partition("/")
        message.add_related(data, kind, form, cid=f"<{numbers[address]}>")
    return message.as_bytes()


def _name(row: Publication) -> str:
    title = re.sub(r'[\\/:*?"<>|\s]+', " ", row.revision.title).strip()[:80] or "article"
    return f"{title} {row.version}"


def _taken(data: bytes, media_type: str, name: str) -> Response:
    return Response(data, content_type=media_type, headers={"Content-Disposition": attachment(name)})


def beside_article(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The panel beside an article: print it, take it away."""
    article, shown = context.get("row"), context.get("article") or {}
    if not isinstance(article, Article):
        return None
    version = shown.get("version")
    rev = version if version and version != article.version else None
    return "exchange/_panel.html", {
        "print_url": url_for("taking.printed", slug=article.slug, rev=rev),
        "ways": [
            (_("Markdown"), url_for("taking.markdown", slug=article.slug, rev=rev)),
            (_("Word"), url_for("taking.word", slug=article.slug, rev=rev)),
            *([(_("PDF"), url_for("taking.pdf", slug=article.slug, rev=rev))] if documents.has_pdf() else []),
        ],
    }
