"""One way of writing for everything compared: width and case folded, Traditional read as Simplified, regions beside."""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
HAS_HAN = re.compile(f"[{HAN}]")


@cache
def _converter(name: str) -> OpenCC:
    """The conversion `name`, its dictionaries read on first use (about 2 ms each)."""
    return OpenCC(name)


def fold(text: str) -> str:
    """`text` in NFKC and lower case; the script stays."""
    return unicodedata.normalize("NFKC", text).lower()


def simplified(folded: str) -> str:
    """Folded text in Simplified characters."""
    return _converter("t2s").convert(folded) if HAS_HAN.search(folded) else folded


def normalise(text: str) -> str:
    """The form in which documents and queries are compared."""
    return simplified(fold(text))


def mainland_wording(text: str) -> str:
    """Folded text written with Taiwan's words (either script), in the mainland's words and Simplified characters."""
    return str(_converter("tw2sp").convert(_converter("s2t").convert(text)))
