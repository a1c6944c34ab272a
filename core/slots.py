"""Slots: menu entries and page panels that a lower package offers and the packages above it fill."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import render_template, request, url_for
from markupsafe import Markup

from core.actors import Actor
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
_menu: dict[str, MenuEntry] = {}
_panels: dict[str, list[tuple[int, Panel]]] = defaultdict(list)


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
    return [_shown(entry, url_for(entry.endpoint, **entry.values), actor) for entry in shown]


def _shown(entry: MenuEntry, url: str, actor: Actor) -> dict[str, Any]:
    here = request.path == url or (url != "/" and request.path.startswith(url.rstrip("/") + "/"))
    return {"label": entry.label, "url": url, "active": here, "badge": entry.badge(actor) if entry.badge else 0}


def panel(slot: str, function: Panel, *, order: int = 50) -> None:
    """Fill a slot of somebody else's page. The function gets the page's context and returns template and context."""
    if all(known is not function for _, known in _panels[slot]):
        _panels[slot].append((order, function))
        _panels[slot].sort(key=lambda item: item[0])


def render_panels(slot: str, **context: Any) -> Markup:
    """The filled panels of a slot, in order; templates are ours, so joining them is safe."""
    parts = []
    for _order, function in _panels[slot]:
        answer = function(context)
        if answer is not None:
            template, values = answer
            parts.append(render_template(template, **{**context, **values}))
    return joined(parts)
