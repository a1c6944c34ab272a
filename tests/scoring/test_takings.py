"""What was earned is taken back when it is undone, and given back when that was an error – through the real verbs."""

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core import clock
from core.db import session
from core.errors import Conflict, Forbidden, Invalid
from tests.conftest import Clock
from tests.make import Make
from tests.scoring.story import approved, desk, points, submitted
from tests.training.conftest import School
from tests.workflows.flow_story import give, watched
from wiki.articles import publishing
from wiki.feedback import flagging
from wiki.feedback.ops import mark_used, take_back, vote
from wiki.kpi import computed
from wiki.scoring import ops, rebuilding, registry
from wiki.scoring.models import LedgerEntry
from wiki.scoring.queries import Filter, sums
from wiki.scoring.rules import Unit
from wiki.training.learning import hand_in
from wiki.training.voiding import void
from workflows import deciding
from workflows.models import Task
from workflows.rules import TaskState, Verb

D = Decimal


def test_a_vote_is_withdrawn_and_given_again(db: Any, make: Make) -> None:
    author = make.user()
    article = approved(submitted(author), desk(make))
    reader, before = make.actor("rep"), points(author)
    vote(article, reader, helpful=True)
    vote(article, reader, helpful=True, comment="很清楚")
    take_back(article, reader, vote=True)
    assert points(author) == before
    with pytest.raises(Conflict):
        take_back(article, reader, vote=True)
    vote(article, reader, helpful=True)
    assert points(author) - before == D("0.50")
    vote(article, reader, helpful=False)
    assert points(author) == before
    assert rebuilding.verify() == []


def test_a_use_is_undone_only_when_none_is_left_that_day(db: Any, make: Make) -> None:
    author = make.user()
    article = approved(submitted(author), desk(make))
    reader, before = make.actor("rep"), points(author)
    mark_used(article, reader)
    mark_used(article, reader)
    take_back(article, reader, vote=False)
    assert points(author) - before == D("0.30")
    take_back(article, reader, vote=False)
    assert points(author) == before
    mark_used(article, reader)
    assert points(author) - before == D("0.30")
    assert rebuilding.verify() == []


def test_a_duplicate_loses_its_acceptance_and_a_wrong_word_gives_it_back(db: Any, make: Make) -> None:
    author, reviewers, boss = make.user(), desk(make), make.actor("manager")
    first = approved(submitted(author), reviewers)
    twin = approved(submitted(author, title="漫游套餐 2"), reviewers)
    vote(twin, make.actor("rep"), helpful=True)
    with pytest.raises(Invalid):
        publishing.retire(twin, boss, reason="重复", duplicate_of=twin)
    publishing.retire(twin, boss, reason="重复", duplicate_of=first)
    assert points(author) == D("8.50")  # the first, and the reader who was helped
    publishing.put_back(twin, boss, reason="不是重复")
    assert points(author) == D("16.50")
    publishing.retire(twin, boss, reason="过期")
    assert points(author) == D("16.50")
    assert rebuilding.verify() == []


def overturned(make: Make) -> dict[str, User]:
    """Business approved, and quality sent it back; the reviewers by role."""
    reviewers = desk(make)
    made = submitted(make.user())
    for role, verb in (("business", Verb.APPROVE), ("qa", Verb.SEND_BACK)):
        task = session.scalars(
            sa.select(Task).where(Task.review.has(subject_id=made.id), Task.role == role, Task.state == TaskState.OPEN)
        ).one()
        deciding.decide(task.id, actor_of(reviewers[role]), verb, seen=task.version, note="请核对资费")
    return reviewers


def test_an_approval_that_a_later_stage_overturns_earns_nothing(db: Any, make: Make) -> None:
    reviewers = overturned(make)
    assert (points(reviewers["business"]), points(reviewers["qa"])) == (D("0.00"), D("1.00"))
    assert rebuilding.verify() == []
    assert rebuilding.unrecorded() == {}


def test_a_flag_that_is_opened_again_has_led_to_nothing(db: Any, make: Make) -> None:
    author, reviewers, reporter = make.user(), desk(make), make.user()
    article = approved(submitted(author), reviewers)
    flag = flagging.flag(article, actor_of(reporter), reason="wrong", comment="资费写错了")
    approved(submitted(author, title="漫游套餐(改)", article_slug=article.slug, significance="minor"), reviewers)
    boss = make.actor("manager")
    for earned in ("2.00", "2.00"):
        flagging.answer(flag, boss, outcome="changed", text="已改")
        assert points(reporter) == D(earned)
        flagging.reopen(flag, actor_of(reporter), "还是不对")
        assert points(reporter) == D("0.00")
    assert rebuilding.verify() == []


