"""Which calendar counts where."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from accounts.models import Site
from core.caches import Cache
from core.db import after_commit, session
from core.i18n import choose_zone
from workflows.calendar_models import ShiftCalendar, SiteCalendar
from workflows.calendars import Calendar, always

CENTRE, OFFICE = "centre", "office"
CHANGED = "calendars_changed"  # noted in the session by a transaction that has written some


@dataclass(frozen=True, slots=True)
class Known:
    """Every calendar by its slug, and the slug each site works by; a handful of rows."""

    by_slug: dict[str, Calendar]
    by_site: dict[int, str]


_known: Cache[Known] = Cache(1, seconds=1.0)


def changed() -> None:
    """This transaction has written calendars: it reads its own, and everybody reads anew once it has committed."""
    session.info[CHANGED] = True
    after_commit(_known.clear)


def calendar_of(slug: str | None = None, site_id: int | None = None) -> Calendar:
    """The calendar that was named; else the site's; else the centre's; else 7×24 in the zone of the installation.

    A name that nobody knows (any more) counts as none, so that a deadline never fails for want of a calendar.
    """
    known = _now_known()
    for wanted in (slug, known.by_site.get(site_id) if site_id is not None else None, CENTRE):
        if wanted is not None and wanted in known.by_slug:
            return known.by_slug[wanted]
    return always(choose_zone())


def _now_known() -> Known:
    if session.info.get(CHANGED):
        return _read()  # this transaction's own writes, which nobody else may see before it commits
    found = _known.get("all")
    if found is None:
        found = _read()
        _known.put("all", found)
    return found


def _read() -> Known:
    rows = session.scalars(sa.select(ShiftCalendar)).all()
    slugs = {row.id: row.slug for row in rows}
    used = session.execute(sa.select(SiteCalendar.site_id, SiteCalendar.calendar_id))
    return Known({row.slug: row.value for row in rows}, {site: slugs[calendar] for site, calendar in used})


def calendars(*, active: bool | None = None) -> sa.Select[ShiftCalendar]:
    """All calendars, the centre's first, with the sites that work by them; ``active``: only those offered, or not."""
    found = (
        sa.select(ShiftCalendar)
        .options(selectinload(ShiftCalendar.sites))
        .order_by(ShiftCalendar.slug != CENTRE, ShiftCalendar.active.desc(), ShiftCalendar.name, ShiftCalendar.id)
    )
    return found if active is None else found.where(ShiftCalendar.active.is_(active))


def calendar_by_slug(slug: str) -> sa.Select[ShiftCalendar]:
    """The calendar of this slug, with its sites."""
    return sa.select(ShiftCalendar).options(selectinload(ShiftCalendar.sites)).where(ShiftCalendar.slug == slug)


def sites_with_calendars() -> sa.Select[Site, ShiftCalendar | None]:
    """Every site with the calendar it was given, or ``None``, by name."""
    return (
        sa.select(Site, ShiftCalendar)
        .outerjoin(SiteCalendar, SiteCalendar.site_id == Site.id)
        .outerjoin(ShiftCalendar, ShiftCalendar.id == SiteCalendar.calendar_id)
        .order_by(Site.name, Site.id)
    )
