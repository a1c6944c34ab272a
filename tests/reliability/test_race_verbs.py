"""Two acts on one review at the same instant, verb by verb: they happen in one order, and who comes second is told.

Each race runs a few times in the ordinary run and a hundred times in the long one.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import reading
from tests.reliability.crowd import Crowd, Person, together
from workflows.definitions import Routing, Seat
from workflows.models import Decision, Review, RoundPerson, Task
from workflows.rules import TaskState, Verb

pytestmark = [pytest.mark.server, pytest.mark.common_server, pytest.mark.timeout(600)]
TURNS = [4, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])]


def decides(crowd: Crowd, who: Person, task: int, verb: str = "approve") -> Any:
    body = {"verb": verb, "version": 1, "note": "So."}
    return lambda: crowd.call(who, "POST", f"/reviews/{task}/decisions", body)


def posts(crowd: Crowd, who: Person, path: str, body: Any = None) -> Any:
    return lambda: crowd.call(who, "POST", path, body or {})


def told(answer: tuple[int, Any], verb: str, who: Person) -> None:
    """A 409 that says what happened, and who did it – in words too."""
    status, body = answer
    assert (status, body["code"], body["verb"], body["decided_by"]) == (409, "moved", verb, who.name), body
    assert who.name in body["detail"]
    assert body["decided_at"]


def nobody_twice(crowd: Crowd) -> None:
    """In the tables: one verdict a person and round, no open ordinary task in a review that is over."""
    with reading() as s:
        verdicts = s.execute(sa.select(Decision.round_id, Decision.actor_id).where(Decision.verb != Verb.COMMENT)).all()
        assert len(verdicts) == len(set(verdicts))
        left = sa.select(Task.id).join(Review, Review.id == Task.review_id)
        over = left.where(Task.state == TaskState.OPEN, sa.not_(Task.blind), Review.state != "in_review")
        assert not s.scalars(over).all()
        acted = sa.select(RoundPerson.round_id, RoundPerson.user_id).join(Task, Task.round_id == RoundPerson.round_id)
        assert {tuple(row) for row in s.execute(acted)} <= _who_acted(s)


def _who_acted(s: Any) -> set[tuple[int, int]]:
    rows = s.execute(sa.select(Decision.round_id, Decision.actor_id, Decision.on_behalf_of_id))
    return {(one, who) for one, *people in rows for who in people if who is not None}


@pytest.mark.parametrize("turns", TURNS)
def test_a_deputy_decides_while_the_principal_says_i_am_back(crowd: Crowd, turns: int) -> None:
    """Decided for them before they were back, or refused and told that they are back; never both, never neither."""
    crowd.people("rep", 1)
    principal, deputy = crowd.people("qa", 2)
    crowd.judged_by(Seat(key="one", role="qa", people=(principal.username,)))
    for task, _submission in crowd.tasks(turns):
        now = datetime.now(UTC)
        body = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(days=1)).isoformat()}
        status, away = crowd.call(principal, "POST", "/absences", {**body, "deputy": deputy.username})
        assert status == 201, away
        decided, ended = together(decides(crowd, deputy, task), posts(crowd, principal, f"/absences/{away['id']}/end"))
        assert ended[0] == 200, ended
        if decided[0] == 409:
            told(decided, "back", principal)
            seen = crowd.call(principal, "GET", f"/reviews/{task}")[1]["version"]
            assert crowd.decide(principal, task, version=seen)[0] == 200
        else:
            assert decided[0] == 200, decided
            told(crowd.decide(principal, task), "approve", deputy)
    nobody_twice(crowd)


@pytest.mark.parametrize("turns", TURNS)
def test_handing_over_while_it_is_decided(crowd: Crowd, turns: int) -> None:
    crowd.people("rep", 1)
    one, two = crowd.people("qa", 2)
    (boss,) = crowd.people("supervisor", 1)
    crowd.judged_by(Seat(key="one", role="qa"), claim_first=True)
    for task, _submission in crowd.tasks(turns):
        assert posts(crowd, one, f"/reviews/{task}/claim")()[0] == 200
        decided, handed = together(
            decides(crowd, one, task), posts(crowd, boss, f"/reviews/{task}/handover", {"to": two.username})
        )
        assert sorted([decided[0], handed[0]]) == [200, 409], (decided, handed)
        if handed[0] == 409:
            told(handed, "approve", one)
        else:
            assert (decided[1]["code"], decided[1]["claimed_by"]) == ("not-claimed", two.name)
            assert two.name in decided[1]["detail"]
            assert crowd.decide(two, task)[0] == 200
    nobody_twice(crowd)


@pytest.mark.parametrize("turns", TURNS)
def test_a_veto_while_the_other_seat_approves(crowd: Crowd, turns: int) -> None:
    """Both, when the approval was first; only the veto, when it was."""
    crowd.people("rep", 1)
    (one,), (two,) = crowd.people("qa", 1), crowd.people("training", 1)
    crowd.judged_by(Seat(key="a", role="qa"), Seat(key="b", role="training"))
    for _task, submission in crowd.tasks(turns):
        seats = crowd.seats(submission)
        approved, refused = together(decides(crowd, one, seats["a"]), decides(crowd, two, seats["b"], "send_back"))
        assert refused[0] == 200, refused
        if approved[0] != 200:
            told(approved, "send_back", two)
        assert crowd.seats(submission) == {}
    nobody_twice(crowd)


@pytest.mark.parametrize("turns", TURNS)
def test_two_approvals_of_one_seat(crowd: Crowd, turns: int) -> None:
    """Three want to give two approvals: two are given, the third is told by whom."""
    crowd.people("rep", 1)
    judges = crowd.people("training", 3)
    crowd.judged_by(Seat(key="a", role="training", approvals=2))
    for task, _submission in crowd.tasks(turns):
        answers = together(*[decides(crowd, who, task) for who in judges])
        assert sorted(status for status, _body in answers) == [200, 200, 409], answers
        late = next(answer for answer in answers if answer[0] == 409)
        assert late[1]["decided_by"] in {who.name for who in judges}
        assert late[1]["code"] == "moved"
    nobody_twice(crowd)


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("second", ["withdraw", "submit"])
def test_handing_in_again_while_it_is_withdrawn_or_handed_in(crowd: Crowd, turns: int, second: str) -> None:
    (author,) = crowd.people("rep", 1)
    (judge,) = crowd.people("business", 1)
    for task, submission in crowd.tasks(turns):
        assert decides(crowd, judge, task, "send_back")()[0] == 200
        submitted, other = together(
            posts(crowd, author, f"/submissions/{submission}/submit"),
            posts(crowd, author, f"/submissions/{submission}/{second}"),
        )
        statuses = [submitted[0], other[0]]
        assert statuses in ([200, 200], [409, 200]) if second == "withdraw" else sorted(statuses) == [200, 409], (
            statuses
        )
        for status, body in (submitted, other):
            assert status == 200 or (body["code"] == "illegal-move" and body["detail"]), body
        state = crowd.call(author, "GET", f"/submissions/{submission}")[1]["state"]
        assert state == ("withdrawn" if second == "withdraw" else "in_review")
    nobody_twice(crowd)


@pytest.mark.parametrize("turns", TURNS)
def test_two_withdraw(crowd: Crowd, turns: int) -> None:
    (author,) = crowd.people("rep", 1)
    for _task, submission in crowd.tasks(turns):
        path = f"/submissions/{submission}/withdraw"
        answers = together(posts(crowd, author, path), posts(crowd, author, path))
        assert sorted(status for status, _body in answers) == [200, 409], answers


@pytest.mark.parametrize("turns", TURNS)
def test_claiming_while_it_is_decided(crowd: Crowd, turns: int) -> None:
    """Both, or the claim comes too late and is told by whom."""
    crowd.people("rep", 1)
    one, two = crowd.people("business", 2)
    for task, _submission in crowd.tasks(turns):
        claimed, decided = together(posts(crowd, one, f"/reviews/{task}/claim"), decides(crowd, two, task))
        assert decided[0] == 200, decided
        if claimed[0] != 200:
            told(claimed, "approve", two)
    nobody_twice(crowd)


@pytest.mark.parametrize("turns", TURNS)
def test_an_edit_that_voids_while_the_last_stage_decides(crowd: Crowd, turns: int) -> None:
    """In the second stage: what was judged is published, or the decision is refused and told why."""
    (author,) = crowd.people("rep", 1)
    (first,), (last,) = crowd.people("business", 1), crowd.people("qa", 1)
    for task, submission in crowd.tasks(turns, kind="product"):
        assert crowd.decide(first, task)[0] == 200
        ((_seat, final),) = crowd.seats(submission).items()
        decided, edited = together(
            decides(crowd, last, final),
            lambda s=submission: crowd.call(author, "PUT", f"/submissions/{s}", {"title": f"other {s}"}),
        )
        assert sorted([decided[0], edited[0]]) == [200, 409], (decided, edited)
        if decided[0] == 409:
            told(decided, "revise", author)
        else:
            assert edited[1]["code"] == "illegal-move"
    nobody_twice(crowd)


@pytest.mark.common_server(False)  # other judges, who had no turn yet either, would take some of the turns
@pytest.mark.parametrize("turns", TURNS)
def test_two_are_handed_in_and_go_round(crowd: Crowd, turns: int) -> None:
    """The same turn is given by both at once: neither is refused."""
    authors = crowd.people("rep", 2)
    for _ in range(turns):
        judges = crowd.people("qa", 1)  # somebody new, whose first turn both give
        crowd.judged_by(Seat(key="a", role="qa", routing=Routing.ROUND_ROBIN))
        body = {"kind": "faq", "title": "几点?", "fields": {"question": "几点?", "answer": "九点。"}}
        made = [crowd.call(who, "POST", "/submissions", body)[1]["id"] for who in authors]
        answers = together(
            *[posts(crowd, who, f"/submissions/{one}/submit") for who, one in zip(authors, made, strict=True)]
        )
        assert [status for status, _body in answers] == [200, 200], answers
        assert judges
