"""Somebody was faster: who decides what has moved is told who did what, and when."""

import pytest

from core.errors import Conflict, Forbidden
from tests.make import Make
from tests.workflows.judging import APPROVE
from wiki.articles import ops as writing
from workflows import deciding
from workflows.definitions import Definition, Seat, Stage
from workflows.models import Task
from workflows.rules import TaskState

# ── somebody was faster ──────────────────────────────────────────────────────────────────────────────────────────────


def refused_as_moved(task: Task, who, seen: int) -> Conflict:
    with pytest.raises(Conflict) as refused:
        deciding.decide(task.id, who, APPROVE, seen=seen)
    assert refused.value.code == "moved"
    return refused.value


def test_it_names_who_was_faster_and_when(db, make: Make, clock):
    made, late = make.submission(), make.actor("business")
    task, fast = make.task(made), make.actor("business", name="李娜")
    seen = task.version
    clock.advance(minutes=5)
    make.decide(made, fast)
    clock.advance(minutes=5)
    moved = refused_as_moved(task, late, seen)
    assert moved.details["decided_by"] == "李娜"
    assert moved.details["decided_at"] == "2026-11-16T01:05:00+00:00"
    assert moved.details["verb"] == "approve"
    assert "李娜" in moved.sentence
    assert "09:05:00" in moved.sentence, "on the reader's clock"


def test_it_names_whose_veto_closed_the_parallel_seat(db, make: Make, clock):
    seats = (Seat(key="a", role="qa"), Seat(key="b", role="training"))
    make.pipeline(definition=Definition(stages=(Stage(key="both", seats=seats),)))
    made = make.submission()
    task = make.task(made, "b")
    clock.advance(minutes=1)
    deciding.comment(task.id, make.actor("training"), note="I am reading")
    clock.advance(minutes=1)
    make.decide(made, make.actor("qa", name="王芳"), "send_back", seat="a")
    moved = refused_as_moved(task, make.actor("training"), 1)
    assert (moved.details["decided_by"], moved.details["verb"]) == ("王芳", "send_back")


def test_it_names_the_author_who_withdrew(db, make: Make, clock):
    author = make.actor("rep", name="张伟")
    made = make.submission(author)
    task = make.task(made)
    clock.advance(minutes=3)
    writing.withdraw(made, author)
    moved = refused_as_moved(task, make.actor("business"), 1)
    assert (moved.details["decided_by"], moved.details["verb"]) == ("张伟", "withdraw")
    assert moved.details["state"] == "void"


def test_it_names_who_changed_the_text(db, make: Make, clock):
    author = make.actor("rep", name="张伟")
    made = make.submission(author)
    task = make.task(made)
    clock.advance(minutes=3)
    writing.save(made, author, make.content(title="New words"))
    moved = refused_as_moved(task, make.actor("business"), 1)
    assert (moved.details["decided_by"], moved.details["verb"]) == ("张伟", "revise")
    assert task.state is TaskState.OPEN
    make.decide(made, make.actor("business"))


def test_parallel_seats_do_not_collide(db, make: Make):
    seats = (Seat(key="a", role="qa"), Seat(key="b", role="training"))
    make.pipeline(definition=Definition(stages=(Stage(key="both", seats=seats),)))
    made = make.submission()
    a, b = make.task(made, "a"), make.task(made, "b")
    seen = a.version, b.version
    deciding.decide(a.id, make.actor("qa"), APPROVE, seen=seen[0])
    deciding.decide(b.id, make.actor("training"), APPROVE, seen=seen[1])
    assert made.state.value == "published"


def test_two_approvals_of_one_seat_do_not_collide(db, make: Make):
    make.pipeline(definition=Definition(stages=(Stage(key="t", seats=(Seat(key="t", role="training", approvals=2),)),)))
    made = make.submission()
    task = make.task(made)
    seen = task.version
    first = make.actor("training")
    deciding.decide(task.id, first, APPROVE, seen=seen)
    with pytest.raises(Forbidden) as refused:
        deciding.decide(task.id, first, APPROVE, seen=seen)
    assert refused.value.code == "acted"
    deciding.decide(task.id, make.actor("training"), APPROVE, seen=seen)
    assert made.state.value == "published"


def test_two_of_three_seats_close_the_third(db, make: Make, clock):
    seats = tuple(Seat(key=key, role="training") for key in "abc")
    make.pipeline(definition=Definition(stages=(Stage(key="t", seats=seats, need=2),)))
    made = make.submission()
    third = make.task(made, "c")
    for seat in "ab":
        make.decide(made, make.actor("training"), seat=seat)
    assert third.state is TaskState.VOID
    assert made.state.value == "published"
