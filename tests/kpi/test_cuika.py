"""The CUIKA board and actions on misses: on both databases."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DatabaseError

from accounts.models import User
from accounts.people import actor_of
from core import buffers, outbox
from core.db import reading, session, writing
from core.errors import Conflict, Forbidden, Invalid
from tests.clients import Browser
from tests.conftest import Clock
from tests.make import Make
from wiki.kpi import cuika, cuika_ops, ops, queries
from wiki.kpi.bringing import import_readings
from wiki.kpi.cuika import Row
from wiki.kpi.cuika_rules import ActionState, State
from wiki.kpi.dealing_models import CardOpening
from wiki.kpi.models import KpiReading
from wiki.kpi.periods import parse
from wiki.kpi.subjects import of_person
from wiki.scoring.ops import grant

OCTOBER = parse("2026-10")
MONTHS = ("2026-08", "2026-09", "2026-10")


def bring(*rows: tuple[str, str, str, int, int], by: Any = None) -> None:
    """(indicator, subject, period, numerator, denominator)"""
    names = ("indicator", "subject", "period", "numerator", "denominator")
    report = import_readings(
        by, [(n, dict(zip(names, map(str, row), strict=True))) for n, row in enumerate(rows)], source="crm.csv"
    )
    assert not report.errors


def row_of(actor: Any, code: str) -> Row:
    (found,) = cuika.board(actor, OCTOBER, code=code).rows
    return found


def closed_cases(*people: User, good: int = 95, skip: tuple[str, str] | None = None) -> None:
    bring(
        *(
            ("cases_closed_24h", user.username, month, good * 10 + n, 1000 + 7 * n + user.id)
            for user in people
            for n, month in enumerate(MONTHS)
            if (user.username, month) != skip
        )
    )


def test_gaps_and_what_does_not_count_yet_are_named(db: Any, make: Make, clock: Clock) -> None:
    team = [make.user("rep", team="billing") for _n in range(3)]
    closed_cases(*team, skip=(team[1].username, "2026-09"))
    found = row_of(make.actor("manager"), "cases_closed_24h")
    people = {key[1] for key, _period in found.gaps if key[0].value == "person"}
    assert people == {team[1].id}  # the centre and the team have none at all
    assert [str(p) for key, p in found.gaps if key[1] == team[1].id and key[0].value == "person"] == ["2026-09"]
    assert (found.collected.good, found.usable.good) == (3, 2)
    assert found.usable.state is State.WARN
    finance = row_of(make.actor("manager"), "receivable_days")
    assert (finance.collected.state, finance.usable.state) == (State.BAD, State.BAD)


def test_integrity_names_the_readings_that_are_wrong(db: Any, make: Make, clock: Clock) -> None:
    reps = [make.user("rep", team="billing") for _n in range(6)]
    boss = make.user("manager", "rep", team="billing")
    closed_cases(*reps)
    bring(("cases_closed_24h", reps[0].username, "2026-10", 1200, 1000))  # more than the whole, and a correction
    bring(("cases_closed_24h", reps[1].username, "2026-10", 10, 1009))  # one in a hundred: far from the others
    bring(("cases_closed_24h", boss.username, "2026-10", 9, 10), by=actor_of(boss))
    bring(("cases_closed_24h", "team:billing", "2026-Q3", 5000, 6000))
    bring(*(("cases_closed_24h", "team:billing", f"2026-0{n}", 1500 + n, 2000 + n) for n in (7, 8, 9)))
    found = row_of(make.actor("manager"), "cases_closed_24h")
    assert {(one.key[1], one.why) for one in found.unsound if one.key[0].value == "person"} == {
        (reps[0].id, "over_whole")
    }
    assert [one.why for one in found.unsound if one.key[0].value == "team"] == ["contradicts"]
    assert [one.key[1] for one in found.own] == [boss.id]
    assert [one.key[1] for one in found.few] == [boss.id]
    assert reps[1].id in {one.key[1] for one in found.far}
    assert found.corrected == 2
    assert found.integrity.state is State.BAD


def test_a_supervisor_sees_the_own_team_only(db: Any, make: Make, clock: Clock) -> None:
    own, other = make.user("rep", team="billing"), make.user("rep", team="data")
    closed_cases(own, other, good=50)
    leader = make.actor("supervisor", team="billing")
    found = row_of(leader, "cases_closed_24h")
    seen = {key for key, _p in found.gaps} | {one.key for one in found.misses} | {one.key for one in found.far}
    assert other.id not in {key[1] for key in seen if key[0].value == "person"}
    assert own.id in {one.key[1] for one in found.misses}
    assert other.id not in found.concerned


def test_every_miss_wants_an_action_and_one_of_the_team_covers_its_people(db: Any, make: Make, clock: Clock) -> None:
    low, fine = make.user("rep", team="billing"), make.user("rep", team="billing")
    closed_cases(low, good=80)
    closed_cases(fine, good=100)
    bring(("cases_closed_24h", "team:billing", "2026-10", 90, 100))
    manager, rep = make.actor("manager"), make.user("rep")
    code = queries.indicator("cases_closed_24h")
    assert code is not None
    found = row_of(manager, "cases_closed_24h")
    assert {one.key[1] for one in found.misses if one.key[0].value == "person"} == {low.id}
    assert (found.acted.state, found.acted.rest) == (State.BAD, 2)
    about = {"what": "Two calls a week together", "owner": rep, "due_on": date(2026, 11, 30)}
    with pytest.raises(Forbidden):
        cuika_ops.make_action(make.actor("supervisor"), code, of_person(low), OCTOBER, **about)
    with pytest.raises(Conflict, match="did not miss"):
        cuika_ops.make_action(manager, code, of_person(fine), OCTOBER, **about)
    with pytest.raises(Invalid) as refused:
        cuika_ops.make_action(manager, code, of_person(low), OCTOBER, what=" ", owner=None, due_on=date(2026, 1, 1))
    assert set(refused.value.errors) == {"what", "owner", "due_on"}
    team = next(one.key for one in found.misses if one.key[0].value == "team")
    made = cuika_ops.make_action(manager, code, cuika.cuika_queries.subject(team), OCTOBER, **about)
    after = row_of(manager, "cases_closed_24h")
    assert after.acted.state is State.OK
    assert next(one for one in after.misses if one.key == of_person(low).key).covered is made
    cuika_ops.close_action(manager, made.id, ActionState.DROPPED, result="The team was merged.")
    assert row_of(manager, "cases_closed_24h").acted.rest == 2  # what was dropped is open again
    with pytest.raises(Conflict, match="closed"):
        cuika_ops.close_action(manager, made.id, ActionState.DONE, result="No.")
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(sa.text("DELETE FROM kpi_actions"))


def test_a_quarters_target_is_not_missed_in_its_first_month(db: Any, make: Make, clock: Clock) -> None:
    rep = make.user("rep", team="billing")
    assert row_of(make.actor("manager"), "approved_items").misses == []  # nothing was counted yet
    may = datetime(2026, 5, 10, 3, tzinfo=UTC)
    grant("feedback.used", source_kind="feedback", source_id=1, people=(rep.id,), at=may)
    found = row_of(make.actor("manager"), "approved_items")
    assert {one.period for one in found.misses} == {"2026-Q3"}
    assert (found.counted, found.collected.state) == (True, State.OK)
    assert rep.id in {one.key[1] for one in found.misses}


def test_old_readings_go_and_those_of_closed_periods_stay(db: Any, make: Make, clock: Clock) -> None:
    bring(*(("calls_answered", "centre", f"2025-0{n}", 85, 100) for n in (2, 3)))
    bring(*(("calls_answered", "centre", period, 85, 100) for period in ("2025-Q3", "2026-05", "2026-10")))
    ops.close(None, parse("2025-03"))
    kept = ["2025-02", "2025-03", "2025-Q3", "2026-05", "2026-10"]
    assert cuika_ops.sweep_readings(0) == 0
    assert cuika_ops.sweep_readings(6) == 2
    left = sorted(session.scalars(sa.select(KpiReading.period)))
    assert left == [one for one in kept if one not in {"2025-02", "2025-Q3"}]
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(sa.delete(KpiReading).where(KpiReading.period == "2025-03"))


@pytest.mark.both_databases
def test_from_a_miss_to_what_came_of_it(
    app: Flask, make: Make, clock: Clock, signed_in: Callable[[User], Browser]
) -> None:
    """The manager makes an action, its owner is told and reminded, says what came of it; the card shows it."""
    rep, boss, lead = make.user("rep", team="billing"), make.user("manager"), make.user("supervisor", team="billing")
    with writing():
        closed_cases(rep, good=80)
    browser, own = signed_in(boss), signed_in(rep)
    assert own.get("/scorecard?period=2026-10").status_code == 200
    own.get("/scorecard/parts/cases_closed_24h?period=2026-10")
    own.get("/scorecard?period=2026-13")
    buffers.flush_all()
    with reading():
        assert [one.code for one in session.scalars(sa.select(CardOpening).order_by(CardOpening.code))] == [
            "",
            "cases_closed_24h",
        ]
    page = browser.get("/admin/kpi/cuika").text
    assert "without an action" in page
    assert "1 of 1" in browser.get("/admin/kpi/cuika/cases_closed_24h").text  # the rep has looked
    about = {"subject": rep.username, "of": "2026-10", "what": "Listen to calls together", "owner": lead.username}
    to = "/admin/kpi/cuika/cases_closed_24h/act"
    form = f"{to}?subject={rep.username}&of=2026-10"
    assert browser.submit(form, {**about, "due_on": ""}, to=to).status_code == 422
    made = browser.submit(form, {**about, "due_on": "2026-11-18"}, to=to)
    assert made.status_code == 303
    clock.advance(hours=1)
    with writing():
        cuika_ops.remind()
        cuika_ops.remind()  # once is enough
    clock.advance(days=3)
    with writing():
        cuika_ops.remind()
    outbox.drain()
    leader = signed_in(lead)
    told = leader.get("/notices").text
    assert told.count('class="notice-subject"') == 3  # asked, due soon, overdue – each once
    assert "An action is overdue" in told
    assert "Listen to calls together" in signed_in(rep).text("/scorecard?period=2026-10")
    clock.set(datetime(2026, 12, 2, tzinfo=UTC))
    with writing():
        bring(("cases_closed_24h", rep.username, "2026-11", 970, 1000))
    leader, browser, own = signed_in(lead), signed_in(boss), signed_in(rep)
    assert leader.submit(made.location, state="done", result="", to=f"{made.location}/close").status_code == 422
    assert (
        leader.submit(made.location, state="done", result="It helped.", to=f"{made.location}/close").status_code == 303
    )
    page = browser.get(made.location).text
    assert "better than before" in page
    assert "97.00 %" in page
    assert own.get(made.location).status_code == 403
    assert browser.get("/admin/kpi/cuika/export").data[:2] == b"PK"
    assert (
        "Listen to calls together" in browser.get("/admin/kpi/cuika/export?form=csv&table=misses&period=2026-10").text
    )
