"""Two at once: one of them does it, the other is told what happened – on both databases, without a deadlock."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core import clock
from core.db import session, writing
from core.errors import DomainError
from wiki.articles import ops, provisional
from wiki.articles.models import Article, ProvisionalPublication, Publication, Submission, SubmissionState
from wiki.articles.permissions import P
from wiki.articles.provisional_ends import keep_deadlines
from wiki.articles.rules import ProvisionalState
from wiki.scoring.models import ScoringAct
from workflows import deciding
from workflows.rules import Verb

pytestmark = [pytest.mark.both_databases, pytest.mark.timeout(600)]
NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
ROUNDS = 4


def together(app: Any, *acts: Callable[[], Any]) -> list[DomainError | None]:
    """Each in a thread and a transaction of its own; what each was refused with."""
    gate, said = threading.Barrier(len(acts)), [RuntimeError("no answer")] * len(acts)

    def run(number: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                with writing():
                    acts[number]()
                said[number] = None
            except Exception as error:  # noqa: BLE001 - looked at by the test
                said[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for one in said:
        assert one is None or isinstance(one, DomainError), repr(one)
    return said


@pytest.fixture
def people(make):
    with writing():
        return {
            name: make.actor(role)
            for name, role in (("author", "rep"), ("boss", "manager"), ("one", "supervisor"), ("two", "supervisor"),
                               ("judge", "business"), ("qa", "qa"), ("last", "supervisor"))
        }  # fmt: skip


def asked(make, people) -> int:
    with writing():
        made = make.submission(people["author"])
        provisional.ask_emergency(made, people["boss"], "it burns")
        return made.id


def sign(number: int, who: Any) -> Callable[[], Any]:
    return lambda: provisional.confirm_emergency(ops.find_submission(number, who, locked=True), who)


def outcome(number: int) -> tuple[Submission, ProvisionalPublication, int]:
    made = session.get_one(Submission, number)
    row = session.scalars(sa.select(ProvisionalPublication).where(ProvisionalPublication.submission_id == number)).one()
    published = sa.select(sa.func.count()).where(Publication.submission_id == number)
    return made, row, session.scalar(published) or 0


def test_two_sign_at_once(app, make, people):
    for _ in range(ROUNDS):
        number = asked(make, people)
        said = together(app, sign(number, people["one"]), sign(number, people["two"]))
        (refused,) = [one for one in said if one is not None]
        assert (refused.status, refused.code) == (409, "moved")
        assert "faster" in refused.sentence
        with writing():
            made, row, published = outcome(number)
            assert (row.state, published, made.state) == (ProvisionalState.PUBLISHED, 1, SubmissionState.IN_REVIEW)


def test_two_ask_at_once(app, make, people):
    for _ in range(ROUNDS):
        with writing():
            number = make.submission(people["author"]).id

        def workaround(number: int = number) -> Any:
            who = people["judge"]
            return provisional.publish_workaround(ops.find_submission(number, who, locked=True), who, "it burns")

        def emergency(number: int = number) -> Any:
            who = people["boss"]
            return provisional.ask_emergency(ops.find_submission(number, who, locked=True), who, "it burns")

        said = together(app, workaround, emergency)
        (refused,) = [one for one in said if one is not None]
        assert (refused.status, refused.code[:8]) == (409, "already-")


def test_signing_while_the_author_withdraws(app, make, people):
    """Either it was withdrawn before, or it is published and comes down with the withdrawal."""
    author = people["author"]
    for _ in range(ROUNDS):
        number = asked(make, people)
        said = together(
            app,
            sign(number, people["one"]),
            lambda n=number: ops.withdraw(ops.find_submission(n, author, P.WITHDRAW, locked=True), author),
        )
        assert said[1] is None
        with writing():
            made, row, published = outcome(number)
            assert made.state is SubmissionState.WITHDRAWN
            if said[0] is None:
                assert (row.state, published) == (ProvisionalState.ROLLED_BACK, 1)
                assert not session.get_one(Article, made.article_id).live
            else:
                assert (said[0].status, row.state, published) == (409, ProvisionalState.CANCELLED, 0)
                assert "withdrawn" in said[0].sentence


def test_the_deadline_while_the_last_reviewer_approves(app, make, people):
    """Confirmed, or rolled back and then published anew: readers see the approved text, and it is paid once."""
    for _ in range(ROUNDS):
        with clock.fixed(NOON):
            number = asked(make, people)
            with writing():
                sign(number, people["one"])()
            with writing():
                made = session.get_one(Submission, number)
                for who in ("judge", "qa"):
                    make.decide(made, people[who])
                task = make.task(made)
                task_id, seen = task.id, task.version
        with clock.fixed(NOON + timedelta(hours=24)):
            said = together(
                app,
                lambda t=task_id, v=seen: deciding.decide(t, people["last"], Verb.APPROVE, seen=v),
                keep_deadlines,
            )
        assert said == [None, None]
        with writing():
            made, row, published = outcome(number)
            article = session.get_one(Article, made.article_id)
            assert (made.state, article.live, article.provisional) == (SubmissionState.PUBLISHED, True, None)
            assert (row.state, published) in {(ProvisionalState.CONFIRMED, 1), (ProvisionalState.ROLLED_BACK, 2)}
            acts = sa.select(sa.func.count()).where(
                ScoringAct.source == f"submission:{number}", ScoringAct.event == "article.accepted"
            )
            assert session.scalar(acts) == 1


def test_the_deadline_while_somebody_rejects(app, make, people):
    for _ in range(ROUNDS):
        with clock.fixed(NOON):
            number = asked(make, people)
            with writing():
                sign(number, people["one"])()
            with writing():
                task = make.task(session.get_one(Submission, number))
                task_id, seen = task.id, task.version
        with clock.fixed(NOON + timedelta(hours=24)):
            said = together(
                app,
                lambda t=task_id, v=seen: deciding.decide(t, people["judge"], Verb.REJECT, seen=v, note="no"),
                keep_deadlines,
            )
        assert said == [None, None]
        with writing():
            made, row, published = outcome(number)
            assert (made.state, row.state, published) == (SubmissionState.REJECTED, ProvisionalState.ROLLED_BACK, 1)
            assert not session.get_one(Article, made.article_id).live
            assert actor_of(made.author).id == people["author"].id
