"""Permissions read as English: ``can(actor, P.DECIDE, task)`` asks, ``require(...)`` enforces.

Each package names its permissions in an enum and grants them in one map of predicates. A permission that guards things
in lists also has a *twin*: a function from the actor to an SQL condition that selects what the predicate allows;
tests hold the two together for every role, so that lists never lie about buttons.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.actors import Actor
from core.errors import Forbidden, Unauthenticated
from core.i18n import _

Predicate = Callable[[Actor, Any], bool]
Twin = Callable[[Actor], sa.ColumnElement[bool]]


class Permission(StrEnum):
    """Base of each package's enum; a member's value is a short English sentence, unique in the house."""


class Everyone(StrEnum):
    """The two gates that need no grant."""

    EVERYONE = "everyone"
    SIGNED_IN = "signed in"


EVERYONE = Everyone.EVERYONE
SIGNED_IN = Everyone.SIGNED_IN

_grants: dict[Permission, Predicate] = {}
_twins: dict[Permission, Twin] = {}


def grant(rules: dict[Any, Predicate], *, lists: dict[Any, Twin] | None = None) -> None:
    """Say who holds each permission; granting one twice stops the program at import."""
    for permission, predicate in rules.items():
        if permission in _grants and _grants[permission] is not predicate:
            raise RuntimeError(f"{permission!r} is granted twice")
        _grants[permission] = predicate
    _twins.update(lists or {})


def can(actor: Actor | None, permission: Permission, thing: Any = None) -> bool:
    """May this person do this to this thing? Nobody signed in may do nothing."""
    return actor is not None and _grants[permission](actor, thing)


def require(actor: Actor | None, permission: Permission, thing: Any = None) -> None:
    """Raise unless ``can``.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: somebody is, but this is not theirs to do.
    """
    if actor is None:
        raise Unauthenticated(_("Please sign in first."))
    if not can(actor, permission, thing):
        raise Forbidden(_("You may not do this. Ask a knowledge manager if you should be able to."))


def allowed(actor: Actor, permission: Permission) -> sa.ColumnElement[bool]:
    """The twin: a condition that selects exactly the rows for which ``can`` is true."""
    return _twins[permission](actor)


def granted() -> dict[Permission, Predicate]:
    """The whole map, for tests and documentation."""
    return dict(_grants)


def anybody(actor: Actor, thing: Any = None) -> bool:
    """Everybody who is signed in."""
    return True


def holds(*roles: str) -> Predicate:
    """A predicate: the person holds one of the roles."""

    def predicate(actor: Actor, thing: Any = None) -> bool:
        return actor.holds(*roles)

    return predicate


def all_of(*predicates: Predicate) -> Predicate:
    """A predicate: all hold."""

    def predicate(actor: Actor, thing: Any = None) -> bool:
        return all(p(actor, thing) for p in predicates)

    return predicate


def any_of(*predicates: Predicate) -> Predicate:
    """A predicate: at least one holds."""

    def predicate(actor: Actor, thing: Any = None) -> bool:
        return any(p(actor, thing) for p in predicates)

    return predicate


def none_of(*predicates: Predicate) -> Predicate:
    """A predicate: none holds."""

    def predicate(actor: Actor, thing: Any = None) -> bool:
        return not any(p(actor, thing) for p in predicates)

    return predicate
