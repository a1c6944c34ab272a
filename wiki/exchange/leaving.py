"""The whole base as a folder of Markdown and JSON, the same bytes for the same base; memory stays flat.

``articles/<slug>.md``          what readers see, with its front matter
``articles/<slug>.json``        its past: versions, proposals, people, approvals
``articles/<slug>/1.0.md``      the earlier texts
``files/<digest>``              pictures and documents that the texts refer to; ``files.json`` says what they are
``lists.json, people.json``     categories and services; authors, and the teams and tiers that readers are named by
``spiral.json``                 what the folder is, and that it is whole

What was published before its review, and never confirmed, does not leave: elsewhere it would pass for reviewed.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts.models import Team, Tier
from core.db import database, session
from core.errors import DomainError
from core.i18n import _
from wiki.articles.content import of_revision
from wiki.articles.models import Article, Category, Publication, Revision, Service, Submission, Verification
from wiki.articles.queries import approved_revision_id
from wiki.articles.rules import Because
from wiki.exchange.bags import Bag
from wiki.exchange.frontmatter import joined
from wiki.exchange.portable import Names, about, translated, with_files
from wiki.exchange.sheets import Sheet, as_data, sheets

FORMAT = "spiral-base"
VERSION = 1
BATCH = 100


@dataclass(slots=True)
class Written:
    """How many there are of each."""

    articles: int = 0
    versions: int = 0
    files: int = 0


def file_stem(slug: str) -> str:
    """A file name of this address: the address itself, unless no disk takes a name that long."""
    if len(slug.encode()) <= 200:
        return slug
    return f"{slug[:40]}~{hashlib.sha256(slug.encode()).hexdigest()[:12]}"


def hold_still() -> None:
    """The transaction that has just begun sees one moment until its end, whatever is published meanwhile."""
    if not database().sqlite:  # there every transaction does
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def write(folder: Path, *, step: Callable[[int], None] = lambda _n: None) -> Written:
    """Write the base of this installation, as one moment saw it; what an earlier export left over is removed.

    Raises:
        DomainError: the folder holds something else.
    """
    _must_be_ours(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _json(folder / "spiral.json", {"format": FORMAT, "version": VERSION, "complete": False})
    names, done, kept, bag = Names(), Written(), set[Path](), Bag(folder / "files")
    ids = [key for _slug, key in sorted(session.execute(sa.select(Article.slug, Article.id)).all())]
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        for article, rows, found in _batch(part):
            bag.fill([row.revision_id for row in rows])
            kept.update(_article(folder / "articles", article, rows, found, names, bag))
            done.articles, done.versions = done.articles + 1, done.versions + len(rows)
        session.expunge_all()
        step(len(part))
    _json(folder / "lists.json", _lists())
    _json(folder / "files.json", {"files": bag.listed(names)})
    _json(folder / "people.json", _people(names))
    _remove_others(folder / "articles", kept)
    _remove_others(folder / "files", bag.paths())
    _json(folder / "spiral.json", {"format": FORMAT, "version": VERSION, "complete": True})
    done.files = len(bag.paths())
    return done


def _must_be_ours(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / "spiral.json").exists():
        raise DomainError(
            _("%(path)s holds something else already. Give an empty folder, or one that was exported to before.",
              path=folder),
            code="folder-in-use",
        )  # fmt: skip


def _remove_others(folder: Path, kept: set[Path]) -> None:
    for path in sorted(folder.rglob("*"), reverse=True) if folder.exists() else ():
        if path.is_file() and path not in kept:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _batch(ids: list[int]) -> list[tuple[Article, list[Publication], dict[int, Sheet]]]:
    articles = {row.id: row for row in session.scalars(sa.select(Article).where(Article.id.in_(ids)))}
    rows = session.scalars(
        sa.select(Publication)
        .where(Publication.article_id.in_(ids))
        .options(joinedload(Publication.revision).joinedload(Revision.category))
        .options(joinedload(Publication.submission), joinedload(Publication.provisional))
        .order_by(Publication.article_id, Publication.major, Publication.minor)
    )
    past = defaultdict(list)
    for row in rows:
        if row.provisional is None or row.provisional.closed_because is Because.APPROVED:
            past[row.article_id].append(row)
    found = sheets([row for one in past.values() for row in one])
    return [(articles[key], past[key], found) for key in ids if past[key]]


def _article(
    folder: Path, article: Article, rows: list[Publication], found: dict[int, Sheet], names: Names, bag: Bag
) -> list[Path]:
    """Write one article; returns its files."""
    stem = file_stem(article.slug)
    files: dict[int, str] = {}  # the file of each revision: a text that was put up again is written once
    for row in rows:
        files[row.revision_id] = f"{stem}/{row.version}.md"
    files[rows[-1].revision_id] = f"{stem}.md"
    written = {}
    for row in rows:
        path = folder / files[row.revision_id]
        written[path] = _markdown(article, row, names, bag)
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    past = folder / f"{stem}.json"
    _json(past, _past(article, rows, files, found, names))
    return [*written, past]


def _markdown(article: Article, row: Publication, names: Names, bag: Bag) -> str:
    content = translated(article.kind, of_revision(row.revision), names.outward)
    content = with_files(content, bag.outward(row.revision_id, names))
    head = {
        **about(article, row, content),
        "fields": content.fields,
    }
    return joined(head, content.body)


def _past(
    article: Article, rows: list[Publication], files: dict[int, str], found: dict[int, Sheet], names: Names
) -> dict[str, Any]:
    places: dict[int, int] = {}  # submission id: its place
    proposals: list[dict[str, Any]] = []
    versions = []
    for row in rows:
        if row.submission_id not in places:
            places[row.submission_id] = len(proposals)
            proposals.append(_proposal(row.submission, found[row.id], names))
        texts = proposals[places[row.submission_id]]["texts"]
        text = {
            "number": row.revision.number,
            "file": files[row.revision_id],
            "author": names.username(row.revision.author_id),
            "created_at": _iso(row.revision.created_at),
        }
        if text not in texts:
            texts.append(text)
        versions.append(
            {
                "version": row.version,
                "significance": row.significance.value,
                "reason": row.reason,
                "published_at": _iso(row.published_at),
                "published_by": names.username(row.published_by_id),
                "proposal": places[row.submission_id],
                "text": texts.index(text),
            }
        )
    return {
        "slug": article.slug,
        "external_id": article.external_id,
        "kind": article.kind,
        "live": _is_live(article),
        "owner": names.username(article.owner_id),
        "created_at": _iso(article.created_at),
        "keeping": _keeping(article, rows, names),
        "versions": versions,
        "proposals": proposals,
    }


def _keeping(article: Article, rows: list[Publication], names: Names) -> dict[str, Any]:
    """Who keeps it true and how often; who looked at which version."""
    places = {row.revision_id: number for number, row in enumerate(rows)}
    looked = session.scalars(
        sa.select(Verification).where(Verification.article_id == article.id).order_by(Verification.id)
    )
    return {
        "team": names.teams.get(article.owner_team_id or 0),
        "months": article.verify_months,
        "verified_at": _iso(article.verified_at),
        "due_at": _iso(article.verify_due_at),
        "expires_at": _iso(article.expires_at),
        "looked": [
            {
                "version": places[one.revision_id],
                "by": names.username(one.user_id),
                "note": one.note,
                "at": _iso(one.at),
            }
            for one in looked
            if one.revision_id in places
        ],
    }


def _is_live(article: Article) -> bool:
    """Readers see it – or would see its approved text, were it not for one whose review has not ended."""
    return article.live and (article.provisional is None or approved_revision_id(article) is not None)


def _proposal(submission: Submission, sheet: Sheet, names: Names) -> dict[str, Any]:
    approvals = [as_data(one) for one in sheet.approvals]
    return {
        "authors": [names.username(one) for one in submission.author_ids],
        "significance": submission.significance.value,
        "reason": submission.reason,
        "created_at": _iso(submission.created_at),
        "submitted_at": _iso(submission.submitted_at),
        "closed_at": _iso(submission.closed_at),
        "publish_at": _iso(submission.publish_at),
        "expires_at": _iso(submission.expires_at),
        "approvals": approvals,
        "texts": [],
    }


def _iso(at: Any) -> str | None:
    return at.isoformat() if at is not None else None


def _lists() -> dict[str, Any]:
    categories = session.scalars(sa.select(Category))
    services = session.scalars(sa.select(Service))
    return {
        "categories": sorted(
            ({"slug": c.slug, "name": c.name, "path": c.path, "position": c.position} for c in categories),
            key=lambda row: str(row["path"]),
        ),
        "services": sorted(({"code": s.code, "name": s.name} for s in services), key=lambda row: row["code"]),
    }


def _people(names: Names) -> dict[str, Any]:
    teams = session.execute(sa.select(Team.slug, Team.name))
    tiers = session.execute(sa.select(Tier.slug, Tier.name, Tier.position))
    known = {username: name for username, name in names.people.values() if username in names.told}
    return {
        "people": [{"username": key, "name": known[key]} for key in sorted(known)],
        "teams": sorted(({"slug": t.slug, "name": t.name} for t in teams), key=lambda row: row["slug"]),
        "tiers": sorted(
            ({"slug": t.slug, "name": t.name, "position": t.position} for t in tiers), key=lambda row: row["slug"]
        ),
    }
