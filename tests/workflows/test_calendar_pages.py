"""The pages of shift calendars, as a manager uses them."""

import html
import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from core import clock as core_clock
from core.db import reading, session, writing
from tests.clients import fewest
from workflows.calendar_models import ShiftCalendar
from workflows.calendar_ops import OFFICE_WEEK, save_calendar
from workflows.calendar_queries import calendar_by_slug, calendar_of

WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
WEEK = {
    "monday": "22:00-06:00", "tuesday": "22:00-06:00", "wednesday": "", "thursday": "", "friday": "",
    "saturday": "9-12, 13-18", "sunday": "",
}  # fmt: skip
FORM = {
    "name": "Night desk",
    "timezone": "Asia/Shanghai",
    **WEEK,
    "exceptions": "2026-11-23 Closed for works",
    "seen": "0",
}
URL = "/admin/calendars"


@pytest.fixture
def browser(make, signed_in):
    with core_clock.fixed(WEDNESDAY):
        make.site("wuhan", name="Wuhan")
        yield signed_in(make.user("manager"))


def kept(slug: str) -> ShiftCalendar | None:
    with reading():
        return session.scalar(calendar_by_slug(slug))


def words(page: str) -> str:
    """The page as a reader sees it."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.both_databases
def test_a_manager_makes_a_calendar_and_gives_it_to_a_site(browser):
    answer = browser.submit(f"{URL}/new", {**FORM, "slug": "nights", "sites": "wuhan", "verb": "save"})
    assert (answer.status_code, answer.location) == (303, f"{URL}/nights")
    row = kept("nights")
    assert row.week[0] == ((1320, 1800),)
    assert row.week[5] == ((540, 720), (780, 1080))
    assert [site.slug for site in row.sites] == ["wuhan"]
    page = browser.text(f"{URL}/nights")
    assert 'value="09:00-12:00, 13:00-18:00"' in page
    assert "2026-11-23 Closed for works" in page
    assert "Night desk was saved." in page
    listed = words(browser.text(URL))
    assert "Night desk" in listed
    assert "Mon to Tue 22:00-06:00" in listed
    assert "1 special day ahead" in listed


def test_the_list_says_who_works_now_and_by_what(browser):
    listed = words(browser.text(URL))
    assert "Around the clock" in listed
    assert "every day around the clock" in listed
    assert "Mon to Fri 09:00-18:00 Sat to Sun closed" in listed
    assert "all without one of their own Wuhan" in listed
    with core_clock.fixed(datetime(2026, 11, 18, 12, tzinfo=UTC)):
        assert "Out of hours opens Thu 19 Nov 09:00" in words(browser.text(URL))


def test_it_says_what_it_means(browser):
    """Wednesday, ten o'clock: office hours, a holiday on Monday, work on Saturday."""
    browser.submit(f"{URL}/office", {
        **FORM, "name": "Office", "seen": "1", **dict.fromkeys(list(WEEK)[:5], "09:00-18:00"), "saturday": "",
        "exceptions": "2026-11-23 Founding Day\n2026-11-21 10:00-12:00 instead", "verb": "save",
    })  # fmt: skip
    page = browser.text(f"{URL}/office")
    said = words(page)
    assert page.count('class="day-hours"') == 14
    assert "Sat 21 Nov 10:00-12:00 · instead 2 h" in said
    assert "Mon 23 Nov closed · Founding Day 0 h" in said
    assert "now Wed 18 Nov 10:00 Wed 18 Nov 12:00 Wed 18 Nov 18:00 Sat 21 Nov 10:00" not in said
    assert "now Wed 18 Nov 10:00 Wed 18 Nov 12:00 Wed 18 Nov 18:00 Fri 20 Nov 16:00" in said
    assert "on a Friday afternoon Fri 20 Nov 16:00 Fri 20 Nov 18:00 Tue 24 Nov 13:00" in said
    assert "the day before: Founding Day Sun 22 Nov 16:00 Tue 24 Nov 11:00" in said


def test_a_night_is_drawn_on_both_of_its_days(browser):
    said = words(browser.submit(f"{URL}/new", {**FORM, "verb": "look"}).get_data(as_text=True))
    assert "Not saved yet" in said
    assert "Mon 23 Nov closed · Closed for works 0 h" in said
    assert "Tue 24 Nov 22:00-24:00 2 h Wed 25 Nov 00:00-06:00 6 h" in said
    assert kept("nights") is None


