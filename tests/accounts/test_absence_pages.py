"""Being away on the pages and through the interface: profile, home, 'Who is away', a person's page, ``/absences``."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from accounts.absences import announce
from accounts.models import Absence
from accounts.people import actor_of
from core.db import reading, session, writing
from core.settings import Settings, load
from tests.clients import fewest

pytestmark = pytest.mark.both_databases
BOXES = {"reviews": "y", "notices": "y"}


def kept() -> list[Absence]:
    with reading():
        return list(session.scalars(sa.select(Absence).order_by(Absence.id)))


def away_until_evening(user: Any, deputy: Any, clock: Any, **more: Any) -> int:
    with writing():
        until = clock.now() + timedelta(hours=9)
        return announce(actor_of(user), user.id, clock.now(), until, deputy.username, **more).id


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_i_am_away_and_back(signed_in, make, clock):
    user, deputy = make.user("qa", name="Lan"), make.user("qa", name="Jie")
    mine, theirs = signed_in(user), signed_in(deputy)
    answer = mine.submit(
        "/profile",
        to="/profile/absences",
        starts_at="2026-11-16T09:00",
        ends_at="2026-11-18T18:00",
        deputy=deputy.username,
        note="训练",
        **BOXES,
    )
    assert answer.headers["Location"] == "/profile#away"
    (row,) = kept()
    assert (row.starts_at, row.ends_at) == (
        datetime(2026, 11, 16, 1, tzinfo=UTC),
        datetime(2026, 11, 18, 10, tzinfo=UTC),
    )
    assert (row.deputy_id, row.reviews, row.notices, row.note) == (deputy.id, True, True, "训练")
    assert "Jie judges for you and gets your notices." in text_of(mine.text("/"))
    assert "You stand in for Lan until" in text_of(theirs.text("/"))
    assert "Away now" in mine.text("/profile")
    clock.advance(hours=1)
    mine.submit("/profile", to=f"/absences/{row.id}/end", next="/")
    assert "Welcome back." in mine.text("/")
    assert "You stand in for" not in theirs.text("/")
    assert "Back early" in mine.text("/profile")


def test_boxes_that_are_not_ticked_mean_no(signed_in, make, clock):
    user, deputy = make.user("qa"), make.user("qa")
    times = {"starts_at": "2026-11-16T09:00", "ends_at": "2026-11-18T18:00"}
    signed_in(user).submit("/profile", to="/profile/absences", deputy=deputy.username, notices="y", **times)
    (row,) = kept()
    assert (row.reviews, row.notices) == (False, True)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"starts_at": "soon"}, "This is not a date with a time."),
        ({"ends_at": ""}, "This is needed."),
        ({"ends_at": "2026-11-15T09:00"}, "It must end after it begins."),
        ({"starts_at": "0001-01-01T00:00"}, "This is not a date with a time."),
        ({"deputy": "nobody-here"}, "There is nobody called nobody-here."),
        ({"note": "x" * 400}, "This is too long."),
    ],
)
def test_what_is_refused_is_said_at_the_field_and_nothing_is_lost(signed_in, make, clock, typed, said):
    form = {"starts_at": "2026-11-16T09:00", "ends_at": "2026-11-18T18:00", "note": "训练", **BOXES, **typed}
    answer = signed_in(make.user("qa")).submit("/profile", form, to="/profile/absences")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in html.unescape(page)
    assert form["note"] in page
    assert kept() == []


def test_away_twice_is_refused_above_the_form(signed_in, make, clock):
    user = make.user("qa", name="Lan")
    browser, form = signed_in(user), {"starts_at": "2026-11-16T09:00", "ends_at": "2026-11-18T18:00"}
    assert browser.submit("/profile", form, to="/profile/absences").status_code == 303
    answer = browser.submit("/profile", form, to="/profile/absences")
    assert answer.status_code == 422
    assert "Lan is away then already." in answer.get_data(as_text=True)


def test_a_deputy_who_is_away_too_is_told_of(signed_in, make, clock):
    user, deputy = make.user("qa", name="Lan"), make.user("qa", name="Jie")
    away_until_evening(deputy, user, clock)
    form = {"starts_at": "2026-11-16T10:00", "ends_at": "2026-11-18T18:00", "deputy": deputy.username, **BOXES}
    page = signed_in(user).submit("/profile", form, to="/profile/absences", follow=True).get_data(as_text=True)
    assert "Jie is away during part of this too." in page
    assert "Lan was to stand in for Jie then." in page


def test_the_profile_lists_what_is_on_then_what_comes_then_what_was(signed_in, make, clock):
    user, now = make.user("qa"), clock.now()
    with writing():
        for start, end in ((1, 2), (-1, 1), (5, 6), (-3, -1)):
            clock.set(min(now, now + timedelta(days=end, hours=-1)))
            announce(actor_of(user), user.id, now + timedelta(days=start), now + timedelta(days=end))
        clock.set(now)
    page = signed_in(user).text("/profile")
    shown = re.findall(r'<span class="chip[^"]*">(Away now|Planned|Over)</span>', page)
    assert shown == ["Away now", "Planned", "Planned", "Over"]


def test_deputies_are_offered_who_share_a_role_the_own_team_first(signed_in, make):
    user = make.user("qa", "rep", team="billing", name="Lan")
    make.user("qa", name="Far Away", team="faults")
    make.user("qa", name="Next Desk", team="billing")
    make.user("rep", name="Only Rep", team="billing")
    make.user("business", name="Other Role", team="billing")
    make.user("qa", name="Has Left", team="billing", active=False)
    page = signed_in(user).text("/profile")
    offered = re.findall(r"<option[^>]*>([^<]*)</option>", page.split('name="deputy"')[1].split("</select>")[0])
    assert offered == ["nobody", "Next Desk · billing", "Far Away · faults"]
    page = signed_in(make.user("rep", team="billing")).text("/profile")
    assert "Only Rep" in page
    assert "Next Desk" not in page


def test_a_supervisor_says_so_for_the_team(signed_in, make, clock):
    user = make.user("rep", team="billing", name="Lan")
    deputy = make.user("rep", team="billing", name="Jie")
    stranger = make.user("rep", team="faults", name="Strange")
    browser = signed_in(make.user("supervisor", team="billing", name="Chief"))
    page = browser.text("/people/away")
    assert "Everybody is here." in page
    assert "Lan" in page
    assert "Strange" not in page
    form = {"person": user.username, "starts_at": "2026-11-16T09:00", "ends_at": "2026-11-18T18:00"}
    answer = browser.submit(
        f"/people/away?person={user.username}", {**form, "deputy": deputy.username, **BOXES}, to="/people/away"
    )
    assert answer.status_code == 303
    page = text_of(browser.text("/people/away"))
    assert "Lan" in page
    assert "Deputy: Jie" in page
    answer = browser.submit("/people/away", {**form, "person": stranger.username}, to="/people/away")
    assert answer.status_code == 403
    assert browser.submit("/people/away", {**form, "person": "nobody"}, to="/people/away").status_code == 404
    answer = browser.submit("/people/away", {**form, "ends_at": "x"}, to="/people/away")
    assert answer.status_code == 422
    assert "This is not a date with a time." in answer.get_data(as_text=True)
    clock.advance(hours=1)
    (row,) = kept()
    browser.submit("/people/away", {"next": "/people/away"}, to=f"/absences/{row.id}/end")
    assert "Lan is back." in browser.text("/people/away")


def test_the_page_of_a_person_shows_it_to_manager_and_admin(signed_in, make, clock):
    user, deputy = make.user("qa"), make.user("qa", name="Jie")
    away_until_evening(user, deputy, clock, note="年假")
    for role in ("manager", "admin"):
        page = signed_in(make.user(role)).text(f"/admin/people/{user.username}")
        assert "Away now" in page
        assert "Jie" in page
        assert f"/people/away?person={user.username}" in page


def test_the_home_page_asks_nothing_more_while_nobody_is_away(signed_in, make, query_count):
    browser = signed_in(make.user("qa"))
    statements: list[str] = []

    def absences_asked(found: list[str]) -> int:
        statements[:] = found
        return sum("absences" in statement for statement in found)

    assert fewest(query_count, lambda: browser.get("/"), absences_asked) == 0


@pytest.mark.parametrize("path", ["/people/away", "/profile"])
def test_ten_absences_take_as_many_queries_as_two(signed_in, make, clock, query_count, path):
    chief, counts = make.user("manager"), []
    browser = signed_in(chief)
    for many in (2, 8):
        for _ in range(many):
            user = make.user("qa", team=f"team{make.number()}") if path == "/people/away" else chief
            with writing():
                start = clock.now() + timedelta(days=make.number())
                announce(actor_of(user), user.id, start, start + timedelta(hours=1), note="x")
        counts.append(fewest(query_count, lambda: browser.get(path)))
    assert counts[0] == counts[1]


# ── a centre whose clock jumps ───────────────────────────────────────────────────────────────────────────────────────


class TestWhereTheClockJumps:
    """Berlin: forward over 02:00–03:00 on 2026-03-29, back over it on 2026-10-25."""

    @pytest.fixture
    def settings(self, engine: str, tmp_path: Any) -> Settings:
        about = {"var": tmp_path, "database_url": engine, "locale": "en", "threads": 4, "allow_unsafe_database": True}
        return load({**about, "timezone": "Europe/Berlin"}, environ={})

    def test_the_form_means_and_shows_the_clock_on_the_wall(self, signed_in, make, clock):
        clock.set(datetime(2026, 10, 24, 6, tzinfo=UTC))
        browser = signed_in(make.user("qa"))
        assert 'value="2026-10-24T09:00"' in browser.text("/profile")  # the next full hour there
        form = {"starts_at": "2026-10-24T22:00", "ends_at": "2026-10-25T02:30"}
        assert browser.submit("/profile", form, to="/profile/absences").status_code == 303
        (row,) = kept()
        assert row.starts_at == datetime(2026, 10, 24, 20, tzinfo=UTC)
        assert row.ends_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # the second half past two
        assert "25 Oct 2026, 02:30" in browser.text("/profile")

    def test_the_hour_that_never_comes_is_refused(self, signed_in, make, clock):
        clock.set(datetime(2026, 3, 28, 6, tzinfo=UTC))
        form = {"starts_at": "2026-03-29T02:30", "ends_at": "2026-03-29T12:00"}
        answer = signed_in(make.user("qa")).submit("/profile", form, to="/profile/absences")
        assert answer.status_code == 422
        assert "The clock never shows this time" in answer.get_data(as_text=True)


# ── /api/v1/absences ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_program_says_who_is_away(api, make, clock):
    user, deputy, chief = make.user("qa", team="billing"), make.user("qa"), make.user("supervisor", team="billing")
    times = {"starts_at": "2026-11-17T09:00:00+08:00", "ends_at": "2026-11-18T18:00:00+08:00"}
    made = api(chief).ok("POST", "/absences", {**times, "user": user.username, "deputy": deputy.username})
    assert made["user"] == user.username
    assert (made["deputy"], made["state"], made["reviews"], made["notices"]) == (deputy.username, "planned", True, True)
    assert datetime.fromisoformat(made["starts_at"]) == datetime(2026, 11, 17, 1, tzinfo=UTC)
    for one in (user, deputy, chief, make.user("manager"), make.user("admin")):
        assert [row["id"] for row in api(one).ok("GET", "/absences")["items"]] == [made["id"]]
    stranger = api(make.user("supervisor", team="faults"))
    assert stranger.ok("GET", "/absences")["items"] == []
    assert stranger.post(f"/absences/{made['id']}/end").status_code == 404
    assert api(deputy).post(f"/absences/{made['id']}/end").status_code == 403
    assert api(user).ok("POST", f"/absences/{made['id']}/end")["state"] == "over"
    again = api(user).post(f"/absences/{made['id']}/end")
    assert (again.status_code, again.json["code"]) == (409, "absence-over")
    assert api(user).ok("GET", "/absences")["items"] == []


def test_what_a_program_may_not_say(api, make, clock):
    user = make.user("qa")
    script, times = api(user), {"starts_at": "2026-11-17T09:00+08:00", "ends_at": "2026-11-18T18:00+08:00"}
    assert script.post("/absences", {**times, "user": make.user("qa").username}).status_code == 403
    for wrong, field in (
        ({"starts_at": "2026-11-17T09:00"}, "starts_at"),  # on whose clock?
        ({"user": "nobody-here"}, "user"),
        ({"deputy": user.username}, "deputy"),
        ({"ends_at": "2026-11-17T09:00+08:00"}, "ends_at"),
        ({"reason": "x"}, "reason"),
    ):
        answer = script.post("/absences", {**times, **wrong})
        assert answer.status_code == 422, wrong
        assert set(answer.json["errors"]) == {field}
    script.ok("POST", "/absences", times)
    answer = script.post("/absences", times)
    assert (answer.status_code, answer.json["code"]) == (409, "absence-overlaps")
