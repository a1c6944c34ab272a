"""Gaps: put together by what they ask, counted by people, hidden where they say too much, and written by somebody."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from core import buffers, outbox
from core import clock as core_clock
from core.audit import TrailEntry
from core.db import reading, session, writing
from core.errors import Conflict, Forbidden, IllegalMove, Invalid, NotFound
from tests.make import Make
from tests.search.test_finding import published
from wiki.articles.models import Submission
from wiki.notifications.models import NoticeEntry
from wiki.search import gaps, log
from wiki.search import writing as tasks
from wiki.search.analysis.synonyms import NONE, Synonyms
from wiki.search.gap_models import Verdict, WritingTask
from wiki.search.gap_rules import Wording, grouped, trend
from wiki.search.models import Source
from wiki.search.writing_rules import LIVE, MOVES, Act, WritingState

OURS = Synonyms([["退费", "退款", "退钱"]], [(["携出"], ["转出"])])


def wording(text: str, *people: int) -> Wording:
    return Wording(text, text, frozenset(people), len(people), len(people), core_clock.now())


def sets(found: list[Any]) -> set[frozenset[str]]:
    return {frozenset(one.text for one in group.wordings) for group in found}


def test_what_asks_for_the_same_is_one_gap() -> None:
    found = grouped(
        [
            wording("携出怎么办", 1),
            wording("攜出 怎么办？", 2),
            wording("转出怎么办", 3),
            wording("退钱要多久", 1, 2),
            wording("多久退款", 4),
            wording("請問退款要多久", 5),
            wording("国际漫游", 6),
            wording("国际漫游资费", 7),
        ],
        OURS,
    )
    assert {
        frozenset({"携出怎么办", "攜出 怎么办？", "转出怎么办"}),
        frozenset({"退钱要多久", "多久退款", "請問退款要多久"}),
    } <= sets(found)
    assert [group.people for group in found][:2] == [4, 3]


@pytest.mark.parametrize(("one", "other"), [("5G套餐", "4G套餐"), ("怎么开通漫游", "怎么不开通漫游"), ("退款", "充值")])
def test_what_asks_for_another_thing_is_another_gap(one: str, other: str) -> None:
    assert len(grouped([wording(one, 1), wording(other, 2)], NONE)) == 2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("退款费携出5G", min_size=1, max_size=6), unique=True, max_size=12), st.randoms())
def test_grouping_loses_nothing_and_does_not_depend_on_the_order(texts: list[str], random: Any) -> None:
    wordings = [wording(text, number) for number, text in enumerate(texts)]
    found = grouped(wordings, OURS)
    assert sorted(one.text for group in found for one in group.wordings) == sorted(texts)
    assert sum(group.times for group in found) == len(texts)
    random.shuffle(wordings)
    assert sets(grouped(wordings, OURS)) == sets(found)


def test_a_trend_needs_more_than_one_person() -> None:
    assert [trend(5, 0), trend(5, 4), trend(9, 4), trend(2, 6)] == ["new", "same", "up", "down"]


def ask(actor: Any, text: str, found: int = 0, source: Source = Source.PAGE) -> str:
    key = log.note(actor, text, found, source)
    buffers.flush_all()
    return key


def listed(actor: Any, view: str = "open") -> list[tuple[str, int]]:
    with reading():
        return [(g.group.chief.text, g.group.people) for g in gaps.gaps(actor) if g.view == view]


@pytest.mark.both_databases
def test_a_gap_counts_people_not_askings(make: Make, clock: Any) -> None:
    manager = make.actor("manager")
    reps = [make.actor("rep") for _ in range(3)]
    for rep in reps[:2]:
        ask(rep, "副号能不能寄到家")
    for _ in range(5):  # one person alone cannot push a question up
        ask(reps[2], "话费能不能送我")
        clock.advance(minutes=10)
    key = ask(reps[0], "账单日", found=4)
    assert ("账单日", 1) in listed(manager)  # nothing opened
    log.opened(reps[0], key, 1)
    ask(reps[1], "程序的接口", found=3, source=Source.API)  # a program opens nothing here
    found = listed(manager)
    assert found[0] == ("副号能不能寄到家", 2)
    assert ("话费能不能送我", 1) in found
    assert all("接口" not in text for text, _ in found)
    clock.advance(days=20)
    ask(reps[0], "副号能不能寄到家")
    clock.advance(days=15)
    with reading():
        (again,) = [g.group for g in gaps.gaps(manager) if g.group.chief.text.startswith("副号")]
        assert (again.people, again.before) == (1, 2)
        assert gaps.few(manager)[0] == ("副号能不能寄到家", 1)
    stranger = make.actor("qa")
    with reading(), pytest.raises(Forbidden):
        gaps.gaps(stranger)


@pytest.mark.both_databases
def test_the_title_of_a_closed_text_is_no_question_for_others(make: Make) -> None:
    published(make, "大客户挽留底价", audience="restricted", readers=["role:supervisor"])
    inside = make.actor("supervisor")
    ask(inside, "大客户挽留底价", found=1)
    ask(inside, "請問大客戶挽留底價", found=1)
    assert len(listed(inside)) == 1
    assert len(listed(make.actor("manager"))) == 1
    assert listed(make.actor("training")) == []


@pytest.mark.both_databases
def test_from_a_gap_to_a_text_that_closes_it(make: Make, signed_in: Callable[..., Any], clock: Any) -> None:
    """The manager has it written by a team; somebody takes it, writes it, it is published, and the gap is settled."""
    manager, writer = make.user("manager"), make.user("rep", team="billing")
    for _ in range(2):
        ask(make.actor("rep"), "副号能不能寄到家")
    desk = signed_in(manager)
    team = writer.team_id
    assert "副号能不能寄到家" in desk.text("/")
    about = {"act": "write", "key": "副号能不能寄到家", "question": "副号能不能寄到家", "kind": "faq"}
    assert desk.submit("/insight/gaps", {**about, "whom": ""}).status_code == 422
    assert desk.submit("/insight/gaps", {**about, "whom": f"team:{team}"}).status_code == 303
    assert "Being written" in desk.text("/insight/gaps?view=writing")
    outbox.drain()
    with reading():
        assert session.scalar(sa.select(NoticeEntry.user_id).where(NoticeEntry.code == "writing_asked")) == writer.id
        task = session.scalar(sa.select(WritingTask.id))
    pen = signed_in(writer)
    assert "副号能不能寄到家" in pen.text("/")
    taken = pen.submit(f"/writing/{task}", act="take")
    where = taken.headers["Location"]
    page = pen.text(where)
    assert page.count("副号能不能寄到家") >= 2  # as the title, and as the question
    key = where.partition("key=")[2]
    fields = {
        "key": key,
        "title": "副号邮寄",
        "question": "副号能不能寄到家",
        "answer": "可以,三天内送达。",
        "verb": "save",
    }
    assert pen.submit(where, fields, to="/new/faq").status_code in {302, 303}
    again = pen.submit(f"/writing/{task}", act="take")  # goes on where it was left
    assert "/submissions/" in again.headers["Location"]
    clock.advance(hours=1)
    _publish(make)
    with reading():
        done = session.get_one(WritingTask, task)
        assert (done.state, done.submission_id is not None) == (WritingState.DONE, True)
    actor = make.actor("manager")
    assert listed(actor) == []
    assert [text for text, _ in listed(actor, "settled")] == ["副号能不能寄到家"]
    assert "副号邮寄" in pen.text(f"/writing/{task}")
    clock.advance(days=1)
    ask(make.actor("rep"), "副号能不能寄到家")  # and still in vain: the text does not answer it
    assert [text for text, _ in listed(actor)] == ["副号能不能寄到家"]
    outbox.drain()
    with reading():
        told = sa.select(NoticeEntry.user_id).where(NoticeEntry.code == "writing_closed")
        assert session.scalar(told) == manager.id


def _publish(make: Make) -> None:
    """What the writer began goes through its review."""
    from accounts.models import User
    from accounts.people import actor_of
    from wiki.articles import ops

    make.pipeline("business")
    with writing():
        submission = session.scalars(sa.select(Submission)).one()
        ops.submit(submission, actor_of(session.get_one(User, submission.author_id)))
        make.approved(submission)


@pytest.mark.both_databases
def test_another_word_and_leaving_alone_settle_a_gap(make: Make, signed_in: Callable[..., Any]) -> None:
    published(make, "退款时限")
    for text in ("返钱", "老板电话多少"):
        ask(make.actor("rep"), text)
    trainer = signed_in(make.user("training"))
    page = trainer.submit("/insight/gaps", act="word", key="返钱", line="返")
    assert page.status_code == 422
    trainer.submit("/insight/gaps", act="word", key="返钱", line="返钱 = 退款")
    assert trainer.submit("/insight/gaps", act="ignore", key="老板电话多少", reason="").status_code == 422
    trainer.submit("/insight/gaps", act="ignore", key="老板电话多少", reason="不是知识")
    actor = make.actor("manager")
    assert listed(actor) == []
    desk = signed_in(make.user("manager"))
    assert "返钱 = 退款" in desk.text("/admin/search/words")  # proposed by the trainer, for the manager to switch on
    desk.submit("/insight/gaps", act="back", key="老板电话多少")
    assert [text for text, _ in listed(actor)] == ["老板电话多少"]
    table = desk.get("/insight/gaps.csv").get_data(as_text=True)
    assert "老板电话多少" in table
    assert desk.get("/insight/gaps.xlsx").data.startswith(b"PK")
    with reading():
        verbs = set(session.scalars(sa.select(TrailEntry.verb)))
    assert {"propose_word", "settle_gap", "put_back_gap"} <= verbs


# ── writing tasks ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_move_of_a_writing_task_is_in_the_table(make: Make) -> None:
    """State × act: what the table names leads there, everything else is refused and changes nothing."""
    with writing():
        boss = make.actor("manager")
        pen = make.actor("rep", team="billing")
        acts: dict[Act, Callable[[WritingTask], None]] = {
            Act.TAKE: lambda task: tasks.take(task, pen),
            Act.GIVE_BACK: lambda task: tasks.give_back(task, boss),
            Act.HAND_OVER: lambda task: tasks.hand_over(task, boss, f"user:{pen.id}"),
            Act.FINISH: lambda task: tasks.finish(task, boss, "in the FAQ"),
            Act.DROP: lambda task: tasks.drop(task, boss, "no more"),
            Act.REOPEN: lambda task: tasks.reopen(task, boss),
        }
        ways = {WritingState.OPEN: [], WritingState.TAKEN: [Act.TAKE], WritingState.DONE: [Act.FINISH],
                WritingState.DROPPED: [Act.DROP]}  # fmt: skip
        for state, way in ways.items():
            for act, do in acts.items():
                task = tasks.ask(boss, "副号", whom=f"user:{pen.id}")
                for step in way:
                    acts[step](task)
                assert task.state is state
                if (state, act) in MOVES:
                    do(task)
                    assert task.state is MOVES[state, act]
                elif (state, act) != (WritingState.TAKEN, Act.TAKE):
                    with pytest.raises(IllegalMove):
                        do(task)
                    assert task.state is state


@pytest.mark.both_databases
def test_who_may_take_and_who_may_see_a_task(make: Make) -> None:
    with writing():
        lead = make.actor("supervisor", team="billing")
        pen, other = make.actor("rep", team="billing"), make.actor("rep", team="repairs")
        with pytest.raises(Invalid):
            tasks.ask(lead, "副号", whom=f"user:{other.id}")
        with pytest.raises(Forbidden):
            tasks.ask(pen, "副号", whom=f"user:{pen.id}")
        task = tasks.ask(lead, "副号", whom=f"team:{pen.team_id}")
        assert [tasks.count_waiting(who) for who in (pen, other, lead)] == [1, 0, 1]
        with pytest.raises(NotFound):
            tasks.find(task.id, other)
        with pytest.raises(Forbidden):
            tasks.take(task, other)
        tasks.take(task, pen)
        assert tasks.count_waiting(lead) == 0
        with pytest.raises((Forbidden, IllegalMove, Conflict)):
            tasks.take(task, lead)
        assert session.scalars(tasks.waiting(pen)).all() == [task]
        assert task.state in LIVE


def test_a_day_that_passes_is_told_once(make: Make, clock: Any) -> None:
    with writing():
        boss, pen = make.actor("manager"), make.actor("rep")
        tasks.ask(boss, "副号", whom=f"user:{pen.id}")
    clock.set(clock.at + timedelta(days=9))
    for _ in range(2):
        with writing():
            tasks.press()
        outbox.drain()
    with reading():
        told = session.scalars(sa.select(NoticeEntry.user_id).where(NoticeEntry.code == "writing_overdue")).all()
    assert sorted(told) == sorted([boss.id, pen.id])


def test_a_decision_is_a_row_for_each_wording(make: Make) -> None:
    rep, boss = make.actor("rep"), make.actor("manager")
    for text in ("副号寄到家", "副號 寄到家", "寄到家副号"):
        ask(rep, text)
    with writing():
        (gap,) = gaps.gaps(boss)
        gaps.settle(boss, gap, Verdict.IGNORE, reason="x")
    with reading():
        assert [one.view for one in gaps.gaps(boss)] == ["settled"]
