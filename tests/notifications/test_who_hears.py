"""Each move, and exactly who hears of it. What is not in the set is told nobody – least of all who did it."""

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from accounts import absences
from accounts import ops as people
from accounts.people import actor_of
from core import clock as clocks
from core.db import reading, session, writing
from core.events import emit
from core.outbox import Job, OutboxJob
from tests.notifications.play import Play
from wiki.notifications import telling
from wiki.notifications.table import TABLE, Group, Mail
from wiki.training import ops as courses
from wiki.training import practice
from wiki.training.practice_rules import Verdict
from wiki.training.rules import Requires
from workflows import claiming, experts, remarks
from workflows.deciding import Passage
from workflows.definitions import Approvals, Definition, Seat, Stage
from workflows.events import TaskBlocked, TaskEscalated, TaskReminded
from workflows.models import Remark

pytestmark = pytest.mark.both_databases


@pytest.fixture
def play(centre) -> Play:
    made = Play(centre)
    made.submitted = made.heard()
    return made


BUSINESS = {"biz1": {"task_opened"}, "biz2": {"task_opened"}}
QA = {"qa1": {"task_opened"}, "qa2": {"task_opened"}}
SUPERVISORS = {"sup1": {"task_opened"}, "sup2": {"task_opened"}}


def test_submit_is_told_to_those_who_may_decide_it(play):
    assert play.submitted == BUSINESS


def test_approve_is_told_to_the_author_and_the_next_stage(play):
    assert play.does("biz1") == {"ann": {"moved_on"}, **QA}


def test_the_last_approval_is_told_to_the_author_and_everybody_who_judged(play):
    play.does("biz1")
    assert play.does("qa1") == {"ann": {"moved_on"}, **SUPERVISORS}
    assert play.does("sup1") == {"ann": {"published"}, "biz1": {"judged_published"}, "qa1": {"judged_published"}}


def test_sent_back_to_the_author_at_stage_two_mails_the_author_and_nobody_else(play):
    """Elsewhere this very step has mailed the wrong people: not the author, and the first stage again."""
    play.does("biz1")
    before = {mail.key for mail in play.centre.mails()}
    assert play.does("qa1", "send_back", note="Say which fee.") == {"ann": {"returned"}}
    fresh = [mail for mail in play.centre.mails() if mail.key not in before]
    assert [(mail.user_id, "Say which fee." in mail.body) for mail in fresh] == [(play.centre.users["ann"].id, True)]
    assert fresh[0].subject == "«Fees» came back to you"


def test_sent_back_to_an_earlier_stage_is_told_to_its_people_and_to_whose_approval_fell(play):
    play.does("biz1")
    play.does("qa1")
    assert play.does("sup1", "send_back", to_stage="business", note="Not ours.") == {
        "ann": {"sent_to_stage"},
        "biz1": {"task_opened", "approval_voided"},
        "biz2": {"task_opened"},
        "qa1": {"approval_voided"},
    }


def test_sent_back_one_stage_leaves_the_approvals_before_it_alone(play):
    play.does("biz1")
    play.does("qa1")
    assert play.does("sup1", "send_back", to_stage="qa") == {
        "ann": {"sent_to_stage"},
        "qa1": {"task_opened", "approval_voided"},
        "qa2": {"task_opened"},
    }


def test_resubmitted_unchanged_it_waits_where_it_was_sent_back(play):
    play.does("biz1")
    play.does("qa1", "send_back")
    assert play.submit("ann") == QA


def test_resubmitted_changed_it_begins_again_and_the_first_approval_fell(play):
    play.does("biz1")
    play.does("qa1", "send_back")
    assert play.revise("ann") == {}
    assert play.submit("ann") == {"biz1": {"task_opened", "approval_voided"}, "biz2": {"task_opened"}}


def test_reject_is_told_to_the_author(play):
    play.does("biz1")
    assert play.does("qa1", "reject", note="We have this already.") == {"ann": {"rejected"}}


def test_withdraw_is_told_to_who_had_claimed_it(play):
    assert play.claim("biz2") == {}
    assert play.withdraw("ann") == {"biz2": {"interrupted"}}


