"""What the bytes that somebody brought really are – by looking at them, whatever their name says.

Pictures are drawn anew from their points, so that nothing hidden in or behind them is kept: no place where a photo was
taken, no second file after the end. Documents are known by their inner structure. Everything else is refused.
"""

import hashlib
import io
import re
import threading
import unicodedata
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import Invalid
from core.i18n import _
from core.texts import one_line
from wiki.articles.exact import is_bare

PIXEL_LIMIT = 40_000_000
SIDE_LIMIT = 20_000  # points
SMALL = (480, 960)  # a thumbnail fits into this
NAME_LIMIT = 120  # characters
ENTRY_LIMIT = 3_000  # files in an Office document
UNPACKED_LIMIT = 300 * 1024 * 1024  # bytes of all of them together
RATIO_LIMIT = 200  # unpacked to packed, of any one above a megabyte
ALLOWED = "PNG, JPEG, GIF, WebP, PDF, Word (.docx), Excel (.xlsx), PowerPoint (.pptx), .txt, .csv"

PDF = "application/pdf"
_OOXML = "application/vnd.openxmlformats-officedocument."
OFFICE = {  # the part that makes it what it is: extension, media type
    "word/document.xml": (".docx", _OOXML + "wordprocessingml.document"),
    "xl/workbook.xml": (".xlsx", _OOXML + "spreadsheetml.sheet"),
    "ppt/presentation.xml": (".pptx", _OOXML + "presentationml.presentation"),
}
TEXTS = {".txt": "text/plain", ".csv": "text/csv"}
PICTURES = {  # what Pillow calls it: what it is kept as
    "PNG": ("PNG", ".png", "image/png"),
    "GIF": ("PNG", ".png", "image/png"),  # its first frame
    "JPEG": ("JPEG", ".jpg", "image/jpeg"),
    "WEBP": ("WEBP", ".webp", "image/webp"),
}
SAVING: dict[str, dict[str, Any]] = {"PNG": {}, "JPEG": {"quality": 88}, "WEBP": {"quality": 88, "method": 2}}
MODES = {"PNG": {"1", "L", "LA", "P", "RGB", "RGBA"}, "JPEG": {"L", "RGB"}, "WEBP": {"RGB", "RGBA"}}
_MARKUP = re.compile(r"\s*<(?:!doctype|!--|\?xml|html|head|body|svg|script|iframe|math|style|meta)\b", re.I)
_ACTIVE = re.compile(r"(?:^|/)(?:vbaproject|vbadata|activex)[^/]*|(?:^|/)activex/", re.I)
_one_at_a_time = threading.BoundedSemaphore(1)  # 40 million points take 160 MB while they are drawn


@dataclass(frozen=True, slots=True)
class Examined:
    """Bytes that may be kept. ``source_digest`` is of what was brought, ``digest`` of what is kept (SHA-256)."""

    name: str
    media_type: str
    data: bytes
    digest: str
    source_digest: str
    small: bytes | None = None  # a WebP, of pictures
    width: int | None = None
    height: int | None = None
    keys: tuple[str, str | None] | None = None  # where both lie already, in a store elsewhere
    lying: int | None = None  # how many bytes lie there; they are not here any more

    @property
    def size(self) -> int:
        """Bytes that it takes on the disk."""
        return self.lying if self.lying is not None else len(self.data) + len(self.small or b"")


def examined(name: str, data: bytes, *, exact: bool = False) -> Examined:
    """What may be kept of these bytes. Slow for large pictures: call it outside of a transaction.

    ``exact``: a picture that is nothing but points already is kept byte for byte (for what comes from an export).

    Raises:
        Invalid: field ``file``, with a sentence that says what is allowed.
    """
    name = clean_name(name)
    if not data:
        raise refused(_("«%(name)s» is empty.", name=name))
    source = hashlib.sha256(data).hexdigest()
    if _looks_like_a_picture(data):
        return _picture(name, data, source, exact=exact)
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]:
        return _as_it_is(name, ".pdf", PDF, data, source)
    if data.startswith(b"PK\x03\x04"):
        extension, media_type = _office(name, data)
        return _as_it_is(name, extension, media_type, data, source)
    extension = PurePosixPath(name).suffix.lower()
    text = _text(data) if extension in TEXTS else None
    if text is None or _MARKUP.match(text):
        raise _unknown(name)
    return _as_it_is(name, extension, TEXTS[extension], text.encode(), source)


def refused(sentence: str) -> Invalid:
    """A refusal of what was brought."""
    return Invalid({"file": sentence})


def _unknown(name: str) -> Invalid:
    return refused(_("«%(name)s» cannot be taken: allowed are %(allowed)s.", name=name, allowed=ALLOWED))


def _damaged(name: str) -> Invalid:
    return refused(_("«%(name)s» is damaged or incomplete; please save it anew and try again.", name=name))


