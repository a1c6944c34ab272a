"""Files as people bring them, made in a few lines."""

import io
import zipfile
from typing import Any

from PIL import Image


def picture(width: int = 8, height: int = 6, form: str = "PNG", mode: str = "RGB", **about: Any) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, form, **about)
    return out.getvalue()


def pdf(words: str = "Hello") -> bytes:
    """What begins and ends like a PDF."""
    return b"%PDF-1.7\n" + words.encode() + b"\n%%EOF\n"


def office(part: str = "word/document.xml", *, types: str = "<Types/>", **others: bytes) -> bytes:
    """The least that is an Office document; ``others`` are further parts (``__`` for a slash in their names)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr(part, "<x/>")
        for name, data in others.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()
