"""What a person proposes: title, text, fields and where it belongs – checked once, however it came."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import Invalid
from core.i18n import _
from core.markup import guard
from core.texts import clean, clean_tree, one_line
from wiki.articles.kinds import Kind, clean_fields
from wiki.articles.models import Audience, Revision
from wiki.articles.queries import category_by_slug, unknown_services
from wiki.articles.rules import READER_TOKEN, clean_tags

TITLE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Content:
    """One proposed text. ``category`` is a slug, ``services`` are codes, ``readers`` the tokens of a closed circle."""

    title: str = ""
    body: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    category: str | None = None
    tags: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    audience: str = Audience.INTERNAL.value
    readers: list[str] = field(default_factory=list)


def of_revision(revision: Revision | None) -> Content:
    """The content of a stored revision (empty for none)."""
    if revision is None:
        return Content()
    return Content(
        title=revision.title,
        body=revision.body,
        fields=dict(revision.fields),
        category=revision.category.slug if revision.category else None,
        tags=list(revision.tags),
        services=list(revision.services),
        audience=revision.audience.value,
        readers=list(revision.readers),
    )


def checked(kind: Kind, given: Content) -> Content:
    """The content as it may be stored. Incomplete is fine here; wrong is not.

    Raises:
        Invalid: with a sentence for every field that cannot be taken.
    """
    errors: dict[str, str] = {}
    content = replace(
        given,
        title=one_line(given.title),
        body=clean(given.body),
        category=one_line(given.category) or None if given.category else None,
        tags=clean_tags([clean(str(tag)) for tag in given.tags]),
        services=list(dict.fromkeys(one_line(str(code)) for code in given.services)),
    )
    if len(content.title) > TITLE_LIMIT:
        errors["title"] = _("A title may have %(n)s characters at most.", n=TITLE_LIMIT)
    _collect(errors, lambda: guard(content.body))
    fields: dict[str, Any] = {}
    try:
        fields = clean_fields(kind, clean_tree(given.fields))
    except Invalid as error:
        errors.update(error.errors)
    errors.update(_wrong_places(content))
    if errors:
        raise Invalid(errors)
    return replace(content, fields=fields, readers=content.readers if content.audience == "restricted" else [])


def _collect(errors: dict[str, str], act: Callable[[], None]) -> None:
    try:
        act()
    except Invalid as error:
        errors.update(error.errors)


def _wrong_places(content: Content) -> dict[str, str]:
    errors: dict[str, str] = {}
    if content.category and category_by_slug(content.category) is None:
        errors["category"] = _("There is no category %(name)s.", name=content.category[:60])
    unknown = unknown_services(content.services)
    if unknown:
        errors["services"] = _("There is no service %(name)s.", name=str(unknown[0])[:60])
    if content.audience not in list(Audience):
        errors["audience"] = _("The audience is public, internal or restricted.")
    elif content.audience == Audience.RESTRICTED:
        if not content.readers:
            errors["readers"] = _("Say who may read it: at least one role, team, tier or person.")
        elif any(not READER_TOKEN.fullmatch(str(token)) for token in content.readers):
            errors["readers"] = _("A reader is role:qa, team:3, tier:2 or user:7.")
    return errors
