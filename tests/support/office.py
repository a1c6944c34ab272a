"""Word documents and workbooks as tests bring them, written in a few lines; nothing of the kind is kept in files."""

import io
import zipfile
from collections.abc import Iterable

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
REL = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/></Types>'
)
STYLES = (
    f'<w:styles xmlns:w="{W}">'
    + "".join(
        f'<w:style w:type="paragraph" w:styleId="{n}"><w:name w:val="{name}"/></w:style>'
        for n, name in (("1", "heading 1"), ("2", "heading 2"), ("a3", "Title"), ("q", "Quote"))
    )
    + "</w:styles>"
)
LEVELS = "".join(f'<w:lvl w:ilvl="{n}"><w:numFmt w:val="{{form}}"/></w:lvl>' for n in range(3))
NUMBERING = (
    f'<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="0">{LEVELS.format(form="bullet")}</w:abstractNum>'
    f'<w:abstractNum w:abstractNumId="1">{LEVELS.format(form="decimal")}</w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
)


def run(text: str, *, bold: bool = False) -> str:
    """Words."""
    return f'<w:r>{"<w:rPr><w:b/></w:rPr>" if bold else ""}<w:t xml:space="preserve">{text}</w:t></w:r>'


def para(*runs: str, style: str = "", level: int | None = None, numbered: bool = False) -> str:
    """A paragraph: of a style, or in a list."""
    about = f'<w:pStyle w:val="{style}"/>' if style else ""
    if level is not None:
        about += f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{2 if numbered else 1}"/></w:numPr>'
    return f"<w:p><w:pPr>{about}</w:pPr>{''.join(one if one.startswith('<') else run(one) for one in runs)}</w:p>"


def table(*rows: Iterable[str]) -> str:
    """A table of words."""
    cells = ("".join(f"<w:tc>{para(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def image(relation: str = "rId9", words: str = "") -> str:
    """A picture in a paragraph."""
    a, pic = (
        "http://schemas.openxmlformats.org/drawingml/2006/main",
        "http://schemas.openxmlformats.org/drawingml/2006/picture",
    )
    wp = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    return (
        f'<w:p><w:r><w:drawing><wp:inline xmlns:wp="{wp}"><wp:docPr id="1" name="p" descr="{words}"/>'
        f'<a:graphic xmlns:a="{a}">'
        f'<a:graphicData><pic:pic xmlns:pic="{pic}"><pic:blipFill>'
        f'<a:blip xmlns:r="{R}" r:embed="{relation}"/></pic:blipFill>'
        "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )


def docx(*body: str, picture: bytes = b"", relations: str = "", prolog: str = "", **parts: bytes) -> bytes:
    """A document; ``picture`` is what ``image()`` shows, ``parts`` are further entries (``__`` for a slash)."""
    document = f'{prolog}<w:document xmlns:w="{W}"><w:body>{"".join(body)}</w:body></w:document>'
    shown = f'<Relationship Id="rId9" Type="{R}/image" Target="media/p.png"/>' if picture else ""
    entries: dict[str, bytes] = {
        "[Content_Types].xml": TYPES.encode(),
        "_rels/.rels": (
            f'<Relationships xmlns="{REL}"><Relationship Id="r1" Type="{R}/officeDocument" '
            'Target="word/document.xml"/></Relationships>'
        ).encode(),
        "word/document.xml": document.encode(),
        "word/styles.xml": STYLES.encode(),
        "word/numbering.xml": NUMBERING.encode(),
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{REL}">{shown}{relations}</Relationships>'.encode(),
        **({"word/media/p.png": picture} if picture else {}),
        **{name.replace("__", "/"): data for name, data in parts.items()},
    }
    return packed(entries)


def packed(entries: dict[str, bytes]) -> bytes:
    """A zip of these."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def xlsx(rows: Iterable[Iterable[object]]) -> bytes:
    """A workbook of one sheet."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, list(row))
    book.close()
    return out.getvalue()