def test_withdraw_of_what_nobody_holds_is_told_nobody(play):
    assert play.withdraw("ann") == {}


def test_a_change_under_review_voids_and_tells_and_opens_again(play):
    play.does("biz1")
    play.claim("qa2")
    assert play.revise("ann") == {
        "biz1": {"approval_voided", "task_opened"},
        "biz2": {"task_opened"},
        "qa2": {"interrupted"},
    }


def test_a_change_before_any_verdict_is_told_to_the_holder_alone(play):
    play.claim("biz1")
    assert play.revise("ann") == {"biz1": {"text_changed"}}


def test_a_reviewer_who_edits_is_an_author_from_then_on(play):
    assert play.revise("biz1") == {"ann": {"text_changed"}}
    assert play.does("biz2") == {"ann": {"moved_on"}, "biz1": {"moved_on"}, **QA}


def test_handed_over_is_told_to_the_new_holder_and_the_former(play):
    play.claim("biz1")
    assert play.hand("sup1", "biz2") == {"biz2": {"handed_over"}, "biz1": {"taken_away"}}


def test_handing_over_ones_own_is_told_to_the_other_alone(play):
    play.claim("biz1")
    assert play.hand("biz1", "biz2") == {"biz2": {"handed_over"}}


def test_a_comment_goes_to_the_other_side(play):
    play.claim("biz1")
    assert play.comment("biz2") == {"ann": {"commented"}}
    assert play.comment("ann") == {"biz1": {"commented"}, "biz2": {"commented"}}


def test_a_resolved_remark_is_told_to_who_left_it(play):
    play.does("biz1", "send_back", note="", remarks=[Passage("body", "先安抚", "Which words?")])
    (returned,) = [one for one in play.centre.entries("ann") if one.code == "returned"]
    assert returned.params["note"] == "Which words?"
    with writing():
        (found,) = session.scalars(sa.select(Remark))
        remarks.resolve(found.id, play.centre["ann"], answer="These.")
    assert play.heard() == {"biz1": {"remark_resolved"}}


def test_an_expert_is_asked_and_answers(play):
    play.claim("biz1")
    with writing():
        asked = experts.ask_colleague(play.task().id, play.centre["biz1"], username="sup2", question="Is it so?")
    assert play.heard() == {"sup2": {"expert_asked"}}
    with writing():
        experts.answer(session.merge(asked), verdict="yes", text="It is.", actor=play.centre["sup2"])
    assert play.heard() == {"biz1": {"expert_answered"}}


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def tell(event) -> None:
    with writing():
        emit(event)


def test_a_reminder_goes_to_the_pool_or_to_the_holder(play):
    task, now = play.task(), clocks.now()
    tell(TaskReminded(task.id, task.review_id, 2, task.due_at, now))
    assert play.heard() == {"biz1": {"task_reminded"}, "biz2": {"task_reminded"}}
    play.claim("biz2")
    tell(TaskReminded(task.id, task.review_id, 1, task.due_at, now))
    assert play.heard() == {"biz2": {"task_reminded"}}


def test_escalation_reaches_the_supervisors_of_the_authors_team_first(play):
    task, now = play.task(), clocks.now()
    tell(TaskEscalated(task.id, task.review_id, 1, "supervisor", task.due_at, now))
    assert play.heard() == {"sup1": {"task_escalated"}}
    with writing():
        people.disable(None, session.merge(play.centre.users["sup1"]))
    tell(TaskEscalated(task.id, task.review_id, 2, "supervisor", task.due_at, now))
    assert play.heard() == {"sup2": {"task_escalated"}}
    tell(TaskEscalated(task.id, task.review_id, 3, "manager", task.due_at, now))
    assert play.heard() == {"boss": {"task_escalated"}}


def test_blocked_is_told_to_the_managers(play):
    task = play.task()
    tell(TaskBlocked(task.id, task.review_id, clocks.now()))
    assert play.heard() == {"boss": {"task_blocked"}}


