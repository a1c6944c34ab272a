"""Who looks after a category: the people to whom a seat 'owner of the category' goes.

A category without caretakers of its own is looked after by those of the nearest one above it.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts import queries
from accounts.models import User, UserRole
from accounts.rules import REVIEWERS, Role
from core import audit
from core.actors import Actor
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _
from core.permissions import require
from workflows import subjects
from workflows.caretaker_models import Caretaker
from workflows.definitions import steps_of
from workflows.permissions import P

SIT_IN_SEATS = (*REVIEWERS, Role.MANAGER)


def caretakers_of(category_path: str) -> dict[str, list[int]]:
    """``{code: user ids}`` of the nearest category on a path 'a/b/c' that active people look after; ``{}``: of none."""
    steps = steps_of(category_path)
    found = every(steps)
    for step in reversed(steps):
        if step in found:
            return {step: [user.id for user in found[step]]}
    return {}


def every(categories: Iterable[str] | None = None) -> dict[str, list[User]]:
    """The active people who look after each of these categories (``None``: of all), by name."""
    rows = (
        sa.select(Caretaker.category, User)
        .join(User, User.id == Caretaker.user_id)
        .options(joinedload(User.team))
        .where(User.active)
        .order_by(User.name, User.id)
    )
    if categories is not None:
        rows = rows.where(Caretaker.category.in_(list(categories)))
    found: dict[str, list[User]] = {}
    for category, user in session.execute(rows):
        found.setdefault(category, []).append(user)
    return found


def candidates() -> sa.Select[User]:
    """Active people who can look after a category: those who hold a role that sits in pipelines, by name."""
    return queries.people(active=True).where(User.role_rows.any(UserRole.role.in_(SIT_IN_SEATS)))


def save_caretakers(actor: Actor | None, category: str, usernames: Iterable[str]) -> None:
    """Exactly these active people look after the category afterwards.

    Raises:
        NotFound: there is no such category.
        Invalid: somebody is unknown, disabled, or holds no role that sits in pipelines.
    """
    if actor is not None:
        require(actor, P.MANAGE_PIPELINES)
    if all(code != category for code, _label, _path in subjects.categories()):
        raise NotFound(_("There is no such category."))
    wanted = {user.id: user for user in map(_caretaker, dict.fromkeys(usernames))}
    before = set(session.scalars(sa.select(Caretaker.user_id).where(Caretaker.category == category)))
    for user_id in sorted(before - set(wanted)):
        session.execute(sa.delete(Caretaker).where(Caretaker.category == category, Caretaker.user_id == user_id))
        _trail(actor, "stopped looking after a category", user_id, category)
    for user_id in sorted(set(wanted) - before):
        session.add(Caretaker(user_id=user_id, category=category))
        _trail(actor, "looks after a category", user_id, category)
    session.flush()


def pass_on(category: str, before: int, user: User, actor: Actor | None) -> None:
    """This person looks after the category instead of another. Who may say so was settled above (``wiki.people``).

    Raises:
        Invalid: they review nothing.
    """
    _caretaker(user.username)
    gone = sa.delete(Caretaker).where(Caretaker.category == category, Caretaker.user_id == before)
    session.execute(gone)
    _trail(actor, "stopped looking after a category", before, category)
    if session.get(Caretaker, (user.id, category)) is None:
        session.add(Caretaker(user_id=user.id, category=category))
        _trail(actor, "looks after a category", user.id, category)
    session.flush()


def _caretaker(username: str) -> User:
    found = session.scalar(queries.person(username))
    if found is None or not found.active:
        raise Invalid({"people": _("There is nobody called %(name)s.", name=username)})
    if found.roles.isdisjoint(SIT_IN_SEATS):
        raise Invalid({"people": _("%(name)s reviews nothing, and so cannot look after a category.", name=found.name)})
    return found


def _trail(actor: Actor | None, verb: str, user_id: int, category: str) -> None:
    audit.record(actor, verb, subject_kind="user", subject_id=user_id, details={"category": category})
