"""One way of writing for everything compared: width and case folded, Traditional read as Simplified."""

import re
import unicodedata
from functools import lru_cache

from opencc import OpenCC

from core.once import once

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
HAS_HAN = re.compile(f"[{HAN}]")
TITLE_WIDTH = 300  # characters of a folded title that are kept and compared


@once
def converter(name: str) -> OpenCC:
    """The conversion `name`, its dictionaries read on first use (about 2 ms each)."""
    return OpenCC(name)


# Chinese, ASCII and their signs: none of them joins what stands before it, so that NFKC of a text is NFKC of what else
# is in it, each piece with the one sign before, to which accents may belong. A page of Chinese takes a tenth of it.
_REST = re.compile(
    "(?s:.?)[^\x00-\x7f\u00b7\u2014\u2018-\u201d\u2026\u3000-\u3003\u3007-\u3011\u4e00-\u9fff\uff01-\uff5e]+"
)
_WIDE = re.compile("[\u2026\u3000\uff01-\uff5e]")


def fold(text: str) -> str:
    """`text` in NFKC and lower case; the script stays."""
    text = _REST.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    for sign in set(_WIDE.findall(text)):
        text = text.replace(sign, unicodedata.normalize("NFKC", sign))
    return text.lower()


def simplified(folded: str) -> str:
    """Folded text in Simplified characters."""
    return str(converter("t2s").convert(folded)) if HAS_HAN.search(folded) else folded


def normalise(text: str) -> str:
    """The form in which documents and queries are compared."""
    return simplified(fold(text))


@lru_cache(maxsize=20_000)
def folded_title(title: str) -> str:
    """The form in which titles are the same title: as ``normalise``, and without any blanks."""
    return re.sub(r"\s+", "", normalise(title))[:TITLE_WIDTH]
