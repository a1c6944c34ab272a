"""Files into lines: JSON lines, CSV, Excel, Word, Markdown with front matter, and folders and zips of those.

It only reads; memory stays flat, but for the one document in hand.
"""

import csv
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import IO, Any

from core import archives
from core.archives import UnreadableFile
from core.i18n import _
from core.opening import cells
from core.tables import LONGEST
from wiki.exchange import columns, frontmatter
from wiki.exchange.columns import Options
from wiki.exchange.letters import encoding_of
from wiki.exchange.opening import document
from wiki.exchange.pictures import beside
from wiki.exchange.rows import Line, line_of

__all__ = ["LONGEST", "UnreadableFile", "head_of", "read"]

JSON = frozenset({".jsonl", ".ndjson", ".json"})
EXCEL = frozenset({".xlsx", ".xls", ".ods"})
TABLES = EXCEL | {".csv", ".tsv"}
SINGLE = frozenset({".md", ".markdown", ".docx"})
KINDS = JSON | TABLES | SINGLE | {".zip"}
SMALL_FILE = 4_000_000  # bytes of one Markdown file: the longest article takes a tenth
LONG_LINE = 4_000_000  # of a table or of JSON: what is read of it takes twenty times the room


def read(path: Path, options: Options | None = None, *, skip: int = 0) -> Iterator[Line]:
    """The lines of a file or folder, one at a time; of the first ``skip`` at least the places.

    Raises:
        UnreadableFile: it is missing, of no kind that can be imported, or hostile.
    """
    options = options or Options()
    suffix = path.suffix.lower()
    if path.is_dir():
        yield from _folder(path, options, skip)
    elif not path.exists():
        raise UnreadableFile(_("%(path)s does not exist.", path=path))
    elif suffix in JSON:
        yield from _jsonl(path, options)
    elif suffix in TABLES:
        yield from _table(path, options)
    elif suffix in SINGLE:
        yield _single(path, path.name, path.parent, options)
    elif suffix == ".zip":
        with tempfile.TemporaryDirectory() as folder:
            unpack(path, Path(folder))
            yield from _folder(Path(folder), options, skip)
    else:
        raise UnreadableFile(
            _("%(path)s: give a .jsonl, .csv, .xlsx, .docx, .md or .zip file, or a folder of those.", path=path)
        )


def head_of(path: Path) -> tuple[list[str], list[list[str]]]:
    """The headings of a table and its first rows, for people to say which column is what; of other files nothing.

    Raises:
        UnreadableFile.
    """
    if path.suffix.lower() not in TABLES:
        return [], []
    rows = list(islice((row for _place, row in _rows(path) if any(cell.strip() for cell in row)), 4))
    return ([cell.strip() for cell in rows[0]], rows[1:]) if rows else ([], [])


def _jsonl(path: Path, options: Options) -> Iterator[Line]:
    with path.open("rb") as file:
        for number in count(1):
            raw = file.readline(LONG_LINE)
            if not raw:
                return
            place = _("line %(n)s", n=number)
            if len(raw) == LONG_LINE:
                yield Line(place, error=_("this file is far longer than an article may be"))
                while raw and not raw.endswith(b"\n"):
                    raw = file.readline(LONG_LINE)
            elif raw.strip():
                yield _json_line(place, raw, options)


def _json_line(place: str, raw: bytes, options: Options) -> Line:
    try:
        data = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return Line(place, error=_("not valid JSON (%(why)s)", why=str(error)[:120]))
    return line_of(place, columns.with_defaults(data, options) if isinstance(data, dict) else data)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _table(path: Path, options: Options) -> Iterator[Line]:
    head: list[str] = []
    mapping: dict[str, str] = {}
    for place, row in _rows(path):
        if isinstance(row, str):
            yield Line(place, error=row)
        elif not any(cell.strip() for cell in row):
            continue
        elif not head:
            head = [cell.strip() for cell in row]
            mapping = dict(options.mapping) or columns.guess(head)
        else:
            found = {k: v for k, v in zip(head, row, strict=False) if k}
            data = columns.with_defaults(columns.row_of(found, mapping), options)
            yield replace(line_of(place, data), cells=found)


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    """(place, cells) of each row – or (place, sentence) of one that cannot be read."""
    if path.suffix.lower() in EXCEL:
        if path.suffix.lower() == ".ods":
            with archives.opened(path):
                pass
        yield from ((_("row %(n)s", n=number), row) for number, row in enumerate(cells(path), 1))
        return
    with path.open(encoding=encoding_of(path), newline="") as file:
        start = file.read(4096)
        file.seek(0)
        rows = csv.reader(_lines(file, path.name), delimiter=_delimiter(start))
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield _("line %(n)s", n=rows.line_num), _("not a line of a table (%(why)s)", why=error)
                continue
            yield _("line %(n)s", n=rows.line_num), columns.mended(row)


