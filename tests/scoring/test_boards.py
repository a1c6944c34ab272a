"""Boards, badges and the choice to be in no ranking: on both databases."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from accounts.models import User
from accounts.people import actor_of
from core.db import writing
from core.errors import Forbidden, Invalid
from tests.clients import Browser
from tests.conftest import Clock
from tests.make import Make
from tests.scoring.story import approved, desk, submitted
from wiki.feedback import ops as feedback
from wiki.scoring import boards_ops, boards_queries, boards_showing
from wiki.scoring import boards_rules as rules
from wiki.scoring.ops import grant

NOVEMBER = "2026-11"


def earn(user: User, source: int, *, event: str = "feedback.used", **about: Any) -> None:
    at = about.pop("at", datetime(2026, 11, 10, 3, tzinfo=UTC))
    grant(event, source_kind="feedback", source_id=source, people=(user.id,), at=at, **about)


def test_contributors_are_weighed_by_quality_and_reuse(db: Any, make: Make, clock: Clock) -> None:
    author, other, judges = make.user(), make.user(), desk(make)
    text = approved(submitted(author), judges)
    approved(submitted(other, title="国际漫游"), judges)
    for reader in (make.user(), make.user()):
        feedback.say(text, actor_of(reader), used_in_call=True)
        feedback.say(text, actor_of(reader), helpful=True)
    given = boards_queries.contributions(NOVEMBER)
    assert (given[author.id].reuse, given[other.id].reuse) == (4, 0)
    assert given[author.id].amount == Decimal("9.60")  # 8 points of the text × (1 + 4/20)
    assert given[other.id].amount == Decimal("8.00")
    assert judges["qa"].id not in given  # judging is no text
    feedback.say(text, actor_of(reader), helpful=False)
    assert boards_queries.contributions(NOVEMBER)[author.id].reuse == 3


def test_a_badge_is_kept_while_what_it_counts_stands(db: Any, make: Make, clock: Clock) -> None:
    user, boss = make.user(), make.actor("manager")
    with pytest.raises(Forbidden):
        boards_ops.change_badge(actor_of(user), "uses_100", threshold=Decimal(3), since=date(2026, 11, 17))
    with pytest.raises(Invalid):
        boards_ops.change_badge(boss, "uses_100", threshold=Decimal(0), since=date(2026, 11, 1))
    boards_ops.change_badge(boss, "uses_100", threshold=Decimal(3), since=date(2026, 11, 17))
    for n in range(3):
        earn(user, n + 1)
    versions, today = boards_queries.badges(), date(2026, 11, 20)
    entries = boards_queries.earned(user.id, versions)
    assert rules.replay(entries, versions, date(2026, 11, 16)) == []
    (award,) = rules.replay(entries, versions, today)
    assert (award.code, award.given_on) == ("uses_100", date(2026, 11, 17))
    earn(user, 9, undoes="feedback:2", at=datetime(2026, 11, 18, 3, tzinfo=UTC))
    (award,) = rules.replay(boards_queries.earned(user.id, versions), versions, today)
    assert award.rests_since == date(2026, 11, 18)


def test_sums_of_a_team_hold_everybody_and_places_only_who_takes_part(db: Any, make: Make, clock: Clock) -> None:
    one, two, away = (make.user("rep", team="billing") for _n in range(3))
    for n, user in enumerate((one, one, two, away, away, away), 1):
        earn(user, n)
    boards_ops.choose(actor_of(away), hidden=True)
    found = boards_queries.sums([NOVEMBER], [one.id, two.id, away.id])
    assert sum(found.values()) == Decimal("1.80")
    ranked = rules.places(boards_queries.sums(["2026-10", NOVEMBER]), boards_queries.hidden())
    assert [(p.number, p.user_id) for p in ranked] == [(1, one.id), (2, two.id)]
    boards_ops.choose(actor_of(away), hidden=False)
    assert boards_queries.hidden() == set()


def test_who_chose_no_ranking_is_named_on_no_board(
    app: Flask, make: Make, clock: Clock, signed_in: Callable[[User], Browser]
) -> None:
    """The journey of one who would rather not be ranked, and of the colleagues who look at the boards."""
    quiet, loud = make.user("rep", team="billing", name="Quiet One"), make.user("rep", team="billing", name="Loud One")
    boss = make.user("manager")
    with writing():
        judges = desk(make)
        for user, title in ((quiet, "账单"), (loud, "漫游")):
            approved(submitted(user, title=title), judges)
    own, other, manager = signed_in(quiet), signed_in(loud), signed_in(boss)
    boards = ("/points/team/billing", "/points/contributors", "/points/contributors/wall?period=2026-11")
    assert all("Quiet One" in other.text(path) for path in boards)
    assert "Place 1 of" in own.text("/points?span=quarter")
    assert own.submit("/profile", to="/points/ranking", next="/profile").location == "/profile"
    assert not any("Quiet One" in browser.text(path) for browser in (other, manager) for path in boards)
    assert "16.00" in other.text("/points/team/billing")  # both are in the sum
    assert "no ranking" in own.text("/points")
    assert "only you see" not in own.text("/points")
    assert "Place 1 of" in other.text("/points")
    assert other.get("/points?user=" + quiet.username).status_code == 403
    assert "First text" in own.text("/points/badges")
    assert "Level" in own.text("/")
    assert manager.submit("/points/badges", to="/points/badges/uses_100", threshold="x", since="").status_code == 422
    changed = manager.submit("/points/badges", to="/points/badges/uses_100", threshold="50", since="2026-12-01")
    assert changed.status_code == 303
    assert "What is going to change" in own.text("/points/badges")
    assert manager.get("/points/contributors?period=2027-01").status_code == 404


def test_disputed_points_make_no_contributor(
    app: Flask, make: Make, clock: Clock, signed_in: Callable[[User], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make.user("rep", name="Under Question")
    with writing():
        approved(submitted(user), desk(make))
    monkeypatch.setattr(boards_queries, "_disputes", [])
    boards_queries.leave_out(lambda period: {user.id} if period == NOVEMBER else set())
    assert "Under Question" not in signed_in(make.user()).text("/points/contributors")
    assert boards_showing.months(date(2026, 2, 1), 3) == ["2025-12", "2026-01", "2026-02"]
