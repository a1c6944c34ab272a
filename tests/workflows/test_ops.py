"""Judging, as people meet it."""

import pytest
import sqlalchemy as sa

from core.audit import TrailEntry
from core.errors import Conflict, Forbidden, IllegalMove, Invalid, NotFound
from tests.make import Make
from tests.workflows.judging import APPROVE, BACK, REJECT, STAGES, four, stage_of
from wiki.articles import ops as writing
from workflows import deciding
from workflows.definitions import Approvals, Definition, Seat, Stage
from workflows.models import Decision, Review
from workflows.rules import State, TaskState, Verb

# ── the order of checks: 404, 403 own work, 409 moved, 403 seat, 422 input ───────────────────────────────────────────


def test_a_restricted_review_does_not_exist_for_others(db, make: Make):
    task = make.task(make.submission(audience="restricted", readers=["role:admin"]))
    with pytest.raises(NotFound):
        deciding.decide(task.id, make.actor("rep"), APPROVE, seen=task.version)
    with pytest.raises(NotFound):
        deciding.decide(task.id + 1000, make.actor("business"), APPROVE, seen=1)


def test_own_work_is_refused_before_it_is_said_that_it_moved(db, make: Make):
    author = make.actor("rep", "business")
    task = make.task(make.submission(author))
    with pytest.raises(Forbidden) as refused:
        deciding.decide(task.id, author, APPROVE, seen=task.version + 7)
    assert refused.value.code == "own-work"


def test_who_came_second_gets_409_also_without_the_seat(db, make: Make):
    made = make.submission()
    task = make.task(made)
    seen = task.version
    make.decide(made, make.actor("business"))
    for late in (make.actor("business"), make.actor("rep")):
        with pytest.raises(Conflict) as refused:
            deciding.decide(task.id, late, BACK, seen=seen)
        assert refused.value.code == "moved"


def test_a_wrong_role_is_refused_before_a_missing_note(db, make: Make):
    task = make.task(make.submission())
    with pytest.raises(Forbidden) as refused:
        deciding.decide(task.id, make.actor("qa"), BACK, seen=task.version)
    assert refused.value.code == "not-your-seat"


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_manager_and_admin_imply_no_seat(db, make: Make, role: str):
    task = make.task(make.submission())
    with pytest.raises(Forbidden):
        deciding.decide(task.id, make.actor(role), APPROVE, seen=task.version)


@pytest.mark.parametrize("verb", [BACK, REJECT])
def test_who_refuses_says_why(db, make: Make, verb: Verb):
    task = make.task(make.submission())
    with pytest.raises(Invalid) as refused:
        deciding.decide(task.id, make.actor("business"), verb, seen=task.version, note="  ")
    assert set(refused.value.errors) == {"note"}


def test_a_note_has_an_end(db, make: Make):
    task = make.task(make.submission())
    with pytest.raises(Invalid):
        deciding.decide(task.id, make.actor("business"), BACK, seen=task.version, note="长" * 4001)


def test_an_unknown_question_of_the_checklist(db, make: Make):
    task = make.task(make.submission())
    with pytest.raises(Invalid) as refused:
        deciding.decide(task.id, make.actor("business"), APPROVE, seen=task.version, checklist={"nice": True})
    assert set(refused.value.errors) == {"checklist"}


# ── sending back ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_back_to_a_chosen_stage_keeps_what_came_before_it(db, make: Make):
    made = make.submission(kind="script")
    make.approved(made, until="supervisor")
    make.decide(made, make.actor("supervisor"), "send_back", to_stage="qa")
    task = make.task(made)
    assert (task.stage, task.round.number) == ("qa", 2)
    assert [row.decision.stage for row in task.round.carried] == ["business"]
    make.approved(made)
    assert made.state.value == "published"


def test_approvals_carried_twice_still_bar_their_people(db, make: Make):
    made, judge = make.submission(kind="script"), make.actor(*STAGES)
    make.decide(made, judge)  # business
    for _ in range(2):
        make.decide(made, make.actor("qa"))
        make.decide(made, make.actor("training"), "send_back", to_stage="qa")
    task = make.task(made)
    assert task.round.number == 3
    with pytest.raises(Forbidden) as refused:
        deciding.decide(task.id, judge, APPROVE, seen=task.version)
    assert refused.value.code == "acted"