@pytest.mark.parametrize(
    ("template", "monday", "sunday"),
    [
        ("always", "00:00-24:00", "00:00-24:00"),
        ("office", "09:00-18:00", ""),
        ("lunch", "09:00-12:00, 13:00-18:00", ""),
    ],
)
def test_a_template_fills_the_week_and_leaves_the_rest_as_typed(browser, template, monday, sunday):
    typed = {**FORM, "slug": "desk", "exceptions": "not yet a date", "sites": "wuhan", "fill": template}
    page = browser.submit(f"{URL}/new", typed).get_data(as_text=True)
    assert f'name="monday" value="{monday}"' in page
    assert f'name="sunday" value="{sunday}"' in page
    assert 'value="Night desk"' in page
    assert 'value="desk"' in page
    assert "not yet a date" in page
    assert re.search(r'value="wuhan" checked', page)
    assert kept("desk") is None


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(browser):
    wrong = {
        **FORM, "slug": "Nights!", "monday": "morning", "friday": "09:00-09:00", "exceptions": "2026-02-30 x\nholiday",
        "sites": "wuhan", "verb": "save",
    }  # fmt: skip
    answer = browser.submit(f"{URL}/new", wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    for field, said in {
        "monday": "“morning” is not understood",
        "friday": "A whole day is 00:00-24:00",
        "exceptions": "Line 1: there is no day 2026-02-30",
    }.items():
        found = re.search(rf'id="f-{field}-error">([^<]+)<', page)
        assert found, field
        assert said in html.unescape(found.group(1))
        assert f'href="#f-{field}"' in page
    assert "Line 2: begin with a date" in html.unescape(page)
    for text in (
        'value="Nights!"',
        'value="morning"',
        'value="22:00-06:00"',
        "2026-02-30 x\nholiday",
        'wuhan" checked',
    ):
        assert text in page
    again = browser.submit(f"{URL}/new", {**FORM, "slug": "Nights!", "name": "", "verb": "save"})
    assert re.search(r'id="f-slug-error">Use small letters', again.get_data(as_text=True))
    assert re.search(r'id="f-name-error">A name has', again.get_data(as_text=True))


def test_a_week_without_hours_is_refused(browser):
    closed = {**FORM, "slug": "never", **dict.fromkeys(WEEK, ""), "verb": "save"}
    answer = browser.submit(f"{URL}/new", closed)
    assert answer.status_code == 422
    assert 'id="f-week-error">Give at least one day' in answer.get_data(as_text=True)
    looked = browser.submit(f"{URL}/new", {**closed, "verb": "look"})
    assert looked.status_code == 200
    assert "no deadline would ever come" in looked.get_data(as_text=True)


def test_a_zone_that_is_none_is_refused_and_kept(browser):
    answer = browser.submit(f"{URL}/new", {**FORM, "slug": "x", "timezone": "Mars/Olympus", "verb": "save"})
    assert answer.status_code == 422
    assert "<option selected>Mars/Olympus</option>" in answer.get_data(as_text=True)


def test_a_slug_that_is_taken(browser):
    answer = browser.submit(f"{URL}/new", {**FORM, "slug": "office", "verb": "save"})
    assert answer.status_code == 409
    assert 'id="f-slug-error">office exists already' in answer.get_data(as_text=True)
    assert kept("office").week == OFFICE_WEEK


@pytest.mark.both_databases
def test_two_managers_at_once_the_second_is_told_and_loses_nothing(browser):
    saved = {**FORM, "name": "Office", "timezone": "Asia/Shanghai"}
    assert browser.submit(f"{URL}/office", {**saved, "seen": "1", "verb": "save"}).status_code == 303
    answer = browser.submit(f"{URL}/office", {**saved, "name": "Mine", "monday": "10-11", "seen": "1", "verb": "save"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Somebody else has changed this calendar" in page
    assert 'value="Mine"' in page
    assert 'value="10-11"' in page
    assert 'name="seen" value="2"' in page
    again = browser.submit(f"{URL}/office", {**saved, "name": "Mine", "seen": "2", "verb": "save"})
    assert again.status_code == 303
    assert kept("office").name == "Mine"


def test_the_centres_calendar_stays_and_keeps_its_sites(browser):
    page = browser.text(f"{URL}/centre")
    assert "counts for every site that has none of its own" in page
    assert 'name="active"' not in page
    assert 'name="sites"' not in page
    browser.submit(f"{URL}/centre", {**FORM, "seen": "1", "verb": "save"})
    row = kept("centre")
    assert row.active
    assert row.week[0] == ((1320, 1800),)
    with reading():
        assert calendar_of().week[0] == ((1320, 1800),)


def test_one_that_is_not_offered_any_more(browser):
    browser.submit(f"{URL}/office", {**FORM, "seen": "1", "verb": "save"})
    assert kept("office").active is False
    assert "Not offered" in browser.text(URL)


def test_a_calendar_that_is_not_there(browser):
    assert "There is no calendar nothing" in browser.text(f"{URL}/nothing", 404)


def test_the_default_names_are_in_the_readers_language(browser):
    assert "Around the clock" in browser.text(f"{URL}/centre")
    browser.submit(f"{URL}/centre", {**FORM, "name": "Hotline", "seen": "1", "verb": "save"})
    assert "<h1>Hotline</h1>" in browser.text(f"{URL}/centre")


def test_only_managers_find_it_in_their_menu(browser, make, signed_in):
    assert f'href="{URL}"' in browser.text("/")
    for role in ("rep", "supervisor", "admin"):
        other = signed_in(make.user(role))
        assert f'href="{URL}"' not in other.text("/")
        assert other.get(URL).status_code == 403


def test_the_list_takes_as_many_queries_for_many_calendars(app, browser, make, query_count):
    few = fewest(query_count, lambda: browser.get(URL))
    with writing():
        for n in range(12):
            make.site(f"site{n}")
            save_calendar(
                None, f"c{n}", name=f"C{n}", timezone="UTC", week=OFFICE_WEEK, exceptions={}, sites=[f"site{n}"]
            )
        assert session.scalar(sa.select(sa.func.count()).select_from(ShiftCalendar)) == 14
    assert fewest(query_count, lambda: browser.get(URL)) == few


@pytest.mark.parametrize(
    "change", [{"seen": "x" * 30}, {"seen": "٣"}, {"monday": "\x00\ud800"}, {"timezone": ""}, {"verb": "?"}]
)
def test_odd_input_is_refused_or_taken_never_a_fault(browser, change):
    data = {**FORM, "slug": "odd", "verb": "save", **change}
    sent = {name: value.encode("utf-8", "replace").decode() for name, value in data.items()}
    assert browser.submit(f"{URL}/new", sent).status_code in {303, 409, 422}
