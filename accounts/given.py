"""What is given of a person, examined: each raises ``Invalid`` naming the field."""

from collections.abc import Iterable

import sqlalchemy as sa

from accounts.models import Team, Tier
from accounts.rules import Role
from core.db import session
from core.errors import Invalid
from core.i18n import _
from core.settings import LOCALES


def named(name: str) -> str:
    """The name in one line."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise Invalid({"name": _("A name has 1 to 120 characters.")})
    return name


def locale(code: str | None) -> str | None:
    """The language, ``None`` for that of the installation."""
    if code and code not in LOCALES:
        raise Invalid({"locale": _("This language is not offered.")})
    return code or None


def roles(codes: Iterable[str]) -> list[Role]:
    """At least one role, each once."""
    wanted = sorted(set(codes))
    unknown = [role for role in wanted if role not in set(Role)]
    if unknown:
        known = ", ".join(Role)
        raise Invalid({"roles": _("%(role)s is not a role; there are: %(known)s.", role=unknown[0], known=known)})
    if not wanted:
        raise Invalid({"roles": _("Give at least one role.")})
    return [Role(role) for role in wanted]


def team(slug: str | None) -> Team | None:
    """The team of this slug."""
    if not slug:
        return None
    found = session.scalar(sa.select(Team).where(Team.slug == slug))
    if found is None:
        known = ", ".join(session.scalars(sa.select(Team.slug).order_by(Team.slug))) or "–"
        raise Invalid({"team": _("There is no team %(team)s; there are: %(known)s.", team=slug, known=known)})
    return found


def tier(slug: str | None) -> Tier | None:
    """The tier of this slug."""
    if not slug:
        return None
    found = session.scalar(sa.select(Tier).where(Tier.slug == slug))
    if found is None:
        known = ", ".join(session.scalars(sa.select(Tier.slug).order_by(Tier.slug))) or "–"
        raise Invalid({"tier": _("There is no tier %(tier)s; there are: %(known)s.", tier=slug, known=known)})
    return found
