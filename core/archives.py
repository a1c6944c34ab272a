"""What a zip, a Word document or a workbook is allowed to be – examined before anything of it is opened."""

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from xml.parsers import expat

from core.i18n import _

ENTRIES = 5_000
UNPACKED = 300 << 20  # bytes of everything in a zip
XML = 64 << 20  # bytes of the XML of a workbook
WORD_XML = 12 << 20  # the same of a document, which takes far more room while it is read
RATIO = 200  # unpacked to packed, of any entry above a megabyte
ELEMENTS = 2_000_000
DEEPEST = 120
ROWS = 100_000  # of one sheet


class UnreadableFile(Exception):
    """The whole file cannot be read; the sentence says why."""


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip whose list of contents is harmless.

    Raises:
        UnreadableFile: it is none, or it is not.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _must_be_harmless(archive, path.name)
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UnreadableFile(_("%(name)s is damaged or not what its name says.", name=path.name)) from error


def _must_be_harmless(archive: zipfile.ZipFile, name: str) -> None:
    entries = archive.infolist()
    if len(entries) > ENTRIES:
        raise UnreadableFile(_("%(name)s holds more than %(n)s files.", name=name, n=ENTRIES))
    total = 0
    for entry in entries:
        total += entry.file_size
        packed = max(entry.compress_size, 1)
        if total > UNPACKED or (entry.file_size > 1 << 20 and entry.file_size / packed > RATIO):
            raise UnreadableFile(_("%(name)s would unpack to far more than it seems: it is refused.", name=name))
        if entry.flag_bits & 1:
            raise UnreadableFile(_("%(name)s is locked with a password. Save it without one.", name=name))
        if not is_inside(entry.filename) or stat.S_ISLNK(entry.external_attr >> 16):
            raise UnreadableFile(_("%(name)s holds a file that would lie outside of it: it is refused.", name=name))


def is_inside(name: str) -> bool:
    """A name that stays in the folder it is unpacked to."""
    path = PurePosixPath(name.replace("\\", "/"))
    return not path.is_absolute() and ".." not in path.parts and ":" not in name and "\0" not in name


def entry_name(entry: zipfile.ZipInfo) -> str:
    """The name as its author typed it: Chinese Windows writes names in its own letters and does not say so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return entry.filename


def must_be_office(path: Path, part: str) -> None:
    """A Word document or workbook without traps: no entities, nothing fetched from elsewhere, not too large to read.

    ``part``: the entry that makes it what it is. Raises UnreadableFile.
    """
    limit = WORD_XML if part.startswith("word/") else XML
    with opened(path) as archive:
        names = set(archive.namelist())
        if part not in names:
            raise UnreadableFile(_("%(name)s is damaged or not what its name says.", name=path.name))
        parts = [e for e in archive.infolist() if e.filename.lower().endswith((".xml", ".rels", ".vml"))]
        if sum(entry.file_size for entry in parts) > limit:
            raise UnreadableFile(_("%(name)s is too long to be read at once; split it.", name=path.name))
        if any(name.lower().endswith("vbaproject.bin") for name in names):
            raise UnreadableFile(_("%(name)s holds macros. Save it without them.", name=path.name))
        budget = _Budget(path.name)
        for entry in parts:
            with archive.open(entry) as file:
                budget.read(file)


class _Budget:
    """Counts the elements of all parts together, and stops at the first thing that a document does not need."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.elements = 0

    def read(self, file: IO[bytes]) -> None:
        self.depth = self.rows = 0
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        try:
            while block := file.read(1 << 18):
                parser.Parse(block, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise UnreadableFile(_("%(name)s is damaged or not what its name says.", name=self.name)) from error

    def _doctype(self, *_about: object) -> None:
        raise UnreadableFile(_("%(name)s declares things of its own, as attacks do: it is refused.", name=self.name))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        if self.elements > ELEMENTS or self.depth > DEEPEST:
            raise UnreadableFile(_("%(name)s is too long to be read at once; split it.", name=self.name))
        if tag == "row" or tag.endswith(":row"):
            self.rows += 1
            if self.rows > ROWS:
                raise UnreadableFile(
                    _("%(name)s has more than %(n)s rows; split it, or save it as CSV.", name=self.name, n=ROWS)
                )
        elif attributes.get("TargetMode", "").lower() == "external" and not attributes.get("Type", "").lower().endswith(
            "/hyperlink"
        ):
            raise UnreadableFile(
                _("%(name)s takes parts of itself from another place. Save it with everything in it.", name=self.name)
            )

    def _end(self, _tag: str) -> None:
        self.depth -= 1
