"""When a task is due, and who is told before and after – over a month of both kinds of hours, to the minute."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from core import events
from tests.make import Make
from wiki.articles import ops as writing
from workflows import deadlines, housekeeping
from workflows.calendar_ops import save_calendar
from workflows.calendar_texts import SpecialDay
from workflows.calendars import CLOSED, WHOLE_DAY
from workflows.definitions import Definition, Escalation, Seat, Stage
from workflows.events import TaskEscalated, TaskReminded
from workflows.models import Task

BERLIN = ZoneInfo("Europe/Berlin")  # puts its clocks back on 25 October 2026, at three o'clock in the morning
MINUTE = timedelta(minutes=1)
OFFICE = (((9 * 60, 12 * 60), (13 * 60, 18 * 60)),) * 5 + (CLOSED, CLOSED)
HOLIDAY = date(2026, 10, 28)


def hours(slug: str, week: Any, **more: Any) -> None:
    save_calendar(None, slug, name=slug, timezone="Europe/Berlin", week=week, **more)


def judged_in(make: Make, calendar: str | None, *, team: str | None = None, **stage: Any) -> None:
    more = {"due_hours": 8, "remind_hours": (4, 1), **stage}
    rungs = [Escalation(after_hours=0, to="supervisor"), Escalation(after_hours=6, to="manager")]
    seats = (Seat(key="a", role="qa", team=team),)
    one = Stage(key="a", seats=seats, calendar=calendar, escalate=tuple(rungs), **more)
    make.pipeline(definition=Definition(stages=(one,)))


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str, datetime]]:
    """What sounded: (task, what, when), in order."""
    heard: list[tuple[int, str, datetime]] = []
    reminded = lambda one: heard.append((one.task_id, f"{one.hours} h left", one.at))  # noqa: E731
    escalated = lambda one: heard.append((one.task_id, one.to_role, one.at))  # noqa: E731
    monkeypatch.setitem(events._listeners, TaskReminded, [reminded])
    monkeypatch.setitem(events._listeners, TaskEscalated, [escalated])
    return heard


def in_office(at: datetime) -> bool:
    here = at.astimezone(BERLIN)
    minute = here.hour * 60 + here.minute
    closed = here.weekday() > 4 or here.date() == HOLIDAY
    return not closed and (9 * 60 <= minute < 12 * 60 or 13 * 60 <= minute < 18 * 60)


def walked(start: datetime, minutes: int, works: Any) -> datetime:
    """Minute by minute, as one would with a watch in hand."""
    at = start
    while minutes:
        minutes -= works(at)
        at += MINUTE
    return at


@pytest.mark.parametrize(("slug", "works"), [("round-the-clock", lambda at: True), ("desk", in_office)])
def test_a_month_across_the_change_of_clocks(db, make: Make, clock, bells, slug: str, works: Any) -> None:
    """Every reminder and every rung once, in order, at the minute; never a minute early."""
    hours("round-the-clock", (WHOLE_DAY,) * 7)
    hours("desk", OFFICE, exceptions={HOLIDAY: SpecialDay(CLOSED, "Holiday")} if slug == "desk" else None)
    judged_in(make, slug)
    author, expected = make.actor("rep"), []
    for day in range(28):
        opened = datetime(2026, 10, 5, 8, 0, tzinfo=UTC) + timedelta(days=day, minutes=37 * day)
        clock.set(opened)
        task = make.task(make.submission(author))
        assert task.due_at == walked(opened, 8 * 60, works)
        for what, minutes in (("4 h left", 4), ("1 h left", 7), ("supervisor", 8), ("manager", 14)):
            expected.append((walked(opened, minutes * 60, works), task.id, what))
    clock.set(datetime(2026, 10, 5, 7, 0, tzinfo=UTC))
    while (following := db.scalar(sa.select(sa.func.min(Task.alarm_at)))) is not None:
        clock.set(following - MINUTE)
        assert deadlines.sound_due() == 0
        clock.set(following)
        housekeeping.sound_alarms()
    assert [(at, task, what) for task, what, at in bells] == sorted(expected, key=lambda one: one[:2])
    assert {task.escalation for task in db.scalars(sa.select(Task))} == {2}


def test_what_was_missed_sounds_once_and_in_order(db, make: Make, clock, bells) -> None:
    """The worker was down for a week."""
    judged_in(make, None)
    make.submission()
    clock.advance(days=7)
    assert deadlines.sound_due() == 4
    assert deadlines.sound_due() == 0
    assert [what for _task, what, _at in bells] == ["4 h left", "1 h left", "supervisor", "manager"]


def test_what_is_decided_is_not_complained_about(db, make: Make, clock, bells) -> None:
    judged_in(make, None)
    made = make.submission()
    make.approved(made)
    withdrawn = make.submission(author := make.actor("rep"))
    writing.withdraw(withdrawn, author)
    clock.advance(days=7)
    assert deadlines.sound_due() == 0
    assert bells == []


@pytest.mark.parametrize(("used", "left"), [(3, 5), (7, 2), (100, 2)])
def test_the_clock_stands_still_while_the_author_holds_it(db, make: Make, clock, used: int, left: int) -> None:
    """What was left goes on – and at least a quarter of the time."""
    hours("round-the-clock", (WHOLE_DAY,) * 7)
    judged_in(make, "round-the-clock")
    author = make.actor("rep")
    made = make.submission(author)
    clock.advance(hours=used)
    make.decide(made, make.actor("qa"), "send_back")
    clock.advance(days=5)
    writing.submit(made, author)
    task = make.task(made)
    assert task.due_at - clock.now() == timedelta(hours=left)
    assert task.alarm_at == task.due_at - timedelta(hours=4 if left > 4 else 1)


def test_another_calendar_moves_the_open_deadlines(db, make: Make, clock) -> None:
    hours("desk", OFFICE)
    judged_in(make, "desk")
    clock.set(datetime(2026, 10, 5, 15, 0, tzinfo=UTC))  # Monday, 17 o'clock in Berlin
    task = make.task(make.submission())
    seen = task.version
    assert task.due_at == datetime(2026, 10, 6, 15, 0, tzinfo=UTC)
    hours("desk", OFFICE, exceptions={date(2026, 10, 6): SpecialDay(CLOSED, "Strike")})
    assert task.due_at == datetime(2026, 10, 7, 15, 0, tzinfo=UTC)
    assert task.alarm_at == datetime(2026, 10, 7, 10, 0, tzinfo=UTC), "one hour worked, three from nine o'clock"
    assert task.version == seen, "what is decided is the same"


def test_the_hours_of_the_team_s_site_else_those_of_the_centre(db, make: Make, clock) -> None:
    make.team("berlin", site="berlin")
    hours("desk", OFFICE, sites=["berlin"])
    clock.set(datetime(2026, 10, 5, 15, 0, tzinfo=UTC))
    judged_in(make, None, team="berlin")
    assert make.task(make.submission()).due_at == datetime(2026, 10, 6, 15, 0, tzinfo=UTC)
    judged_in(make, None)
    assert make.task(make.submission()).due_at == datetime(2026, 10, 5, 23, 0, tzinfo=UTC), "the centre never closes"


def test_a_second_opinion_that_never_comes_is_forgotten(db, make: Make, clock) -> None:
    judged_in(make, None, calibration=100)
    for _ in range(2):
        make.user("qa")
    made = make.submission()
    make.decide(made, make.actor("qa"), seat="a") if len(make.tasks(made)) == 1 else None
    blind = next(task for task in make.tasks(made) if task.blind)
    clock.advance(days=8)
    housekeeping.forget_what_is_over()
    assert blind.state.value == "void"
