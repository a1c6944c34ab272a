"""A rep's script travels from the draft to a published article over the JSON interface."""

from collections.abc import Callable

import pytest

from tests.clients import Script
from tests.make import Make

ROLES = ("business", "qa", "training", "supervisor")
SCRIPT = {
    "kind": "script",
    "title": "漂移套餐解约金解释话术",
    "body": "先安抚客户,再逐项解释账单。\n\n> 您好,我马上为您核对本月账单。",
    "fields": {"scenario": "客户对账单有疑问", "say": "我马上为您逐项核对。", "avoid": "系统就是这样扣的。"},
    "tags": ["账单"],
    "reason": "新话术",
}


def task_of(api: Script, submission: str) -> dict:
    items = api.get("/reviews?state=open&limit=100").json["items"]
    return next(item for item in items if item["submission"] == submission)


@pytest.mark.both_databases
def test_a_script_passes_four_stages_and_is_published(make: Make, api: Callable[..., Script]) -> None:
    rep = api(make.user("rep"))
    made = rep.post("/submissions", SCRIPT)
    assert made.status_code == 201, made.json
    assert made.json["state"] == "draft"
    sid = made.json["id"]
    moved = rep.post(f"/submissions/{sid}/submit")
    assert moved.status_code == 200, moved.json
    assert moved.json["waiting_for"] == ["business"]
    for role in ROLES:
        reviewer = api(make.user(role))
        task = task_of(reviewer, sid)
        answer = reviewer.post(
            f"/reviews/{task['id']}/decisions", {"verb": "approve", "version": task["version"], "checklist": {}}
        )
        assert answer.status_code == 200, answer.json
    assert answer.json["submission"]["state"] == "published"
    shown = rep.get(f"/submissions/{sid}").json
    assert [e["verb"] for e in shown["trail"]] == ["submit", "approve", "approve", "approve", "approve"]
    article = rep.get(f"/articles/{shown['article']}").json
    assert article["version"] == "1.0"
    assert "逐项核对" in article["html"]
    assert rep.get("/articles").json["total"] == 1