def test_what_is_decided_meanwhile_is_told_nobody(play):
    """The audience is that of the moment when the notice is written."""
    task, now = play.task(), clocks.now()
    tell(TaskReminded(task.id, task.review_id, 2, task.due_at, now))
    play.make.decide(play.made, play.centre["biz1"])
    assert play.heard() == {"ann": {"moved_on"}, **QA}


def test_what_waits_no_longer_counts_as_read(play):
    play.does("biz1")
    assert [(one.code, bool(one.read_at)) for one in play.centre.entries("biz2")] == [("task_opened", True)]
    assert [(one.code, bool(one.read_at)) for one in play.centre.entries("ann")] == [("moved_on", False)]


# ── deputies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def away(centre, who, deputy, **about):
    now = clocks.now()
    with writing():
        absences.announce(
            centre[who], centre.users[who].id, now - timedelta(hours=1), now + timedelta(days=3), deputy, **about
        )
    return centre.heard()


def test_who_stands_in_is_told_so(centre):
    assert away(centre, "biz1", "biz2") == {"biz2": {"stands_in"}}


def test_a_deputy_hears_of_what_lies_with_the_one_who_is_away(centre):
    play = Play(centre)
    play.heard()
    play.claim("biz1")
    away(centre, "biz1", "biz2")
    task = play.task()
    tell(TaskReminded(task.id, task.review_id, 2, task.due_at, clocks.now()))
    assert play.heard() == {"biz1": {"task_reminded"}, "biz2": {"task_reminded"}}
    assert [one.params.get("for") for one in centre.entries("biz2") if one.code == "task_reminded"] == ["Biz1"]


def test_a_deputy_who_does_not_want_notices_hears_nothing(centre):
    play = Play(centre)
    play.heard()
    play.claim("biz1")
    away(centre, "biz1", "biz2", notices=False)
    task = play.task()
    tell(TaskReminded(task.id, task.review_id, 2, task.due_at, clocks.now()))
    assert play.heard() == {"biz1": {"task_reminded"}}


def test_who_is_in_the_pool_and_deputy_too_is_told_once(centre):
    away(centre, "biz1", "biz2")
    play = Play(centre)
    assert play.heard() == BUSINESS
    assert [one.params.get("for") for one in centre.entries("biz2") if one.code == "task_opened"] == [None]


def test_a_deputy_is_never_told_of_their_own_work(centre, make):
    centre.users["both"] = make.user("rep", "business", username="both")
    play = Play(centre)
    play.heard()
    play.claim("biz1")
    away(centre, "biz1", "both")
    play.revise("both")
    task = play.task()
    tell(TaskReminded(task.id, task.review_id, 2, task.due_at, clocks.now()))
    assert play.heard() == {"biz1": {"task_reminded"}}


# ── who may know ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_outside_the_circle_is_told_of_a_closed_text(centre):
    play = Play(centre, audience="restricted", readers=["role:qa"])
    assert play.heard() == BUSINESS
    task = play.task()
    tell(TaskEscalated(task.id, task.review_id, 1, "supervisor", task.due_at, clocks.now()))
    assert play.heard() == {}, "a supervisor may not know of it before it is at their stage"


def test_who_was_disabled_is_told_nothing(centre):
    with writing():
        people.disable(None, session.merge(centre.users["biz2"]))
    assert Play(centre).heard() == {"biz1": {"task_opened"}}


# ── several seats ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def parallel(centre) -> Play:
    seats = tuple(Seat(key=role, role=role) for role in ("business", "qa"))
    last = Stage(key="supervisor", seats=(Seat(key="supervisor", role="supervisor"),))
    centre.make.pipeline(
        topic="faq", definition=Definition(stages=(Stage(key="both", name="Both desks", seats=seats), last),
                                           on_change=Approvals.VOIDED)
    )  # fmt: skip
    made = Play(centre)
    assert made.heard() == {**BUSINESS, **QA}
    return made


def test_a_full_seat_of_two_tells_nobody_and_settles_its_own_notices(parallel):
    assert parallel.does("biz1", seat="business") == {}
    assert [bool(one.read_at) for one in parallel.centre.entries("biz2")] == [True]
    assert [bool(one.read_at) for one in parallel.centre.entries("qa1")] == [False]


