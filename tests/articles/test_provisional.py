"""Publication before review: who signs, who reads it, and workarounds."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core import clock
from core.db import session
from core.errors import Conflict, Forbidden, IllegalMove, Invalid
from core.permissions import allowed, can
from tests.articles.early import NOON, WHY, emergency, shown, verbs
from wiki.articles import ops, provisional
from wiki.articles.models import Publication, Submission, SubmissionState
from wiki.articles.permissions import P
from wiki.articles.provisional_ends import keep_deadlines
from wiki.articles.rules import Because, ProvisionalState

# ── two signatures ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_signature_publishes_nothing(make, two):
    made = make.submission()
    row = provisional.ask_emergency(made, two[1], WHY)
    assert (row.state, made.article_id, made.state) == (ProvisionalState.ASKED, None, SubmissionState.IN_REVIEW)
    assert session.scalar(sa.select(sa.func.count()).select_from(Publication)) == 0


@pytest.mark.parametrize("first", [0, 1])
def test_two_publish_at_once_and_the_review_goes_on(make, two, first):
    with clock.fixed(NOON):
        made = make.submission()
        if first == 0:  # a supervisor asks for what has come to their desk
            make.approved(made, until="supervisor")
        provisional.ask_emergency(made, two[first], WHY)
        row = provisional.confirm_emergency(made, two[1 - first], seen=made.head_revision_id)
        article = shown(made)
        assert (article.live, article.version, article.provisional) == (True, "1.0", "emergency")
        assert made.state is SubmissionState.IN_REVIEW
        assert row.deadline == article.provisional_until == NOON + timedelta(hours=24)
        assert all(task.due_at <= row.deadline for task in make.tasks(made))
        assert set(row.publisher_ids) == {actor.id for actor in two}
    assert verbs(made)[-2:] == ["ask_emergency", "sign_emergency"]


def test_later_seats_hurry_too(make, two):
    with clock.fixed(NOON):
        made = make.submission()
        row = emergency(made, two)
    with clock.fixed(NOON + timedelta(hours=20)):
        make.decide(made, make.actor("business"))
        assert make.task(made).due_at == row.deadline


def test_who_published_does_not_judge(make, two):
    made = make.submission()
    make.approved(made, until="supervisor")
    emergency(made, two)
    with pytest.raises(Forbidden):
        make.decide(made, two[0])
    assert not can(two[0], __import__("workflows.permissions").permissions.P.DECIDE, make.task(made))


def test_an_approval_of_who_publishes_is_void(make, two):
    """A supervisor who is a business reviewer, too, and has approved, publishes: the first seat is open again."""
    both = make.actor("supervisor", "business")
    made = make.submission()
    make.decide(made, both)
    assert make.task(made).stage == "qa"
    provisional.ask_emergency(made, both, WHY)
    provisional.confirm_emergency(made, two[1])
    assert make.task(made).stage == "business"


def test_nobody_signs_twice_nor_twice_in_one_role(make, two):
    made = make.submission()
    both = make.actor("supervisor", "manager")
    provisional.ask_emergency(made, both, WHY)
    with pytest.raises(Forbidden) as refused:
        provisional.confirm_emergency(made, both)
    assert refused.value.code == "own-request"
    provisional.confirm_emergency(made, make.actor("manager"))  # the one as supervisor, the other as manager
    other = make.submission()
    provisional.ask_emergency(other, two[1], WHY)
    with pytest.raises(Forbidden) as refused:
        provisional.confirm_emergency(other, make.actor("manager"))
    assert refused.value.code == "same-role"


@pytest.mark.parametrize("role", ["rep", "business", "qa", "training", "admin"])
def test_other_roles_neither_ask_nor_sign(make, two, role):
    made = make.submission()
    other = make.actor(role)
    with pytest.raises(Forbidden):
        provisional.ask_emergency(made, other, WHY)
    provisional.ask_emergency(made, two[1], WHY)
    with pytest.raises(Forbidden):
        provisional.confirm_emergency(made, other)


def test_who_lost_the_role_has_not_signed(make, two):
    supervisor, manager = two
    made = make.submission()
    provisional.ask_emergency(made, manager, WHY)
    user = session.get_one(User, manager.id)
    user.role_rows = [row for row in user.role_rows if False]
    session.flush()
    session.expire(user)
    with pytest.raises(Conflict):
        provisional.confirm_emergency(made, supervisor)


def test_nobody_publishes_what_they_wrote(make, two):
    writer = make.actor("manager", "supervisor", "business")
    made = make.submission(writer)
    for act in (provisional.ask_emergency, provisional.publish_workaround):
        with pytest.raises(Forbidden) as refused:
            act(made, writer, WHY)
        assert refused.value.code == "own-work"
    provisional.ask_emergency(made, two[1], WHY)
    with pytest.raises(Forbidden) as refused:
        provisional.confirm_emergency(made, writer)
    assert refused.value.code == "own-work"


def test_a_reason_is_needed_and_a_complete_text(make, two):
    made = make.submission()
    with pytest.raises(Invalid):
        provisional.ask_emergency(made, two[1], "  ")
    author = actor_of(made.author)
    ops.save(made, author, make.content(fields={"answer": ""}))
    with pytest.raises(Invalid):
        provisional.ask_emergency(made, two[1], WHY)
    with pytest.raises(Invalid):
        provisional.publish_workaround(made, two[1], WHY)


@pytest.mark.parametrize("after", ["draft", "withdrawn", "rejected", "published"])
def test_only_what_is_under_review(make, two, after):
    made = make.submission(submitted=after != "draft")
    if after == "withdrawn":
        ops.withdraw(made, actor_of(made.author))
    elif after == "rejected":
        make.decide(made, make.actor("business"), "reject")
    elif after == "published":
        make.approved(made)
    with pytest.raises((IllegalMove, Forbidden)):
        provisional.ask_emergency(made, two[1], WHY)
    with pytest.raises((IllegalMove, Forbidden)):
        provisional.publish_workaround(made, two[1], WHY)


def test_what_lies_with_its_author_is_handed_in_for_them(make, two):
    made = make.submission()
    make.decide(made, make.actor("business"), "send_back")
    assert made.state is SubmissionState.RETURNED
    emergency(made, two)
    assert made.state is SubmissionState.IN_REVIEW
    assert shown(made).live
    assert verbs(made)[-4:] == ["submit_for_author", "submit", "ask_emergency", "sign_emergency"]


@pytest.mark.parametrize(
    ("act", "because"),
    [("revise", Because.CHANGED), ("return", Because.RETURNED), ("reject", Because.REJECTED),
     ("withdraw", Because.WITHDRAWN), ("approve", Because.APPROVED), ("wait", Because.LAPSED),
     ("take_back", Because.TAKEN_BACK)],
)  # fmt: skip
def test_a_request_is_void(make, two, act, because):
    supervisor, manager = two
    with clock.fixed(NOON):
        made = make.submission()
        row = provisional.ask_emergency(made, manager, WHY)
        author, judge = actor_of(made.author), make.actor("business")
        if act == "revise":
            ops.save(made, author, make.content())
        elif act == "withdraw":
            ops.withdraw(made, author)
        elif act == "approve":
            make.approved(made)
        elif act == "take_back":
            provisional.take_back_request(made, manager)
        elif act != "wait":
            make.decide(made, judge, {"return": "send_back"}.get(act, act))
    with clock.fixed(NOON + timedelta(hours=24)):
        if act == "wait":
            with pytest.raises(Conflict) as refused:
                provisional.confirm_emergency(made, supervisor)
            assert refused.value.code == "lapsed"
        keep_deadlines()
        assert (row.state, row.closed_because) == (ProvisionalState.CANCELLED, because)
        with pytest.raises((Conflict, Forbidden)):
            provisional.confirm_emergency(made, supervisor)
    if act == "revise":
        provisional.ask_emergency(made, manager, WHY)  # and it may be asked anew


def test_the_second_signature_is_for_the_text_that_was_read(make, two):
    made = make.submission()
    provisional.ask_emergency(made, two[1], WHY)
    with pytest.raises(Conflict) as refused:
        provisional.confirm_emergency(made, two[0], seen=made.head_revision_id + 1)
    assert refused.value.code == "moved"


def test_one_at_a_time(make, two):
    made = make.submission()
    provisional.ask_emergency(made, two[1], WHY)
    for act in (provisional.ask_emergency, provisional.publish_workaround):
        with pytest.raises(Conflict) as refused:
            act(made, two[0], WHY)
        assert refused.value.code == "already-asked"
    provisional.confirm_emergency(made, two[0])
    for act in (provisional.ask_emergency, provisional.publish_workaround):
        with pytest.raises(Conflict) as refused:
            act(made, two[1], WHY)
        assert refused.value.code == "already-published"
    with pytest.raises(Conflict) as refused:
        provisional.confirm_emergency(made, make.actor("manager"))
    assert "was faster" in refused.value.sentence


# ── who reads what is asked for ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("audience", ["internal", "restricted"])
def test_a_supervisor_reads_what_waits_for_a_signature(make, two, audience):
    supervisor, manager = two
    about = {"readers": ["role:qa"]} if audience == "restricted" else {}
    made = make.submission(audience=audience, **about)
    other = make.submission()
    listed = sa.select(Submission.id).where(allowed(supervisor, P.READ_SUBMISSION))
    assert not can(supervisor, P.READ_SUBMISSION, made)
    provisional.ask_emergency(made, manager, WHY)
    expected = audience == "internal"
    assert can(supervisor, P.READ_SUBMISSION, made) is expected
    assert (made.id in set(session.scalars(listed))) is expected
    assert other.id not in set(session.scalars(listed))
    assert not can(make.actor("rep"), P.READ_SUBMISSION, made)


# ── workarounds ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", ["supervisor", "business", "manager"])
def test_one_person_answers_for_a_workaround(make, two, role):
    made = make.submission()
    if role == "supervisor":
        make.approved(made, until="supervisor")
    who = make.actor(role)
    row = provisional.publish_workaround(made, who, WHY)
    assert (shown(made).provisional, shown(made).version, row.publisher_ids) == ("workaround", "1.0", (who.id,))
    for task in make.tasks(made):
        assert who.id in task.review.outsider_ids


def test_no_workaround_over_an_approved_text(make, two):
    article = make.article()
    made = make.submission(article=article.slug)
    with pytest.raises(Conflict) as refused:
        provisional.publish_workaround(made, two[1], WHY)
    assert refused.value.code == "not-new"


@pytest.mark.parametrize("role", ["qa", "training", "rep", "admin"])
def test_others_make_no_workaround(make, two, role):
    with pytest.raises(Forbidden):
        provisional.publish_workaround(make.submission(), make.actor(role), WHY)
