"""Words in a drawing: how wide they are about, and how they break into lines – Chinese anywhere, Latin between
words."""

import re

EM, LATIN, NARROW = 13, 7, 4  # of 13 units high letters
_NARROW = frozenset("ilIj.,:;'|!() ")
_PIECE = re.compile(r"[A-Za-z0-9À-ɏ'’_.%+/&@#-]+|\s+|.", re.S)
_NEVER_FIRST = frozenset("，。、；：？！）】》”’％%,.;:?!)]…·")
_NEVER_LAST = frozenset("（【《“‘([")
ELLIPSIS = "…"


def width_of(text: str, em: int = EM) -> int:
    """About how wide a text is when its letters are ``em`` high."""
    units = sum(EM if ord(char) > 0x2E7F or char in "“”‘’…—" else NARROW if char in _NARROW else LATIN for char in text)
    return -(-units * em // EM)


def lines_of(text: str, room: int, most: int, em: int = EM) -> list[str]:
    """At most ``most`` lines of at most ``room``, about equally long; what does not fit ends with an ellipsis."""
    lines = _broken(text, room, em)
    if len(lines) > most:
        return [*lines[: most - 1], _cut(lines[most - 1], room, em)]
    for narrower in range(room - em // 2, room // 2, -em // 2):  # the least width that needs no further line
        closer = _broken(text, narrower, em)
        if len(closer) > len(lines):
            break
        lines = closer
    return lines


def _broken(text: str, room: int, em: int) -> list[str]:
    """Lines as they fill up; none is empty."""
    lines: list[str] = []
    now = ""
    for piece in _pieces(re.sub(r"\s+", " ", text).strip(), room, em):
        if now and width_of((now + piece).rstrip(), em) > room and piece not in _NEVER_FIRST:
            head, tail = _kept_together(now)
            lines.append(head.rstrip())
            now = tail
        now = (now + piece) if now else piece.lstrip()
    if now.strip():
        lines.append(now.rstrip())
    return lines


def _pieces(text: str, room: int, em: int) -> list[str]:
    """Single Chinese characters and whole Latin words; a word wider than a line comes apart."""
    out: list[str] = []
    for piece in _PIECE.findall(text):
        out += [piece] if width_of(piece, em) <= room else list(piece)
    return out


def _kept_together(line: str) -> tuple[str, str]:
    """An opening sign at the end of a line goes with what follows it."""
    return (line[:-1], line[-1]) if len(line) > 1 and line[-1] in _NEVER_LAST else (line, "")


def _cut(line: str, room: int, em: int) -> str:
    while line and width_of(line + ELLIPSIS, em) > room:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS
