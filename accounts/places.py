"""Writes over the plain lists: teams, sites, tiers."""

import re
from typing import TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from accounts.identity import forget_known
from accounts.models import Site, Team, Tier
from accounts.permissions import P
from core import audit
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.permissions import require

Place = TypeVar("Place", Site, Tier, Team)
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def save_site(actor: Actor | None, slug: str, *, name: str, timezone: str) -> Site:
    """The site of this slug, made or changed."""
    _allow(actor)
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise Invalid({"timezone": _("%(zone)s is not a time zone.", zone=timezone)}) from error
    site = session.scalar(sa.select(Site).where(Site.slug == slug)) or Site(slug=_slug(slug))
    site.name, site.timezone = _name(name), timezone
    return _kept(actor, site, "site")


def save_tier(actor: Actor | None, slug: str, *, name: str, position: int) -> Tier:
    """The tier of this slug, made or changed."""
    _allow(actor)
    tier = session.scalar(sa.select(Tier).where(Tier.slug == slug)) or Tier(slug=_slug(slug))
    tier.name, tier.position = _name(name), position
    return _kept(actor, tier, "tier")


def save_team(actor: Actor | None, slug: str, *, name: str, site: str | None = None) -> Team:
    """The team of this slug, made or changed; ``site`` is a slug."""
    _allow(actor)
    place = session.scalar(sa.select(Site).where(Site.slug == site)) if site else None
    if site and place is None:
        raise Invalid({"site": _("There is no site %(site)s.", site=site)})
    team = session.scalar(sa.select(Team).where(Team.slug == slug)) or Team(slug=_slug(slug))
    team.name, team.site = _name(name), place
    forget_known()
    return _kept(actor, team, "team")


def must_be_new(kind: type[Team] | type[Site] | type[Tier], slug: str) -> None:
    """Refuse a slug that is in use.

    Raises:
        Conflict: it is.
    """
    if session.scalar(sa.select(kind.id).where(kind.slug == slug)) is not None:
        raise Conflict(_("%(slug)s exists already.", slug=slug), code="slug-taken")


def _allow(actor: Actor | None) -> None:
    if actor is not None:
        require(actor, P.MANAGE_PEOPLE)


def _slug(slug: str) -> str:
    if not SLUG.fullmatch(slug):
        raise Invalid({"slug": _("Use small letters, digits and hyphens.")})
    return slug


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise Invalid({"name": _("A name has 1 to 120 characters.")})
    return name


def _kept(actor: Actor | None, place: Place, kind: str) -> Place:
    session.add(place)
    session.flush()
    audit.record(actor, "saved", subject_kind=kind, subject_id=place.id, details={"slug": place.slug})
    return place
