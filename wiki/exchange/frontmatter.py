"""Markdown with a head of YAML between ``---`` lines: read safely, written so that it reads back as the same."""

import json
import re
from typing import Any

import yaml

_ODD = re.compile("[^\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 20  # lists in lists of a head; the library, written in C, ends the whole process at some thousands


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # the fast one where it is built
    """Text of several lines as a block, so that a difference shows the line that changed."""


def _text(dumper: Any, value: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def split(text: str) -> tuple[dict[str, Any] | None, str]:
    """The YAML head between ``---`` lines and the rest; ``{}`` without a head, ``None`` for one that cannot be read."""
    if not text.startswith("---\n"):
        return {}, text
    head, found, body = text[4:].partition("\n---\n")
    if not found:
        return {}, text
    try:
        _must_be_plain(head)
        meta = yaml.load(head, Loader=Loader)  # noqa: S506 - the safe loader, in C where it is built
    except (yaml.YAMLError, ValueError, RecursionError):
        return None, body
    return ({}, body) if meta is None else (meta, body) if isinstance(meta, dict) else (None, body)


def _must_be_plain(head: str) -> None:
    """A head without depth, and without references: nine lists of nine references each are a thousand million words.

    Raises:
        ValueError: it is none. yaml.YAMLError: it cannot be read.
    """
    depth = 0
    for event in yaml.parse(head, Loader=Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST or isinstance(event, yaml.AliasEvent):
            raise ValueError(head[:40])


def _escaped(letter: re.Match[str]) -> str:
    return f"\\u{ord(letter.group()):04x}"


def joined(head: dict[str, Any], body: str) -> str:
    """A text that ``split`` gives back as it was; what is empty is left out of the head."""
    kept = {key: value for key, value in head.items() if value not in (None, "", [], {})}
    text = yaml.dump(kept, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)
    whole = f"---\n{text}---\n{body}"
    if split(whole) != (kept, body):  # letters or lines that YAML has ideas of its own about
        text = json.dumps(kept, ensure_ascii=False, indent=1)
        whole = f"---\n{_ODD.sub(_escaped, text)}\n---\n{body}"
    return whole
