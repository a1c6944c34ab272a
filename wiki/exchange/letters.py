"""In which letters a text is stored: UTF-8, UTF-16, GB 18030 or Big5 – decided by what reads as Chinese."""

from collections.abc import Iterator
from pathlib import Path

from core.archives import UnreadableFile
from core.i18n import _

SAMPLE = 1 << 18


def encoding_of(path: Path) -> str:
    """The encoding of a text file; never a guess that loses letters.

    Raises:
        UnreadableFile: it is in none that we know.
    """
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _sure(path, "utf-16")
    if decodes(path, "utf-8-sig"):
        return "utf-8-sig"
    likely = "big5hkscs" if is_big5(sample) else "gb18030"
    other = "gb18030" if likely == "big5hkscs" else "big5hkscs"
    return next((name for name in (likely, other) if decodes(path, name)), None) or _sure(path, "utf-8-sig")


def _sure(path: Path, encoding: str) -> str:
    if not decodes(path, encoding):
        raise UnreadableFile(_("%(path)s is neither UTF-8 nor GB 18030 nor Big5; save it as UTF-8.", path=path.name))
    return encoding


def decodes(path: Path, encoding: str) -> bool:
    """Every letter of it can be read so."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeError:
        return False
    return True


def is_big5(sample: bytes) -> bool:
    """More of its double bytes are everyday characters of Big5 than everyday characters of GB 2312."""
    return _share(sample, range(0xA4, 0xC7), low=True) > _share(sample, range(0xB0, 0xD8), low=False)


def _share(sample: bytes, everyday: range, *, low: bool) -> float:
    pairs = list(_pairs(sample, low=low))
    good = sum(lead in everyday for lead, trail in pairs if low or trail >= 0xA1)
    return good / len(pairs) if pairs else 0.0


def _pairs(sample: bytes, *, low: bool) -> Iterator[tuple[int, int]]:
    place = 0
    while place < len(sample) - 1:
        lead, trail = sample[place], sample[place + 1]
        if lead < 0x81:
            place += 1
            continue
        if not (trail >= 0xA1 or (0x40 <= trail <= 0x7E) or (not low and trail >= 0x80)):
            yield 0, 0xFF  # no letter of this encoding at all
        else:
            yield lead, trail
        place += 2
