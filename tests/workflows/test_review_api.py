"""``/api/v1/reviews`` beyond the main job: remarks, reasons, several at once, who has it."""

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core.db import reading, session, writing
from workflows import claiming
from workflows.definitions import Definition, Question, Seat, Stage
from workflows.models import Remark

pytestmark = pytest.mark.both_databases
FIELDS = {"id", "submission", "stage", "role", "title", "kind", "due_at", "version", "claimed_by"}


@pytest.fixture
def made(make):
    return make.submission(body="先安抚,再核对。")


@pytest.fixture
def task(make, made):
    with reading():
        return make.task(made)


def test_one_task_in_full(make, api):
    judge = make.user("business", name="Lan")
    with writing():
        task = make.task(make.submission())
        claiming.claim(task.id, actor_of(judge))
    seen = api(judge).ok("GET", f"/reviews/{task.id}")
    assert set(seen) >= FIELDS
    assert (seen["claimed_by"], seen["claimed_by_name"], seen["claim_kind"]) == (str(judge.id), "Lan", "taken")
    assert (seen["state"], seen["decidable"], seen["on_behalf_of"], seen["blocked"]) == ("open", True, None, False)
    assert seen["definition"]["key"] == "business"
    assert seen["round"] == 1
    other = api(make.user("rep")).ok("GET", f"/reviews/{task.id}")
    assert (other["decidable"], other["remarks"], other["opinions"]) == (False, [], [])


def test_remarks_and_reasons_go_with_a_verdict(make, api, made, task):
    judge, author = api(make.user("business", name="Lan")), api(session_author(made))
    body = {"verb": "send_back", "version": task.version, "reason": "unclear",
            "remarks": [{"field": "body", "quote": "再核对", "text": "What?"}]}  # fmt: skip
    answer = judge.ok("POST", f"/reviews/{task.id}/decisions", body)
    assert (answer["decision"]["reason"], answer["submission"]["state"]) == ("unclear", "returned")
    (remark,) = judge.ok("GET", f"/reviews/{task.id}")["remarks"]
    assert (remark["field"], remark["quote"], remark["author"]) == ("body", "再核对", "Lan")
    done = author.ok("POST", f"/remarks/{remark['id']}/resolve", {"answer": "Said so."})
    assert (done["answer"], done["resolved_at"] is not None) == ("Said so.", True)
    assert author.post(f"/remarks/{remark['id']}/resolve").status_code == 409
    assert judge.ok("POST", f"/remarks/{remark['id']}/reopen")["resolved_at"] is None
    assert api(make.user("rep")).post(f"/remarks/{remark['id']}/resolve").status_code == 404


def session_author(made):
    from accounts.models import User

    with reading():
        return session.get_one(User, made.author_id)


def test_what_is_wrong_names_its_field(make, api, task):
    judge = api(make.user("business"))
    path = f"/reviews/{task.id}/decisions"
    base = {"verb": "send_back", "version": task.version, "note": "x"}
    wrong = judge.post(path, {**base, "reason": "mood"})
    assert list(wrong.json["errors"]) == ["reason"]
    wrong = judge.post(path, {**base, "remarks": [{"field": "nowhere", "text": "x"}]})
    assert list(wrong.json["errors"]) == ["remarks.0.field"]
    assert judge.post(path, {**base, "remarks": [{"text": "x"}]}).status_code == 422
    assert judge.ok("POST", path, base)["decision"]["reason"] is None, "a reason is not compulsory here"


def test_a_comment_carries_remarks(make, api, task):
    judge = api(make.user("business"))
    body = {"verb": "comment", "version": task.version, "note": "", "remarks": [{"field": "title", "text": "Longer."}]}
    assert judge.ok("POST", f"/reviews/{task.id}/decisions", body)["decision"]["verb"] == "comment"
    with reading():
        assert session.scalar(sa.select(sa.func.count()).select_from(Remark)) == 1


def test_several_at_once(make, api):
    stage = Stage(key="business", seats=(Seat(key="business", role="business"),), bulk=True)
    make.pipeline(definition=Definition(stages=(stage,)), topic="notice")
    with writing():
        tasks = [make.task(make.submission(kind="notice")) for _ in range(3)]
        faq = make.task(make.submission())
        items = [{"id": task.id, "version": task.version} for task in [*tasks, faq]]
    judge = api(make.user("business"))
    assert [item["bulk"] for item in judge.ok("GET", "/reviews")["items"]].count(True) == 3
    done = judge.ok("POST", "/reviews/bulk", {"items": items, "note": "read"})
    assert sorted(done["approved"]) == sorted(str(task.id) for task in tasks)
    assert list(done["refused"]) == [str(faq.id)]
    assert judge.post("/reviews/bulk", {"items": []}).status_code == 422


def test_handing_over_what_has_moved_is_refused(make, api, task):
    mate, boss = make.user("business"), api(make.user("supervisor"))
    path = f"/reviews/{task.id}/handover"
    assert boss.post(path, {"to": mate.username, "version": task.version + 1}).status_code == 409
    assert boss.ok("POST", path, {"to": mate.username, "version": task.version})["claim_kind"] == "handed"
    assert boss.ok("POST", path, {"to": mate.username})["claimed_by"] == str(mate.id)


def test_the_checklist_is_in_the_definition(make, api):
    questions = (Question(key="right", text="It is right", weight=100),)
    stage = Stage(key="business", seats=(Seat(key="business", role="business"),), checklist=questions, compulsory=True)
    make.pipeline(definition=Definition(stages=(stage,)))
    with writing():
        task = make.task(make.submission())
    judge = api(make.user("business"))
    assert judge.ok("GET", f"/reviews/{task.id}")["definition"]["checklist"][0]["key"] == "right"
    wrong = judge.post(f"/reviews/{task.id}/decisions", {"verb": "approve", "version": 1})
    assert list(wrong.json["errors"]) == ["checklist"]


def test_filters_of_the_list(make, api, task):
    user = make.user("business")
    judge = api(user)
    assert judge.ok("GET", "/reviews?holder=pool")["total"] == 1
    with writing():
        claiming.claim(task.id, actor_of(user))
    assert judge.ok("GET", "/reviews?holder=pool")["total"] == 0
    assert judge.ok("GET", "/reviews?holder=me&stage=business&role=business")["total"] == 1
    assert judge.ok("GET", "/reviews?due=overdue")["total"] == 0
    assert judge.get("/reviews?due=never").status_code == 422