def _lines(file: IO[str], name: str) -> Iterator[str]:
    """The lines of a table; none holds more cells than there is room for."""
    while line := file.readline(LONG_LINE):
        if len(line) == LONG_LINE:
            raise UnreadableFile(_("%(name)s is too long to be read at once; split it.", name=name))
        yield line


def _delimiter(start: str) -> str:
    """The mark between the headings."""
    head = start.lstrip("\ufeff").split("\n", 1)[0]
    return max(",\t;", key=head.count)


# ── Markdown, Word, folders and zips ─────────────────────────────────────────────────────────────────────────────────


def _folder(path: Path, options: Options, skip: int) -> Iterator[Line]:
    number = 0
    for file in sorted(path.rglob("*")):
        suffix, place = file.suffix.lower(), str(file.relative_to(path))
        if not file.is_file() or file.is_symlink() or _is_hidden(file.relative_to(path)):
            continue
        if suffix in SINGLE:
            yield _single(file, place, path, options) if number >= skip else Line(place)
            number += 1
        elif suffix in TABLES or suffix in {".jsonl", ".ndjson"}:
            for line in _inside(file, place, options):
                yield line
                number += 1


def _is_hidden(path: Path) -> bool:
    """What office programs and file managers leave behind."""
    return any(part.startswith((".", "__MACOSX", "~$")) for part in path.parts)


def _inside(file: Path, place: str, options: Options) -> Iterator[Line]:
    try:
        for line in read(file, options):
            yield replace(line, place=f"{place}, {line.place}")
    except UnreadableFile as error:
        yield Line(place, error=str(error))


def _single(file: Path, place: str, root: Path, options: Options) -> Line:
    try:
        return _word(file, place, options) if file.suffix.lower() == ".docx" else _markdown(file, place, root, options)
    except (UnreadableFile, OSError, UnicodeDecodeError) as error:
        return Line(place, error=str(error))


def _word(file: Path, place: str, options: Options) -> Line:
    title, text, pictures = document(file)
    data = columns.with_defaults({"id": _stem(place), "title": title[:200], "body": text}, options)
    return replace(line_of(place, data), pictures=pictures)


def _markdown(file: Path, place: str, root: Path, options: Options) -> Line:
    if file.stat().st_size > SMALL_FILE:
        return Line(place, error=_("this file is far longer than an article may be"))
    text = file.read_bytes().decode(encoding_of(file)).replace("\r\n", "\n")
    meta, body = frontmatter.split(text)
    if meta is None:
        return Line(place, error=_("the front matter between the --- lines is not valid"))
    data = {"id": _stem(place), "title": file.stem, **meta}
    body, pictures, remarks = beside(body, file.parent, root)
    line = line_of(place, columns.with_defaults({**data, "body": body}, options))
    return replace(line, pictures=pictures, remarks=remarks)


def _stem(place: str) -> str:
    return place.rpartition(".")[0] or place


def unpack(path: Path, folder: Path) -> None:
    """The files of a zip lie in the folder.

    Raises:
        UnreadableFile: it is hostile, or a whole base.
    """
    with archives.opened(path) as archive:
        for entry in archive.infolist():
            name = archives.entry_name(entry)
            if entry.is_dir() or not archives.is_inside(name):
                continue
            if name == "spiral.json":
                raise UnreadableFile(
                    _("%(name)s holds a whole base: unpack it, and use the command 'articles import'.", name=path.name)
                )
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)


def once_each(lines: Iterable[Line]) -> Iterator[Line]:
    """The same id twice in one file would be another text at every run: the second is refused."""
    seen: set[str] = set()
    for line in lines:
        if line.row is not None and line.row.id in seen:
            yield replace(line, row=None, error=_("the id %(id)s stands in an earlier line already", id=line.row.id))
            continue
        if line.row is not None:
            seen.add(line.row.id)
        yield line
