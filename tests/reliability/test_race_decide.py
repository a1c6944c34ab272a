"""Two people act at the same instant: one wins, the other is told who did what."""

import pytest

from tests.reliability.crowd import Crowd, together

pytestmark = [pytest.mark.server, pytest.mark.common_server, pytest.mark.timeout(600)]


def race(crowd: Crowd, rounds: int) -> None:
    crowd.people("rep", 1)
    one, two = crowd.people("business", 2)
    tasks = crowd.tasks(rounds)
    for task, _submission in tasks:
        answers = together(lambda t=task: crowd.decide(one, t), lambda t=task: crowd.decide(two, t))
        assert sorted(status for status, _body in answers) == [200, 409], answers
        winner, loser = (one, two) if answers[0][0] == 200 else (two, one)
        refusal = answers[0][1] if loser is one else answers[1][1]
        assert refusal["code"] == "moved"
        assert refusal["decided_by"] == winner.name
        assert refusal["decided_at"]
    assert len(crowd.sound(tasks)) == rounds


def test_two_reviewers_decide_at_the_same_instant(crowd: Crowd) -> None:
    race(crowd, 10)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_two_reviewers_decide_at_the_same_instant_500_times(crowd: Crowd) -> None:
    race(crowd, 500)


def test_withdrawing_while_somebody_decides(crowd: Crowd) -> None:
    """Either the decision or the withdrawal stands; never both, never a deadlock."""
    (author,) = crowd.people("rep", 1)
    (judge,) = crowd.people("business", 1)
    tasks = crowd.tasks(12)
    for task, submission in tasks:
        decided, withdrawn = together(
            lambda t=task: crowd.decide(judge, t),
            lambda s=submission: crowd.call(author, "POST", f"/submissions/{s}/withdraw", {}),
        )
        assert withdrawn[0] == 200, withdrawn  # before the decision or after it: it is still under review
        assert decided[0] in {200, 409}, decided
        if decided[0] == 409:
            assert (decided[1]["code"], decided[1]["verb"]) == ("moved", "withdraw")
            assert decided[1]["decided_by"] == author.name
    verdicts = crowd.sound(tasks)
    assert len(verdicts) <= len(tasks)


def test_editing_while_somebody_decides(crowd: Crowd) -> None:
    """The decision belongs to the text its giver saw, or it is refused."""
    (author,) = crowd.people("rep", 1)
    (judge,) = crowd.people("business", 1)
    for number, (task, submission) in enumerate(crowd.tasks(10)):
        decided, edited = together(
            lambda t=task: crowd.decide(judge, t),
            lambda s=submission, n=number: crowd.call(author, "PUT", f"/submissions/{s}", {"title": f"new {n}"}),
        )
        assert edited[0] == 200, edited
        assert decided[0] in {200, 409}, decided
        if decided[0] == 409:
            assert decided[1]["verb"] == "revise"


def test_two_claim_at_the_same_instant(crowd: Crowd) -> None:
    crowd.people("rep", 1)
    one, two = crowd.people("business", 2)
    for task, _submission in crowd.tasks(8):
        answers = together(
            lambda t=task: crowd.call(one, "POST", f"/reviews/{t}/claim", {}),
            lambda t=task: crowd.call(two, "POST", f"/reviews/{t}/claim", {}),
        )
        assert sorted(status for status, _body in answers) == [200, 409], answers
        assert {body.get("code") for _status, body in answers} == {None, "claimed"}


def test_the_last_two_approvals_of_one_title(crowd: Crowd) -> None:
    """Two articles of one title are published at the same instant: both live, with addresses of their own."""
    (author,) = crowd.people("rep", 1)
    one, two = crowd.people("business", 2)
    three, four = crowd.people("qa", 2)
    for number in range(6):
        body = {
            "kind": "product",
            "title": f"同名产品 {number}",
            "fields": {"department_text": "x", "customer_text": "y"},
        }
        ids = []
        for judge in (one, two):
            made = crowd.call(author, "POST", "/submissions", body)[1]["id"]
            assert crowd.call(author, "POST", f"/submissions/{made}/submit", {})[0] == 200
            inbox = crowd.call(judge, "GET", "/reviews?limit=200")[1]["items"]
            task = next(item for item in inbox if item["submission"] == made)
            assert crowd.decide(judge, int(task["id"]))[0] == 200
            ids.append(made)
        inbox = {
            item["submission"]: int(item["id"]) for item in crowd.call(three, "GET", "/reviews?limit=200")[1]["items"]
        }
        answers = together(
            lambda t=inbox[ids[0]]: crowd.decide(three, t), lambda t=inbox[ids[1]]: crowd.decide(four, t)
        )
        assert [status for status, _body in answers] == [200, 200], answers
        slugs = {crowd.call(author, "GET", f"/submissions/{made}")[1]["article"] for made in ids}
        assert len(slugs) == 2