def test_back_to_the_author_and_again(db, make: Make):
    author, qa = make.actor("rep"), make.actor("qa")
    made = make.submission(author, "script")
    make.approved(made, until="qa")
    make.decide(made, qa, "send_back")
    assert made.state.value == "returned"
    assert make.tasks(made) == []
    writing.save(made, author, make.content("script", title="Mended"))
    assert make.tasks(made) == [], "a new text waits for its author to hand it in"
    writing.submit(made, author)
    assert stage_of(made) == "business", "a changed text begins again"
    make.approved(made, until="qa")
    make.decide(made, qa)  # who sent it back may judge the next version
    assert stage_of(made) == "training"


def test_handed_in_unchanged_it_returns_to_who_sent_it_back(db, make: Make):
    author = make.actor("rep")
    made = make.submission(author, "script")
    make.approved(made, until="training")
    make.decide(made, make.actor("training"), "send_back")
    writing.submit(made, author)
    assert stage_of(made) == "training"
    assert len(make.task(made).round.carried) == 2


@pytest.mark.parametrize("stage", ["legal", "x" * 500])
def test_back_to_a_stage_that_is_not_there(db, make: Make, stage: str):
    made = make.submission()
    with pytest.raises(Invalid) as refused:
        make.decide(made, make.actor("business"), "send_back", to_stage=stage)
    assert set(refused.value.errors) == {"to_stage"}


def test_back_to_a_later_stage_is_no_move(app, make: Make):
    made = make.submission()
    with pytest.raises(IllegalMove):
        make.decide(made, make.actor("business"), "send_back", to_stage="qa")
    from core.db import reading

    with reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(Decision)) == 0, "a refused act leaves nothing"


def test_an_approval_goes_nowhere_but_on(db, make: Make):
    made = make.submission(kind="script")
    make.approved(made, until="qa")
    assert make.decide(made, make.actor("qa"), to_stage="business").to_stage is None
    assert stage_of(made) == "training"


def test_a_rejection_is_the_end(db, make: Make):
    author = make.actor("rep")
    made = make.submission(author)
    make.decide(made, make.actor("business"), "reject")
    assert made.state.value == "rejected"
    assert made.closed_at is not None
    for act in (writing.submit, writing.withdraw):
        with pytest.raises(IllegalMove):
            act(made, author)


# ── one's own work, and one seat a round ─────────────────────────────────────────────────────────────────────────────


def test_nobody_takes_two_seats_in_one_round(db, make: Make):
    judge = make.actor(*STAGES)
    made = make.submission(kind="script")
    make.decide(made, judge)
    with pytest.raises(Forbidden) as refused:
        make.decide(made, judge)
    assert refused.value.code == "acted"


def test_a_co_author_may_not_judge_in_a_later_round_either(db, make: Make):
    author, editor = make.actor("rep"), make.actor("business", "qa")
    made = make.submission(author, "script")
    writing.save(made, editor, make.content("script", title="Edited by a reviewer"))
    make.decide(made, make.actor("business"))
    with pytest.raises(Forbidden) as refused:
        make.decide(made, editor)
    assert refused.value.code == "own-work"


# ── the author edits while others judge ──────────────────────────────────────────────────────────────────────────────


def test_an_edit_voids_what_was_approved(db, make: Make):
    author = make.actor("rep")
    made = make.submission(author, "script")
    make.approved(made, until="training")
    old = make.task(made)
    writing.save(made, author, make.content("script", title="Changed"))
    assert old.state is TaskState.VOID
    task = make.task(made)
    assert (task.stage, task.round.number, task.revision_id) == ("business", 2, made.head_revision_id)
    assert not task.round.carried


def test_an_edit_keeps_approvals_where_the_definition_says_so(db, make: Make):
    author = make.actor("rep")
    make.pipeline(topic="script", definition=four(Approvals.KEPT))
    made = make.submission(author, "script")
    make.approved(made, until="training")
    task = make.task(made)
    seen = task.version
    writing.save(made, author, make.content("script", title="Changed"))
    assert make.task(made) is task
    assert (task.version, task.revision_id) == (seen + 1, made.head_revision_id)
    make.approved(made)
    assert db.get(type(made.head), made.head_revision_id).title == "Changed"


