"""Who wrote what, as its page and the interface show it: only names the reader may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from accounts.models import User
from core.actors import Actor
from core.db import session
from core.markup import shown as rendered
from wiki.articles.blame import Passage
from wiki.articles.compare.marking import attributed
from wiki.articles.diff import names
from wiki.articles.kinds import KINDS, FieldType
from wiki.articles.models import Article
from wiki.articles.origins import Origins, Section, Source, origins_of
from wiki.articles.queries import versions
from wiki.articles.versions import approvals_for, approvers


@dataclass(frozen=True, slots=True)
class Credit:
    """A source in words. Of a version that the reader may not read nothing is told but that it is an earlier one."""

    version: str | None
    author: str | None
    username: str | None
    at: datetime | None
    approved_by: tuple[str, ...] = ()


def credits_of(who: Actor, article: Article, found: Origins) -> list[Credit]:
    """Each source as this reader may know it; the same few queries whatever their number."""
    rows = versions(who, article)
    given = dict(zip((row.id for row in rows), approvals_for(who, rows), strict=True))
    people = _people({source.author_id for source in found.sources})
    return [_credit(source, given, people) for source in found.sources]


def _credit(source: Source, given: dict[int, Any], people: dict[int, tuple[str, str]]) -> Credit:
    if source.publication_id not in given:
        return Credit(None, None, None, None)
    username, name = people[source.author_id]
    return Credit(source.version, name, username, source.at, tuple(approvers(given[source.publication_id])))


def _people(ids: set[int]) -> dict[int, tuple[str, str]]:
    rows = session.execute(sa.select(User.id, User.username, User.name).where(User.id.in_(ids)))
    return {row.id: (row.username, row.name) for row in rows}


def contributors(found: Origins, told: Sequence[Credit]) -> list[dict[str, Any]]:
    """Who has a share in the text, the largest first; those who may not be named are one line."""
    weights: dict[str, int] = {}
    about: dict[str, dict[str, Any]] = {}
    for section in found.sections:
        for passage in section.passages:
            for step, count in passage.weights:
                credit = told[step]
                key = credit.username or ""
                weights[key] = weights.get(key, 0) + count
                one = about.setdefault(key, {"username": credit.username, "name": credit.author, "versions": {}})
                if credit.version:
                    one["versions"][credit.version] = None
    order = sorted(weights, key=lambda key: (-weights[key], key))
    shares = percent([weights[key] for key in order])
    return [
        {**about[key], "versions": list(about[key]["versions"]), "characters": weights[key], "share": share}
        for key, share in zip(order, shares, strict=True)
    ]


def percent(weights: Sequence[int]) -> list[Decimal]:
    """Shares in percent with two places that sum to 100, by largest remainder."""
    whole = sum(weights)
    if not whole:
        return []
    units = [weight * 10_000 // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda n: (-(weights[n] * 10_000 % whole), n))
    for n in by_rest[: 10_000 - sum(units)]:
        units[n] += 1
    return [Decimal(unit) / 100 for unit in units]


def shown(who: Actor, article: Article) -> dict[str, Any]:
    """What the page of an article's origins needs."""
    found = origins_of(article)
    told = credits_of(who, article, found)
    kind = KINDS[article.kind]
    labels = dict(names(kind))
    markdown = {"body", *(spec.code for spec in kind.fields if spec.type is FieldType.TEXT)}
    return {
        "contributors": contributors(found, told),
        "sections": [
            {
                "name": one.name,
                "label": labels[one.name],
                "markdown": one.name in markdown,
                "passages": _passages(one, told, one.name in markdown),
            }
            for one in found.sections
        ],
    }


def _passages(section: Section, told: Sequence[Credit], markdown: bool) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for passage in section.passages:
        if not passage.weights:
            continue
        sources = _sources(passage, told)
        out.append({"html": _html(passage, told, markdown), "sources": sources})
        out[-1]["again"] = (
            len(out) > 1 and len(sources) == 1 and out[-2]["sources"][-1:] == sources == out[-2]["sources"]
        )
    return out


def _sources(passage: Passage, told: Sequence[Credit]) -> list[Credit]:
    return list(dict.fromkeys(told[step] for step, _count in passage.weights))


def _html(passage: Passage, told: Sequence[Credit], markdown: bool) -> Any:
    """The passage as readers see it; words that are not its main author's carry the version they came with."""
    main = told[passage.weights[0][0]]
    labels = [
        (run.text, "" if told[run.step] == main else told[run.step].version or "…") for run in passage.runs
    ]  # fmt: skip
    return attributed(rendered(passage.text) if markdown else None, labels)
