"""Files that mean harm are refused before they are opened: quickly, in little memory, with a sentence (S29)."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from core import archives, child, opening, tables
from core.archives import UnreadableFile
from core.errors import DomainError
from tests.support import office
from wiki.exchange.opening import document
from wiki.exchange.reading import read

ENTITY = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
LAUGHS = '<?xml version="1.0"?><!DOCTYPE x [' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 50}">' for n in range(9)
) + "]>"  # fmt: skip
OUTSIDE = f'<Relationship Id="x1" Type="{office.R}/{{kind}}" Target="http://evil.example/x" TargetMode="External"/>'
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


UTF16 = (ENTITY.replace("?>", ' encoding="utf-16"?>') + "<x/>").encode("utf-16")


def workbook(sheet: bytes, **parts: bytes) -> bytes:
    entries = {
        "[Content_Types].xml": office.TYPES.encode(),
        "xl/workbook.xml": b"<workbook/>",
        "xl/worksheets/sheet1.xml": sheet,
    }
    return office.packed({**entries, **{name.replace("__", "/"): data for name, data in parts.items()}})


def a_million_rows() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", office.TYPES)
        archive.writestr("xl/workbook.xml", "<workbook/>")
        rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n * 7919 % 1000003}</v></c></row>' for n in range(1, 1_000_001))
        archive.writestr("xl/worksheets/sheet1.xml", f"{SHEET}{rows}</sheetData></worksheet>")
    return out.getvalue()


def bomb() -> bytes:
    return office.packed({"word/document.xml": b"0" * (40 << 20), "[Content_Types].xml": b"<Types/>"})


def lying_bomb() -> bytes:
    """Says that it unpacks to ten bytes."""
    data = bytearray(office.docx(office.para("x" * 50_000)))
    place = data.index(b"PK\x01\x02")
    while place >= 0:
        data[place + 24 : place + 28] = (10).to_bytes(4, "little")
        place = data.find(b"PK\x01\x02", place + 4)
    return bytes(data)


HOSTILE = {
    "entity.docx": lambda: office.docx(office.para("&f;"), prolog=ENTITY),
    "laughs.docx": lambda: office.docx(office.para("&a8;"), prolog=LAUGHS),
    "utf16.docx": lambda: office.docx(**{"word__x.xml": UTF16}),
    "template.docx": lambda: office.docx(office.para("x"), relations=OUTSIDE.format(kind="attachedTemplate")),
    "picture.docx": lambda: office.docx(office.image("x1"), relations=OUTSIDE.format(kind="image")),
    "deep.docx": lambda: office.docx("<w:p>" * 5000 + "</w:p>" * 5000),
    "macros.docx": lambda: office.docx(office.para("x"), **{"word__vbaProject.bin": b"x"}),
    "bomb.docx": bomb,
    "lying.docx": lying_bomb,
    "none.docx": lambda: b"PK\x03\x04 no",
    "entity.xlsx": lambda: workbook((ENTITY + SHEET + "</sheetData></worksheet>").encode()),
    "rows.xlsx": a_million_rows,
    "links.xlsx": lambda: workbook(
        f"{SHEET}</sheetData></worksheet>".encode(),
        **{"xl__links__e.rels": f'<R xmlns="{office.REL}">{OUTSIDE.format(kind="externalLinkPath")}</R>'.encode()},
    ),
    "line.jsonl": lambda: b'{"id": "1", "title": "x", "y": [' + b"[]," * 5_000_000 + b"[]]}",
    "columns.csv": lambda: b"id,title\n" + b"," * 15_000_000,
    "bomb.zip": lambda: office.packed({"a.md": b"0" * (50 << 20)}),
    "slip.zip": lambda: office.packed({"../../a.md": b"x"}),
    "drive.zip": lambda: office.packed({"C:/a.md": b"x"}),
    "many.zip": lambda: office.packed({f"{n}.md": b"" for n in range(archives.ENTRIES + 1)}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_refused(name: str, tmp_path: Path):
    """In a process that does nothing else, so that what it took, with its child, is what the file took."""
    path = tmp_path / "given" / name
    path.parent.mkdir()
    path.write_bytes(HOSTILE[name]())
    done = subprocess.run([sys.executable, "-c", READ, path], capture_output=True, text=True, check=True, timeout=60)
    told = json.loads(done.stdout)
    assert told["refused"] or all(row is None and error for row, error in told["lines"])
    assert told["refused"] or told["lines"]
    assert "passwd" not in done.stdout
    assert told["seconds"] < 5, "of work, the child's too"
    assert told["more"] < 300 << 10, "kilobytes beyond what it had before"
    assert told["child"] < 300 << 10, "kilobytes"
    assert sorted(one.name for one in path.parent.iterdir()) == [name], "nothing was written anywhere"


READ = """
import json, resource, sys, time
from pathlib import Path
from core.archives import UnreadableFile
from wiki.exchange.reading import read
before, lines, said = resource.getrusage(resource.RUSAGE_SELF), [], ""
try:
    lines = [(line.row, line.error) for line in read(Path(sys.argv[1]))]
