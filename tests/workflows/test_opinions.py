"""Remarks, experts, checklists, blind second opinions, and deciding many at once."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core.audit import TrailEntry
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.permissions import can
from tests.make import Make
from wiki.articles.permissions import P as Articles
from workflows import deciding, experts, remarks
from workflows.deciding import Passage
from workflows.definitions import Definition, Question, Seat, Stage
from workflows.models import Decision, Task
from workflows.permissions import P
from workflows.queries import decisions_of
from workflows.rules import Verb


def judged(make: Make, *roles: str, **stage: Any) -> None:
    stages = tuple(Stage(key=role, seats=(Seat(key=role, role=role),), **stage) for role in roles)
    make.pipeline(definition=Definition(stages=stages))


def code(act: Any, kind: type[Any]) -> str:
    with pytest.raises(kind) as refused:
        act()
    return refused.value.code


# ── remarks on passages ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_remark_is_left_answered_and_opened_again(db, make: Make, clock) -> None:
    author, judge = make.actor("rep"), make.actor("business")
    made = make.submission(author)
    passage = Passage("answer", "次月一日", "Really?")
    decision = make.decide(made, judge, "send_back", note="", remarks=[passage])
    ((remark, name),) = remarks.remarks_of([decision.review_id], author)
    assert (remark.field, remark.quote, remark.text, remark.revision_id) == (
        "answer",
        "次月一日",
        "Really?",
        made.head_revision_id,
    )
    assert (name, remark.resolved_at) == (judge.name, None)
    with pytest.raises(Forbidden):
        remarks.resolve(remark.id, judge)
    assert remarks.resolve(remark.id, author, answer=" Yes: §4 ").answer == "Yes: §4"
    assert code(lambda: remarks.resolve(remark.id, author), Conflict) == "illegal-move"
    remarks.reopen(remark.id, judge)
    assert remark.resolved_at is None
    assert code(lambda: remarks.reopen(remark.id, judge), Conflict) == "illegal-move"
    verbs = db.scalars(sa.select(TrailEntry.verb).order_by(TrailEntry.id)).all()
    assert verbs[-3:] == ["send_back", "resolve_remark", "reopen_remark"]
    with pytest.raises(NotFound):
        remarks.resolve(remark.id, make.actor("rep"))
    with pytest.raises(NotFound):
        remarks.resolve(remark.id + 1, author)


@pytest.mark.parametrize(
    ("passage", "field"),
    [
        (Passage("answer", "x", "  "), "remarks.0.text"),
        (Passage("colour", "x", "What?"), "remarks.0.field"),
        (Passage("answer", "x" * 501, "Long."), "remarks.0.quote"),
    ],
)
def test_a_remark_that_can_not_be_kept(db, make: Make, passage: Passage, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        make.decide(make.submission(), make.actor("business"), remarks=[passage])
    assert set(refused.value.errors) == {field}


# ── a checklist that must be answered ────────────────────────────────────────────────────────────────────────────────

LIST = (Question(key="right", text="Right?", weight=60), Question(key="kind", text="Kind?", weight=40))


@pytest.mark.parametrize(
    ("verb", "answers", "refused"),
    [
        ("approve", {}, True),
        ("approve", {"right": True}, True),  # not every question
        ("approve", {"right": True, "kind": False}, True),  # 60 of 70
        ("approve", {"right": True, "kind": True}, False),
        ("send_back", {}, False),  # who sends it back needs no list
        ("send_back", {"right": False}, False),
        ("reject", {"right": True, "kind": False}, False),
    ],
)
def test_a_compulsory_checklist_and_its_pass_mark(db, make: Make, verb: str, answers: dict, refused: bool) -> None:
    judged(make, "qa", checklist=LIST, compulsory=True, pass_mark=70)
    made, judge = make.submission(), make.actor("qa")
    if refused:
        with pytest.raises(Invalid) as found:
            make.decide(made, judge, verb, checklist=answers)
        assert set(found.value.errors) == {"checklist"}
    else:
        make.decide(made, judge, verb, checklist=answers)


# ── blind second opinions ────────────────────────────────────────────────────────────────────────────────────────────


def split(made: Any, make: Make) -> tuple[Task, Task]:
    """The ordinary task and the blind one."""
    first, second = sorted(make.tasks(made), key=lambda task: task.blind)
    return first, second


def test_a_second_opinion_moves_nothing_and_is_hidden(db, make: Make) -> None:
    judged(make, "qa", "training", calibration=100)
    one, two, third = (make.actor("qa") for _ in range(3))
    made = make.submission()
    plain, blind = split(made, make)
    assert (blind.blind, blind.needed, plain.blind) == (True, 1, False)
    second = deciding.decide(blind.id, two, Verb.REJECT, seen=blind.version, note="Wrong.")
    assert (second.blind, made.state.value, plain.state.value) == (True, "in_review", "open")
    assert [d.id for d, _name in decisions_of(second.review_id, one)] == [], "who judges still sees nothing of it"
    assert [d.id for d, _name in decisions_of(second.review_id, two)] == [second.id]
    assert not can(two, P.DECIDE, plain), "one opinion a person"
    first = deciding.decide(plain.id, one, Verb.APPROVE, seen=plain.version)
    assert make.tasks(made)[0].stage == "training"
    assert [d.id for d, _name in decisions_of(second.review_id, third)] == [first.id]


def test_who_may_still_give_one_does_not_see_what_the_other_found(db, make: Make) -> None:
    judged(make, "qa", "training", calibration=100)
    author = make.actor("rep")
    one, two = make.actor("qa"), make.actor("qa")
    make.user("training")
    made = make.submission(author)
    plain, blind = split(made, make)
    first = deciding.decide(plain.id, one, Verb.APPROVE, seen=plain.version)
    assert can(two, P.DECIDE, blind), "it goes on while the review does"
    assert decisions_of(first.review_id, two) == []
    assert [d.id for d, _name in decisions_of(first.review_id, author)] == [first.id]
    assert not can(one, P.DECIDE, blind)
    deciding.decide(blind.id, two, Verb.APPROVE, seen=blind.version)
    assert [d.id for d, _name in decisions_of(first.review_id, two)] == [first.id, first.id + 1]


def test_no_second_opinion_where_there_is_nobody_to_give_it(db, make: Make) -> None:
    judged(make, "qa", calibration=100)
    make.user("qa")
    assert [task.blind for task in make.tasks(make.submission())] == [False]


# ── experts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_colleague_reads_the_text_and_gets_no_seat(db, make: Make) -> None:
    judge, colleague = make.actor("business"), make.user("rep")
    made = make.submission(audience="restricted", readers=["role:admin"])
    task = make.task(made)
    assert not can(actor_of(colleague), Articles.READ_SUBMISSION, made)
    asked = experts.ask_colleague(task.id, judge, username=colleague.username, question="Is § 4 still right?")
    assert can(actor_of(colleague), Articles.READ_SUBMISSION, made)
    assert not can(actor_of(colleague), P.DECIDE, task)
    with pytest.raises(Forbidden):
        deciding.decide(task.id, actor_of(colleague), Verb.APPROVE, seen=task.version)
    with pytest.raises(NotFound):
        experts.for_colleague(asked.id, judge)
    request = experts.for_colleague(asked.id, actor_of(colleague))
    experts.answer(request, verdict="yes", text="It is.", actor=actor_of(colleague))
    assert (asked.verdict, asked.answer) == ("yes", "It is.")
    assert code(lambda: experts.for_colleague(asked.id, actor_of(colleague)), Conflict) == "gone"
    assert made.state.value == "in_review", "an opinion is never an approval"
    verbs = db.scalars(sa.select(TrailEntry.verb).order_by(TrailEntry.id)).all()
    assert verbs[-2:] == ["ask_expert", "give_opinion"]


def test_whom_one_may_ask(db, make: Make) -> None:
    author, judge = make.user("rep"), make.actor("business")
    task = make.task(make.submission(actor_of(author)))
    for name in (author.username, judge.username, "nobody"):
        with pytest.raises(Invalid) as refused:
            experts.ask_colleague(task.id, judge, username=name, question="?")
        assert set(refused.value.errors) == {"to"}
    assert code(lambda: experts.ask_colleague(task.id, make.actor("qa"), username="x", question="?"), Forbidden)
    assert code(lambda: experts.ask_colleague(task.id, actor_of(author), username="x", question="?"), Forbidden) == (
        "own-work"
    )


def outside(make: Make, **more: Any) -> tuple[Any, str, Any, Any]:
    """(request, link, submission, who asked)."""
    judge, made = make.actor("business"), make.submission()
    request, link = experts.ask_outside(make.task(made).id, judge, name="Dr. Mei", question="Is it safe?", **more)
    return request, link, made, judge


def test_somebody_outside_answers_once(db, make: Make) -> None:
    request, link, _made, _judge = outside(make, address="mei@example.org")
    assert link not in (request.token_hash, "")
    assert experts.by_link(link) is request
    experts.answer(request, verdict="unsure", text="Ask the maker.")
    assert code(lambda: experts.by_link(link), Conflict) == "gone"
    entry = db.scalars(sa.select(TrailEntry).where(TrailEntry.verb == "give_opinion")).one()
    assert (entry.actor_id, entry.actor_name) == (None, "Dr. Mei")


def test_a_forged_link(db, make: Make) -> None:
    _request, link, _made, _judge = outside(make)
    body, signature = link.rsplit(".", 1)
    for forged in ("", "x", link[:-1], link + "x", body, f"{body}.{signature[::-1]}", link.upper()):
        with pytest.raises(NotFound):
            experts.by_link(forged)
    from itsdangerous import URLSafeSerializer

    with pytest.raises(NotFound):
        experts.by_link(URLSafeSerializer("another key", salt="expert-link").dumps([1, "secret"]))
    with pytest.raises(NotFound):
        experts.by_link(experts._signer().dumps([1, "guessed"]))
    for odd in (None, 1, {}, [1], [1, 2, 3], ["x", None], [1, None]):
        with pytest.raises(NotFound):
            experts.by_link(experts._signer().dumps(odd))


def test_a_link_that_expired_was_revoked_or_came_too_late(db, make: Make, clock) -> None:
    request, link, _made, _judge = outside(make, days=3)
    clock.advance(days=3)
    assert code(lambda: experts.by_link(link), Conflict) == "gone"
    assert request.expires_at == clock.now()
    request, link, _made, judge = outside(make)
    stranger = make.actor("qa")
    with pytest.raises(Forbidden):
        experts.revoke(request.id, stranger)
    experts.revoke(request.id, judge)
    with pytest.raises(NotFound):
        experts.by_link(link)
    request, link, made, _judge = outside(make)
    held = experts.by_link(link)
    make.decide(made, make.actor("business"))
    assert code(lambda: experts.by_link(link), Conflict) == "gone"
    with pytest.raises(Conflict):
        experts.answer(held, verdict="yes", text="Too late.")


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"question": " "}, "question"),
        ({"question": "x" * 4001}, "question"),
        ({"days": 0}, "days"),
        ({"days": 31}, "days"),
        ({"name": " "}, "name"),
        ({"address": "not an address"}, "address"),
    ],
)
def test_what_is_wrong_with_a_question(db, make: Make, about: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        experts.ask_outside(
            make.task(make.submission()).id, make.actor("business"), **({"name": "Mei", "question": "?"} | about)
        )
    assert set(refused.value.errors) == {field}


def test_no_more_than_ten_are_waited_for(db, make: Make, clock) -> None:
    judge, task = make.actor("business"), make.task(make.submission())
    for n in range(10):
        experts.ask_outside(task.id, judge, name=f"Expert {n}", question="?", days=1)
    with pytest.raises(Invalid):
        experts.ask_outside(task.id, judge, name="One more", question="?")
    clock.advance(days=1)
    experts.ask_outside(task.id, judge, name="One more", question="?")


# ── many at once ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_many_are_approved_each_as_if_alone(db, make: Make, clock) -> None:
    judged(make, "qa", bulk=True)
    judge = make.user("qa")
    made = [make.submission() for _ in range(3)]
    own, gone = make.submission(actor_of(judge)), make.submission()
    tasks = [make.task(one) for one in (*made, own, gone)]
    seen = {task.id: task.version for task in tasks} | {999_999: 1}
    make.decide(gone, make.actor("qa", name="王"))
    done, refused = deciding.decide_many(seen, actor_of(judge), note="Seen.")
    assert [d.task_id for d in done] == [task.id for task in tasks[:3]]
    assert [one.state.value for one in (*made, own)] == ["published"] * 3 + ["in_review"]
    assert set(refused) == {tasks[3].id, tasks[4].id, 999_999}
    assert "王 was faster" in refused[tasks[4].id]
    assert "your own work" in refused[tasks[3].id]
    assert db.scalar(sa.select(sa.func.count()).select_from(Decision).where(Decision.actor_id == judge.id)) == 3


def test_what_must_be_read_is_not_decided_in_bulk(db, make: Make) -> None:
    judged(make, "qa")
    task = make.task(make.submission())
    done, refused = deciding.decide_many({task.id: task.version}, make.actor("qa"))
    assert (done, list(refused)) == ([], [task.id])
    assert task.state.value == "open"
    for wrong in ({}, dict.fromkeys(range(201), 1)):
        with pytest.raises(Invalid):
            deciding.decide_many(wrong, make.actor("qa"))


def test_a_question_lives_as_long_as_it_says(db, make: Make, clock) -> None:
    request, _link, _made, _judge = outside(make, days=2)
    assert request.expires_at - request.asked_at == timedelta(days=2)
