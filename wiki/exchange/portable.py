"""Names that mean the same in every installation, in place of ids: teams and tiers by slug, people by username."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from accounts.models import Team, Tier, User
from core.db import session
from wiki.articles.content import Content
from wiki.articles.kinds import KINDS, FieldType
from wiki.articles.models import Article, Publication
from wiki.articles.rules import READER_TOKEN

Rename = Callable[[str], str]


def about(article: Article, row: Publication, content: Content) -> dict[str, Any]:
    """What a head of YAML says of a version beside its text; it is read back under the same names."""
    return {
        "id": article.external_id or article.slug,
        "slug": article.slug,
        "title": content.title,
        "kind": article.kind,
        "category": content.category,
        "tags": content.tags,
        "services": content.services,
        "audience": content.audience,
        "readers": content.readers,
        "version": row.version,
    }


def with_files(content: Content, swap: Rename) -> Content:
    """The content with every text of it gone through ``swap``."""
    return replace(content, body=swap(content.body), fields=_swapped(content.fields, swap))


def _swapped(value: Any, swap: Rename) -> Any:
    if isinstance(value, str):
        return swap(value)
    if isinstance(value, list):
        return [_swapped(one, swap) for one in value]
    return {key: _swapped(one, swap) for key, one in value.items()} if isinstance(value, dict) else value


def translated(kind: str, content: Content, rename: Rename) -> Content:
    """The content with other reader tokens, in its fields, too."""
    fields = dict(content.fields)
    for spec in KINDS[kind].fields if kind in KINDS else ():
        value = fields.get(spec.code)
        if spec.type is FieldType.READERS and isinstance(value, list):
            fields[spec.code] = [rename(str(token)) for token in value]
    return replace(content, readers=[rename(str(token)) for token in content.readers], fields=fields)


class Names:
    """The tables of an installation, read once; ``outward`` and ``inward`` translate tokens."""

    def __init__(self) -> None:
        self.people: dict[int, tuple[str, str]] = {
            row.id: (row.username, row.name) for row in session.execute(sa.select(User.id, User.username, User.name))
        }
        self.teams = dict(session.execute(sa.select(Team.id, Team.slug)).all())
        self.tiers = dict(session.execute(sa.select(Tier.id, Tier.slug)).all())
        self.told: set[str] = set()  # who was named

    def username(self, user_id: int | None) -> str | None:
        """The username of an id; remembered as named."""
        if user_id is None:
            return None
        self.told.add(self.people[user_id][0])
        return self.people[user_id][0]

    def outward(self, token: str) -> str:
        """A token as it is written into a folder."""
        what, _colon, rest = token.partition(":")
        if what == "user" and rest.isdecimal() and int(rest) in self.people:
            return f"user:{self.username(int(rest))}"
        table = {"team": self.teams, "tier": self.tiers}.get(what, {})
        return f"{what}:{table[int(rest)]}" if rest.isdecimal() and int(rest) in table else token

    def inward(self, token: str) -> str:
        """A token of a folder as it is stored here; one that names nobody stays as it is, and is refused later."""
        what, _colon, rest = token.partition(":")
        ids = {
            "team": {slug: key for key, slug in self.teams.items()},
            "tier": {slug: key for key, slug in self.tiers.items()},
            "user": {row[0]: key for key, row in self.people.items()},
        }.get(what, {})
        return f"{what}:{ids[rest]}" if rest in ids else token


def by_name(names: Names) -> Rename:
    """For files that people write: ``team:billing`` as well as ``team:3``."""
    return lambda token: token if READER_TOKEN.fullmatch(token) else names.inward(token)
