"""Nobody approves their own work, by no path; a forged version, another round, a second seat do not help either."""

from typing import Any

import pytest

from accounts.people import actor_of
from core.db import session, writing
from wiki.articles.models import Submission

SAID = {"verb": "approve", "version": 1}


@pytest.fixture
def desk(make) -> Any:
    """Two reviewers of the first stage, one of whom writes, and a text under review."""
    writer, other = make.user("business", "qa", username="writer"), make.user("business", username="other")
    return writer, other


def task_of(make, number: int) -> Any:
    with writing():
        task = make.task(session.get_one(Submission, number))
        return task.id, task.version


@pytest.mark.both_databases
def test_the_author_decides_by_no_path(make, desk, api, signed_in):
    writer, other = desk
    with writing():
        number = make.submission(actor_of(writer)).id
    task, version = task_of(make, number)
    program, browser = api(writer), signed_in(writer)
    for path, body in (("decisions", {**SAID, "version": version}), ("claim", {}), ("handover", {"to": "writer"}),
                       ("handover", {"to": "other"})):  # fmt: skip
        refused = program.post(f"/reviews/{task}/{path}", body)
        assert (refused.status_code, refused.json["code"]) == (403, "own-work"), path
    for path in ("decisions", "claim"):
        assert (
            browser.submit(f"/reviews/{task}", {**SAID, "note": "x"}, to=f"/reviews/{task}/{path}").status_code == 403
        )
    assert api(other).post(f"/reviews/{task}/handover", {"to": "writer"}).status_code == 422
    assert f'"{task}"' not in str(program.ok("GET", "/reviews"))


@pytest.mark.both_databases
def test_whoever_edits_under_review_has_become_an_author(make, desk, api):
    writer, other = desk
    with writing():
        number = make.submission(make.actor("rep")).id
    program = api(writer)
    program.ok("PUT", f"/submissions/{number}", {"body": "better"})
    task, version = task_of(make, number)
    refused = program.post(f"/reviews/{task}/decisions", {**SAID, "version": version})
    assert (refused.status_code, refused.json["code"]) == (403, "own-work")
    assert api(other).post(f"/reviews/{task}/decisions", {**SAID, "version": version}).status_code == 200


@pytest.mark.both_databases
def test_one_person_fills_one_seat_and_old_tasks_stay_decided(make, desk, api):
    """Holding two roles, a person approves in one of them; the other stage needs somebody else."""
    both, other = desk
    with writing():
        number = make.submission(make.actor("rep")).id
    first, version = task_of(make, number)
    program = api(both)
    assert program.post(f"/reviews/{first}/decisions", {**SAID, "version": version + 5}).json["code"] == "moved"
    program.ok("POST", f"/reviews/{first}/decisions", {**SAID, "version": version})
    second, version = task_of(make, number)
    refused = program.post(f"/reviews/{second}/decisions", {**SAID, "version": version})
    assert (refused.status_code, refused.json["code"]) == (403, "acted")
    for seen in (0, 1, 2, 3):
        again = api(other).post(f"/reviews/{first}/decisions", {**SAID, "version": seen})
        assert (again.status_code, again.json["code"]) == (409, "moved")


@pytest.mark.both_databases
def test_an_approval_falls_when_its_giver_edits(make, api):
    """Approve first, write afterwards: the approval is void, and the text goes to somebody else."""
    reviewer = make.user("business", username="early")
    with writing():
        number = make.submission(make.actor("rep")).id
    task, version = task_of(make, number)
    program = api(reviewer)
    program.ok("POST", f"/reviews/{task}/decisions", {**SAID, "version": version})
    program.ok("PUT", f"/submissions/{number}", {"body": "mine now"})
    with writing():
        assert make.task(session.get_one(Submission, number)).stage == "business", "the first seat is open again"
    task, version = task_of(make, number)
    refused = program.post(f"/reviews/{task}/decisions", {**SAID, "version": version})
    assert (refused.status_code, refused.json["code"]) == (403, "own-work")


def test_who_leaves_the_role_leaves_the_seat(make, api):
    from accounts import ops

    reviewer = make.user("business", username="former")
    with writing():
        number = make.submission(make.actor("rep")).id
    task, version = task_of(make, number)
    program = api(reviewer)
    with writing():
        user = session.get_one(type(reviewer), reviewer.id)
        ops.change_person(None, user, name="Former", roles=["rep"], team=None, tier=None)
    assert program.post(f"/reviews/{task}/decisions", {**SAID, "version": version}).status_code == 403


# ── before the review ────────────────────────────────────────────────────────────────────────────────────────────────

BURNS = {"reason": "it burns"}


@pytest.mark.both_databases
def test_nobody_publishes_own_work_before_its_review(make, api, signed_in):
    """Not with all roles at once, as author or as co-author, over the API or a page."""
    author, helper = (
        make.user("rep", "business", "supervisor", "manager", username=name) for name in ("first", "second")
    )
    boss = make.user("manager", username="boss")
    with writing():
        number = make.submission(actor_of(author)).id
    api(helper).ok("PUT", f"/submissions/{number}", {"body": "and this, too"})
    for writer in (author, helper):
        for path in ("emergency", "workaround"):
            refused = api(writer).post(f"/submissions/{number}/{path}", BURNS)
            assert (refused.status_code, refused.json["code"]) == (403, "own-work"), path
            page = signed_in(writer).submit(f"/submissions/{number}", BURNS, to=f"/submissions/{number}/{path}")
            assert page.status_code == 403
    api(boss).ok("POST", f"/submissions/{number}/emergency", BURNS)
    for writer in (author, helper):
        refused = api(writer).post(f"/submissions/{number}/emergency/confirm", {})
        assert (refused.status_code, refused.json["code"]) == (403, "own-work")


@pytest.mark.both_databases
def test_who_puts_it_up_does_not_review_it(make, api):
    """Neither of the two of an emergency, nor who answers for a workaround, in whatever role they hold besides."""
    one = make.user("business", "supervisor", username="one")
    two = make.user("business", "manager", username="two")
    other = make.user("business", username="other")
    with writing():
        hurried, workaround = (make.submission(make.actor("rep")).id for _ in range(2))
    api(two).ok("POST", f"/submissions/{hurried}/emergency", BURNS)
    again = api(two).post(f"/submissions/{hurried}/emergency/confirm", {})
    assert (again.status_code, again.json["code"]) == (403, "own-request")
    api(one).ok("POST", f"/submissions/{hurried}/emergency/confirm", {})
    api(one).ok("POST", f"/submissions/{workaround}/workaround", BURNS)
    for number, barred in ((hurried, (one, two)), (workaround, (one,))):
        task, version = task_of(make, number)
        for person in barred:
            refused = api(person).post(f"/reviews/{task}/decisions", {**SAID, "version": version})
            assert refused.status_code == 403
            assert f'"{task}"' not in str(api(person).ok("GET", "/reviews"))
        api(other).ok("POST", f"/reviews/{task}/decisions", {**SAID, "version": version})