def clean_name(name: str) -> str:
    """A name without folders, control characters and what is special in addresses and Markdown."""
    name = unicodedata.normalize("NFC", one_line(name)).replace("\\", "/").rsplit("/", 1)[-1]
    stem, extension = _split(name)
    stem = re.sub(r"[^\w.+-]+", "-", stem).strip("-._") or "file"
    extension = re.sub(r"[^\w.]+", "", extension)
    return stem[: NAME_LIMIT - len(extension)] + extension


def _split(name: str) -> tuple[str, str]:
    path = PurePosixPath(name)
    return (path.stem, path.suffix) if len(path.suffix) <= 8 else (name, "")


def _called(name: str, extension: str) -> str:
    """The name with the extension of what it really is."""
    stem, given = _split(name)
    same = given.lower() == extension or (extension == ".jpg" and given.lower() == ".jpeg")
    return stem + given.lower() if same else stem[: NAME_LIMIT - len(extension)] + extension


def _as_it_is(name: str, extension: str, media_type: str, data: bytes, source: str) -> Examined:
    return Examined(_called(name, extension), media_type, data, hashlib.sha256(data).hexdigest(), source)


def _looks_like_a_picture(data: bytes) -> bool:
    return data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")) or (
        data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    )


def _picture(name: str, data: bytes, source: str, *, exact: bool) -> Examined:
    try:
        with _one_at_a_time, warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is far below
            return _drawn_anew(name, data, source, exact=exact)
    except Invalid:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except UnidentifiedImageError as error:
        raise _damaged(name) from error
    except (OSError, ValueError, SyntaxError, EOFError, LookupError, ArithmeticError, TypeError, zlib.error) as error:
        raise _damaged(name) from error  # Pillow says in many ways that it cannot go on


def _drawn_anew(name: str, data: bytes, source: str, *, exact: bool) -> Examined:
    found = Image.open(io.BytesIO(data), formats=tuple(PICTURES))
    if found.width * found.height > PIXEL_LIMIT or max(found.size) > SIDE_LIMIT:
        raise _too_large(name)
    form, extension, media_type = PICTURES[found.format or ""]
    found.load()
    picture = _only_points(ImageOps.exif_transpose(found), form)
    kept = data if exact and form == found.format and is_bare(data) else _saved(picture, form)
    small = picture.convert("RGBA" if _transparent(picture) else "RGB")
    small.thumbnail(SMALL)
    return Examined(
        name=_called(name, extension),
        media_type=media_type,
        data=kept,
        digest=hashlib.sha256(kept).hexdigest(),
        source_digest=source,
        small=_saved(small, "WEBP"),
        width=picture.width,
        height=picture.height,
    )


def _too_large(name: str) -> Invalid:
    return refused(
        _("«%(name)s» has more than %(n)s million points; please make it smaller.", name=name, n=PIXEL_LIMIT // 10**6)
    )


def _transparent(picture: Image.Image) -> bool:
    return picture.mode in {"LA", "RGBA", "PA"} or "transparency" in picture.info


def _only_points(picture: Image.Image, form: str) -> Image.Image:
    """The picture without anything that its file said beside it, in a mode that the form can hold."""
    if picture.mode.startswith("I"):  # sixteen bits of grey
        picture = picture.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    if picture.mode not in MODES[form]:
        picture = picture.convert("RGBA" if _transparent(picture) and form != "JPEG" else "RGB")
    picture.info = {key: value for key, value in picture.info.items() if key == "transparency"}
    return picture


def _saved(picture: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **SAVING[form])
    return out.getvalue()


def _office(name: str, data: bytes) -> tuple[str, str]:
    """Extension and media type of an Office document that may be kept."""
    try:
        if data[-22:-18] != b"PK\x05\x06":  # nothing stands after its end
            raise _unknown(name)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            found = [OFFICE[part] for part in OFFICE if part in names]
            if len(found) != 1 or "[Content_Types].xml" not in names:
                raise _unknown(name)
            _must_be_sound(name, entries, len(data))
            types = archive.read("[Content_Types].xml")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise _damaged(name) from error
    if b"macroenabled" in types.lower() or any(_ACTIVE.search(entry) for entry in names):
        raise refused(_("«%(name)s» contains macros; please save it without them (.docx, .xlsx, .pptx).", name=name))
    return found[0]


def _must_be_sound(name: str, entries: list[zipfile.ZipInfo], size: int) -> None:
    """No bomb, no way out of a folder, nothing under a password."""
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    dense = any(entry.file_size > max(1 << 20, entry.compress_size * RATIO_LIMIT) for entry in entries)
    if len(entries) > ENTRY_LIMIT or unpacked > UNPACKED_LIMIT or packed > size or dense:
        raise refused(_("«%(name)s» is packed too densely to be safe.", name=name))
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if entry.flag_bits & 1 or path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
            raise _unknown(name)


def _text(data: bytes) -> str | None:
    """The text in these bytes, in one of the encodings that people's programs write."""
    for encoding in ("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text) else text
    return None
