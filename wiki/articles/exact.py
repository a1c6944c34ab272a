"""Whether the file of a picture holds its points and nothing else: read by its structure, not by its words."""

PNG_PARTS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
WEBP_PARTS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
JFIF = b"JFIF\x00"
JPEG_PARTS = {0xDB, 0xC0, 0xC1, 0xC2, 0xC4, 0xDD}  # tables, frame, restart interval


def is_bare(data: bytes) -> bool:
    """No metadata, and nothing after the end."""
    try:
        if data.startswith(b"\x89PNG"):
            return _png(data)
        if data.startswith(b"RIFF"):
            return _webp(data)
        return data.startswith(b"\xff\xd8") and _jpeg(data)
    except (IndexError, ValueError):  # it ends too early
        return False


def _png(data: bytes) -> bool:
    at, last = 8, b""
    while at < len(data):
        size, last = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if last not in PNG_PARTS:
            return False
        at += 12 + size
        if last == b"IEND":
            break
    return last == b"IEND" and at == len(data)


def _webp(data: bytes) -> bool:
    if int.from_bytes(data[4:8], "little") + 8 != len(data):
        return False
    at = 12
    while at < len(data):
        if data[at : at + 4] not in WEBP_PARTS:
            return False
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return at == len(data)


def _jpeg(data: bytes) -> bool:
    at = 2
    while True:
        if data[at] != 0xFF:
            return False
        mark, at = data[at + 1], at + 2
        if mark == 0xD9:
            return at == len(data)
        size = int.from_bytes(data[at : at + 2])
        jfif = mark == 0xE0 and size == 16 and data[at + 2 : at + 7] == JFIF  # without a picture of its own inside
        if size < 2 or not (jfif or mark == 0xDA or mark in JPEG_PARTS):
            return False
        at += size
        if mark == 0xDA:
            at = _after_scan(data, at)


def _after_scan(data: bytes, at: int) -> int:
    """Where the next mark stands that is none of the scan's own."""
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
            at += 2
        else:
            return at
