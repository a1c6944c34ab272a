"""Seats: to whom a task goes, claims, everybody of a pool, blocked tasks, approvals that stand by field."""

import pytest

from accounts.people import actor_of
from core import events
from core.db import session
from core.errors import Conflict, Invalid
from tests.make import Make
from tests.workflows.seated import goes_away, judged_by, refusal
from wiki.articles import ops as writing
from workflows import claiming, deciding, housekeeping, ops
from workflows.caretaker_models import Caretaker
from workflows.definitions import Approvals, Routing, Seat
from workflows.events import TaskBlocked
from workflows.rules import Claim, TaskState, Verb

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
