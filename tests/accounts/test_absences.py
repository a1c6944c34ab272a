"""Being away and standing in: who is away when, who may say so, and what a deputy gains – and does not."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from accounts import absences, ops
from accounts.absence_rules import NoSuchTimeError, Told, moment, shown
from accounts.absences import announce, away, deputies_for_notices, end_early, principals, tell_of_time
from accounts.events import AbsenceChanged
from accounts.models import Absence, User
from accounts.people import actor_of
from accounts.permissions import P
from accounts.rules import Role
from core import events, migrate
from core.audit import TrailEntry
from core.db import database, reading, session, writing
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.permissions import allowed, can

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[AbsenceChanged]:
    heard: list[AbsenceChanged] = []
    monkeypatch.setattr(absences, "emit", heard.append)
    return heard


def gone(
    user: User, deputy: User | None, clock: Any, start: timedelta = -HOUR, end: timedelta = DAY, **more: Any
) -> Any:
    name = deputy.username if deputy else None
    return announce(actor_of(user), user.id, clock.now() + start, clock.now() + end, name, **more)


# ── who is away ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deputy_stands_in_from_the_first_moment_to_the_last(db, make, clock):
    away_one, deputy = make.user("qa", "rep", team="billing"), make.user("qa")
    gone(away_one, deputy, clock, HOUR, 3 * HOUR)
    assert principals(deputy.id) == ()
    assert away([away_one.id]) == {}
    clock.advance(hours=1)
    (found,) = principals(deputy.id)
    assert (found.id, found.name, found.team_id) == (away_one.id, away_one.name, away_one.team_id)
    assert found.roles == {Role.QA, Role.REP}
    assert away([away_one.id, deputy.id])[away_one.id].deputy is deputy
    clock.advance(hours=2)
    assert principals(deputy.id) == ()
    assert away([away_one.id]) == {}


@pytest.mark.both_databases
def test_who_asked_while_it_was_announced_keeps_it_from_nobody(app, make, clock):
    """A transaction that began before somebody was away must not have the others told that they are not."""
    with writing():
        away_one, deputy = make.user("qa"), make.user("qa")
        people = away_one, deputy

    def announces() -> None:
        with app.app_context(), writing():
            gone(*people, clock)

    with reading() as s:
        s.scalar(sa.select(sa.func.count()).select_from(Absence))  # what it sees from here on is what was
        other = threading.Thread(target=announces)
        other.start()
        other.join()
        principals(deputy.id)
    with reading():
        assert [person.id for person in principals(deputy.id)] == [away_one.id]


def test_another_moment_can_be_asked_about(db, make, clock):
    away_one, deputy = make.user("qa"), make.user("qa")
    gone(away_one, deputy, clock, DAY, 2 * DAY)
    later = clock.now() + DAY + HOUR
    assert [one.id for one in principals(deputy.id, later)] == [away_one.id]
    assert set(away([away_one.id], later)) == {away_one.id}


def test_judging_and_notices_are_handed_over_each_on_its_own(db, make, clock):
    first, second, third, deputy = (make.user("qa") for _ in range(4))
    gone(first, deputy, clock, reviews=True, notices=False)
    gone(second, deputy, clock, reviews=False, notices=True)
    gone(third, None, clock)
    assert [one.id for one in principals(deputy.id)] == [first.id]
    assert deputies_for_notices([first.id, second.id, third.id]) == {second.id: deputy.id}
    assert set(away([first.id, second.id, third.id])) == {first.id, second.id, third.id}


def test_a_deputy_of_a_deputy_gains_nothing(db, make, clock):
    first, second, third = (make.user("qa") for _ in range(3))
    gone(first, second, clock)
    gone(second, third, clock)
    assert [one.id for one in principals(third.id)] == [second.id]
    assert deputies_for_notices([first.id]) == {first.id: second.id}


def test_who_cannot_sign_in_lends_and_gains_nothing(db, make, clock):
    away_one, deputy = make.user("qa"), make.user("qa")
    gone(away_one, deputy, clock)
    ops.disable(None, deputy)
    assert principals(deputy.id) == ()
    assert deputies_for_notices([away_one.id]) == {}
    ops.enable(None, deputy)
    assert len(principals(deputy.id)) == 1
    ops.disable(None, away_one)
    assert principals(deputy.id) == ()


@pytest.mark.both_databases
def test_pages_without_absences_cost_one_query_a_second_for_all_people(make, query_count):
    people = [make.user("qa") for _ in range(3)]
    with reading():
        with query_count() as statements:
            for user in people:
                assert principals(user.id) == ()
                assert away([user.id]) == {}
                assert deputies_for_notices([user.id]) == {}
        assert sum(statement.startswith("SELECT") for statement in statements) <= 1


@pytest.mark.both_databases
def test_what_was_written_is_known_at_once(make, clock):
    away_one, deputy = make.user("qa"), make.user("qa")
    with reading():
        assert principals(deputy.id) == ()
    with writing():
        row = gone(away_one, deputy, clock)
        assert len(principals(deputy.id)) == 1
    with reading():
        assert len(principals(deputy.id)) == 1
    with writing():
        end_early(actor_of(away_one), row.id)
        assert principals(deputy.id) == ()
    with reading():
        assert principals(deputy.id) == ()


# ── announcing ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (HOUR, HOUR, "ends_at"),
        (2 * HOUR, HOUR, "ends_at"),
        (-2 * HOUR, -HOUR, "ends_at"),
        (-800 * DAY, DAY, "starts_at"),
        (HOUR, 800 * DAY, "ends_at"),
    ],
)
def test_times_that_make_no_sense_are_refused_at_the_field(db, make, clock, start, end, field):
    with pytest.raises(Invalid) as refused:
        gone(make.user("qa"), None, clock, start, end)
    assert set(refused.value.errors) == {field}


def test_a_deputy_must_be_somebody_else_active_and_of_the_same_role(db, make, clock):
    user, disabled = make.user("qa", "rep"), make.user("qa", active=False)
    for stand_in, said in (
        (user, "Nobody stands in for themselves"),
        (make.user("business"), "holds none of the roles"),
        (disabled, "There is nobody called"),
    ):
        with pytest.raises(Invalid, match=said):
            gone(user, stand_in, clock)
    with pytest.raises(Invalid, match="There is nobody called"):
        announce(actor_of(user), user.id, clock.now(), clock.now() + DAY, "nobody-of-this-name")
    assert gone(user, make.user("rep"), clock).reviews


def test_without_a_deputy_nobody_is_asked_to_judge_or_read(db, make, clock):
    row = gone(make.user("qa"), None, clock, reviews=True, notices=True)
    assert (row.reviews, row.notices) == (False, False)


def test_absences_of_one_person_do_not_overlap(db, make, clock):
    user = make.user("qa")
    row = gone(user, None, clock, DAY, 3 * DAY)
    for start, end in ((HOUR, 2 * DAY), (2 * DAY, 4 * DAY), (DAY, 3 * DAY), (HOUR, 9 * DAY)):
        with pytest.raises(Conflict) as refused:
            gone(user, None, clock, start, end)
        assert refused.value.code == "absence-overlaps"
    gone(user, None, clock, 3 * DAY, 4 * DAY)
    gone(user, None, clock, HOUR, DAY)
    gone(make.user("qa"), None, clock, DAY, 3 * DAY)
    end_early(actor_of(user), row.id)
    gone(user, None, clock, 2 * DAY, 3 * DAY)


def test_who_may_say_that_somebody_is_away(db, make, clock):
    user = make.user("qa", team="billing")
    may = [user, make.user("supervisor", team="billing"), make.user("manager"), make.user("admin")]
    may_not = [make.user("supervisor", team="faults"), make.user("supervisor"), make.user("qa", team="billing")]
    until = clock.now() + DAY
    for other in may_not:
        with pytest.raises(Forbidden):
            announce(actor_of(other), user.id, clock.now(), until)
    for one in may:
        row = announce(actor_of(one), user.id, clock.now(), until)
        for other in may_not:
            with pytest.raises(NotFound):
                end_early(actor_of(other), row.id)
        end_early(actor_of(one), row.id)
    loner, supervisor = make.user("qa"), make.actor("supervisor")  # both in no team: that is not the same team
    with pytest.raises(Forbidden):
        announce(supervisor, loner.id, clock.now(), until)
    with pytest.raises(NotFound):
        announce(actor_of(may[2]), 999_999, clock.now(), until)


def test_the_deputy_knows_of_it_and_cannot_end_it(db, make, clock):
    user, deputy = make.user("qa"), make.user("qa")
    row = gone(user, deputy, clock)
    with pytest.raises(Forbidden):
        end_early(actor_of(deputy), row.id)
    end_early(actor_of(user), row.id)
    with pytest.raises(Conflict) as refused:
        end_early(actor_of(user), row.id)
    assert refused.value.code == "absence-over"


def test_the_list_agrees_with_the_predicate(db, make, clock):
    rows = [gone(make.user("qa", team=team), None, clock) for team in ("billing", "faults", None)]
    deputy = make.user("qa")
    rows.append(gone(make.user("qa"), deputy, clock))
    actors = [make.actor(role, team=team) for role in Role for team in ("billing", None)]
    for who in [*actors, actor_of(deputy), actor_of(rows[0].user)]:
        listed = set(session.scalars(sa.select(Absence.id).where(allowed(who, P.SEE_ABSENCE))))
        assert listed == {row.id for row in rows if can(who, P.SEE_ABSENCE, row)}


# ── what is told and written down ────────────────────────────────────────────────────────────────────────────────────


def test_each_act_is_in_the_trail(db, make, clock):
    user, deputy, chief = make.user("qa"), make.user("qa"), make.actor("manager")
    first = announce(chief, user.id, clock.now(), clock.now() + DAY, deputy.username, note="病假")
    end_early(actor_of(user), first.id)
    later = gone(user, None, clock, DAY, 2 * DAY)
    end_early(chief, later.id)
    rows = session.scalars(
        sa.select(TrailEntry)
        .where(TrailEntry.subject_kind == "user", TrailEntry.subject_id == user.id)
        .order_by(TrailEntry.id)
    ).all()
    assert [(row.verb, row.actor_name) for row in rows] == [
        ("announced an absence", chief.name),
        ("ended an absence", user.name),
        ("announced an absence", user.name),
        ("cancelled an absence", chief.name),
    ]
    assert rows[0].note == "病假"
    assert rows[0].details["deputy"] == deputy.username


def test_it_is_told_when_it_is_announced_begins_runs_out_or_is_ended(db, make, clock, told):
    user, deputy = make.user("qa"), make.user("qa")
    row = gone(user, deputy, clock, HOUR, 3 * HOUR)
    tell_of_time()
    assert told == [AbsenceChanged(row.id, user.id, deputy.id, clock.now())]
    clock.advance(hours=1)
    tell_of_time()
    tell_of_time()
    assert (len(told), row.told) == (2, Told.BEGUN)
    clock.advance(hours=2)
    tell_of_time()
    tell_of_time()
    assert (len(told), row.told) == (3, Told.OVER)
    other = gone(user, deputy, clock)
    end_early(actor_of(user), other.id)
    clock.advance(days=3)
    tell_of_time()
    assert len(told) == 5


def test_listeners_hear_it_in_the_same_transaction(db, make, clock, monkeypatch):
    heard: list[AbsenceChanged] = []
    monkeypatch.setitem(events._listeners, AbsenceChanged, [heard.append])
    row = gone(make.user("qa"), None, clock)
    assert [event.absence_id for event in heard] == [row.id]


# ── the clock of the centre ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_time_is_meant_on_the_clock_of_the_centre():
    assert moment("2026-11-16T09:00", "Asia/Shanghai") == datetime(2026, 11, 16, 1, tzinfo=UTC)
    assert moment("2026-11-16T09:00+00:00", "Asia/Shanghai") == datetime(2026, 11, 16, 9, tzinfo=UTC)
    assert shown(datetime(2026, 11, 16, 1, tzinfo=UTC), "Asia/Shanghai") == "2026-11-16T09:00"


def test_the_hour_that_comes_twice_is_away_twice_and_the_one_that_never_comes_is_refused():
    zone = "Europe/Berlin"  # 2026-10-25: 03:00 is put back to 02:00; 2026-03-29: 02:00 is put forward to 03:00
    assert moment("2026-10-25T02:30", zone) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert moment("2026-10-25T02:30", zone, last=True) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert moment("2026-10-24T09:00", zone) + timedelta(hours=25) == moment("2026-10-25T09:00", zone)
    for last in (False, True):
        with pytest.raises(NoSuchTimeError):
            moment("2026-03-29T02:30", zone, last=last)
        assert moment("2026-03-29T03:00", zone, last=last) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    for text in ("", "soon", "2026-02-30T09:00"):
        with pytest.raises(ValueError, match=r".*"):
            moment(text, zone)


# ── the table itself ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "wrong",
    [{"ends_at": timedelta(0)}, {"deputy": "self"}, {"reviews": True}, {"notices": True}],
)
def test_the_table_refuses_what_makes_no_sense(make, clock, wrong):
    user = make.user("qa")
    about: dict[str, Any] = {"starts_at": clock.now(), "ends_at": clock.now() + HOUR, **wrong}
    if "deputy" in about:
        about["deputy_id"] = user.id if about.pop("deputy") else None
    if "ends_at" in wrong:
        about["ends_at"] = about["starts_at"]
    row = Absence(user_id=user.id, created_at=clock.now(), **about)
    with writing():
        session.add(row)
        with pytest.raises(sa.exc.IntegrityError):
            session.flush()
        session.rollback()


@pytest.mark.both_databases
def test_the_tables_are_what_the_models_say(app):
    assert migrate.check(database()) == []