def test_a_no_in_one_seat_is_told_to_who_held_the_other(parallel):
    with writing():
        claiming.claim(parallel.make.task(parallel.made, "qa").id, parallel.centre["qa2"])
    told = parallel.does("biz1", "send_back", seat="business")
    assert told == {"ann": {"returned"}, "qa2": {"interrupted"}}
    assert parallel.centre.entries("biz1")[0].params["stage_name"] == "Both desks"


# ── the table itself ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_row_says_who_in_words_and_has_its_own_code():
    assert len({row.code for row in TABLE}) == len(TABLE)
    assert all(row.audience.__doc__ and row.when.__doc__ for row in TABLE)
    assert {row.group for row in TABLE} == set(Group)
    assert all(row.mail is not Mail.OFF for row in TABLE)
    assert all(row.mail is Mail.AT_ONCE for row in TABLE if row.urgent)


def test_an_event_costs_a_row_of_the_outbox_and_nothing_else(play, query_count):
    task = play.task()
    with writing(), query_count() as statements:
        emit(TaskBlocked(task.id, task.review_id, clocks.now()))
        session.flush()
    assert [one.split()[:3] for one in statements if one.split()[0] != "BEGIN"] == [["INSERT", "INTO", "outbox_jobs"]]


@pytest.mark.parametrize("about", [{}, {"audience": "restricted", "readers": ["role:business"]}])
def test_a_large_pool_costs_a_few_statements_and_not_some_for_each(centre, query_count, about):
    counts = []
    for size in (2, 20):
        with writing():
            for _number in range(size):
                centre.make.user("business", team="billing")
            centre.make.submission(centre["ann"], **about)
        with reading():
            waiting = list(session.scalars(sa.select(OutboxJob).where(OutboxJob.topic == telling.TOPIC)))
        with query_count() as statements:
            telling.tell([Job(row.topic, row.key, row.payload) for row in waiting])
        counts.append(len(statements))
        centre.heard()
    extra = 0 if not about else 20  # whether somebody may know of a closed text is asked for each
    assert counts[1] - counts[0] <= extra, counts
    assert counts[0] <= 40, counts


def test_a_pool_hears_a_little_later_and_not_of_what_was_decided_meanwhile(clock, centre, monkeypatch):
    monkeypatch.setattr(telling, "LATER", timedelta(seconds=5))
    quick, slow = centre.make.submission(centre["ann"]), centre.make.submission(centre["bob"])
    assert centre.heard() == {}
    centre.make.decide(quick, centre["biz1"])
    clock.advance(seconds=5)
    heard = centre.heard()
    assert "task_opened" in heard["biz2"], "the slow one waits"
    waiting = [one for one in centre.entries("biz2") if one.code == "task_opened"]
    with reading():
        assert [one.subject_id for one in waiting] == [centre.make.task(slow).id]


def test_a_task_that_is_done_is_told_to_who_signs_and_the_answer_to_the_learner(centre):
    trainer = centre.make.user("training", username="tess")
    with writing():
        teacher = actor_of(session.merge(trainer))
        course = courses.create_course(teacher, courses.CourseSpec("Calls", "Why.", Decimal(1), Requires.EVERYTHING))
        task = practice.save_task(course, teacher, "Three calls", "Do it.")
        courses.publish(course, teacher)
    centre.heard()
    with writing():
        report = practice.say_done(session.merge(task), centre["ann"])
    assert centre.heard() == {"sup1": {"task_said_done"}, "tess": {"task_said_done"}}
    with writing():
        practice.judge(session.merge(report), centre["sup1"], Verdict.SENT_BACK, "Only two.")
    assert centre.heard() == {"ann": {"task_sent_back"}}
    with writing():
        again = practice.say_done(session.merge(task), centre["ann"])
    centre.heard()
    with writing():
        practice.judge(session.merge(again), centre["sup1"], Verdict.SIGNED)
    assert centre.heard() == {"ann": {"task_signed"}}
