"""The same request twice is one effect and one answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import reading
from tests.clients import Browser, Script
from tests.make import Make
from wiki.articles.models import Submission
from workflows.models import Decision

pytestmark = pytest.mark.both_databases
FAQ = {"kind": "faq", "title": "几点开门?", "fields": {"question": "几点?", "answer": "九点。"}}


def count(kind) -> int:
    with reading() as s:
        return s.scalar(sa.select(sa.func.count()).select_from(kind))


def test_one_effect_and_the_same_answer(make: Make, api: Callable[..., Script]):
    rep = api(make.user("rep"))
    first = rep.post("/submissions", FAQ, Idempotency_Key="k1")
    again = rep.post("/submissions", FAQ, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotent-Replay"] == "true"
    assert count(Submission) == 1


def test_other_words_under_the_same_key_are_refused(make: Make, api: Callable[..., Script]):
    rep = api(make.user("rep"))
    rep.post("/submissions", FAQ, Idempotency_Key="k1")
    other = rep.post("/submissions", {**FAQ, "title": "别的"}, Idempotency_Key="k1")
    assert (other.status_code, other.json["code"]) == (422, "key-reused")
    elsewhere = rep.post("/submissions/1/submit", FAQ, Idempotency_Key="k1")
    assert elsewhere.status_code == 422
    assert count(Submission) == 1


def test_a_key_is_its_owner_s(make: Make, api: Callable[..., Script]):
    answers = [api(make.user("rep")).post("/submissions", FAQ, Idempotency_Key="k1") for _ in range(2)]
    assert answers[0].json["id"] != answers[1].json["id"]


def test_a_refusal_does_not_use_up_the_key(make: Make, api: Callable[..., Script]):
    rep = api(make.user("rep"))
    bad = rep.post("/submissions", {**FAQ, "kind": "poem"}, Idempotency_Key="k1")
    assert bad.status_code == 422
    assert rep.post("/submissions", FAQ, Idempotency_Key="k1").status_code == 201


def test_a_decision_asked_for_again_is_not_moved(make: Make, api: Callable[..., Script]):
    made = make.submission()
    judge = api(make.user("business"))
    with reading():
        task = make.task(made)
    body = {"verb": "approve", "version": task.version}
    first = judge.post(f"/reviews/{task.id}/decisions", body, Idempotency_Key="k")
    again = judge.post(f"/reviews/{task.id}/decisions", body, Idempotency_Key="k")
    assert first.status_code == again.status_code == 200
    assert first.json == again.json
    without = judge.post(f"/reviews/{task.id}/decisions", body)
    assert without.status_code == 409
    assert count(Decision) == 1


@pytest.mark.parametrize("path", ["/submissions", "decision"])
def test_eight_at_once(app: Flask, make: Make, path: str):
    token = make.token(make.user("rep" if path == "/submissions" else "business"))
    body: dict = FAQ
    if path == "decision":
        made = make.submission()
        with reading():
            task = make.task(made)
        path, body = f"/reviews/{task.id}/decisions", {"verb": "approve", "version": task.version}

    def ask(_number: int):
        return Script(app.test_client(use_cookies=False), token).post(path, body, Idempotency_Key="same")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert {answer.status_code for answer in answers} <= {200, 201}, [a.text for a in answers]
    assert len({answer.data for answer in answers}) == 1
    assert count(Submission) == 1
    assert count(Decision) == (0 if path == "/submissions" else 1)


def test_the_answer_leads_to_the_longest_address(make: Make, signed_in: Callable[..., Browser]):
    """Sixty Chinese letters are five hundred and forty in an address, which is kept in fewer."""
    slug = make.article(title="退" * 60).slug
    browser = signed_in(make.user("rep"))
    said = {"helpful": "1", "once": "o", "csrf_token": browser.csrf(f"/articles/{slug}")}
    first, again = (browser.post(f"/articles/{slug}/feedback", data=said) for _ in range(2))
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert len(again.headers["Location"]) > 500
