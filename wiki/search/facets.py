"""By what results are narrowed: from the address, to lists with counts and chips that can be taken away again."""

from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from core.i18n import _
from wiki.articles.kinds import KINDS
from wiki.articles.models import Audience
from wiki.articles.presenting import audience_word
from wiki.articles.queries import categories, services
from wiki.search.engines.base import Facet, Fresh, Page

# Names in the address; several values of one name are 'any of these', different names are 'both'.
NAMES = {
    "kind": Facet.KIND,
    "category": Facet.CATEGORY,
    "service": Facet.SERVICE,
    "tag": Facet.TAG,
    "audience": Facet.READERSHIP,
    "fresh": Facet.FRESH,
}
SINGLE = ("category", "fresh")
MOST_VALUES = 10  # in one list; what is chosen is always shown
MOST_CHOSEN = 10

Filters = dict[Facet, tuple[str, ...]]


def chosen(args: MultiDict[str, str]) -> Filters:
    """The filters that an address asks for."""
    found = {}
    for name, facet in NAMES.items():
        values = tuple(dict.fromkeys(value for value in args.getlist(name) if value))[:MOST_CHOSEN]
        if values:
            found[facet] = values[:1] if name in SINGLE else values
    return found


def words() -> dict[Facet, dict[str, str]]:
    """What values are called; a value that is not here is called as it is."""
    return {
        Facet.KIND: {code: str(kind.label) for code, kind in KINDS.items()},
        Facet.CATEGORY: {row.slug: row.name for row in categories()},
        Facet.SERVICE: {row.code: row.name for row in services()},
        Facet.READERSHIP: {each.value: str(audience_word(each)) for each in Audience},
        Facet.FRESH: {
            Fresh.WEEK: _("changed in the last 7 days"),
            Fresh.MONTH: _("changed in the last 30 days"),
            Fresh.QUARTER: _("changed in the last 90 days"),
            Fresh.LOOK: _("needs a look"),
        },
    }


def _titles() -> dict[Facet, str]:
    return {
        Facet.KIND: _("Kind"),
        Facet.CATEGORY: _("Category"),
        Facet.SERVICE: _("Service"),
        Facet.TAG: _("Tag"),
        Facet.READERSHIP: _("Who may read it"),
        Facet.FRESH: _("Freshness"),
    }


def shown(page: Page, filters: Filters) -> dict[str, Any]:
    """For the template: lists {name, label, values [{value, label, count, on, set, depth}]} and chips {name, value,
    label, left}. ``set`` and ``left`` are the values of that name in the address after a click."""
    called = words()
    lists = [_list(name, facet, page, filters, called.get(facet, {})) for name, facet in NAMES.items()]
    chips = [
        {
            "name": name,
            "value": value,
            "label": called.get(facet, {}).get(value, value),
            "left": [each for each in on if each != value] or None,
        }
        for name, facet in NAMES.items()
        if (on := filters.get(facet, ()))
        for value in on
    ]
    return {"lists": [each for each in lists if each is not None], "chips": chips}


def _list(name: str, facet: Facet, page: Page, filters: Filters, called: Mapping[str, str]) -> dict[str, Any] | None:
    counts, on = dict(page.facets.get(facet, ())), filters.get(facet, ())
    counts |= {value: 0 for value in on if value not in counts}
    if not counts or (facet is Facet.READERSHIP and len(counts) < 2 and not on):
        return None  # who sees but one sort of readers has nothing to choose
    if facet is Facet.CATEGORY:
        ordered = list(_tree(counts, on))
    elif facet is Facet.FRESH:
        ordered = [(value.value, 0) for value in Fresh if value in counts]
    else:
        ordered = [(value, 0) for value in _first(counts, on)]
    values = [
        {
            "value": value,
            "label": called.get(value, value),
            "count": counts.get(value, 0),
            "on": value in on,
            "depth": depth,
            "set": _after(name, value, on),
        }
        for value, depth in ordered
    ]
    return {"name": name, "label": _titles()[facet], "values": values}


def _first(counts: Mapping[str, int], on: Iterable[str]) -> list[str]:
    """The most frequent, and what is chosen."""
    best = sorted(counts, key=lambda value: (-counts[value], value))[:MOST_VALUES]
    return best + [value for value in on if value not in best]


def _tree(counts: Mapping[str, int], on: Iterable[str]) -> Iterable[tuple[str, int]]:
    """(slug, depth) of the tops of the tree, and below the ones that are opened; a parent's count holds its children's.

    A category is opened when it, or something below it, is chosen – or when it is the only one there.
    """
    rows = [row for row in categories() if row.slug in counts]
    opened = {slug for row in rows if row.slug in on for slug in row.path.split("/")}
    tops = [row for row in rows if "/" not in row.path]
    if len(tops) == 1:
        opened.add(tops[0].slug)
    for row in rows:
        *above, _own = row.path.split("/")
        if all(slug in opened for slug in above):
            yield row.slug, len(above)


def _after(name: str, value: str, on: tuple[str, ...]) -> list[str] | None:
    """The values of this name in the address after a click on one of them."""
    if value in on:
        return [each for each in on if each != value] or None
    return [value] if name in SINGLE else [*on, value]
