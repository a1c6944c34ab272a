"""What the inbox lists is what may be decided: one answer as a predicate, one as SQL, the same for everybody."""

import itertools
from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts import absences
from accounts.people import actor_of
from accounts.rules import Role
from core import clock
from core.actors import Actor
from core.db import session
from core.permissions import can, granted
from tests.make import Make
from wiki.articles import ops as writing
from workflows import deciding
from workflows.caretaker_models import Caretaker
from workflows.deciding import comment
from workflows.definitions import Approvals, Definition, Seat, Stage
from workflows.inbox_queries import waiting
from workflows.models import Task
from workflows.permissions import P
from workflows.queries import count_waiting, eligible_for
from workflows.rules import TaskState, Verb

STAGES = ("business", "qa", "training", "supervisor")


def rows(db) -> list[Task]:
    return list(db.scalars(sa.select(Task).order_by(Task.id)))


def agree(db, people) -> int:
    """The twins agree over every task for all these people – the predicate, the list, and the list from the task's
    side; how often the answer was yes."""
    yes = 0
    able = {task.id: {user.id for user in eligible_for(task)} for task in rows(db) if task.state is TaskState.OPEN}
    for who in people:
        assert {task for task, ids in able.items() if who.id in ids} == {t.id for t in db.scalars(waiting(who))}
        listed = set(db.scalars(waiting(who)))
        for task in rows(db):
            assert (task in listed) == can(who, P.DECIDE, task), (who.username, task.stage, task.seat, task.state)
        assert count_waiting(who) == len(listed)
        yes += len(listed)
    return yes


def test_every_role_at_every_stage(db, make: Make):
    people = [make.actor(role, team=team) for role in Role for team in (None, "billing")]
    people += [make.actor(*pair) for pair in itertools.combinations(Role, 2)]
    people.append(make.actor(*Role))
    for stage in STAGES:
        made = make.submission(kind="script")
        make.approved(made, until=stage)
        open_task = make.task(made)
        for who in people:
            assert can(who, P.DECIDE, open_task) == who.holds(stage), f"{sorted(who.roles)} at {stage}"
    assert agree(db, people) > 0


def test_author_co_author_and_those_who_acted(db, make: Make):
    everything = make.actor(*Role)
    author, editor, judge, talker, back = (make.actor("rep", *STAGES) for _ in range(5))
    made = make.submission(author, "script")
    make.decide(made, judge)  # business: judged in this round
    comment(make.task(made).id, talker, note="A remark is no verdict.")
    make.decide(made, back, "send_back", to_stage="business")  # sent it back: may judge the next version
    other = make.submission(editor, "script")
    people = [everything, author, editor, judge, talker, back]
    assert agree(db, people) > 0
    task, theirs = make.task(made), make.task(other)
    expected = {everything: True, author: False, editor: True, judge: True, talker: True, back: True}
    assert {who: can(who, P.DECIDE, task) for who in people} == expected
    assert not can(editor, P.DECIDE, theirs)
    assert can(author, P.DECIDE, theirs)


def test_who_acted_is_barred_from_every_other_seat_of_the_round(db, make: Make):
    judge = make.actor(*STAGES)
    made = make.submission(kind="script")
    make.decide(made, judge)
    assert agree(db, [judge]) == 0


def test_a_carried_approval_bars_its_giver(db, make: Make):
    early, late, back = (make.actor(*STAGES) for _ in range(3))
    made = make.submission(kind="script")
    make.decide(made, early)
    make.decide(made, make.actor("qa"))
    make.decide(made, back, "send_back", to_stage="qa")  # round 2 keeps the approval of business
    task = make.task(made)
    assert task.round.number == 2
    assert [can(who, P.DECIDE, task) for who in (early, late, back)] == [False, True, True]
    assert agree(db, [early, late, back]) == 2


def test_a_seat_of_a_team(db, make: Make):
    make.team("billing")
    make.team("repair")
    seats = (Seat(key="ours", role="qa", team="billing"), Seat(key="anybody", role="qa"))
    make.pipeline(definition=Definition(stages=(Stage(key="qa", seats=seats),)))
    people = [make.actor(role, team=team) for role in ("qa", "rep", "manager") for team in (None, "billing", "repair")]
    made = make.submission()
    ours, anybody = make.task(made, "ours"), make.task(made, "anybody")
    assert [who.team_slug for who in people if can(who, P.DECIDE, ours)] == ["billing"]
    assert [who.team_slug for who in people if can(who, P.DECIDE, anybody)] == [None, "billing", "repair"]
    assert agree(db, people) == 4


