"""Seats: deputies, to whom a task goes, claims, everybody of a pool, blocked tasks, approvals that stand by field."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from accounts import absences
from accounts.models import User
from accounts.people import actor_of
from core import clock as core_clock
from core import events
from core.audit import TrailEntry
from core.db import session
from core.errors import Conflict, Forbidden, Invalid
from core.permissions import can
from tests.make import Make
from wiki.articles import ops as writing
from wiki.scoring.models import LedgerEntry
from workflows import claiming, deciding, housekeeping, ops
from workflows.caretaker_models import Caretaker
from workflows.definitions import Approvals, Definition, Routing, Seat, Stage
from workflows.events import TaskBlocked
from workflows.models import RoundPerson
from workflows.permissions import P
from workflows.rules import Claim, TaskState, Verb


def judged_by(make: Make, *seats: Seat, on_change: Approvals = Approvals.VOIDED, then: str = "", **stage: Any) -> None:
    """FAQs pass one stage of these seats (and ``then`` a second one of this role)."""
    stages = [Stage(key="first", seats=seats, **stage)]
    if then:
        stages.append(Stage(key="last", seats=(Seat(key="last", role=then),)))
    make.pipeline(definition=Definition(stages=tuple(stages), on_change=on_change))


def goes_away(user: User, deputy: User | None, **more: Any) -> Any:
    now = core_clock.now()
    return absences.announce(
        actor_of(user), user.id, now, now + timedelta(days=3), deputy.username if deputy else None, **more
    )


def refusal(act: Any, kind: type[Any] = Forbidden) -> str:
    with pytest.raises(kind) as refused:
        act()
    return refused.value.code


# ── deputies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def named(db: Any, make: Make) -> tuple[User, User]:
    """A principal for whom alone a seat is, and a deputy of the same role."""
    principal, deputy = make.user("qa", username="li", name="李"), make.user("qa", name="王")
    judged_by(make, Seat(key="li", role="qa", people=("li",)), Seat(key="pool", role="qa"))
    return principal, deputy


def test_a_deputy_decides_on_behalf_and_both_count_as_having_acted(db, make: Make, named, clock):
    principal, deputy = named
    made = make.submission()
    assert refusal(lambda: make.decide(made, actor_of(deputy), seat="li")) == "not-your-seat"
    goes_away(principal, deputy)
    decision = make.decide(made, actor_of(deputy), seat="li")
    assert (decision.actor_id, decision.on_behalf_of_id) == (deputy.id, principal.id)
    bars = dict(db.execute(sa.select(RoundPerson.user_id, RoundPerson.bar)).all())
    assert bars == {deputy.id: "acted", principal.id: "principal"}
    for who in (principal, deputy):
        assert refusal(lambda w=who: make.decide(made, actor_of(w), seat="pool")) == "acted"
    entry = db.scalars(sa.select(TrailEntry).where(TrailEntry.verb == "approve")).one()
    assert (entry.actor_id, entry.on_behalf_of_id) == (deputy.id, principal.id)
    paid = db.scalars(sa.select(LedgerEntry.user_id).where(LedgerEntry.source == f"decision:{decision.id}")).all()
    assert set(paid) <= {deputy.id}, "points go to who acted"


def test_an_approval_through_a_deputy_is_carried_for_both(db, make: Make):
    people = [make.user("qa", "training", username=name) for name in ("li", "wang")]
    stages = (
        Stage(key="a", seats=(Seat(key="li", role="qa", people=("li",)),)),
        Stage(key="b", seats=(Seat(key="b", role="training"),)),
        Stage(key="c", seats=(Seat(key="c", role="supervisor"),)),
    )
    make.pipeline(definition=Definition(stages=stages))
    made = make.submission()
    goes_away(*people)
    make.decide(made, actor_of(people[1]))
    make.decide(made, make.actor("training"))
    make.decide(made, make.actor("supervisor"), "send_back", to_stage="b")
    for who in people:
        assert refusal(lambda w=who: make.decide(made, actor_of(w))) == "acted"


def test_a_deputy_without_the_role_is_refused(db, make: Make, named):
    principal, _deputy = named
    with pytest.raises(Invalid) as refused:
        goes_away(principal, make.user("business"))
    assert set(refused.value.errors) == {"deputy"}
    both = make.user("qa", "rep", username="zhao")  # shares a role, and not the one that sits here
    judged_by(make, Seat(key="zhao", role="qa", people=("zhao",)))
    stand_in = make.user("rep")
    goes_away(both, stand_in)
    made = make.submission()
    assert refusal(lambda: make.decide(made, actor_of(stand_in))) == "not-your-seat"


def test_nobody_judges_through_a_deputy_what_they_wrote_or_judged(db, make: Make, named):
    principal, deputy = named
    mine = make.submission(actor_of(principal))
    goes_away(principal, deputy)
    assert refusal(lambda: make.decide(mine, actor_of(deputy), seat="li")) == "acted"
    theirs = make.submission(actor_of(deputy))
    assert refusal(lambda: make.decide(theirs, actor_of(deputy), seat="li")) == "own-work"


def test_a_deputy_of_a_deputy_gains_nothing(db, make: Make, named):
    principal, deputy = named
    third = make.user("qa")
    made = make.submission()
    goes_away(principal, deputy)
    goes_away(deputy, third)
    assert not can(actor_of(third), P.DECIDE, make.task(made, "li"))
    assert can(actor_of(third), P.DECIDE, make.task(made, "pool"))
    assert can(actor_of(deputy), P.DECIDE, make.task(made, "li")), "away oneself, one may still act"


def test_an_absence_for_notices_only_gives_no_seat(db, make: Make, named):
    principal, deputy = named
    goes_away(principal, deputy, reviews=False)
    assert not can(actor_of(deputy), P.DECIDE, make.task(make.submission(), "li"))


def test_what_lies_with_somebody_who_is_away_is_decided_for_them(db, make: Make):
    principal, deputy = make.user("qa"), make.user("qa")
    judged_by(make, Seat(key="a", role="qa", approvals=2))
    made = make.submission()
    task = make.task(made)
    claiming.claim(task.id, actor_of(principal))
    goes_away(principal, deputy)
    assert make.decide(made, actor_of(deputy)).on_behalf_of_id == principal.id
    assert task.claimed_by_id is None, "theirs is given; the seat waits for another"


def test_in_ones_own_right_first(db, make: Make):
    principal, deputy = make.user("qa"), make.user("qa")
    judged_by(make, Seat(key="a", role="qa"))
    goes_away(principal, deputy)
    assert make.decide(make.submission(), actor_of(deputy)).on_behalf_of_id is None


def test_who_is_back_decides_again_and_the_deputy_is_told(db, make: Make, named, clock):
    principal, deputy = named
    away = goes_away(principal, deputy)
    made = make.submission()
    task, pool = make.task(made, "li"), make.task(made, "pool")
    seen = task.version, pool.version
    claiming.claim(task.id, actor_of(deputy))
    clock.advance(hours=2)
    absences.end_early(actor_of(principal), away.id)
    assert (task.version, task.claimed_by_id) == (seen[0] + 1, None)
    assert pool.version == seen[1], "what the deputy decides anyway is left alone"
    with pytest.raises(Conflict) as refused:
        deciding.decide(task.id, actor_of(deputy), Verb.APPROVE, seen=seen[0])
    about = refused.value.details
    assert (refused.value.code, about["verb"], about["decided_by"]) == ("moved", "back", "李")
    assert "李 is back since 11:00:00" in refused.value.sentence
    assert make.decide(made, actor_of(principal), seat="li").on_behalf_of_id is None


# ── to whom a task goes ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pool_goes_to_nobody(db, make: Make):
    make.user("qa")
    judged_by(make, Seat(key="a", role="qa"))
    assert make.task(make.submission()).claimed_by_id is None


def test_round_robin_goes_round_and_passes_over_author_and_away(db, make: Make, clock):
    one, two, three, four = (make.user("qa") for _ in range(4))
    goes_away(three, one)
    judged_by(make, Seat(key="a", role="qa", routing=Routing.ROUND_ROBIN))
    got = []
    for _ in range(5):
        clock.advance(minutes=1)
        task = make.task(make.submission(actor_of(four)))
        assert task.claim_kind is Claim.ROUTED
        got.append(task.claimed_by_id)
    assert got == [one.id, two.id, one.id, two.id, one.id]
    clock.advance(minutes=1)
    assert make.task(make.submission()).claimed_by_id == four.id, "who had no turn yet"


def test_the_least_loaded_gets_it(db, make: Make, clock):
    one, two = make.user("qa"), make.user("qa")
    judged_by(make, Seat(key="a", role="qa", routing=Routing.LEAST_LOADED))
    first, second = make.submission(), make.submission()
    assert [make.task(made).claimed_by_id for made in (first, second)] == [one.id, two.id]
    make.decide(second, actor_of(two))
    clock.advance(minutes=1)
    assert make.task(make.submission()).claimed_by_id == two.id


def test_the_owner_of_the_category_gets_it(db, make: Make):
    owner, other = make.user("qa"), make.user("qa")
    writing.add_category("tariffs", "资费")
    writing.add_category("roaming", "漫游", "tariffs")
    session.add(Caretaker(user_id=owner.id, category="tariffs"))
    judged_by(make, Seat(key="a", role="qa", routing=Routing.OWNER))
    assert make.task(make.submission(category="roaming")).claimed_by_id == owner.id
    assert make.task(make.submission()).claimed_by_id is None
    assert make.task(make.submission(actor_of(owner), category="tariffs")).claimed_by_id is None, "never the author"
    made = make.submission(category="roaming")
    make.decide(made, actor_of(other))  # a suggestion keeps nobody out


def test_a_seat_for_who_looks_after_the_category(db, make: Make):
    owner, other = make.user("qa"), make.user("qa")
    writing.add_category("tariffs", "资费")
    writing.add_category("roaming", "漫游", "tariffs")
    session.add(Caretaker(user_id=owner.id, category="tariffs"))
    judged_by(make, Seat(key="a", role="qa", category="*"))
    made = make.submission(category="roaming")
    assert make.task(made).category == "tariffs"
    assert refusal(lambda: make.decide(made, actor_of(other))) == "not-your-seat"
    make.decide(made, actor_of(owner))
    make.decide(make.submission(), actor_of(other))  # nobody looks after it: the whole role


# ── claim first ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_where_it_must_be_claimed_first(db, make: Make):
    one, two = make.user("qa"), make.user("qa")
    judged_by(make, Seat(key="a", role="qa"), claim_first=True)
    made = make.submission()
    task = make.task(made)
    assert refusal(lambda: make.decide(made, actor_of(one)), Conflict) == "not-claimed"
    claiming.claim(task.id, actor_of(two))
    assert refusal(lambda: make.decide(made, actor_of(one)), Conflict) == "not-claimed"
    goes_away(two, one)
    assert make.decide(made, actor_of(one)).on_behalf_of_id == two.id, "what lies with who is away is the deputy's"


def test_a_claim_of_somebody_who_wrote_since_holds_nobody_up(db, make: Make):
    one, two = make.user("qa"), make.user("qa")
    judged_by(make, Seat(key="a", role="qa"), claim_first=True)
    made = make.submission()
    task = make.task(made)
    claiming.claim(task.id, actor_of(one))
    writing.save(made, actor_of(one), make.content(title="Mended while reading"))
    assert claiming.claim(task.id, actor_of(two)).claimed_by_id == two.id
    make.decide(made, actor_of(two))


# ── everybody ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_of_a_pool_as_it_is_on_entry(db, make: Make):
    author, *people = (make.user("training") for _ in range(4))
    judged_by(make, Seat(key="a", role="training", approvals="all"))
    made = make.submission(actor_of(author))
    task = make.task(made)
    assert task.needed == 3
    late = make.user("training")
    assert refusal(lambda: make.decide(made, actor_of(late))) == "not-your-seat"
    for user in people:
        assert made.state.value == "in_review"
        make.decide(made, actor_of(user))
    assert made.state.value == "published"


def test_all_of_the_named_with_the_author_among_them(db, make: Make):
    ana, bo, cy = (make.user("qa", username=name) for name in ("ana", "bo", "cy"))
    judged_by(make, Seat(key="a", role="qa", people=("ana", "bo", "cy"), approvals="all"))
    made = make.submission(actor_of(bo))
    assert make.task(made).needed == 2
    make.decide(made, actor_of(ana))
    make.decide(made, actor_of(cy))
    assert made.state.value == "published"


def test_all_counts_the_approvals_that_were_carried(db, make: Make):
    """Two of three have agreed when a change sends the other seat back to its beginning: the third is still asked."""
    people = [make.user("training") for _ in range(3)]
    seats = (
        Seat(key="everybody", role="training", approvals="all", fields=("answer",)),
        Seat(key="title", role="qa", fields=("title",)),
    )
    judged_by(make, *seats, on_change=Approvals.FIELDS, then="supervisor")
    author = make.actor("rep")
    made = make.submission(author, fields={"answer": "same"})
    make.decide(made, make.actor("qa"), seat="title")
    for user in people[:2]:
        make.decide(made, actor_of(user), seat="everybody")
    content = make.content(title="Another title", fields={"answer": "same", "question": made.head.fields["question"]})
    writing.save(made, author, content)
    task = make.task(made, "everybody")
    assert (task.round.number, task.needed, task.blocked_at) == (2, 3, None)
    make.decide(made, make.actor("qa"), seat="title")
    assert make.task(made, "everybody").stage == "first", "the third has not spoken"
    make.decide(made, actor_of(people[2]), seat="everybody")
    assert make.task(made).stage == "last"


# ── nobody is left ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[TaskBlocked]:
    heard: list[TaskBlocked] = []
    monkeypatch.setitem(events._listeners, TaskBlocked, [heard.append])
    return heard


def test_a_task_that_nobody_can_take_is_blocked_at_once(db, make: Make, told):
    author = make.user("qa")
    judged_by(make, Seat(key="a", role="qa"))
    task = make.task(make.submission(actor_of(author)))
    assert task.blocked_at is not None
    assert [event.task_id for event in told] == [task.id]
    helper = make.user("qa")
    housekeeping.find_blocked()
    assert task.blocked_at is None, "somebody was hired"
    helper.active = False
    session.flush()
    housekeeping.find_blocked()
    housekeeping.find_blocked()
    assert task.blocked_at is not None
    assert [event.task_id for event in told] == [task.id] * 2, "told once each time"


def test_a_manager_names_who_decides(db, make: Make):
    author, boss = make.user("qa", username="hu"), make.actor("manager")
    judged_by(make, Seat(key="a", role="qa", people=("hu",)))
    made = make.submission(actor_of(author))
    task = make.task(made)
    able, unable = make.user("qa"), make.user("business")
    seen = task.version
    for names in ([unable.username], ["nobody"], [author.username]):
        with pytest.raises(Invalid) as refused, session.begin_nested():
            claiming.name_people(task.id, boss, names)
        assert set(refused.value.errors) == {"people"}
    assert refusal(lambda: claiming.name_people(task.id, make.actor("supervisor"), [able.username])) == "forbidden"
    claiming.name_people(task.id, boss, [able.username])
    assert (task.blocked_at, task.version) == (None, seen + 1)
    with pytest.raises(Conflict) as late:
        deciding.decide(task.id, actor_of(able), Verb.APPROVE, seen=seen)
    about = late.value.details
    assert (late.value.code, about["verb"], about["decided_by"]) == ("moved", "named", boss.name)
    make.decide(made, actor_of(able))
    assert made.state.value == "published"


# ── approvals that stand by field ────────────────────────────────────────────────────────────────────────────────────


def test_only_who_answers_for_what_changed_judges_again(db, make: Make):
    author = make.actor("rep")
    title, answer = make.actor("qa"), make.actor("training")
    seats = (Seat(key="t", role="qa", fields=("title",)), Seat(key="a", role="training", fields=("answer",)))
    judged_by(make, *seats, on_change=Approvals.FIELDS, then="supervisor")
    made = make.submission(author, title="One", fields={"answer": "same", "question": "same"})
    make.decide(made, title, seat="t")
    make.decide(made, answer, seat="a")
    assert make.task(made).stage == "last"
    writing.save(made, author, make.content(title="Two", fields={"answer": "same", "question": "same"}))
    task = make.task(made)
    assert (task.stage, task.seat, task.round.number) == ("first", "t", 2)
    assert [row.decision.actor_id for row in task.round.carried] == [answer.id]
    assert refusal(lambda: make.decide(made, answer)) in {"acted", "not-your-seat"}
    make.decide(made, title)
    make.approved(made)
    assert made.state.value == "published"


def test_a_co_author_s_approval_never_stands(db, make: Make):
    editor = make.actor("qa")
    judged_by(make, Seat(key="a", role="qa"), on_change=Approvals.KEPT, then="supervisor")
    made = make.submission()
    make.decide(made, editor)
    writing.save(made, editor, make.content(title="In my own words"))
    task = make.task(made)
    assert (task.stage, task.round.number, task.round.carried) == ("first", 2, [])
    assert refusal(lambda: make.decide(made, editor)) == "own-work"


def test_who_published_in_an_emergency_may_not_judge_and_their_approval_is_void(db, make: Make):
    two, other = [make.actor("qa", "supervisor"), make.actor("qa")], make.actor("qa")
    judged_by(make, Seat(key="a", role="qa"), then="supervisor")
    made = make.submission()
    make.decide(made, two[0])
    ops.bar("submission", made.id, make.actor("manager"), [who.id for who in two] * 2)
    task = make.task(made)
    assert (task.stage, task.round.number) == ("first", 2)
    for who in two:
        assert refusal(lambda w=who: make.decide(made, w)) == "own-work"
    make.decide(made, other)
    assert make.task(made).stage == "last"


def test_who_judged_before_a_bar_is_not_asked_again(db, make: Make):
    """Nothing has changed: a no that waits for others stands as an approval does."""
    seats = tuple(Seat(key=key, role="qa") for key in "abc")
    judged_by(make, *seats, need=2, veto=False)
    made = make.submission()
    make.decide(made, make.actor("qa"), "reject", seat="a")
    ops.bar("submission", made.id, make.actor("manager"), [make.user("qa").id])
    assert sorted((task.seat, task.round.number) for task in make.tasks(made)) == [("b", 1), ("c", 1)]


# ── what the refusal says ────────────────────────────────────────────────────────────────────────────────────────────


def test_it_names_who_closed_the_seat_and_not_who_approved_in_it_before(db, make: Make, clock):
    judged_by(make, Seat(key="a", role="qa", approvals=2), Seat(key="b", role="training"))
    made = make.submission()
    task = make.task(made, "a")
    make.decide(made, make.actor("qa", name="先生"), seat="a")
    clock.advance(minutes=5)
    make.decide(made, make.actor("training", name="女士"), "send_back", seat="b")
    with pytest.raises(Conflict) as refused:
        deciding.decide(task.id, make.actor("qa"), Verb.APPROVE, seen=1)
    assert (refused.value.details["decided_by"], refused.value.details["verb"]) == ("女士", "send_back")


def test_it_names_whose_change_closed_it(db, make: Make):
    """With a clock that runs, as it does in life."""
    author = make.actor("rep", name="张伟")
    judged_by(make, Seat(key="a", role="qa"), then="supervisor")
    made = make.submission(author)
    make.decide(made, make.actor("qa"))
    task = make.task(made)
    writing.save(made, author, make.content(title="Changed"))
    assert task.state is TaskState.VOID
    with pytest.raises(Conflict) as refused:
        deciding.decide(task.id, make.actor("supervisor"), Verb.APPROVE, seen=1)
    assert (refused.value.details["decided_by"], refused.value.details["verb"]) == ("张伟", "revise")
