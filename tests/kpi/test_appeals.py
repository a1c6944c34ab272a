"""Closing freezes; an appeal is answered by an entry, beside the frozen card or as the next reading."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DatabaseError

from accounts.people import actor_of
from core import buffers, outbox
from core import clock as core_clock
from core.db import session, writing
from core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from tests.clients import Browser
from tests.conftest import Clock
from tests.make import Make
from wiki.kpi import appeals, indicators, queries
from wiki.kpi.appeals import Remedy, Verdict
from wiki.kpi.bringing import import_readings
from wiki.kpi.cards import card
from wiki.kpi.dealing_models import CardAnswer, CardAppeal, CardRestatement, Outcome
from wiki.kpi.models import CardSnapshot, SubjectKind
from wiki.kpi.ops import close, make_template
from wiki.kpi.periods import Span, parse
from wiki.kpi.subjects import CENTRE, of_person, of_team

OCTOBER, NOVEMBER = parse("2026-10"), parse("2026-11")


def bring(subject: str, period: str, numerator: str, code: str = "cases_closed_24h") -> Any:
    row = {"indicator": code, "subject": subject, "period": period, "numerator": numerator, "denominator": "100"}
    return import_readings(None, [(1, row)], source="x.csv")


def score_of(document: dict[str, Any], code: str) -> Any:
    line = appeals.line_in(document, code)
    assert line is not None
    return line["score"]


def test_an_appeal_against_a_closed_card_is_put_right_beside_it(db: Any, make: Make, clock: Clock) -> None:
    rep, boss = make.user("rep", team="billing"), make.actor("manager")
    who, subject = actor_of(rep), of_person(rep)
    bring(rep.username, "2026-10", "47"), bring(rep.username, "2026-10", "85", "calls_answered")
    close(boss, OCTOBER)
    frozen = card(subject, OCTOBER)
    row = appeals.appeal(who, subject, OCTOBER, "cases_closed_24h", "forty-seven more were closed in time")
    assert appeals.remedy(row) is Remedy.RESTATE
    with pytest.raises(Conflict, match="waiting"):
        appeals.appeal(who, subject, OCTOBER, "cases_closed_24h", "again")
    with pytest.raises(Invalid):
        appeals.answer(boss, row, Verdict(True, " ", "94", "100"))
    answer = appeals.answer(boss, row, Verdict(True, "the system had lost them", "94", "100"))
    assert (answer.outcome, answer.restatement is not None) == (Outcome.UPHELD, True)
    assert card(subject, OCTOBER) == frozen
    corrected = appeals.restatement(subject.key, "2026-10")
    assert corrected is not None
    # customer: (40·100 + 30·100)/70 = 100; knowledge and learning are 0 of 150 and 0 of 40, which is data
    assert (score_of(frozen, "cases_closed_24h"), score_of(corrected.document, "cases_closed_24h")) == (
        "50.00",
        "100.00",
    )
    assert (frozen["total"], corrected.total) == ("42.86", Decimal("60.00"))  # 60·(40·50 + 30·100)/70 % and 60·100 %
    with pytest.raises(Conflict, match="already"):
        appeals.answer(boss, row, Verdict(False, "no"))
    for kind in (CardAppeal, CardAnswer, CardRestatement, CardSnapshot):
        with pytest.raises(DatabaseError), session.begin_nested():
            session.execute(sa.delete(kind))


def test_an_appeal_against_an_open_card_becomes_the_next_reading(db: Any, make: Make, clock: Clock) -> None:
    rep, boss = make.user("rep", team="billing"), make.actor("manager")
    bring(rep.username, "2026-11", "47")
    row = appeals.appeal(actor_of(rep), of_person(rep), NOVEMBER, "cases_closed_24h", "there were more")
    assert appeals.remedy(row) is Remedy.READING
    with pytest.raises(Invalid, match="already in force"):
        appeals.answer(boss, row, Verdict(True, "yes", "47", "100"))
    appeals.answer(boss, row, Verdict(True, "yes", "94", "100"))
    assert score_of(card(of_person(rep), NOVEMBER), "cases_closed_24h") == "100.00"
    indicator = queries.indicator("cases_closed_24h")
    assert indicator is not None
    key = (SubjectKind.PERSON, rep.id)
    rows = list(session.scalars(queries.readings(indicator_id=indicator.id, subject=key, periods=["2026-11"])))
    assert [(one.numerator, one.why) for one in rows] == [(47, ""), (94, "yes")]
    counted = appeals.appeal(actor_of(rep), of_person(rep), NOVEMBER, "approved_items", "one is missing")
    assert appeals.remedy(counted) is Remedy.ELSEWHERE
    assert appeals.answer(boss, counted, Verdict(True, "it was approved in October")).restatement_id is None


def test_who_may_appeal_and_who_may_answer(db: Any, make: Make, clock: Clock) -> None:
    rep, other = make.user("rep", team="billing"), make.actor("rep", team="billing")
    head, boss, second = make.actor("supervisor", team="billing"), make.user("manager"), make.actor("manager")
    team = of_team(make.team("billing"))
    bring("team:billing", "2026-10", "47")
    row = appeals.appeal(head, team, OCTOBER, "cases_closed_24h", "for the team")
    for who, subject in ((other, of_person(rep)), (other, team), (head, of_person(rep)), (head, CENTRE)):
        with pytest.raises(Forbidden):
            appeals.appeal(who, subject, OCTOBER, "csat", "no")
    with pytest.raises(NotFound):
        appeals.find(other, row.id)
    assert appeals.find(head, row.id).id == appeals.find(second, row.id).id == row.id
    with pytest.raises(Forbidden):
        appeals.answer(head, row, Verdict(False, "mine"))
    own = appeals.appeal(actor_of(boss), of_person(boss), OCTOBER, "csat", "my own")
    with pytest.raises(Forbidden, match="own card"):
        appeals.answer(actor_of(boss), own, Verdict(False, "no"))
    assert appeals.withdraw(actor_of(boss), own).outcome is Outcome.WITHDRAWN
    close(second, OCTOBER)
    clock.advance(days=12)
    with pytest.raises(Conflict, match="10 days"):
        appeals.appeal(head, team, OCTOBER, "csat", "too late")


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["bring", "target", "template", "close", "appeal", "late", "retire"]), st.integers(1, 120)
    ),
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=ACTS)
def test_a_closed_period_never_changes(app: Any, make: Make, clock: Clock, acts: list[tuple[str, int]]) -> None:
    """Whatever is done after a month was closed: its cards are byte for byte what they were."""
    with writing():
        rep, boss = make.user("rep", team="billing"), make.actor("manager")
        subjects = [of_person(rep), of_team(make.team("billing")), CENTRE]
        bring(rep.username, "2026-10", "80"), bring("centre", "2026-10", "90")
        close(boss, OCTOBER)
        before = [card(one, OCTOBER) for one in subjects]
        for what, n in acts:
            point = session.begin_nested()
            try:
                _act(what, n, rep, boss)
                point.commit()
            except DomainError:
                point.rollback()
            assert [card(one, OCTOBER) for one in subjects] == before
            for one in subjects:
                shown = card(one, NOVEMBER)["perspectives"]
                assert sum(Decimal(p["weight"]) for p in shown) == 100
                assert all(sum(Decimal(line["weight"]) for line in p["indicators"]) == 100 for p in shown)
        session.rollback()


def _act(what: str, n: int, rep: Any, boss: Any) -> None:
    day = core_clock.now().date().replace(day=n % 28 + 1, month=10 + n % 3)
    if what == "bring":
        bring(rep.username, ("2026-10", "2026-11", "2026-10-07", "2026-Q4")[n % 4], str(n))
    elif what == "target":
        indicators.set_target(boss, indicators.find("csat"), str(n), day)
    elif what == "template":
        half = "50" if n % 2 else "49"
        lines = (("csat", "50", str(n), Span.MONTH), ("fcr", half, "80", Span.MONTH))
        make_template(boss, SubjectKind.PERSON, day, (("customer", "100", lines),))
    elif what == "close":
        close(boss, (OCTOBER, parse("2026-Q3"), parse("2026-H1"))[n % 3])
    elif what == "appeal":
        row = appeals.appeal(actor_of(rep), of_person(rep), OCTOBER, "cases_closed_24h", "wrong")
        appeals.answer(boss, row, Verdict(n % 2 == 0, "so it is", str(n), "100"))
    elif what == "retire":
        indicators.retire(boss, indicators.find("aht"), back=n % 2 == 0)
    else:
        from wiki.scoring import ops as scoring

        scoring.grant("quiz.passed", source_kind="attempt", source_id=n, people=[rep.id], at=core_clock.now())


def test_the_pages_of_an_appeal_and_who_saw_the_card(
    make: Make, signed_in: Callable[[Any], Browser], clock: Clock
) -> None:
    rep, boss = make.user("rep", team="billing"), make.user("manager")
    with writing():
        bring(rep.username, "2026-10", "47")
        close(None, OCTOBER)
    mine, theirs = signed_in(rep), signed_in(boss)
    page = mine.text("/scorecard?period=2026-10")
    assert "Wrong?" in page
    form = "/scorecard/appeal?period=2026-10&code=cases_closed_24h"
    said = {"subject": rep.username, "period": "2026-10", "code": "cases_closed_24h"}
    assert mine.submit(form, to="/scorecard/appeals", text="", **said).status_code == 422
    sent = mine.submit(form, to="/scorecard/appeals", text="<b>more</b> were closed", **said)
    where = str(sent.headers["Location"])
    assert "&lt;b&gt;more" in theirs.text(where)
    outbox.drain()
    assert f"{rep.name} appeals against a figure" in theirs.text("/notices")
    assert "1 appeal waits" in theirs.text("/admin/kpi") or "waiting" in theirs.text("/scorecard/appeals")
    verdict = {"text": "you are right", "numerator": "94", "denominator": "100", "outcome": "upheld"}
    theirs.post(f"{where}/answer", data={**verdict, "csrf_token": theirs.csrf(where)})
    assert "you are right" in mine.text(where)
    outbox.drain()
    assert "answered your appeal" in mine.text("/notices")
    page = mine.text("/scorecard?period=2026-10")
    assert re.search(r"restated <strong>100\.00", page)
    theirs.text(f"/scorecard/{rep.username}?period=2026-10")
    buffers.flush_all()
    record = mine.text("/scorecard/record?period=2026-10")
    assert boss.name in record
    assert "you are right" in record
    assert "were closed" in record
    assert "was closed" in record
    head = signed_in(make.user("supervisor", team="billing")).text(
        f"/scorecard/record?subject={rep.username}&period=2026-10"
    )
    assert "appeal about" in head
    assert "were closed" not in head, "what somebody wrote to the managers is not for who leads them"
    assert "you are right" not in head
    book = mine.get("/scorecard/workbook.xlsx?period=2026-10")
    assert (book.status_code, book.get_data()[:2]) == (200, b"PK")
    assert "Put right after the closing" in mine.text("/scorecard/paper?period=2026-10")
    assert signed_in(make.user()).get(where).status_code == 404