def test_a_seat_of_named_people(db, make: Make):
    ana, bo, other = make.actor("qa", username="ana"), make.actor("rep", username="bo"), make.actor("qa")
    seats = (Seat(key="named", role="qa", people=("ana", "bo", "gone")), Seat(key="pool", role="qa"))
    make.pipeline(definition=Definition(stages=(Stage(key="qa", seats=seats),)))
    made = make.submission()
    named = make.task(made, "named")
    assert [can(who, P.DECIDE, named) for who in (ana, bo, other)] == [True, False, False]  # bo lacks the role
    assert agree(db, [ana, bo, other]) == 3


@pytest.mark.parametrize("on_change", list(Approvals))
def test_after_the_text_changed_under_review(db, make: Make, on_change: Approvals):
    author, judge = make.actor("rep"), make.actor(*STAGES)
    stages = tuple(Stage(key=key, seats=(Seat(key=key, role=key),)) for key in STAGES)
    make.pipeline(definition=Definition(stages=stages, on_change=on_change))
    made = make.submission(author)
    make.decide(made, judge)
    from wiki.articles import ops

    ops.save(made, author, make.content(title="Another title"))
    kept = on_change is Approvals.KEPT
    assert can(judge, P.DECIDE, make.task(made)) != kept
    agree(db, [author, judge, make.actor(*STAGES)])


NARROWED = {
    "pool": {},
    "team": {"team": "billing"},
    "category": {"category": "tariffs"},
    "nearest": {"category": "*"},
    "named": {"people": ("ana", "bo", "cy")},
    "everybody": {"approvals": "all"},
    "all_named": {"people": ("ana", "bo", "cy"), "approvals": "all"},
    "team_and_category": {"team": "billing", "category": "tariffs"},
}


def crew(make: Make, role: str) -> list[Actor]:
    """People of a role in and out of a team, some looking after a category, some named; deputies of some; others."""
    users = [
        make.user(role, username="ana", team="billing"),
        make.user(role, username="bo"),
        make.user(role, "rep", username="cy", team="repair"),
        make.user(role, username="dee", team="billing"),
        make.user(role, username="eve", team="repair"),
        make.user("rep", "manager", username="fay", team="billing"),
        make.user(*Role, username="gil"),
        make.user(role, username="hal"),
    ]
    session.add_all(Caretaker(user_id=users[n].id, category="tariffs") for n in (0, 4, 5))
    for away, deputy in ((0, 4), (1, 7), (3, 6), (4, 1)):
        now = clock.now()
        absences.announce(actor_of(users[away]), users[away].id, now, now + timedelta(days=1), users[deputy].username)
    return [actor_of(user) for user in users]


@pytest.mark.parametrize("role", STAGES)
def test_every_way_to_narrow_a_seat_with_deputies_and_second_opinions(db, make: Make, role: str):
    make.team("billing")
    make.team("repair")
    writing.add_category("tariffs", "资费")
    people = crew(make, role)
    by_name = {who.username: who for who in people}
    for key, narrowed in NARROWED.items():
        seats = (Seat(key=key, role=role, **narrowed), Seat(key="other", role="qa"))
        last = Stage(key="two", seats=(Seat(key=key, role=role),))
        stages = (Stage(key="one", seats=seats, calibration=100, need=1), last)
        make.pipeline(definition=Definition(stages=stages))
        make.submission(category="tariffs")
        own = make.submission(by_name["ana"], category="tariffs")
        writing.save(own, by_name["gil"], make.content(title="With somebody's help", category="tariffs"))
    assert agree(db, people) > 0
    for task in rows(db):
        if task.seat != "other" and not task.blind and task.state is TaskState.OPEN:
            able = [who for who in people if can(who, P.DECIDE, task)]
            if able:
                deciding.decide(task.id, able[0], Verb.APPROVE, seen=task.version)
    agree(db, people)


def test_who_can_be_chosen_is_who_may_decide(db, make: Make):
    """``eligible_for`` answers the same question from the task's side."""
    users = [make.user(*roles, team="billing") for roles in (["qa"], ["qa", "rep"], ["rep"], ["business", "qa"])]
    make.user("qa", active=False)
    made = make.submission(actor_of(users[1]), "script")
    make.decide(made, actor_of(users[3]))
    task = make.task(made)
    may = {user.id for user in users if can(actor_of(user), P.DECIDE, task)}
    assert {user.id for user in eligible_for(task)} & {user.id for user in users} == may == {users[0].id}


def test_every_permission_is_granted():
    assert set(P) <= set(granted())
