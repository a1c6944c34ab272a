"""Pictures that came with a text: found beside it, waiting until their row is taken, then kept like any other."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

import sqlalchemy as sa

from core.actors import Actor
from core.db import session
from core.errors import Invalid
from core.i18n import _
from wiki.articles import files
from wiki.articles.content import Content
from wiki.articles.file_models import FileEntry
from wiki.articles.media import Examined
from wiki.exchange.rows import Picture

SHOWN = re.compile(r"(!\[[^\]\n]{0,300}\]\()([^)\s]{1,500})((?:\s+\"[^\"\n]*\")?\))")
WAITING = re.compile(r"picture:([0-9a-f]{64})")
ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
LARGEST = 20 << 20  # bytes of one picture


def beside(body: str, folder: Path, root: Path) -> tuple[str, tuple[Picture, ...], tuple[str, ...]]:
    """The text with the pictures that lie beside it in its folder (nowhere above ``root``), and what is missing."""
    found: dict[str, Picture] = {}
    remarks: list[str] = []

    def one(match: re.Match[str]) -> str:
        address = unquote(match.group(2))
        if re.match(r"[a-z][a-z0-9+.-]*:|/", address, re.I):
            return match.group()
        path = (folder / address).resolve()
        if not path.is_relative_to(root.resolve()) or path.suffix.lower() not in ENDINGS or not path.is_file():
            remarks.append(_("The picture %(name)s is not there.", name=address[:100]))
            return match.group()
        if path.stat().st_size > LARGEST:
            remarks.append(_("The picture %(name)s is too large.", name=address[:100]))
            return match.group()
        picture = Picture(path.name, path.read_bytes())
        found[picture.address] = picture
        return f"{match.group(1)}{picture.address}{match.group(3)}"

    text = SHOWN.sub(one, body)
    return text, tuple(found.values()), tuple(remarks)


def known(actor: Actor, digests: Iterable[str]) -> dict[str, FileEntry]:
    """Those of these pictures that this person has brought before, by the digest of what was brought."""
    rows = session.scalars(
        sa.select(FileEntry).where(FileEntry.owner_id == actor.id, FileEntry.source_digest.in_(list(digests)))
    )
    return {row.source_digest: row for row in rows}


def waiting(content: Content) -> list[str]:
    """The digests of the pictures that the text waits for."""
    return list(dict.fromkeys(WAITING.findall(content.body)))


def placed(content: Content, kept: dict[str, FileEntry]) -> Content:
    """The text with the addresses of its pictures; of one that is not kept only its words stay."""
    if not WAITING.search(content.body):
        return content

    def one(match: re.Match[str]) -> str:
        digest = match.group(2).removeprefix("picture:")
        if not WAITING.fullmatch(match.group(2)):
            return match.group()
        entry = kept.get(digest)
        return f"{match.group(1)}{entry.url}{match.group(3)}" if entry else match.group(1)[2:-2]

    return replace(content, body=SHOWN.sub(one, content.body))


@dataclass(slots=True)
class Ready:
    """The pictures of a text before it is taken: what was examined, by digest, and a sentence for what may not stay."""

    found: dict[str, Examined] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    error: Exception | None = None  # why the text cannot be taken at all


def ahead(actor: Actor, pictures: Iterable[Picture], known: dict[str, Examined]) -> Ready:
    """Examined, and in the store where that is with another machine: both are slow, and wait for no lock here.

    ``known``: what was made ready for other texts of the same transaction; it grows.

    Raises:
        DiskFull, Unavailable.
    """
    ready = Ready()
    for picture in pictures:
        digest = picture.address.removeprefix("picture:")
        try:
            if digest not in known:
                known[digest] = files.ahead(actor, files.examine(picture.name, picture.data))
            ready.found[digest] = known[digest]
        except Invalid as error:
            ready.remarks.extend(error.errors.values())
    return ready


def keep_all(actor: Actor, ready: Ready) -> tuple[dict[str, FileEntry], list[str]]:
    """Every picture that may be kept, by its digest; and a sentence for each that may not."""
    kept: dict[str, FileEntry] = {}
    remarks = list(ready.remarks)
    for digest, found in ready.found.items():
        try:
            kept[digest] = files.store(actor, found)
        except Invalid as error:
            remarks.extend(error.errors.values())
    return kept, remarks