except UnreadableFile as error:
    said = str(error)
mine, child = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({
    "refused": said, "lines": [(repr(row) if row is not None else None, error) for row, error in lines],
    "seconds": sum(one.ru_utime + one.ru_stime for one in (mine, child)) - before.ru_utime - before.ru_stime,
    "more": mine.ru_maxrss - before.ru_maxrss, "child": child.ru_maxrss,
}))
"""


@pytest.mark.parametrize("name", ["entity.xlsx", "links.xlsx", "bomb.docx"])
def test_lists_of_people_come_through_the_same_wall(name: str, tmp_path: Path):
    path = tmp_path / "people.xlsx"
    path.write_bytes(HOSTILE[name]())
    with pytest.raises(DomainError, match=r"people\.xlsx .*(refused|another place|more than it seems)"):
        list(tables.rows(path))


def test_a_link_that_people_click_is_none_of_it(tmp_path: Path):
    words = f'<w:p><w:hyperlink xmlns:r="{office.R}" r:id="x1"><w:r><w:t>去</w:t></w:r></w:hyperlink></w:p>'
    path = tmp_path / "a.docx"
    path.write_bytes(office.docx(words, relations=OUTSIDE.format(kind="hyperlink")))
    assert document(path)[1] == "[去](http://evil.example/x)\n"


def test_a_link_to_a_file_elsewhere_in_a_zip_is_no_file(tmp_path: Path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        entry = zipfile.ZipInfo("a.md")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    (tmp_path / "a.zip").write_bytes(data.getvalue())
    with pytest.raises(UnreadableFile, match="outside"):
        list(read(tmp_path / "a.zip"))


def test_what_the_examination_missed_ends_in_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One word of a megabyte, named by every cell: a small file that unpacks to gigabytes only while it is read."""
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 4001))
    ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    data = office.xlsx([["a"]])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    word = "".join(chr(0x4E00 + n % 20000) for n in range(1 << 18))
    entries["xl/sharedStrings.xml"] = f'<sst {ns} count="4000" uniqueCount="1"><si><t>{word}</t></si></sst>'.encode()
    entries["xl/worksheets/sheet1.xml"] = f"{SHEET}{cells}</sheetData></worksheet>".encode()
    path = tmp_path / "echo.xlsx"
    path.write_bytes(office.packed(entries))
    with pytest.raises(UnreadableFile, match="too large to be read"):
        list(opening.cells(path))
    alone = subprocess.run([sys.executable, "-c", ALONE, path], capture_output=True, text=True, check=True)
    name, used = alone.stdout.split()
    assert name == "UnreadableFile"
    assert int(used) < 420 << 10, f"kilobytes: {used}"
    assert child.MEMORY <= 300 << 20


# in a process that had no other children: what the largest of them used is all that the system tells
ALONE = """
import resource, sys
from pathlib import Path
from core import opening
try:
    list(opening.cells(Path(sys.argv[1])))
except Exception as error:
    print(type(error).__name__, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