def test_two_who_agree_without_knowing_of_each_other_earn(db: Any, make: Make) -> None:
    make.pipeline(definition=watched())
    one, other = make.actor("business"), make.actor("business")
    made = make.submission()
    give(make, made, one, "approve", blind=False)
    give(make, made, other, "approve", blind=True)
    agreed = sa.select(sa.func.count()).where(LedgerEntry.rule == "calibrated")
    assert session.scalar(agreed) == 2
    assert rebuilding.verify() == []


def test_a_void_attempt_takes_back_points_and_credits(db: Any, make: Make) -> None:
    school, learner, trainer = School(make), make.user(), make.actor("training")
    course = school.course(lessons=0, worth="8", attempts_allowed=3)
    quiz = school.quiz(course)
    attempt = hand_in(quiz, actor_of(learner), school.answers(quiz))
    assert sums(Filter(user_id=learner.id)) == {Unit.POINTS: D("1.00"), Unit.CREDITS: D("8.00")}
    with pytest.raises(Forbidden):
        void(attempt, actor_of(learner), reason="x")
    void(attempt, trainer, reason="代考")
    assert not attempt.passed
    assert set(sums(Filter(user_id=learner.id)).values()) == {D("0.00")}
    hand_in(quiz, actor_of(learner), school.answers(quiz))
    assert sums(Filter(user_id=learner.id)) == {Unit.POINTS: D("1.00"), Unit.CREDITS: D("8.00")}
    assert rebuilding.verify() == []


def test_co_authors_and_second_accounts_of_an_author_earn_nothing_for_him(db: Any, make: Make) -> None:
    author = make.user()
    author.email, shadow = "chen@example.com", make.user()
    shadow.email = "Chen@Example.com"
    article = approved(submitted(author), desk(make))
    before = points(author)
    vote(article, actor_of(shadow), helpful=True)
    mark_used(article, actor_of(shadow))
    assert points(author) == before


def test_taking_back_an_act_of_a_closed_month_is_an_entry_of_the_open_one(db: Any, make: Make, clock: Clock) -> None:
    author, reviewers, boss = make.user(), desk(make), make.actor("manager")
    first = approved(submitted(author), reviewers)
    twin = approved(submitted(author, title="漫游套餐 2"), reviewers)
    clock.advance(days=20)
    registry.close_with(_november)
    try:
        publishing.retire(twin, boss, reason="重复", duplicate_of=first)
    finally:
        registry._closed.remove(_november)
    rows = session.scalars(sa.select(LedgerEntry).where(LedgerEntry.user_id == author.id).order_by(LedgerEntry.id))
    assert [(row.period, row.points) for row in rows] == [("2026-11", D(8)), ("2026-11", D(8)), ("2026-12", D(-8))]
    assert rebuilding.verify() == []


def _november(period: str) -> bool:
    return period == "2026-11"


def test_a_type_that_comes_later_needs_a_name_and_a_rule_and_nothing_else(db: Any, make: Make, clock: Clock) -> None:
    from wiki.scoring import ruling

    registry.register(registry.Source("qbq.collected", "QBQ", lambda *_: None))
    try:
        boss, user = make.actor("manager"), make.user()
        ruling.add_rule(
            boss, "qbq.collected", "", ruling.Terms(D("0.7"), cap_per_month=D("1")), since=clock.now().date()
        )
        for n in (1, 2):
            ops.grant("qbq.collected", source_kind="qbq", source_id=n, people=[user.id], at=clock.now())
        assert points(user) == D("1.00")
        assert rebuilding.verify() == []
    finally:
        registry._sources.pop("qbq.collected")


def test_what_was_taken_back_is_no_approved_item_any_more(db: Any, make: Make) -> None:
    author, reviewers, boss = make.user(), desk(make), make.actor("manager")
    month = clock.now().strftime("%Y-%m")
    first = approved(submitted(author), reviewers)
    twin = approved(submitted(author, title="漫游套餐 2"), reviewers)
    ids = [author.id]
    assert computed.per_person("approved_items", [month], ids) == {author.id: D(2)}
    publishing.retire(twin, boss, reason="重复", duplicate_of=first)
    assert computed.per_person("approved_items", [month], ids) == {author.id: D(1)}
    publishing.put_back(twin, boss, reason="不是重复")
    assert computed.per_person("approved_items", [month], ids) == {author.id: D(2)}


def test_an_overturned_verdict_is_one_verdict_in_time(db: Any, make: Make) -> None:
    reviewers = overturned(make)
    rows = computed.verdicts([clock.now().strftime("%Y-%m")], [reviewers["business"].id])
    assert [tuple(row[1:]) for row in session.execute(rows)] == [(1, 1)]
