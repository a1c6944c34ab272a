"""One version of an article as a paper that leaves the house: the text, and the sheet of those who stand behind it."""

import importlib.util
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request

from accounts.models import User
from core.actors import Actor
from core.db import session
from core.errors import NotFound
from core.i18n import _, local
from wiki.articles import presenting
from wiki.articles.content import of_revision
from wiki.articles.kinds import KINDS
from wiki.articles.linking import shown
from wiki.articles.models import Article, Publication, Significance
from wiki.articles.ops import readable_article
from wiki.articles.queries import version_of, versions
from wiki.exchange import frontmatter
from wiki.exchange.portable import Names, about, translated
from wiki.exchange.sheets import Approval, Sheet, is_reviewed, sheets


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sheet: what was done, at which stage, by whom in which role, for whom, when, on which draft."""

    act: str
    stage: str
    role: str
    name: str
    for_name: str | None
    at: datetime | None
    revision: int | None = None


def asked_for(who: Actor, slug: str) -> tuple[Article, Publication]:
    """The article and the version named by ``?rev=``, else what readers see.

    Raises:
        NotFound: the person may not read it, or there is no such version.
    """
    article = readable_article(who, slug)
    wanted = request.args.get("rev", article.version)
    found = version_of(who, article, wanted)
    if found is None:
        raise NotFound(_("This article has no version %(version)s.", version=wanted[:20]))
    return article, found


def document(who: Actor, article: Article, row: Publication) -> dict[str, Any]:
    """What the paper shows."""
    sheet = sheets([row], who)[row.id]
    return {
        "title": row.revision.title,
        "slug": article.slug,
        "kind": KINDS[article.kind].label,
        "number": row.revision.fields.get("process_no"),
        "version": row.version,
        "is_valid": article.live and row.version == article.version,
        "significance": presenting.significance_word(row.significance),
        "reason": _("rolled back to the text of before") if row.restores else row.reason,
        "published_at": row.published_at,
        "category": row.revision.category.name if row.revision.category else None,
        "audience": presenting.audience_word(row.revision.audience),
        "owner": presenting.names_of([article.owner_id]).get(article.owner_id) if article.owner_id else None,
        "tags": list(row.revision.tags),
        "fingerprint": row.revision.digest[:16],
        "texts": shown(presenting.labelled(row.revision), who),
        "lines": lines_of(row, sheet),
        "note": note_of(row, sheet),
        "past": [_past(one) for one in versions(who, article)],
    }


def lines_of(row: Publication, sheet: Sheet) -> list[Line]:
    """The sheet from the first word to publication."""
    submission = row.submission
    names = presenting.names_of(submission.author_ids)
    written = submission.submitted_at or row.revision.created_at
    lines = [
        Line(_("Wrote it") if n == 0 else _("Wrote it too"), "", "", names.get(one, ""), None, written)
        for n, one in enumerate(submission.author_ids)
    ]
    last = sheet.approvals[-1].stage if sheet.approvals else ""
    lines += [_line(one, final=one.stage == last) for one in sheet.approvals]
    early = presenting.early_card(row.provisional) if row.provisional else None
    if early is not None:
        lines += [
            Line(_("Published it before its review"), "", "", n, None, early["published_at"]) for n in early["who"]
        ]
    elif row.published_by_id and not sheet.approvals:
        person = session.get_one(User, row.published_by_id)
        lines.append(Line(_("Brought it in"), "", presenting.role_word("manager"), person.name, None, row.published_at))
    return lines


def _line(one: Approval, *, final: bool) -> Line:
    return Line(
        _("Approved it") if final else _("Checked it"),
        one.stage_name or presenting.role_word(one.stage),
        presenting.role_word(one.role),
        one.name,
        one.for_name,
        one.when,
        one.revision or None,
    )


def note_of(row: Publication, sheet: Sheet) -> str:
    """What must be said about the sheet as a whole; mostly nothing."""
    if sheet.veiled:
        return _("Who approved it is shown to you once you have given your own opinion.")
    if not is_reviewed(row):
        return _("This version was put up before its review; no review stands behind it.")
    if row.restores:
        return _("This version is the earlier text again; its approvals are those of that text.")
    if sheet.imported and sheet.approvals:
        return _("It was approved in another installation, and brought in from there.")
    if not sheet.approvals:
        return _("It was brought in by a knowledge manager, without a review.")
    return ""


def _past(row: Publication) -> dict[str, Any]:
    return {
        "version": row.version,
        "published_at": row.published_at,
        "author": row.revision.author.name,
        "significance": presenting.significance_word(row.significance),
        "reason": _("rolled back to the text of before") if row.restores else row.reason,
    }


def as_markdown(who: Actor, article: Article, row: Publication) -> str:
    """Front matter, the sheet among it, and the text. It imports again as it is."""
    content = translated(article.kind, of_revision(row.revision), Names().outward)
    sheet = sheets([row], who)[row.id]
    head = {
        **about(article, row, content),
        "significance": Significance(row.significance).value,
        "reason": row.reason,
        "published_at": local(row.published_at).isoformat(timespec="seconds"),
        "fields": content.fields,
        "approval_sheet": [_as_data(line) for line in lines_of(row, sheet)],
        "approval_note": note_of(row, sheet),
    }
    return frontmatter.joined(head, content.body)


def _as_data(line: Line) -> dict[str, Any]:
    data = {
        "act": line.act,
        "stage": line.stage,
        "role": line.role,
        "name": line.name,
        "on_behalf_of": line.for_name,
        "at": local(line.at).isoformat(timespec="seconds") if line.at else None,
        "draft": line.revision,
    }
    return {key: value for key, value in data.items() if value}


def has_pdf() -> bool:
    """WeasyPrint, which is no part of the product, is installed beside it."""
    return importlib.util.find_spec("weasyprint") is not None
