"""When a question rests: the passage that it was made from stands no longer in its article."""

import re
import unicodedata

_PARTS = re.compile(r"(?<!\s)\s++[|→]\s+|[：:]\s*|\n")


def holds(passage: str, text: str) -> bool:
    """Does the passage still stand in the text, be it in other marks, width or spacing?

    A passage of several parts (cells of a row, a case and what holds for it) holds when each part does.
    """
    inside = _letters(text)
    return _letters(passage) in inside or all(_letters(part) in inside for part in _PARTS.split(passage))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
