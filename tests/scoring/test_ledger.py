"""What is earned, by whom, in the transaction in which it was earned; and that it can be reckoned again."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DatabaseError

from accounts.models import User
from accounts.people import actor_of
from core.db import session, writing
from core.events import emit
from core.permissions import allowed, can
from tests.clients import Browser, Script
from tests.conftest import Clock
from tests.make import Make
from tests.scoring.story import approved, desk, submitted
from wiki.feedback.ops import mark_used, vote
from wiki.scoring import ops, rebuilding, registry, ruling
from wiki.scoring.models import LedgerEntry, ScoringAct
from wiki.scoring.permissions import P
from wiki.scoring.queries import Filter, sums
from wiki.scoring.rules import Unit
from wiki.training.events import CourseCompleted

D = Decimal


def points(user: User) -> Decimal:
    return sums(Filter(user_id=user.id))[Unit.POINTS]


def test_author_and_reviewers_earn_when_a_text_is_accepted(db: Any, make: Make) -> None:
    author, reviewers = make.user(), desk(make)
    approved(submitted(author), reviewers)
    assert points(author) == D("8.00")
    assert [points(reviewers[r]) for r in ("business", "qa", "training")] == [D("1.00"), D("1.00"), D("0.00")]
    assert rebuilding.verify() == []
    assert rebuilding.unrecorded() == {}


def test_a_late_verdict_earns_half(db: Any, make: Make, clock: Clock) -> None:
    author, reviewers = make.user(), desk(make)
    made = submitted(author)
    clock.advance(hours=24 * 30)
    approved(made, reviewers)
    assert points(reviewers["business"]) == D("0.50")


def test_a_change_earns_by_its_significance(db: Any, make: Make) -> None:
    author, other, reviewers = make.user(), make.user(), desk(make)
    article = approved(submitted(author), reviewers)
    approved(submitted(other, title="漫游套餐(新)", article_slug=article.slug, significance="minor"), reviewers)
    assert points(other) == D("2.00")


def test_helpful_pays_the_author_once_and_taking_it_back_takes_it_back(db: Any, make: Make) -> None:
    author = make.user()
    article = approved(submitted(author), desk(make))
    reader, before = make.actor("rep"), points(author)
    for helpful, earned in ((True, "0.50"), (True, "0.50"), (False, "0.00"), (True, "0.50"), (False, "0.00")):
        vote(article, reader, helpful=helpful)
        assert points(author) - before == D(earned)
    assert rebuilding.verify() == []


def test_a_repeated_vote_with_a_remark_does_not_hide_the_one_that_paid(db: Any, make: Make) -> None:
    author = make.user()
    article = approved(submitted(author), desk(make))
    reader, before = make.actor("rep"), points(author)
    vote(article, reader, helpful=True)
    vote(article, reader, helpful=True, comment="很清楚")
    vote(article, reader, helpful=False)
    assert points(author) == before


def test_own_votes_and_uses_earn_nothing(db: Any, make: Make) -> None:
    author = make.user()
    article = approved(submitted(author), desk(make))
    before = points(author)
    vote(article, actor_of(author), helpful=True)
    mark_used(article, actor_of(author))
    assert points(author) == before


def test_ten_calls_of_one_reader_and_day_pay_once(db: Any, make: Make, clock: Clock) -> None:
    author = make.user()
    article = approved(submitted(author), desk(make))
    reader, before = make.actor("rep"), points(author)
    for _call in range(10):
        mark_used(article, reader)
    assert points(author) - before == D("0.30")
    clock.advance(days=1)
    mark_used(article, reader)
    assert points(author) - before == D("0.60")


def test_a_day_has_a_cap(db: Any, make: Make, clock: Clock) -> None:
    author = make.user()
    article = approved(submitted(author), desk(make))
    before = points(author)
    for _reader in range(12):
        vote(article, make.actor("rep"), helpful=True)
    assert points(author) - before == D("5.00")
    assert rebuilding.verify() == []


def test_a_course_earns_credits_and_no_points(db: Any, make: Make, clock: Clock) -> None:
    learner = make.user()
    event = CourseCompleted(1, "basics", "Basics", 7, learner.id, D("8"), clock.now())
    emit(event)
    emit(event)
    found = sums(Filter(user_id=learner.id))
    assert found == {Unit.POINTS: D("0.00"), Unit.CREDITS: D("8.00")}


def test_an_act_belongs_to_the_month_on_the_centres_clock(db: Any, make: Make) -> None:
    user = make.user()
    at = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)  # half past midnight on 1 November in Shanghai
    (entry,) = ops.grant("quiz.passed", source_kind="attempt", source_id=1, people=[user.id], at=at)
    assert (entry.period, entry.day) == ("2026-11", date(2026, 11, 1))


def test_an_act_of_a_closed_month_enters_the_open_one_and_says_so(db: Any, make: Make, clock: Clock) -> None:
    registry.close_with(_october)
    try:
        at = datetime(2026, 10, 20, tzinfo=UTC)
        (entry,) = ops.grant("quiz.passed", source_kind="attempt", source_id=2, people=[make.user().id], at=at)
    finally:
        registry._closed.remove(_october)
    assert (entry.period, entry.details["late_for"]) == ("2026-11", "2026-10")


def _october(period: str) -> bool:
    return period == "2026-10"


def test_a_rule_changes_from_a_day_on(db: Any, make: Make, clock: Clock) -> None:
    ruling.change_rule("quiz.passed", ruling.Terms(D("3")), since=date(2026, 11, 16))
    user = make.user()
    ops.grant(
        "quiz.passed", source_kind="attempt", source_id=1, people=[user.id], at=datetime(2026, 11, 10, tzinfo=UTC)
    )
    ops.grant("quiz.passed", source_kind="attempt", source_id=2, people=[user.id], at=clock.now())
    assert points(user) == D("4.00")
    assert rebuilding.verify() == []


def test_entries_and_acts_cannot_be_changed_or_deleted(db: Any, make: Make) -> None:
    approved(submitted(make.user()), desk(make))
    for act in (
        sa.update(LedgerEntry).values(points=D(1000)),
        sa.delete(LedgerEntry),
        sa.delete(ScoringAct),
    ):
        with pytest.raises(DatabaseError), session.begin_nested():
            session.execute(act)


def one_too_many() -> LedgerEntry:
    """The entry of the one article that was accepted, a second time and for a hundred points."""
    act = session.scalars(sa.select(ScoringAct).where(ScoringAct.event == "article.accepted")).one()
    (entry,) = session.scalars(sa.select(LedgerEntry).where(LedgerEntry.act_id == act.id))
    copied = {c.key: getattr(entry, c.key) for c in sa.inspect(LedgerEntry).column_attrs if c.key != "id"}
    session.add(LedgerEntry(**{**copied, "source": f"{entry.source}#9", "points": D("100")}))
    session.flush()
    return entry


def test_rebuilding_mends_by_adding(db: Any, make: Make) -> None:
    author = make.user()
    approved(submitted(author), desk(make))
    one_too_many()
    (found,) = rebuilding.verify()
    assert (found.written, found.reckoned) == (D("108.00"), D("8.00"))
    assert rebuilding.rebuild() == (0, 1)
    assert rebuilding.verify() == []
    assert points(author) == D("8.00")


def test_the_command_names_the_row_that_differs_and_exits_with_1(app: Flask, make: Make) -> None:
    author, other, runner = make.user(), make.user(), app.test_cli_runner()
    with writing():
        reviewers = desk(make)
        approved(submitted(author), reviewers)
        entry = one_too_many()
        approved(submitted(other, title="国际漫游"), reviewers)
    done = runner.invoke(args=["scoring", "verify"])
    assert done.exit_code == 1
    (row, sentence) = done.stderr.splitlines()
    assert row.startswith(f"person {author.id}, {entry.rule}, ")
    assert row.endswith(": 108.00 written, 8.00 reckoned")
    assert "The ledger is not what happened" in sentence
    assert runner.invoke(args=["scoring", "rebuild"]).exit_code == 0
    assert runner.invoke(args=["scoring", "verify"]).exit_code == 0


@pytest.mark.parametrize("role", ["rep", "qa", "supervisor", "manager", "admin"])
def test_the_list_agrees_with_the_predicate(db: Any, make: Make, role: str) -> None:
    people = [make.user("rep", team="billing"), make.user("rep", team="broadband"), make.user("rep")]
    for team in ("billing", None):
        who = make.actor(role, team=team)
        listed = set(session.scalars(sa.select(User.id).where(allowed(who, P.SEE_LEDGER))))
        everybody = session.scalars(sa.select(User)).all()
        assert listed == {user.id for user in everybody if can(who, P.SEE_LEDGER, user)}
        assert who.id in listed
    assert people


def test_the_interface_gives_entries_and_the_sum_of_the_whole_filter(make: Make, api: Callable[..., Script]) -> None:
    author, boss = make.user("rep", team="billing"), make.user("supervisor", team="billing")
    with writing():
        reviewers = desk(make)
        approved(submitted(author), reviewers)
        approved(submitted(author, title="国际漫游"), reviewers)
    found = api(author).ok("GET", f"/ledger?user={author.username}&limit=1")
    assert (found["sum"], found["total"], len(found["items"])) == ("16.00", 2, 1)
    assert set(found["items"][0]) >= {"at", "rule", "points", "source", "revision"}
    assert api(boss).ok("GET", f"/ledger?user={author.username}")["sum"] == "16.00"
    assert api(author).ok("GET", "/ledger?from=2020-01-01&to=2020-01-31")["sum"] == "0.00"
    assert api(make.user("rep", team="billing")).get(f"/ledger?user={author.username}").status_code == 403
    assert api(author).get("/ledger?from=tomorrow").status_code == 422
    assert api(author).get("/ledger?user=nobody").status_code == 404


def test_the_page_opens_each_source(make: Make, signed_in: Callable[[Any], Browser], query_count: Any) -> None:
    author, boss = make.user(), make.user("manager")
    with writing():
        made = submitted(author)
        approved(made, desk(make))
    page = signed_in(author).text("/ledger")
    assert f'href="/submissions/{made.id}"' in page
    assert "8.00" in page
    browser = signed_in(boss)
    browser.text("/ledger")
    with query_count() as statements:
        browser.text(f"/ledger?user={author.username}")
    assert len(statements) <= 14, "\n".join(statements)
    assert signed_in(make.user()).get(f"/ledger?user={author.username}").status_code == 403
