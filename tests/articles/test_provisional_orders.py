"""In whatever order people and the clock act: no article shows a text that was turned down, nothing is paid twice."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.people import actor_of
from core import clock
from core.db import session
from core.errors import DomainError
from wiki.articles import ops, provisional
from wiki.articles.models import Article, ProvisionalPublication, Publication, Revision, Submission, SubmissionState
from wiki.articles.provisional_ends import keep_deadlines
from wiki.articles.queries import counts
from wiki.articles.rules import ProvisionalState
from wiki.scoring.models import ScoringAct
from wiki.scoring.rebuilding import unrecorded

START = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
ACTS = ["ask", "sign", "sign", "workaround", "take_back", "save", "approve", "approve", "send_back", "reject",
        "withdraw", "reopen", "submit", "hours", "hours"]  # fmt: skip


class Story:
    """One submission and everybody who may do something to it."""

    def __init__(self, make, article: str | None) -> None:
        self.make, self.now = make, START
        self.author = make.actor("rep")
        self.supervisor, self.manager = make.actor("supervisor"), make.actor("manager")
        self.made = make.submission(self.author, article=article, significance="minor" if article else "major")

    def act(self, what: str) -> None:
        """Whatever it is; a refusal changes nothing."""
        with clock.fixed(self.now), contextlib.suppress(DomainError):
            point = session.begin_nested()
            try:
                getattr(self, what)()
                point.commit()
            except DomainError:
                point.rollback()
                raise

    def hours(self) -> None:
        self.now += timedelta(hours=13)
        with clock.fixed(self.now):
            keep_deadlines()

    def ask(self) -> None:
        provisional.ask_emergency(self.made, self.manager, "why")

    def sign(self) -> None:
        provisional.confirm_emergency(self.made, self.supervisor)

    def workaround(self) -> None:
        provisional.publish_workaround(self.made, self.manager, "why")

    def take_back(self) -> None:
        provisional.take_back_request(self.made, self.manager)

    def save(self) -> None:
        ops.save(self.made, self.author, self.make.content())

    def submit(self) -> None:
        ops.submit(self.made, self.author)

    def withdraw(self) -> None:
        ops.withdraw(self.made, self.author)

    def reopen(self) -> None:
        ops.reopen(self.made, self.author)

    def _decide(self, verb: str) -> None:
        for task in self.make.tasks(self.made)[:1]:
            self.make.decide(self.made, self.make.actor(task.role), verb)

    def approve(self) -> None:
        self._decide("approve")

    def send_back(self) -> None:
        self._decide("send_back")

    def reject(self) -> None:
        self._decide("reject")


def must_hold(story: Story) -> None:
    """What is true at every moment."""
    made = session.get_one(Submission, story.made.id)
    rows = list(
        session.scalars(sa.select(ProvisionalPublication).where(ProvisionalPublication.submission_id == made.id))
    )
    visible = [row for row in rows if row.state is ProvisionalState.PUBLISHED]
    acts = sa.select(sa.func.count()).where(
        ScoringAct.source == f"submission:{made.id}", ScoringAct.event.like("%.accepted")
    )
    assert session.scalar(acts) == int(made.state is SubmissionState.PUBLISHED), "paid once, when it is accepted"
    assert all(row.deadline > story.now - timedelta(hours=13) for row in visible if row.deadline)
    if made.article_id is None:
        assert not visible
        return
    article = session.get_one(Article, made.article_id)
    assert (article.provisional is not None) == bool(visible)
    if not article.live:
        assert not visible
        return
    shown = session.get_one(Revision, article.revision_id)
    counted = sa.select(Publication.revision_id).where(Publication.article_id == article.id, counts())
    if visible:
        assert (shown.id, article.provisional_until) == (visible[0].revision_id, visible[0].deadline)
        assert made.state in {SubmissionState.IN_REVIEW, SubmissionState.RETURNED}
    else:
        assert shown.id in set(session.scalars(counted)), "what is live without a mark was approved"


@pytest.mark.parametrize("new", [True, False])
def test_any_order(make, db, new):
    with clock.fixed(START - timedelta(days=1)):
        articles = None if new else make.article(make.actor("rep"))

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(acts=st.lists(st.sampled_from(ACTS), min_size=4, max_size=14))
    def check(acts: list[str]) -> None:
        point = session.begin_nested()
        with clock.fixed(START):
            story = Story(make, articles.slug if articles else None)
        for what in acts:
            story.act(what)
            session.expire_all()
            must_hold(story)
        story.hours()
        story.hours()
        must_hold(story)
        assert unrecorded() == {}
        point.rollback()
        session.expire_all()

    check()


@pytest.mark.parametrize(
    "acts",
    [
        ["ask", "sign", "save", "approve", "approve", "approve"],
        ["ask", "sign", "send_back", "hours", "submit", "hours", "approve", "approve", "approve"],
        ["workaround", "withdraw", "reopen", "submit", "approve", "approve", "approve"],
        ["ask", "hours", "hours", "sign", "ask", "sign", "approve", "approve", "approve"],
        ["ask", "sign", "hours", "hours", "ask", "workaround", "reject"],
    ],
)
def test_named_orders(make, db, acts):
    with clock.fixed(START):
        story = Story(make, None)
    for what in acts:
        story.act(what)
        session.expire_all()
        must_hold(story)
    assert actor_of(story.made.author).id == story.author.id
