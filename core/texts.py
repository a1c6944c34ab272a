"""Text as people send it, made storable: line ends are one kind, control characters and lone surrogates are gone."""

import re
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def clean(text: str) -> str:
    """The same text, storable in every database and safe to log; nothing a person can see is lost."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """A single line without outer blanks: titles, tags, names."""
    return re.sub(r"\s+", " ", clean(text)).strip()


def clean_tree(value: Any) -> Any:
    """``clean`` applied to every string of nested lists and dicts."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_tree(item) for item in value]
    if isinstance(value, dict):
        return {clean(str(key)): clean_tree(item) for key, item in value.items()}
    return value
