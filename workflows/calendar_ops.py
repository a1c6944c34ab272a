"""Writes of shift calendars: allow, change, remember, tell."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import available_timezones

import sqlalchemy as sa

from accounts.models import Site
from core import audit, clock
from core.actors import Actor
from core.db import database, session
from core.errors import Conflict, Invalid
from core.events import emit
from core.i18n import _, choose_zone
from core.permissions import require
from workflows.calendar_models import ShiftCalendar, SiteCalendar
from workflows.calendar_queries import CENTRE, OFFICE, calendar_by_slug, changed
from workflows.calendar_texts import SpecialDay, special_days_text, text_of
from workflows.calendars import CLOSED, WHOLE_DAY, Calendar, NeverOpens, Spans, next_opening
from workflows.events import CalendarChanged
from workflows.permissions import P

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
RESERVED = {"new"}  # an address of ours
NAME_LIMIT = 120
OFFICE_WEEK: tuple[Spans, ...] = (((9 * 60, 18 * 60),),) * 5 + (CLOSED,) * 2
DEFAULTS: dict[str, tuple[str, tuple[Spans, ...]]] = {
    CENTRE: ("全天候", (WHOLE_DAY,) * 7),
    OFFICE: ("办公时间", OFFICE_WEEK),
}


def ensure_calendars() -> None:
    """The calendars of the centre (7×24) and of its offices exist afterwards; one that is there stays as it is."""
    known = set(session.scalars(sa.select(ShiftCalendar.slug)))
    session.add_all(
        ShiftCalendar(
            slug=slug,
            name=name,
            timezone=choose_zone(),
            document=_document(week, {}),
            created_at=clock.now(),
            updated_at=clock.now(),
        )
        for slug, (name, week) in DEFAULTS.items()
        if slug not in known
    )
    changed()
    session.flush()


def save_calendar(
    actor: Actor | None,
    slug: str,
    *,
    name: str,
    timezone: str,
    week: Sequence[Spans],
    exceptions: Mapping[date, SpecialDay] | None = None,
    active: bool = True,
    sites: Collection[str] | None = None,
    seen: int | None = None,
) -> ShiftCalendar:
    """The calendar of this slug, made or changed. Who listens reckons the open deadlines anew.

    ``sites`` are the slugs of all sites that work by it (``None``: as before); a site is taken from the calendar it
    had. ``seen`` is the version that was on the screen, 0 for a calendar that was not there.

    Raises:
        Forbidden: the person may not manage pipelines.
        Conflict: somebody else changed it since, or made one of this slug.
        Invalid: each sentence stands at its field; nothing was changed.
    """
    if actor is not None:
        require(actor, P.MANAGE_PIPELINES)
    row = session.scalar(_locked(slug))
    _must_be_as_seen(row, slug, seen)
    after = _checked(slug, name, timezone, week, exceptions or {}, active)
    if row is None:
        row = ShiftCalendar(slug=slug, created_at=clock.now(), version=0, **after)
        before: dict[str, Any] = {}
    else:
        before = {field: getattr(row, field) for field in after}
    moved = _sites_to_move(row, sites)
    if after == before and not moved:
        return row
    for field, value in after.items():
        setattr(row, field, value)
    row.version, row.updated_at = row.version + 1, clock.now()
    changed()
    _write(row)
    others = _move(row, moved)
    details = {"slug": slug, "version": row.version, "changed": _differences(before, after), "sites": sorted(moved)}
    audit.record(actor, "saved", subject_kind="calendar", subject_id=row.id, details=details)
    if moved or {**before, "name": name} != {**after, "name": name}:  # a new name moves no deadline
        for one in sorted({slug, *others}):
            emit(CalendarChanged(one))
    return row


def _write(row: ShiftCalendar) -> None:
    try:
        with session.begin_nested():
            session.add(row)
    except sa.exc.IntegrityError as error:  # two at once made one of this slug
        raise Conflict(_("%(slug)s exists already.", slug=row.slug), code="slug-taken") from error


def _locked(slug: str) -> sa.Select[ShiftCalendar]:
    found = calendar_by_slug(slug).execution_options(populate_existing=True)
    return found if database().sqlite else found.with_for_update()


def _must_be_as_seen(row: ShiftCalendar | None, slug: str, seen: int | None) -> None:
    if seen is None or seen == (row.version if row else 0):
        return
    if seen == 0:
        raise Conflict(_("%(slug)s exists already.", slug=slug), code="slug-taken")
    said = _("Somebody else has changed this calendar since you opened it. Saving again replaces what they saved.")
    raise Conflict(said, code="calendar-changed")


def _checked(
    slug: str,
    name: str,
    timezone: str,
    week: Sequence[Spans],
    exceptions: Mapping[date, SpecialDay],
    active: bool,
) -> dict[str, Any]:
    """The columns to write."""
    errors = {}
    name = " ".join(name.split())
    if not SLUG.fullmatch(slug):
        errors["slug"] = _("Use small letters, digits and hyphens.")
    elif slug in RESERVED:
        errors["slug"] = _("“%(slug)s” is taken by a page; choose another.", slug=slug)
    if not 1 <= len(name) <= NAME_LIMIT:
        errors["name"] = _("A name has 1 to 120 characters.")
    if timezone not in available_timezones():
        errors["timezone"] = _("%(zone)s is not a time zone.", zone=timezone)
    elif not _opens(timezone, week, exceptions):
        errors["week"] = _("Give at least one day of the week its hours: with none, no deadline would ever come.")
    if slug == CENTRE and not active:
        errors["active"] = _("This is the calendar that counts where no other is given; it stays.")
    if errors:
        raise Invalid(errors)
    return {"name": name, "timezone": timezone, "document": _document(week, exceptions), "active": active}


def _opens(timezone: str, week: Sequence[Spans], exceptions: Mapping[date, SpecialDay]) -> bool:
    try:
        value = Calendar(timezone, tuple(week), {day: one.hours for day, one in exceptions.items()})
        next_opening(value, clock.now())
    except NeverOpens:
        return False
    return any(week)


def _document(week: Sequence[Spans], exceptions: Mapping[date, SpecialDay]) -> dict[str, Any]:
    return {
        "week": [_stored(hours) for hours in week],
        "exceptions": {
            day.isoformat(): {"hours": _stored(one.hours), "name": one.name} for day, one in sorted(exceptions.items())
        },
    }


def _stored(hours: Spans) -> list[list[int]]:
    return [[start, end] for start, end in hours]


def _sites_to_move(row: ShiftCalendar | None, sites: Collection[str] | None) -> dict[str, bool]:
    """The sites that come (True) or go (False), by slug."""
    if sites is None:
        return {}
    unknown = set(sites) - set(session.scalars(sa.select(Site.slug).where(Site.slug.in_(sites))))
    if unknown:
        raise Invalid({"sites": _("There is no site %(site)s.", site=min(unknown))})
    has = {site.slug for site in row.sites} if row is not None and row.id is not None else set()
    return {**dict.fromkeys(set(sites) - has, True), **dict.fromkeys(has - set(sites), False)}


def _move(row: ShiftCalendar, moved: dict[str, bool]) -> set[str]:
    """Write which sites come and go; the slugs of the other calendars concerned. Without one, the centre's counts."""
    if not moved:
        return set()
    others: set[str] = set()
    for site in session.scalars(sa.select(Site).where(Site.slug.in_(moved))):
        link = session.get(SiteCalendar, site.id)
        comes = moved[site.slug]
        others.add(link.calendar.slug if comes and link is not None else CENTRE)
        if not comes:
            session.delete(link)
        elif link is None:
            session.add(SiteCalendar(site_id=site.id, calendar_id=row.id))
        else:
            link.calendar_id = row.id
    session.flush()
    session.expire(row, ["sites"])
    return others


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What is different, as [before, after] in the words of the page; for the trail."""
    found: dict[str, Any] = {
        field: [before.get(field), value]
        for field, value in after.items()
        if field != "document" and before.get(field) != value
    }
    old, new = before.get("document"), after["document"]
    for part, words in (("week", _week_words), ("exceptions", _special_words)):
        if old is None or old[part] != new[part]:
            found[part] = [words(old[part]) if old else None, words(new[part])]
    return found


def _week_words(week: list[list[list[int]]]) -> list[str]:
    return [text_of(tuple((start, end) for start, end in hours)) for hours in week]


def _special_words(exceptions: dict[str, Any]) -> list[str]:
    days = {
        date.fromisoformat(day): SpecialDay(tuple((start, end) for start, end in one["hours"]), one["name"])
        for day, one in exceptions.items()
    }
    return special_days_text(days).splitlines()
