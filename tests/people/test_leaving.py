"""A colleague leaves: what only they hold is listed, handed on and taken over, and the last day settles the rest."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from core import audit, clock, outbox
from core.db import reading, session, writing
from core.errors import Conflict, Forbidden, IllegalMove, NotFound
from tests.people.conftest import FRIDAY, NOON, House
from wiki.articles import ops as articles
from wiki.articles.models import Article, Submission
from wiki.feedback import ops as feedback
from wiki.notifications.models import NoticeEntry
from wiki.people import interviews, leaving, topics
from wiki.people.holdings import held, words_for
from wiki.people.leaving_models import Handover, Leaving
from wiki.people.leaving_rules import (
    MOVES,
    SETTLED,
    TITLES,
    TOPICS,
    Act,
    Ask,
    HandoverState,
    LeavingState,
    Sort,
    Topic,
    drafted,
    ranked,
)
from wiki.search import writing as tasks
from wiki.search.gap_models import WritingTask
from wiki.search.writing_rules import WritingState
from wiki.training import ops as teaching
from wiki.training.models import Course
from workflows import claiming
from workflows.models import Task

WAITS = 'To be taken over <span class="count">1</span>'
counts = st.integers(0, 50)
some_topics = st.lists(
    st.builds(Topic, st.integers(1, 9), st.just("s"), st.text(max_size=3), counts, counts, counts, counts), max_size=12
)


# ── the rules ────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(some_topics, st.lists(st.text(min_size=1, max_size=5), max_size=6))
def test_an_interview_asks_about_what_they_did_most_and_of_each_what_is_written_nowhere(known, titles):
    order = ranked(known)
    assert all(a.acts >= b.acts > 0 for a, b in pairwise(order)) and all(one in known for one in order)
    asked = drafted(known, titles)
    assert [topic for ask, topic in asked if ask is Ask.NOWHERE] == [one.name for one in order[:TOPICS]]
    assert [topic for ask, topic in asked if ask is Ask.LEFT_OUT] == titles[:TITLES]
    assert [ask for ask, _topic in asked[-2:]] == [Ask.WHOM, Ask.FIRST_DAY]
    assert sum(ask is Ask.JUDGED for ask, _t in asked) == sum(bool(one.judged) for one in order[:TOPICS])


@given(st.lists(st.sampled_from(Act), max_size=12))
def test_what_has_changed_hands_never_goes_back_and_only_the_asked_can_answer(acts):
    state = HandoverState.ASKED
    for act in acts:
        after = MOVES.get((state, act))
        if state in SETTLED:
            assert after is None
        elif act in {Act.ACCEPT, Act.DECLINE, Act.LAST_DAY, Act.UNDO}:
            assert (after is not None) == (state is HandoverState.ASKED)
        state = after or state


def fill(house: House) -> dict[str, int]:
    """What Ann holds: texts of her own, with Bob and for a closed circle, a draft, a course, a task; a review waits."""
    make, ann, bob = house.make, house["ann"], house["bob"]
    alone, closed = make.article(ann, title="Fees"), make.article(
        ann, title="Secret", audience="restricted", readers=["role:business"]
    )  # fmt: skip
    shared = make.article(ann, title="Shared")
    with_bob = make.submission(bob, article=shared.slug)
    make.approved(with_bob)
    feedback.say(alone, bob, used_in_call=True)
    feedback.say(shared, ann, used_in_call=True)
    draft = make.submission(ann, title="Half done", submitted=False)
    course = teaching.create_course(ann, teaching.CourseSpec("Billing for all"))
    task = tasks.ask(house["boss"], "What is a proration?", whom=f"user:{ann.id}")
    review = make.task(make.submission(bob, kind="script", title="To be judged"))
    claimed = make.actor(review.role)
    claiming.claim(review.id, claimed)
    return {
        "alone": alone.id, "closed": closed.id, "shared": shared.id, "draft": draft.id, "course": course.id,
        "task": task.id, "review": review.id, "judge": claimed.id,
    }  # fmt: skip


def told(since: int = 0) -> tuple[set[tuple[str, str]], int]:
    """(who, what) told of leaving since, and where we are."""
    outbox.drain()
    codes = ("leaving_%", "handover_%", "interview_%", "person_left", "writing_asked")
    with reading():
        rows = session.execute(
            sa.select(NoticeEntry.id, User.username, NoticeEntry.code)
            .join(User, User.id == NoticeEntry.user_id)
            .where(NoticeEntry.id > since, sa.or_(*(NoticeEntry.code.like(code) for code in codes)))
        ).all()
    return {(name, code) for _id, name, code in rows}, max([since, *(row[0] for row in rows)])


@pytest.mark.both_databases
def test_marked_handed_on_accepted_declined_and_passed_on_when_the_day_is_over(house):
    with clock.fixed(NOON):
        with writing():
            things = fill(house)
        _heard, at = told()
        with writing():
            with pytest.raises(Forbidden):
                leaving.mark(house["far"], house.ids["ann"], FRIDAY, disable=True)
            row = leaving.mark(house["sue"], house.ids["ann"], FRIDAY, disable=True)
            with pytest.raises(Conflict):
                leaving.mark(house["boss"], house.ids["ann"], FRIDAY, disable=False)
            seen = held(row.user, house["sue"])
            assert {(one.sort, one.id, one.sole) for one in seen.rows} == {
                (Sort.ARTICLE, things["alone"], True), (Sort.ARTICLE, things["shared"], False),
                (Sort.DRAFT, things["draft"], True), (Sort.COURSE, things["course"], False),
                (Sort.WRITING, things["task"], False),
            }  # fmt: skip
            assert seen.hidden == 1
            assert (Sort.ARTICLE, things["closed"]) in held(row.user, house["ann"]).keys
            assert "Half done" not in {one.title for one in seen.rows}  # a draft is its author's own
        assert told(at)[0] == {("ann", "leaving_marked")}
        _heard, at = told(at)
        with writing():
            row = session.scalars(sa.select(Leaving)).one()
            sue, bob, tom = house["sue"], house.ids["bob"], house.ids["tom"]
            chosen = {
                (Sort.ARTICLE, things["alone"]): bob, (Sort.ARTICLE, things["shared"]): bob,
                (Sort.ARTICLE, things["closed"]): bob,  # Sue may not know of it: left out
                (Sort.DRAFT, things["draft"]): bob, (Sort.COURSE, things["course"]): bob,
                (Sort.WRITING, things["task"]): tom,
            }  # fmt: skip
            count, refused = leaving.hand_on(row, sue, chosen)
            assert (count, set(refused)) == (4, {(Sort.COURSE, things["course"])})  # Bob builds no courses
            assert leaving.hand_on(row, sue, {(Sort.COURSE, things["course"]): tom})[0] == 1
            interviews.ask_for(row, sue, tom)
        assert told(at)[0] == {("bob", "handover_asked"), ("tom", "handover_asked"), ("tom", "interview_asked")}
        _heard, at = told(at)
        with writing():
            asked = {
                one.sort: one for one in session.scalars(sa.select(Handover)) if one.subject_id != things["shared"]
            }
            mine = list(session.scalars(leaving.waiting_for(house["bob"])))
            assert len(mine) == 3 and set(words_for([(m.sort, m.subject_id) for m in mine], house["bob"])) == {
                (m.sort, m.subject_id) for m in mine
            }
            with pytest.raises(NotFound):
                leaving.find_handover(asked[Sort.DRAFT].id, house["tom"])
            assert leaving.accept(leaving.find_handover(asked[Sort.DRAFT].id, house["bob"]), house["bob"]) == ""
            assert leaving.accept(leaving.find_handover(asked[Sort.DRAFT].id, house["bob"]), house["bob"]) == ""
            leaving.decline(asked[Sort.WRITING], house["tom"], "I do not know it.")
            assert bob in session.get_one(Submission, things["draft"]).author_ids
            assert session.get_one(Article, things["alone"]).owner_id == house.ids["ann"]  # not before he accepts
            task = session.get_one(Task, things["review"])
            task.claimed_by_id = house.ids["ann"]
        assert told(at)[0] == {("sue", "handover_declined")}
        _heard, at = told(at)
    with clock.fixed(NOON + timedelta(days=2, hours=10)), writing():  # Friday, 22:00 on the centre's clock
        leaving.end_last_days()
        assert session.scalars(sa.select(Leaving)).one().state is LeavingState.OPEN
    with clock.fixed(NOON + timedelta(days=2, hours=13)):
        for _twice in range(2):
            with writing():
                leaving.end_last_days()
        with reading():
            row, ann = session.scalars(sa.select(Leaving)).one(), session.get_one(User, house.ids["ann"])
            assert row.state is LeavingState.LEFT and not ann.active
            owners = {
                name: session.get_one(Article, things[name]) for name in ("alone", "shared", "closed")
            }  # fmt: skip
            assert owners["alone"].owner_id == owners["shared"].owner_id == house.ids["bob"]
            assert (owners["closed"].owner_id, owners["closed"].owner_team_id) == (None, ann.team_id)
            assert session.get_one(Course, things["course"]).author_id == house.ids["tom"]
            assert session.get_one(WritingTask, things["task"]).user_id == ann.id  # declined: nobody has it
            assert session.get_one(Task, things["review"]).claimed_by_id is None
            verbs = [one.verb for one in session.scalars(audit.trail("leaving", row.id))]
            assert verbs.count("left") == 1 and verbs.count("pass_on_at_last_day") == 3
            left = next(one for one in session.scalars(audit.trail("leaving", row.id)) if one.verb == "left")
            assert left.details == {
                "passed": 3, "reviews": 1, "to_the_team": 1, "left_over": 1, "sign_in_ended": True
            }  # fmt: skip
            with pytest.raises(IllegalMove):
                leaving.undo(row, house["sue"])
        assert told(at)[0] == {("sue", "person_left"), ("boss", "person_left")}


def test_undone_before_the_day_is_over_only_what_was_accepted_stays(house):
    with clock.fixed(NOON):
        with writing():
            things = fill(house)
            row = leaving.mark(house["boss"], house.ids["ann"], FRIDAY, disable=True)
            ann, bob = house["ann"], house["bob"]
            keys = [(Sort.ARTICLE, things["alone"]), (Sort.ARTICLE, things["closed"])]
            assert leaving.hand_on(row, ann, dict.fromkeys(keys, bob.id))[0] == 2  # she chooses herself
            interviews.ask_for(row, house["boss"], house.ids["tom"])
            first = session.scalar(sa.select(Handover.id).order_by(Handover.id))
            leaving.accept(leaving.find_handover(first or 0, bob), bob)
            with pytest.raises(Forbidden):
                leaving.undo(row, ann)
            leaving.undo(row, house["root"])
        with writing():
            row = session.scalars(sa.select(Leaving)).one()
            states = [one.state for one in leaving.handovers(row)]
            assert states == [HandoverState.ACCEPTED, HandoverState.CALLED_OFF]
            assert row.interview and row.interview.state is WritingState.DROPPED
            with pytest.raises(IllegalMove):
                leaving.accept(leaving.handovers(row)[1], house["bob"])
            leaving.mark(house["sue"], house.ids["ann"], FRIDAY, disable=False)  # once more
    with clock.fixed(NOON + timedelta(days=4)):
        with writing():
            leaving.end_last_days()
        with reading():
            assert session.get_one(User, house.ids["ann"]).active
            assert session.get_one(Article, things["alone"]).owner_id == house.ids["bob"]
            assert session.get_one(Article, things["closed"]).owner_id is None  # fallen to the team


def test_one_whose_day_cannot_be_ended_holds_up_nobody(house, monkeypatch):
    with clock.fixed(NOON), writing():
        for name in ("ann", "bob"):
            leaving.mark(house["boss"], house.ids[name], FRIDAY, disable=True)
    leave = leaving.leave

    def stumbles(row: Leaving) -> None:
        leave(row)
        if row.user_id == house.ids["ann"]:
            raise ValueError("in the midst of it")

    monkeypatch.setattr(leaving, "leave", stumbles)
    with clock.fixed(NOON + timedelta(days=4)), writing():
        leaving.end_last_days()
    with reading():
        found = {row.user_id: row.state for row in session.scalars(sa.select(Leaving))}
        assert found == {house.ids["ann"]: LeavingState.OPEN, house.ids["bob"]: LeavingState.LEFT}
        assert session.get_one(User, house.ids["ann"]).active
        assert not session.get_one(User, house.ids["bob"]).active


def test_the_last_administrator_is_not_shut_out(house):
    with clock.fixed(NOON), writing():
        with pytest.raises(Conflict, match="last administrator"):
            leaving.mark(house["boss"], house.ids["root"], FRIDAY, disable=True)
        with pytest.raises(Forbidden):
            leaving.mark(house["boss"], house.ids["boss"], FRIDAY, disable=False)


def test_hand_overs_wait_in_the_inbox_with_as_many_as_there_are_and_are_taken_over_there(house, signed_in):
    with clock.fixed(NOON):
        with writing():
            texts = [house.make.article(house["ann"], title=f"Fees {n}") for n in range(7)]
            row = leaving.mark(house["boss"], house.ids["ann"], FRIDAY, disable=True)
            leaving.hand_on(row, house["boss"], {(Sort.ARTICLE, one.id): house.ids["sue"] for one in texts})
        with reading():
            sue = signed_in(session.get_one(User, house.ids["sue"]))
            first = session.scalar(sa.select(Handover.id).order_by(Handover.id))
        said = sue.text("/reviews")
        assert WAITS.replace("1", "7") in said and said.count("Take it over") == 5 and "from Ann" in said
        assert "No review waits for you" in said and "Your inbox is empty" not in said
        assert sue.submit("/reviews", to=f"/people/handovers/{first}", act="accept").status_code == 303
        assert WAITS.replace("1", "6") in sue.text("/") and sue.text("/people/handovers").count("Take it over<") == 6
        sue.submit("/people/handovers", leaving=str(row.id))
        assert "To be taken over" not in sue.text("/reviews") and "Your inbox is empty" in sue.text("/reviews")


@pytest.mark.both_databases
def test_pages_from_the_mark_to_the_draft_of_the_interview(house, signed_in):
    with clock.fixed(NOON):
        with writing():
            articles.add_category("bills", "Bills")
            ann, bob = house["ann"], house["bob"]
            known = house.make.article(ann, title="Fees", category="bills")
            house.make.article(bob, title="Other", category="bills")
            feedback.say(known, bob, used_in_call=True)
            (topic,) = topics.topics(ann.id)
            assert (topic.name, topic.wrote, topic.judged, topic.used) == ("Bills", 1, 0, 0)
        with reading():
            people = {name: session.get_one(User, number) for name, number in house.ids.items()}
        sue, tom = signed_in(people["sue"]), signed_in(people["tom"])
        answer = sue.submit("/people/leaving", person=str(ann.id), last_day="2026-11-20", disable="1")
        page = answer.headers["Location"]
        assert sue.submit("/people/leaving", person=str(ann.id), last_day="2026-11-20").status_code == 409
        assert "only they wrote it" in sue.text(page)
        assert sue.submit(page, act="change", last_day="1999-01-01").status_code == 422
        form = {f"article-{known.id}": "", "all": str(bob.id), "interviewer": str(tom_id := house.ids["tom"])}
        assert sue.submit(page, {"act": "hand_on", **form}).status_code == 303
        assert 'href="/articles/fees"' in sue.text(page + "/topics/bills")
        waiting = signed_in(people["bob"])
        assert "Fees" in waiting.text("/people/handovers") and WAITS in waiting.text("/")
        assert waiting.submit("/people/handovers", to="/people/handovers/1", act="decline", note="").status_code == 422
        leave = waiting.submit("/people/handovers", leaving=page.rpartition("/")[2])
        assert leave.status_code == 303 and "Nothing waits" in waiting.text("/people/handovers")
        assert signed_in(people["far"]).get(page).status_code == 404
        with reading():
            row = session.scalars(sa.select(Leaving)).one()
            assert row.interview and row.interview.user_id == tom_id and row.interview.due_on == date(2026, 11, 18)
            asked = interviews.questions(row)
            assert "“Bills” that is written nowhere" in asked[0].text and "“Fees”" in asked[1].text
        assert "Talk" not in tom.text("/writing") and "The questions to Ann" in tom.text(f"/writing/{row.interview_id}")
        assert tom.submit(page + "/interview", act="draft").status_code == 422  # nothing was said yet
        said = {f"answer-{asked[0].id}": "Never promise a refund by phone.", "act": "draft"}
        draft = tom.submit(page + "/interview", said).headers["Location"]
        assert "Never promise a refund by phone." in tom.text(draft)
        with writing():
            made = session.scalars(sa.select(Submission).order_by(Submission.id.desc())).first()
            assert made.author_ids == (tom_id, ann.id)
            whole = house.make.content("best_practice", title=made.head.title, body=made.head.body)
            articles.save(made, house["tom"], whole)
            articles.submit(made, house["tom"])
            house.make.approved(made)
        with reading():
            assert session.get_one(WritingTask, row.interview_id).state is WritingState.DONE
