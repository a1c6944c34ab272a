"""Readings, cards, closing: on both databases."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DatabaseError

from accounts.models import Team, User
from core.db import reading, session, writing
from core.errors import Conflict, Forbidden, Invalid
from core.permissions import allowed, can
from tests.clients import Browser, Script
from tests.conftest import Clock
from tests.make import Make
from tests.scoring.story import approved, desk, submitted
from wiki.kpi import ops, queries
from wiki.kpi.bringing import import_readings
from wiki.kpi.cards import card
from wiki.kpi.models import CardSnapshot, KpiReading, SubjectKind
from wiki.kpi.periods import Span, parse
from wiki.kpi.permissions import P
from wiki.kpi.subjects import CENTRE, of_person, of_team
from wiki.scoring import ops as scoring

NOVEMBER = parse("2026-11")


def row(line: int = 2, **change: str) -> tuple[int, dict[str, str]]:
    values = {
        "indicator": "cases_closed_24h",
        "subject": "centre",
        "period": "2026-11",
        "numerator": "90",
        "denominator": "100",
    }
    return line, {**values, **change}


def line_of(document: dict[str, Any], code: str) -> dict[str, Any]:
    return next(line for p in document["perspectives"] for line in p["indicators"] if line["code"] == code)


def test_the_same_readings_again_change_nothing_and_others_are_corrections(db: Any, clock: Clock) -> None:
    assert import_readings(None, [row()], source="a.csv").added == 1
    assert import_readings(None, [row()], source="a.csv").unchanged == 1
    assert import_readings(None, [row(numerator="95")], source="b.csv").corrected == 1
    assert import_readings(None, [row(numerator="90")], source="c.csv").corrected == 1
    assert db.scalar(sa.select(sa.func.count()).select_from(KpiReading)) == 3
    assert line_of(card(CENTRE, NOVEMBER), "cases_closed_24h")["value"] == "90.00"


def test_broken_rows_are_named_and_spoil_nothing_else(db: Any, make: Make, clock: Clock) -> None:
    make.user(username="chenyu")
    broken = {
        3: row(3, indicator="nonsense"),
        4: row(4, subject="team:nowhere"),
        5: row(5, period="2026-Q7"),
        6: row(6, numerator="-1"),
        7: row(7, period="2027-01"),
        8: row(8, indicator="approved_items"),
        9: row(9, denominator=""),
        10: row(10, numerator="91"),
    }
    report = import_readings(None, [row(), *broken.values(), row(11, subject="chenyu")], source="x", dry_run=False)
    assert (report.added, [line for line, _said in report.errors]) == (2, sorted(broken))


def test_a_trial_run_writes_nothing(db: Any, clock: Clock) -> None:
    assert import_readings(None, [row()], source="x", dry_run=True).added == 1
    assert db.scalar(sa.select(sa.func.count()).select_from(KpiReading)) == 0


def test_only_those_who_lead_bring_readings(db: Any, make: Make, clock: Clock) -> None:
    with pytest.raises(Forbidden):
        import_readings(make.actor("supervisor"), [row()], source="x")


def test_readings_cannot_be_changed(db: Any, clock: Clock) -> None:
    import_readings(None, [row()], source="x")
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(sa.update(KpiReading).values(numerator=Decimal(99)))


def test_the_centres_card_by_hand(db: Any, clock: Clock) -> None:
    """Like the worked example of test_rules, from readings: the learning perspective has turnover only."""
    import_readings(
        None,
        [
            row(indicator="receivable_days", period="2026-10", numerator="300", denominator="6"),
            row(indicator="receivable_days", numerator="200", denominator="4"),
            row(indicator="software_contracts", numerator="833", denominator="1000"),
            row(),
            row(indicator="calls_answered", numerator="85", denominator="100"),
            row(indicator="turnover_good", numerator="12", denominator="200"),
        ],
        source="x",
    )
    found = card(CENTRE, NOVEMBER)
    figures = {line["code"]: line["score"] for p in found["perspectives"] for line in p["indicators"]}
    assert figures == {
        "receivable_days": "90.00",  # 500/10 = 50 days, quarter to date
        "software_contracts": "98.00",  # 83.3 of 85
        "hardware_contracts": None,
        "cases_closed_24h": "95.74",
        "calls_answered": "100.00",
        "csat": None,
        "proactive_care": None,
        "approved_items": None,  # nobody works here yet
        "training_credits": None,
        "turnover_good": "120.00",  # 6 % of at most 10: capped
    }
    # finance (40·90 + 30·98)/70 = 93.4286; customer (40·95.74 + 30·100)/70 = 97.5657; learning 120
    # (35·93.428571… + 30·97.565714… + 15·120)/80 = (3270 + 2926.97142… + 1800)/80 = 99.9621…
    assert [p["score"] for p in found["perspectives"]] == ["93.43", "97.57", None, "120.00"]
    assert (found["total"], found["covered"]) == ("99.96", "50.00")


def test_items_of_authors_and_reviewers_count_in_their_quarter(db: Any, make: Make, clock: Clock) -> None:
    author, reviewers = make.user("rep", team="billing"), desk(make)
    approved(submitted(author), reviewers)
    approved(submitted(author, title="国际漫游"), reviewers)
    mine = line_of(card(of_person(author), NOVEMBER), "approved_items")
    assert (mine["numerator"], mine["denominator"], mine["score"]) == ("2", "1", "1.33")
    assert line_of(card(of_person(reviewers["qa"]), NOVEMBER), "approved_items")["numerator"] == "2"
    team = line_of(card(of_team(make.team("billing")), NOVEMBER), "approved_items")
    assert (team["numerator"], team["denominator"]) == ("2", "1")
    assert line_of(card(CENTRE, NOVEMBER), "approved_items")["numerator"] == "6"
    half = line_of(card(of_person(author), parse("2026-H2")), "approved_items")
    assert (half["denominator"], half["value"]) == ("2", "1.00")


def test_a_person_has_no_finance_and_weights_sum_to_100(db: Any, make: Make, clock: Clock) -> None:
    found = card(of_person(make.user()), NOVEMBER)
    assert [p["key"] for p in found["perspectives"]] == ["customer", "internal", "learning"]
    assert sum(Decimal(p["weight"]) for p in found["perspectives"]) == 100


def test_a_closed_month_never_changes(db: Any, make: Make, clock: Clock) -> None:
    user = make.user()
    import_readings(None, [row(period="2026-10", subject=user.username)], source="x")
    with pytest.raises(Conflict, match="not over"):
        ops.close(None, NOVEMBER)
    assert ops.close(None, parse("2026-10")) == 2
    before = card(of_person(user), parse("2026-10"))
    assert before["state"] == "closed"
    late = import_readings(None, [row(period="2026-10", subject=user.username, numerator="1")], source="y")
    assert len(late.errors) == 1
    (entry,) = scoring.grant(
        "quiz.passed", source_kind="attempt", source_id=1, people=[user.id], at=datetime(2026, 10, 9, tzinfo=UTC)
    )
    assert entry.period == "2026-11"
    assert card(of_person(user), parse("2026-10")) == before
    with pytest.raises(Conflict, match="already"):
        ops.close(None, parse("2026-10"))
    with pytest.raises(Invalid):
        ops.make_template(None, SubjectKind.PERSON, date(2026, 10, 1), (("internal", "100", ()),))
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(sa.delete(CardSnapshot))


def test_templates_must_sum_to_100_and_count_from_their_day_on(db: Any, make: Make, clock: Clock) -> None:
    lines = (("csat", "100", "90", Span.MONTH),)
    with pytest.raises(Invalid, match="100"):
        ops.make_template(None, SubjectKind.PERSON, date(2026, 12, 1), (("customer", "90", lines),))
    ops.make_template(None, SubjectKind.PERSON, date(2026, 12, 1), (("customer", "100", lines),))
    subject = of_person(make.user())
    assert len(card(subject, NOVEMBER)["perspectives"]) == 3
    assert len(card(subject, parse("2026-12"))["perspectives"]) == 1


@pytest.mark.parametrize("role", ["rep", "qa", "supervisor", "manager", "admin"])
def test_the_lists_agree_with_the_predicates(db: Any, make: Make, role: str) -> None:
    make.user("rep", team="billing"), make.user("rep", team="broadband"), make.user("rep")
    for team in ("billing", None):
        who = make.actor(role, team=team)
        people = set(session.scalars(sa.select(User.id).where(allowed(who, P.SEE_PERSON))))
        assert people == {u.id for u in session.scalars(sa.select(User)) if can(who, P.SEE_PERSON, u)}
        teams = set(session.scalars(sa.select(Team.id).where(allowed(who, P.SEE_TEAM))))
        assert teams == {t.id for t in session.scalars(sa.select(Team)) if can(who, P.SEE_TEAM, t)}


def test_the_interface_of_cards(make: Make, api: Callable[..., Script], clock: Clock) -> None:
    rep, boss = make.user("rep", team="billing"), make.user("manager")
    readings = [row(subject=rep.username)[1], row(subject="team:billing")[1], row()[1]]
    assert api(rep).post("/kpi/readings", readings).status_code == 403
    assert api(boss).ok("POST", "/kpi/readings", readings) == {"added": 3, "corrected": 0, "unchanged": 0}
    assert api(boss).ok("POST", "/kpi/readings", readings)["unchanged"] == 3
    bad = api(boss).post("/kpi/readings", [*readings, row(indicator="x")[1]])
    assert (bad.status_code, list(bad.json["errors"])) == (422, ["3"])
    found = api(rep).ok("GET", f"/scorecards/{rep.username}?period=2026-11")
    assert (found["period"], found["state"]) == ("2026-11", "open")
    assert sum(float(p["weight"]) for p in found["perspectives"]) == 100
    assert found["perspectives"][0]["indicators"][0]["value"] == "90.00"
    assert api(rep).ok("GET", "/scorecards/team:billing?period=2026-Q4")["period"] == "2026-Q4"
    assert api(rep).get("/scorecards/centre").status_code == 403
    assert api(boss).ok("GET", "/scorecards/centre")["subject"] == "centre"
    assert api(make.user()).get(f"/scorecards/{rep.username}").status_code == 403
    assert api(rep).get("/scorecards/nobody").status_code == 404
    assert api(rep).get(f"/scorecards/{rep.username}?period=soon").status_code == 422


def test_the_pages_lead_from_a_figure_to_what_is_behind_it(
    make: Make, signed_in: Callable[[Any], Browser], clock: Clock, query_count: Any
) -> None:
    rep, boss = make.user("rep", team="billing"), make.user("manager", team="billing")
    with writing():
        approved(submitted(rep), desk(make))
        import_readings(None, [row(), row(subject=rep.username), row(subject="team:billing")], source="x.csv")
    page = signed_in(rep).text("/scorecard")
    assert f"/ledger?user={rep.username}" in page
    browser = signed_in(boss)
    for path in ("/scorecard/centre", "/scorecard/team/billing", f"/scorecard/{rep.username}?period=2026-Q4"):
        assert "95.74" in browser.text(path)
    parts = browser.text("/scorecard/parts/cases_closed_24h?subject=centre&period=2026-11")
    assert "x.csv" in parts
    people = browser.text("/scorecard/parts/approved_items?subject=team:billing&period=2026-11")
    assert f"/ledger?user={rep.username}" in people
    one = browser.text(f"/scorecard/parts/approved_items?subject={rep.username}&period=2026-11")
    assert f"/ledger?user={rep.username}" in one, "one's own figure leads to one's own entries"
    with query_count() as statements:
        browser.text("/scorecard/centre")
    assert len(statements) <= 45, "\n".join(statements)
    assert signed_in(make.user()).get(f"/scorecard/{rep.username}").status_code == 403
    assert signed_in(rep).get("/scorecard/centre").status_code == 403
    assert signed_in(rep).get("/admin/kpi").status_code == 403


def test_the_commands(app: Flask, make: Make, tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "readings.csv"
    file.write_text(
        "indicator,subject,period,numerator,denominator\ncsat,centre,2026-10,80,100\nx,centre,2026-10,1,1\n"
    )
    runner = app.test_cli_runner()
    first = runner.invoke(args=["kpi", "import", str(file)])
    assert (first.exit_code, "readings.csv:3" in first.output) == (1, True)
    file.write_text("indicator,subject,period,numerator,denominator\ncsat,centre,2026-10,80,100\n")
    again = runner.invoke(args=["kpi", "import", str(file)])
    assert (again.exit_code, again.output.strip()) == (0, "0 added, 0 corrected, 1 unchanged")
    assert runner.invoke(args=["kpi", "close", "2026-10"]).exit_code == 0
    assert runner.invoke(args=["kpi", "close", "2026-10"]).exit_code == 1
    assert runner.invoke(args=["scoring", "verify"]).exit_code == 0
    assert runner.invoke(args=["scoring", "rebuild"]).exit_code == 0
    with reading():
        assert queries.is_closed("2026-10")
