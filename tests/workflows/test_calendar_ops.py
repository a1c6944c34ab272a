"""Which calendar counts where, who may change one, and what is told and remembered."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core import audit, events
from core.db import reading, session, writing
from core.errors import Conflict, Forbidden, Invalid
from workflows import calendar_ops
from workflows.calendar_models import ShiftCalendar, SiteCalendar
from workflows.calendar_ops import OFFICE_WEEK, ensure_calendars, save_calendar
from workflows.calendar_queries import calendar_by_slug, calendar_of, calendars
from workflows.calendar_texts import SpecialDay
from workflows.calendars import WHOLE_DAY, add
from workflows.events import CalendarChanged

NIGHTS = (((22 * 60, 30 * 60),),) * 7
GOLDEN = {date(2026, 10, 1): SpecialDay((), "国庆节"), date(2026, 10, 10): SpecialDay(((540, 1080),), "调休")}


@pytest.fixture
def manager(make):
    return actor_of(make.user("manager"))


@pytest.fixture
def told():
    """The slugs of the calendars that were told to have changed."""
    heard: list[str] = []

    def listen(event: CalendarChanged) -> None:
        heard.append(event.slug)

    events.on(CalendarChanged)(listen)
    yield heard
    events._listeners[CalendarChanged].remove(listen)


def save(actor, slug="nights", **values):
    given = {"name": "夜班", "timezone": "Asia/Shanghai", "week": NIGHTS, **values}
    return save_calendar(actor, slug, **given)


def test_the_centre_and_its_offices_are_there_from_the_beginning(db):
    assert calendar_of(None, None).is_always_open
    assert calendar_of("office").week == OFFICE_WEEK
    assert [row.slug for row in session.scalars(calendars())] == ["centre", "office"]


def test_sowing_again_leaves_what_was_changed(db, manager):
    save(manager, "office", name="坐班")
    ensure_calendars()
    assert calendar_of("office").week == NIGHTS
    assert session.scalar(sa.select(sa.func.count()).select_from(ShiftCalendar)) == 2


def test_the_named_one_then_the_sites_then_the_centres_then_none(db, make, manager):
    wuhan, chengdu = make.site("wuhan"), make.site("chengdu")
    save(manager, sites=["wuhan"])
    assert calendar_of("office", wuhan.id).week == OFFICE_WEEK
    assert calendar_of(None, wuhan.id).week == NIGHTS
    assert calendar_of(None, chengdu.id).is_always_open
    assert calendar_of("gone", wuhan.id).week == NIGHTS
    assert calendar_of("gone").is_always_open
    session.execute(sa.delete(ShiftCalendar).where(ShiftCalendar.slug == "centre"))
    assert calendar_of(None, chengdu.id).week == (WHOLE_DAY,) * 7


def test_it_comes_back_as_it_was_saved(db, manager):
    row = save(manager, timezone="Europe/Berlin", exceptions=GOLDEN)
    session.flush()
    session.expire_all()
    assert (row.week, row.special_days) == (NIGHTS, GOLDEN)
    value = calendar_of("nights")
    assert value.on(date(2026, 10, 1)) == ()
    assert value.on(date(2026, 10, 10)) == ((540, 1080),)
    begins = datetime(2026, 10, 9, 22, tzinfo=ZoneInfo("Europe/Berlin"))
    assert add(value, begins, 9 * 60) == datetime(2026, 10, 10, 10, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize("role", ["rep", "business", "qa", "training", "supervisor", "admin"])
def test_only_a_manager_changes_calendars(db, make, role):
    with pytest.raises(Forbidden):
        save(actor_of(make.user(role)))


def test_a_change_is_told_and_remembered(db, manager, told):
    row = save(manager, exceptions=GOLDEN)
    assert (told, row.version) == (["nights"], 1)
    save(manager, week=OFFICE_WEEK, exceptions=GOLDEN)
    assert (told, row.version) == (["nights", "nights"], 2)
    one, two = session.scalars(audit.trail("calendar", row.id)).all()
    assert (one.actor_id, one.verb) == (manager.id, "saved")
    assert one.details["changed"]["exceptions"] == [None, ["2026-10-01 国庆节", "2026-10-10 09:00-18:00 调休"]]
    assert set(two.details["changed"]) == {"week"}
    assert two.details["changed"]["week"][0] == ["22:00-06:00"] * 7
    assert two.details["changed"]["week"][1][5:] == ["", ""]


def test_who_listens_sees_the_new_hours_at_once(db, manager):
    """Deadlines are reckoned anew inside the act that changes the hours."""
    seen = []

    def listen(event: CalendarChanged) -> None:
        seen.append(calendar_of(event.slug).week)

    calendar_of("office")  # now it is held
    events.on(CalendarChanged)(listen)
    try:
        save(manager, "office")
    finally:
        events._listeners[CalendarChanged].remove(listen)
    assert seen == [NIGHTS]


def test_a_new_name_moves_no_deadline(db, manager, told):
    save(manager)
    row = save(manager, name="通宵")
    assert (row.version, told) == (2, ["nights"])


def test_saving_the_same_changes_nothing(db, make, manager, told):
    make.site("wuhan")
    row = save(manager, exceptions=GOLDEN, sites=["wuhan"])
    save(manager, exceptions=GOLDEN, sites=["wuhan"])
    assert (row.version, told) == (1, ["centre", "nights"])
    assert len(session.scalars(audit.trail("calendar", row.id)).all()) == 1


def test_a_site_moves_from_one_calendar_to_another(db, make, manager, told):
    wuhan = make.site("wuhan")
    save(manager, sites=["wuhan"])
    save(manager, "office", week=OFFICE_WEEK, sites=["wuhan"])
    assert told == ["centre", "nights", "nights", "office"]
    assert calendar_of(None, wuhan.id).week == OFFICE_WEEK
    assert session.scalar(calendar_by_slug("nights")).sites == []
    row = save(manager, "office", week=OFFICE_WEEK, sites=[])
    assert row.sites == []
    assert calendar_of(None, wuhan.id).is_always_open
    assert session.scalar(sa.select(sa.func.count()).select_from(SiteCalendar)) == 0


def test_the_sites_stay_when_nothing_is_said_of_them(db, make, manager):
    make.site("wuhan")
    save(manager, sites=["wuhan"])
    assert [site.slug for site in save(manager, name="通宵").sites] == ["wuhan"]


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"slug": "Nights"}, "slug", "small letters"),
        ({"slug": "new"}, "slug", "taken by a page"),
        ({"name": " "}, "name", "1 to 120"),
        ({"name": "x" * 121}, "name", "1 to 120"),
        ({"timezone": "Mars/Olympus"}, "timezone", "not a time zone"),
        ({"timezone": "../etc/passwd"}, "timezone", "not a time zone"),
        ({"week": ((),) * 7}, "week", "at least one day"),
        ({"week": ((),) * 7, "exceptions": {date(2099, 1, 1): SpecialDay(WHOLE_DAY)}}, "week", "at least one day"),
        ({"sites": ["nowhere"]}, "sites", "no site nowhere"),
        ({"slug": "centre", "active": False}, "active", "it stays"),
    ],
)
def test_what_makes_no_calendar_is_refused_at_its_field(db, manager, told, wrong, field, said):
    with pytest.raises(Invalid) as refused:
        save(manager, **wrong)
    assert said in refused.value.errors[field]
    assert told == []


def test_two_managers_at_once(db, manager):
    save(manager, seen=0)
    with pytest.raises(Conflict, match="exists already"):
        save(manager, seen=0)
    save(manager, week=OFFICE_WEEK, seen=1)
    with pytest.raises(Conflict, match="Somebody else"):
        save(manager, seen=1)
    assert calendar_of("nights").week == OFFICE_WEEK


def test_one_that_is_not_offered_any_more_still_counts(db, manager):
    save(manager, active=False)
    assert calendar_of("nights").week == NIGHTS
    assert [row.slug for row in session.scalars(calendars(active=True))] == ["centre", "office"]


@pytest.mark.both_databases
def test_it_is_read_once_until_somebody_writes(app, make, query_count):
    manager = actor_of(make.user("manager"))
    with reading():
        calendar_of("office")
    with reading(), query_count() as statements:
        for _ in range(100):
            calendar_of("office", 7)
    assert len(statements) == 0
    with writing():
        save(manager, "office")
    with reading():
        assert calendar_of("office").week == NIGHTS


@pytest.mark.both_databases
def test_what_was_rolled_back_is_not_held(app, make):
    manager = actor_of(make.user("manager"))
    seen = []

    def change_and_fail() -> None:
        with writing():
            save(manager, "office")
            seen.append(calendar_of("office").week)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_fail()
    assert seen == [NIGHTS]
    with reading():
        assert calendar_of("office").week == OFFICE_WEEK


def test_the_defaults_are_in_the_zone_of_the_installation(app):
    with writing():
        session.execute(sa.delete(ShiftCalendar))
        app.config["SPIRAL"] = app.config["SPIRAL"].model_copy(update={"timezone": "Europe/Berlin"})
        ensure_calendars()
        assert {row.timezone for row in session.scalars(calendars())} == {"Europe/Berlin"}
    with reading():
        assert calendar_of().timezone == "Europe/Berlin"


def test_who_makes_the_same_calendar_a_moment_later_is_told(db):
    """The check has passed already: the table itself refuses the second one, and the transaction can go on."""
    row = ShiftCalendar(
        slug="office", name="x", timezone="UTC", document={"week": [], "exceptions": {}}, version=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC), updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    with pytest.raises(Conflict, match="exists already"):
        calendar_ops._write(row)
    assert calendar_of("office").week == OFFICE_WEEK
