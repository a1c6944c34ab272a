"""From a text of the content to what its author hands in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wiki.articles.content import Content
from wiki.articles.kinds import KINDS, FieldType
from wiki.demo.content import Library, Present, Text, Version
from wiki.demo.plan import World

GROUPS = ("teams", "roles", "tiers", "people")


def content_of(text: Text, library: Library, present: Present, version: Version | None = None) -> Content:
    """What is proposed: the text as it is now, or as it was in an earlier version; people are still named by slugs."""
    fields = {**text.fields, **(version.fields if version else {})}
    body = text.body if version is None or version.body is None else version.body
    return Content(
        title=text.title,
        body=body,
        fields=_typed(text, fields, library, present),
        category=text.category,
        tags=list(text.tags),
        services=list(text.services),
        audience=text.audience if isinstance(text.audience, str) else "restricted",
    )


def for_its_readers(content: Content, text: Text, world: World) -> Content:
    """The content with the tokens of those who may read it, and of those who must confirm it."""
    fields = {
        code: _tokens(value, world) if isinstance(value, Mapping) else value for code, value in content.fields.items()
    }
    readers = [] if isinstance(text.audience, str) else _tokens(text.audience["restricted"], world)
    return replace(content, fields=fields, readers=readers)


def _tokens(rule: Mapping[str, Any], world: World) -> list[str]:
    return [world.tokens[f"{group}:{name}"] for group in GROUPS for name in rule.get(group, ())]


def first_attempt(content: Content) -> Content:
    """The text before a reviewer asked for more: its last section is not written yet."""
    head, mark, _tail = content.body.rpartition("\n## ")
    if mark and head.strip():
        return replace(content, body=head.strip())
    paragraphs = content.body.split("\n\n")
    return replace(content, body="\n\n".join(paragraphs[:-1]) if len(paragraphs) > 1 else content.body[:40])


def _typed(text: Text, fields: Mapping[str, Any], library: Library, present: Present) -> dict[str, Any]:
    zone, out = library.zone(text.author), dict[str, Any]()
    for spec in KINDS[text.kind].fields:
        value = fields.get(spec.code)
        if value is None:
            continue
        if spec.type is FieldType.DATE:
            value = present.date_of(value, zone)
        elif spec.type is FieldType.TIME:
            value = present.time_of(value, zone)
        out[spec.code] = value
    return out
