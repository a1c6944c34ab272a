"""Slots: menu entries and page panels that a lower package offers and the packages above it fill."""

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import render_template, request, url_for
from markupsafe import Markup

from core.actors import Actor
from core.caches import Cache
from core.markup import joined
from core.permissions import Permission, can


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One link of the main menu. ``badge`` counts what waits (0 hides it)."""

    label: Any
    endpoint: str
    permission: Permission | None
    order: int
    badge: Callable[[Actor], int] | None = None
    place: str = "main"
    values: dict[str, Any] = field(default_factory=dict)


Panel = Callable[[dict[str, Any]], tuple[str, dict[str, Any]] | None]
Stamp = sa.ColumnElement[Any]
Shows = Callable[[Actor, int], Hashable]
_menu: dict[str, MenuEntry] = {}
_panels: dict[str, list[tuple[int, Panel]]] = defaultdict(list)
_stamps: dict[str, list[Stamp | Shows | None]] = defaultdict(list)
_frames: list[Callable[[Actor], Hashable]] = []
_badges: Cache[dict[str, int]] = Cache(10_000, seconds=1.0, until_write=True)


def menu(
    label: Any,
    endpoint: str,
    permission: Permission | None = None,
    *,
    order: int = 50,
    badge: Callable[[Actor], int] | None = None,
    place: str = "main",
    **values: Any,
) -> None:
    """Offer a page in the menu to those who hold the permission (``None``: everybody signed in).

    ``values`` are the parts of its address: ``menu(_l("Script"), "articles.new", P.WRITE, kind="script")``.
    """
    key = endpoint + "".join(f"/{name}={value}" for name, value in sorted(values.items()))
    _menu[key] = MenuEntry(label, endpoint, permission, order, badge, place, values)


def menu_for(actor: Actor | None, place: str = "main") -> list[dict[str, Any]]:
    """The entries this person sees: label, url, active, badge."""
    if actor is None:
        return []
    entries = sorted((e for e in _menu.values() if e.place == place), key=lambda e: e.order)
    shown = [entry for entry in entries if entry.permission is None or can(actor, entry.permission)]
    counts = badges_of(actor) if any(entry.badge for entry in shown) else {}
    return [_shown(entry, url_for(entry.endpoint, **entry.values), counts.get(entry.endpoint, 0)) for entry in shown]


def _shown(entry: MenuEntry, url: str, badge: int) -> dict[str, Any]:
    here = request.path == url or (url != "/" and request.path.startswith(url.rstrip("/") + "/"))
    return {"label": entry.label, "url": url, "active": here, "badge": badge}


def badges_of(actor: Actor) -> dict[str, int]:
    """What waits for this person, by endpoint; at most one second old."""
    found = _badges.get(actor)
    if found is None:
        entries = [e for e in _menu.values() if e.badge and (e.permission is None or can(actor, e.permission))]
        found = {entry.endpoint: entry.badge(actor) for entry in entries if entry.badge}
        _badges.put(actor, found)
    return found


def panel(slot: str, function: Panel, *, order: int = 50, stamp: Stamp | Shows | None = None) -> None:
    """Fill a slot of somebody else's page. The function gets the page's context and returns template and context.

    ``stamp`` is SQL that changes whenever the panel shows something else, correlated with the page's own row, with the
    reader's id as the parameter ``reader``; or a function that says, of a reader and the id of that row, what would be
    shown now. Without one, the pages with this panel are made anew each time.
    """
    if all(known is not function for _, known in _panels[slot]):
        _panels[slot].append((order, function))
        _panels[slot].sort(key=lambda item: item[0])
        _stamps[slot].append(stamp)


def stamps(*names: str) -> tuple[list[Stamp], list[Shows]] | None:
    """The stamps of every panel in these slots, those in SQL and the functions; ``None`` when a panel has none."""
    found = [stamp for name in names for stamp in _stamps[name]]
    if any(stamp is None for stamp in found):
        return None
    sql = [stamp for stamp in found if isinstance(stamp, sa.ColumnElement)]
    return sql, [stamp for stamp in found if stamp is not None and not isinstance(stamp, sa.ColumnElement)]


def frame(function: Callable[[Actor], Hashable]) -> None:
    """Say what a panel of every page (``page.top``) shows a person: kept pages are made anew when it changes."""
    if function not in _frames:
        _frames.append(function)


def frames_of(actor: Actor) -> tuple[Hashable, ...]:
    """What stands on every page of this person."""
    return tuple(function(actor) for function in _frames)


def render_panels(slot: str, **context: Any) -> Markup:
    """The filled panels of a slot, in order; templates are ours, so joining them is safe."""
    parts = []
    for _order, function in _panels[slot]:
        answer = function(context)
        if answer is not None:
            template, values = answer
            parts.append(render_template(template, **{**context, **values}))
    return joined(parts)
