"""A folder written by ``leaving`` comes into an installation: what is missing with its whole past, the rest as rows.

An article that is not here gets the same versions, texts, people and times. One that is here already keeps its own
past; if its text differs it gets the folder's as one more version, as with any import. Doing it again changes nothing.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from accounts import places
from accounts.models import Team, Tier
from accounts.ops import remembered
from core.actors import Actor
from core.db import session
from core.errors import DomainError, Invalid
from core.i18n import _
from core.texts import clean
from wiki.articles import ops
from wiki.articles.adopting import Keeping, Looked, PastArticle, PastProposal, PastText, PastVersion, adopt
from wiki.articles.content import Content
from wiki.articles.media import Examined
from wiki.articles.models import Article, Category, Service
from wiki.articles.publishing import Row, import_row
from wiki.exchange import bags, frontmatter
from wiki.exchange.bags import DIGEST, Unpacked
from wiki.exchange.leaving import FORMAT, VERSION
from wiki.exchange.portable import Names, translated, with_files
from wiki.exchange.rows import content_of
from wiki.exchange.sheets import approval_of, as_data

Ready = dict[bags.Pair, Examined]


class DamagedFolderError(DomainError):
    """What the folder says cannot be so; the sentence names the file."""

    status = 422
    code = "damaged-folder"


@dataclass(slots=True)
class Known:
    """Everybody and everything the articles of the folder name, as they are called here."""

    names: Names
    people: dict[str, int]
    files: Unpacked
    added: list[str] = field(default_factory=list)  # people who were not here: inactive now


def is_base(folder: Path) -> bool:
    """The folder says that it is a whole base."""
    return folder.is_dir() and (folder / "spiral.json").is_file()


def must_be_whole(folder: Path) -> None:
    """The folder can be read by this version.

    Raises:
        DamagedFolderError: it was cut short, or comes from a later version.
    """
    about = _load(folder / "spiral.json")
    if about.get("format") != FORMAT or not isinstance(about.get("version"), int) or about["version"] > VERSION:
        raise DamagedFolderError(_("%(path)s was written by another version.", path=folder))
    if not about.get("complete"):
        raise DamagedFolderError(_("%(path)s is not whole: the export did not end. Export it again.", path=folder))


def take_lists(folder: Path) -> None:
    """Categories and services are here before the articles name them.

    Raises:
        DamagedFolderError, Invalid.
    """
    lists = _load(folder / "lists.json")
    try:
        for row in sorted(lists["categories"], key=lambda row: str(row["path"])):
            above = str(row["path"]).split("/")[-2:-1]
            if session.scalar(sa.select(Category.id).where(Category.slug == row["slug"])) is None:
                ops.add_category(row["slug"], row["name"], above[0] if above else None, int(row.get("position") or 0))
        for row in lists["services"]:
            if session.scalar(sa.select(Service.id).where(Service.code == row["code"])) is None:
                ops.add_service(row["code"], row["name"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(folder / "lists.json", error) from error


def ahead(folder: Path, some: Iterable[Path], *, dry_run: bool) -> Ready:
    """The files that these articles ask for, made ready in no transaction (``bags.ahead``).

    Raises:
        DamagedFolderError, DiskFull, Unavailable.
    """
    asked = {pair for path in some for pair in _asked(path)}
    return bags.ahead(folder, _files(folder), asked, dry_run=dry_run)


def _asked(path: Path) -> set[bags.Pair]:
    """What the texts of an article ask for; of one that is damaged nothing: ``take`` says so."""
    try:
        names = {str(text["file"]) for row in _load(path)["proposals"] for text in row["texts"]}
        texts = [_inside(path.parent, name).read_bytes().decode("utf-8") for name in names]
    except (KeyError, TypeError, ValueError, OSError, DomainError):
        return set()
    return {pair for text in texts for pair in bags.PORTABLE.findall(text)}


def take_people(folder: Path, ready: Ready) -> Known:
    """Authors, teams and tiers are here before the articles name them; who was not is inactive, and listed.

    Raises:
        DamagedFolderError, Invalid.
    """
    about, added, people = _load(folder / "people.json"), [], {}
    try:
        for row in about["teams"]:
            if session.scalar(sa.select(Team.id).where(Team.slug == row["slug"])) is None:
                places.save_team(None, row["slug"], name=row["name"])
        for row in about["tiers"]:
            if session.scalar(sa.select(Tier.id).where(Tier.slug == row["slug"])) is None:
                places.save_tier(None, row["slug"], name=row["name"], position=int(row["position"]))
        for row in about["people"]:
            user, new = remembered(row["username"], row["name"])
            people[user.username] = user.id
            added.extend([user.username] if new else [])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(folder / "people.json", error) from error
    return Known(Names(), people, Unpacked(folder, _files(folder), people, ready), added)


def _files(folder: Path) -> list[dict[str, Any]]:
    rows = _load(folder / "files.json").get("files")
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and {"digest", "owner", "name"} <= row.keys() and DIGEST.fullmatch(str(row["digest"]))
        for row in rows
    ):
        raise _damaged(folder / "files.json", TypeError("not a list of files"))
    return rows


def articles(folder: Path) -> Iterator[Path]:
    """The file of each article, in the order of their names."""
    yield from sorted((folder / "articles").glob("*.json"))


def take(actor: Actor, path: Path, known: Known) -> str:
    """One article is here: ``created``, ``updated`` or ``unchanged``.

    Raises:
        DamagedFolderError, Invalid, Conflict.
    """
    try:
        past = _past(path, known)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OSError) as error:
        raise _damaged(path, error) from error
    here = session.scalar(sa.select(Article.id).where(_same(past)))
    if here is None:
        adopt(actor, past)
        return "created"
    last = past.versions[-1]
    text = past.proposals[last.proposal].texts[last.text]
    if not past.live and not session.get_one(Article, here).live:
        return "unchanged"
    return import_row(actor, Row(past.external_id or past.slug, past.kind, text.content, past.slug))


def _same(past: PastArticle) -> sa.ColumnElement[bool]:
    return sa.or_(Article.slug == past.slug, Article.external_id == (past.external_id or past.slug))


def _damaged(path: Path, error: Exception) -> DamagedFolderError:
    return DamagedFolderError(
        _("%(file)s is damaged: %(why)s", file=path.name, why=f"{type(error).__name__} {error}"[:200])
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes().decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(found, dict):
        raise _damaged(path, TypeError("not an object"))
    return found


def _past(path: Path, known: Known) -> PastArticle:
    about = _load(path)
    kind = str(about["kind"])
    proposals = tuple(_proposal(path.parent, kind, row, known) for row in about["proposals"])
    versions = tuple(_version(row, proposals, known) for row in about["versions"])
    if not versions:
        raise ValueError("no version")
    return PastArticle(
        slug=str(about["slug"]),
        kind=kind,
        external_id=about["external_id"],
        owner_id=known.people[about["owner"]] if about["owner"] else None,
        created_at=_time(about["created_at"]),
        live=bool(about["live"]),
        proposals=proposals,
        versions=versions,
        keeping=_keeping(about["keeping"], len(versions), known),
    )


def _keeping(row: dict[str, Any], versions: int, known: Known) -> Keeping:
    teams = {slug: key for key, slug in known.names.teams.items()}
    return Keeping(
        owner_team_id=teams[row["team"]] if row["team"] else None,
        verify_months=int(row["months"]),
        verified_at=_maybe(row["verified_at"]),
        verify_due_at=_maybe(row["due_at"]),
        expires_at=_maybe(row["expires_at"]),
        looked=tuple(
            Looked(range(versions)[int(one["version"])], known.people[one["by"]], str(one["note"]), _time(one["at"]))
            for one in row["looked"]
        ),
    )


def _proposal(folder: Path, kind: str, row: dict[str, Any], known: Known) -> PastProposal:
    return PastProposal(
        author_ids=tuple(known.people[name] for name in row["authors"]),
        significance=str(row["significance"]),
        reason=str(row["reason"]),
        created_at=_time(row["created_at"]),
        submitted_at=_maybe(row["submitted_at"]),
        closed_at=_maybe(row["closed_at"]),
        publish_at=_maybe(row["publish_at"]),
        expires_at=_maybe(row["expires_at"]),
        texts=tuple(_text(folder, kind, text, known) for text in row["texts"]),
        approvals=[as_data(approval_of(one)) for one in row["approvals"]],
    )


def _text(folder: Path, kind: str, row: dict[str, Any], known: Known) -> PastText:
    content = with_files(_content(folder, kind, str(row["file"]), known), known.files.inward)
    author, at = known.people[row["author"]], _time(row["created_at"])
    return PastText(int(row["number"]), content, author, at, known.files.asked_now())


def _version(row: dict[str, Any], proposals: tuple[PastProposal, ...], known: Known) -> PastVersion:
    major, minor = (int(part) for part in str(row["version"]).split("."))
    proposal, text = int(row["proposal"]), int(row["text"])
    if not (0 <= proposal < len(proposals) and 0 <= text < len(proposals[proposal].texts)):
        raise IndexError("a version of no text")
    return PastVersion(
        major,
        minor,
        str(row["significance"]),
        str(row["reason"]),
        _time(row["published_at"]),
        known.people[row["published_by"]] if row["published_by"] else None,
        proposal,
        text,
    )


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return at


def _maybe(text: str | None) -> datetime | None:
    return _time(text) if text else None


def _content(folder: Path, kind: str, name: str, known: Known) -> Content:
    path = _inside(folder, name)
    meta, body = frontmatter.split(path.read_bytes().decode("utf-8"))
    if meta is None:
        raise Invalid({"body": _("%(file)s: the front matter is not valid.", file=name)})
    return translated(kind, content_of({**meta, "body": clean(body)}), known.names.inward)


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{name} lies elsewhere")
    return path
