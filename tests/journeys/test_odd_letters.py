"""Letters no database takes, in every place an address or a form has room for them: a refusal, never a fault."""

import pytest

from tests.make import Make

pytestmark = pytest.mark.both_databases
PLACES = [
    "/articles/%00", "/articles/a%00/history", "/reviews?kind=%00", "/reviews?role=%00", "/reviews?author=%00",
    "/submissions/mine?state=%00", "/similar?title=ab%00", "/articles/%ED%A0%80", "/reviews/99999999999999999999",
    "/submissions/99999999999999999999", "/reviews?page=99999999999999999999", "/search?q=a%00b&category=%00",
]  # fmt: skip
API = [
    "/articles/%00", "/articles?kind=%00", "/articles?tag=%00", "/articles?category=%00", "/reviews?kind=%00",
    "/reviews/99999999999999999999", "/articles?cursor=%00", "/articles?limit=-1", "/search?q=%00",
]  # fmt: skip


def test_in_addresses(make: Make, signed_in):
    browser = signed_in(make.user("rep", "business"))
    for place in PLACES:
        assert browser.get(place).status_code in {200, 400, 404, 422}, place


def test_in_addresses_of_the_api(make: Make, api):
    script = api(make.user("rep", "business"))
    for place in API:
        assert script.get(place).status_code in {200, 400, 404, 422}, place


def test_in_forms(make: Make, signed_in):
    rep = signed_in(make.user("rep"))
    odd = {"title": "a\x00b", "question": "\x00问", "answer": "答\x0b", "body": "\x00", "verb": "save"}
    assert rep.submit("/new/faq", odd).status_code == 302
    assert rep.submit("/new/faq", {**odd, "category": "\x00", "services": "\x00"}).status_code in {302, 422}
    key = {"key": "k\x00", "tags": "\x00", "reason": "\x00", "significance": "\x00"}
    assert rep.submit("/new/faq", {**odd, **key}).status_code in {302, 422}


def test_in_decisions(make: Make, signed_in):
    from core.db import reading

    made = make.submission()
    with reading():
        task = make.task(made)
    judge = signed_in(make.user("business"))
    page = f"/reviews/{task.id}"
    bad = {"verb": "send_back", "version": "1", "note": "改\x00", "to_stage": "\x00", "reason": "wrong"}
    assert judge.submit(page, {**bad, "note": "\x00"}, to=page + "/decisions").status_code == 422
    assert judge.submit(page, bad, to=page + "/decisions").status_code == 302
