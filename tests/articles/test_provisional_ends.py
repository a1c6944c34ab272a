"""How publication before review ends: confirmed, changed, rolled back, taken off; and the clock until then."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core import clock
from core.db import session
from core.errors import Conflict
from core.permissions import can
from tests.articles.early import NOON, WHY, earned, emergency, shown
from wiki.articles import ops, provisional
from wiki.articles.models import Publication, Revision, SubmissionState
from wiki.articles.permissions import P
from wiki.articles.provisional_ends import keep_deadlines
from wiki.articles.publishing import put_back, retire
from wiki.articles.queries import approved_revision_id, publication_of, versions
from wiki.articles.rules import Because, ProvisionalState
from wiki.feedback.queries import authors_of
from wiki.scoring.rebuilding import unrecorded
from workflows.models import Task
from workflows.queries import last_review

# ── how it ends ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_approved_as_it_is(make, two):
    """Confirmed: no second number, and it earns now, once."""
    made = make.submission()
    row = emergency(made, two)
    assert earned(made) == []
    assert unrecorded() == {}
    assert publication_of(made.id) is None
    make.approved(made)
    article = shown(made)
    assert (row.state, row.closed_because) == (ProvisionalState.CONFIRMED, Because.APPROVED)
    assert (article.version, article.provisional, made.state) == ("1.0", None, SubmissionState.PUBLISHED)
    assert session.scalar(sa.select(sa.func.count()).select_from(Publication)) == 1
    assert earned(made) == ["article.accepted"]
    assert unrecorded() == {}
    assert publication_of(made.id).version == "1.0"


def test_approved_after_a_change(make, two):
    article = make.article()
    made = make.submission(article=article.slug, significance="minor")
    row = emergency(made, two)
    assert article.version == "1.1"
    ops.save(made, actor_of(made.author), make.content(title="better"), significance="minor")
    assert article.title != "better"
    make.approved(made)
    assert (row.state, row.closed_because) == (ProvisionalState.CONFIRMED, Because.REPLACED)
    assert (article.version, article.title, article.provisional) == ("1.2", "better", None)
    assert earned(made) == ["revision.accepted"]
    assert unrecorded() == {}


def test_a_new_article_that_was_changed_under_review_is_new_in_the_ledger(make, two):
    made = make.submission()
    emergency(made, two)
    ops.save(made, actor_of(made.author), make.content(title="better"))
    make.approved(made)
    assert earned(made) == ["article.accepted"]


@pytest.mark.parametrize("end", ["reject", "withdraw", "deadline"])
def test_rolled_back_to_what_was_there(make, two, end):
    with clock.fixed(NOON):
        article = make.article(title="as it was")
        before = article.revision_id
        made = make.submission(article=article.slug, title="in a hurry", audience="public")
        row = emergency(made, two)
        assert (article.title, article.version, approved_revision_id(article)) == ("in a hurry", "2.0", before)
        _end(make, made, end)
    with clock.fixed(NOON + timedelta(hours=24)):
        keep_deadlines()
        keep_deadlines()
        assert row.state is ProvisionalState.ROLLED_BACK
        assert (article.title, article.revision_id, article.version) == ("as it was", before, "2.1")
        assert (article.provisional, article.live, article.audience) == (None, True, "internal")
        assert earned(made) == []
        assert unrecorded() == {}
        assert authors_of(article)[0] == article.owner_id
        rep = make.actor("rep")
        assert [one.version for one in versions(rep, article)] == ["2.1", "1.0"], "what was rolled back is not history"
        assert [one.version for one in versions(two[1], article)] == ["2.1", "2.0", "1.0"]
    if end == "deadline":
        make.approved(made)
        assert (article.version, article.title) == ("3.0", "in a hurry")
        assert earned(made) == ["revision.accepted"]


def _end(make, made, end: str) -> None:
    if end == "reject":
        make.decide(made, make.actor("business"), "reject")
    elif end == "withdraw":
        ops.withdraw(made, actor_of(made.author))


@pytest.mark.parametrize("end", ["reject", "withdraw", "deadline"])
def test_taken_off_when_nothing_was_there(make, two, end):
    with clock.fixed(NOON):
        made = make.submission()
        row = provisional.publish_workaround(made, two[1], WHY)
        _end(make, made, end)
    with clock.fixed(NOON + timedelta(hours=24)):
        keep_deadlines()
        assert (row.state, row.closed_because.value) == (
            ProvisionalState.ROLLED_BACK, {"reject": "rejected", "withdraw": "withdrawn"}.get(end, end)
        )  # fmt: skip
        assert (shown(made).live, shown(made).provisional) == (False, None)
        assert not can(two[1], P.READ, shown(made))
    if end == "deadline":
        with pytest.raises(Conflict) as refused:
            provisional.publish_workaround(made, two[1], WHY)
        assert refused.value.code == "rolled-back"
        make.approved(made)
        assert shown(made).live
        assert earned(made) == ["article.accepted"]


def test_back_with_its_author_the_clock_runs_on(make, two):
    with clock.fixed(NOON):
        made = make.submission()
        emergency(made, two)
        make.decide(made, make.actor("business"), "send_back")
        assert shown(made).live
        other = make.submission(article=shown(made).slug, submitted=False)
        with pytest.raises(Conflict) as refused:
            ops.submit(other, actor_of(other.author))
        assert refused.value.code == "not-reviewed-yet"
        ops.save(made, actor_of(made.author), make.content(title="mended"))
        ops.submit(made, actor_of(made.author))
        assert make.task(made).due_at <= NOON + timedelta(hours=24)
    with clock.fixed(NOON + timedelta(hours=24, minutes=1)):
        keep_deadlines()
        assert not shown(made).live


def test_a_retired_article_stays_retired(make, two):
    with clock.fixed(NOON):
        article = make.article()
        made = make.submission(article=article.slug)
        row = emergency(made, two)
        retire(article, two[1], reason="gone")
        assert (row.state, row.closed_because) == (ProvisionalState.CANCELLED, Because.RETIRED)
    with clock.fixed(NOON + timedelta(days=3)):
        keep_deadlines()
        assert not article.live


def test_what_no_review_stands_behind_is_not_put_back(make, two):
    """Published in an emergency, retired, put back: that would be a way round the review."""
    article = make.article(title="reviewed", tags=["a"])
    before = article.revision_id
    emergency(make.submission(article=article.slug, title="not reviewed", tags=[]), two)
    assert (article.title, article.tags) == ("not reviewed", [])
    retire(article, two[1], reason="gone")
    assert (article.title, article.tags, article.revision_id) == ("reviewed", ["a"], before)
    put_back(article, two[1], reason="needed after all")
    assert (article.live, article.revision_id) == (True, before)

    made = make.submission()
    provisional.publish_workaround(made, two[1], WHY)
    retire(shown(made), two[1], reason="gone")
    with pytest.raises(Conflict, match="No review stands behind its text"):
        put_back(shown(made), two[1], reason="needed after all")
    make.approved(made)
    assert shown(made).live


def test_the_deadline_counts_working_hours(make, two):
    from workflows.calendar_queries import calendar_of

    with clock.fixed(NOON):
        made = make.submission()
        row = emergency(made, two)
        review = last_review(ops.SUBJECT, made.id)
        assert review is not None
        hours = review.definition.emergency_hours
        assert calendar_of().is_always_open
        assert row.deadline == NOON + timedelta(hours=hours)


def test_tasks_of_the_review_know_the_text_that_readers_see(make, two):
    made = make.submission()
    emergency(made, two)
    seen = session.scalars(sa.select(Task.revision_id).where(Task.review.has(subject_id=made.id)))
    assert set(seen) == {made.head_revision_id}
    assert session.get_one(Revision, made.head_revision_id).title == shown(made).title