def test_kept_approvals_do_not_cover_the_approver_s_own_words(db, make: Make):
    """Business approves, then edits: the approval would be one of their own work."""
    make.pipeline(topic="script", definition=four(Approvals.KEPT))
    made, editor = make.submission(kind="script"), make.actor("business")
    make.decide(made, editor)
    writing.save(made, editor, make.content("script", title="Edited by who approved"))
    assert stage_of(made) == "business"
    with pytest.raises(Forbidden):
        make.decide(made, editor)
    back = make.submission(author := make.actor("rep"), "script")
    make.decide(back, editor)
    make.decide(back, make.actor("qa"), "send_back")
    writing.save(back, editor, make.content("script", title="Edited while it lay with the author"))
    writing.submit(back, author)
    assert stage_of(back) == "business"


def test_saving_the_same_text_disturbs_nobody(db, make: Make):
    author = make.actor("rep")
    made = make.submission(author, title="Same", fields={"answer": "same"})
    task = make.task(made)
    seen = task.version
    from wiki.articles.content import of_revision

    writing.save(made, author, of_revision(made.head))
    assert task.version == seen


# ── withdrawing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_decided_can_not_be_withdrawn(db, make: Make):
    author = make.actor("rep")
    made = make.submission(author)
    make.approved(made)
    with pytest.raises(IllegalMove):
        writing.withdraw(made, author)


def test_only_its_author_withdraws(db, make: Make):
    made = make.submission()
    with pytest.raises(Forbidden):
        writing.withdraw(made, make.actor("supervisor"))


def test_withdrawn_while_it_lay_with_the_author(db, make: Make):
    author = make.actor("rep")
    made = make.submission(author)
    make.decide(made, make.actor("business"), "send_back")
    writing.withdraw(made, author)
    assert made.state.value == "withdrawn"
    review = db.scalars(sa.select(Review)).one()
    assert review.state is State.WITHDRAWN
    assert review.closed_at is not None


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_trail_tells_every_act(db, make: Make):
    author, qa = make.actor("rep"), make.actor("qa")
    made = make.submission(author, "script")
    make.decide(made, make.actor("business"))
    deciding.comment(make.task(made).id, author, note="Please be quick.")
    make.decide(made, qa, "send_back", note="Check the price.", to_stage="business")
    writing.save(made, author, make.content("script", title="Changed"))
    writing.withdraw(made, author)
    rows = db.scalars(sa.select(TrailEntry).where(TrailEntry.subject_id == made.id).order_by(TrailEntry.id)).all()
    assert [(row.verb, row.stage) for row in rows] == [
        ("submit", "business"),
        ("approve", "business"),
        ("comment", "qa"),
        ("send_back", "qa"),
        ("revise", "business"),
        ("withdraw", None),
    ]
    assert rows[3].note == "Check the price."
    assert rows[3].details == {"to_stage": "business"}


def test_a_running_review_keeps_the_definition_it_began_with(db, make: Make):
    made = make.submission(kind="script")
    make.pipeline("business", topic="script")
    make.approved(made, until="supervisor")
    assert stage_of(made) == "supervisor"
    make.approved(made)
    make.approved(new := make.submission(kind="script"))
    assert len(make.tasks(new, opened=False)) == 1


def test_a_kind_without_a_pipeline_says_so(db, make: Make):
    from workflows.models import Pipeline

    db.execute(sa.update(Pipeline).values(active=False))
    with pytest.raises(Conflict, match="pipeline") as refused:
        make.submission()
    assert refused.value.code == "no-pipeline"


def test_due_times_come_from_the_stage(db, make: Make, clock):
    task = make.task(make.submission(kind="notice"))
    assert (task.due_at - task.opened_at).total_seconds() == 4 * 3600


def test_a_checklist_is_scored(db, make: Make):
    from workflows.definitions import Question

    questions = (Question(key="right", text="Right?", weight=60), Question(key="kind", text="Kind?", weight=40))
    stage = Stage(key="qa", seats=(Seat(key="qa", role="qa"),), checklist=questions)
    make.pipeline(definition=Definition(stages=(stage,)))
    assert make.decide(make.submission(), make.actor("qa"), checklist={"right": True}).score == 60
    assert make.decide(make.submission(), make.actor("qa")).score is None
