"""Opinions: asked on the page, answered with an account or by a link, and nothing else seen on the way."""

import html
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core.db import reading, session, writing
from wiki.articles.models import Submission
from workflows import expert_links
from workflows.models import ExpertRequest, Task

pytestmark = pytest.mark.both_databases


def words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
def made(make) -> Submission:
    return make.submission(
        title="Refunds across months", body="Two working days. ![x](/secret.png) [more](/articles/x)"
    )


@pytest.fixture
def task(make, made) -> Task:
    with reading():
        return make.task(session.get_one(Submission, made.id))


@pytest.fixture
def asker(make):
    return make.user("business", name="Lan")


def ask(browser, task: Task, **fields):
    page = f"/reviews/{task.id}"
    return browser.submit(page, {"question": "Is this right?", "days": "3", **fields}, to=f"{page}/experts")


def link_in(page: str) -> str:
    return re.search(r"http://localhost(/expert/[^\"<\s]+)", page)[1]


def test_somebody_outside_answers_without_an_account(client, signed_in, task, made, asker, api):
    browser = signed_in(asker)
    shown = ask(browser, task, name="Han of the vendor", address="han@vendor.example")
    assert shown.status_code == 200
    assert "It is shown only now" in shown.text
    assert "please send it to han@vendor.example yourself" in words(shown.text)
    link = link_in(shown.text)
    page = client.get(link)
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page.headers["X-Robots-Tag"]
    seen = page.get_data(as_text=True)
    for said in ("Refunds across months", "Is this right?", "Lan asks you:", "Two working days.", "open until"):
        assert said in seen
    body = seen[seen.index("<main") : seen.index("</main>")]
    assert "<img" not in body
    assert "<a " not in body
    assert "main-menu" not in seen
    unsure = client.submit(link, {"verdict": "", "answer": "hm"})
    assert unsure.status_code == 422
    assert "Please choose: yes, no or not sure." in unsure.text
    assert "hm" in unsure.text
    done = client.submit(link, {"verdict": "no", "answer": "Five days, see the contract."})
    assert done.status_code == 200
    assert "Thank you" in done.text
    again = client.get(link)
    assert again.status_code == 410
    assert "You have answered this already" in again.text
    review = words(browser.text(f"/reviews/{task.id}"))
    assert "Han of the vendor from outside No" in review
    assert "Five days, see the contract." in review
    assert "Han of the vendor gave an opinion: No" in review
    (opinion,) = api(asker).get(f"/reviews/{task.id}").json["opinions"]
    assert (opinion["verdict"], opinion["name"]) == ("no", "Han of the vendor")


def test_links_that_lead_nowhere_say_so_kindly(client, signed_in, make, task, made, asker, clock):
    browser = signed_in(asker)
    first, second, third = (link_in(ask(browser, task, name=name).text) for name in ("A", "B", "C"))
    assert "There is nothing behind this link" in client.text("/expert/forged", 404)
    text, signature = first.rsplit(".", 1)
    forged = ("B" if signature.startswith("A") else "A") + signature[1:]  # the last character has bits that say nothing
    assert client.get(f"{text}.{forged}").status_code == 404
    with reading():
        request_id = session.scalar(sa.select(sa.func.min(ExpertRequest.id)))
    page = f"/reviews/{task.id}"
    assert browser.submit(page, {}, to=f"/reviews/experts/{request_id}/revoke").status_code == 302
    assert client.get(first).status_code == 404
    with writing():
        make.decide(session.get_one(Submission, made.id), make.actor("business"))
    assert "This was decided meanwhile" in client.text(second, 410)
    clock.advance(days=4)
    assert "This link has expired" in client.text(third, 410)
    token = client.csrf("/login")
    late = client.post(third, data={"verdict": "yes", "answer": "x", "csrf_token": token})
    assert late.status_code == 410


def test_the_form_of_a_link_is_safe_under_https_without_a_referrer(client, signed_in, task, asker):
    link = link_in(ask(signed_in(asker), task, name="Han").text)
    secure = {"base_url": "https://localhost"}
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(link, **secure).get_data(as_text=True))[1]
    assert client.post(link, data={"verdict": "yes", "answer": "x"}, **secure).status_code == 400
    assert client.post(link, data={"verdict": "yes", "answer": "x", "csrf_token": token}, **secure).status_code == 200


def test_a_network_that_asks_too_fast_waits(client):
    codes = {client.get("/expert/guess").status_code for _ in range(80)}
    assert codes == {404, 429}


def test_where_mail_is_set_up_the_link_is_mailed(signed_in, task, asker):
    sent, before = [], list(expert_links._posters)
    expert_links.post_with(lambda asked, link: not sent.append((asked.address, link)))
    try:
        shown = ask(signed_in(asker), task, name="Han", address="han@vendor.example")
        assert "It was mailed to han@vendor.example." in words(shown.text)
        assert "yourself" not in words(ask(signed_in(asker), task, name="Li").text)
    finally:
        expert_links._posters[:] = before
    ((address, link),) = sent
    assert address == "han@vendor.example"
    assert link_in(shown.text) in link


def test_a_colleague_finds_the_question_and_answers(make, signed_in, task, asker):
    expert = make.user("rep", name="Wen", username="wen")
    browser, other = signed_in(asker), signed_in(expert)
    assert ask(browser, task, to="Wen (wen)").status_code == 302
    assert ask(browser, task, to="Wen").status_code == 302, "a name that one person has will do"
    assert "2 times a colleague asks for your opinion." in words(other.text("/reviews"))
    listed = other.text("/reviews/questions")
    assert "Is this right?" in listed
    page = re.search(r'href="(/reviews/questions/\d+)"', listed)[1]
    assert "Two working days." in other.text(page)
    refused = other.submit(page, {"verdict": "yes", "answer": " "})
    assert refused.status_code == 422
    assert other.submit(page, {"verdict": "yes", "answer": "Yes, always did."}).status_code == 302
    assert "answered" in words(other.text("/reviews/questions"))
    assert other.get(page).status_code == 409
    assert "Yes, always did." in browser.text(f"/reviews/{task.id}")
    signed_in(make.user("rep")).text(page, 404)


def test_what_is_wrong_with_a_question_is_said_in_its_form(make, signed_in, task, asker):
    browser = signed_in(asker)
    for fields, said in (
        ({"to": "nobody-here"}, "There is nobody called nobody-here."),
        ({"name": "Han", "address": "not an address"}, "This is not a mail address."),
        ({"name": "Han", "question": " "}, "Please say what you would like to know."),
        ({"name": "Han", "days": "90"}, "A link is good for 1 to 30 days."),
        ({"name": " "}, "A name has 1 to 120 characters."),
    ):
        answer = ask(browser, task, **fields)
        assert answer.status_code == 422, fields
        assert said in html.unescape(answer.text)


def test_the_link_is_given_once_by_the_interface_too(api, task, asker, client):
    script = api(asker)
    made = script.post(f"/reviews/{task.id}/experts", {"name": "Han", "question": "Right?"})
    assert made.status_code == 201
    assert client.get(made.json["link"].removeprefix("http://localhost")).status_code == 200
    assert "link" not in str(script.get(f"/reviews/{task.id}").json["opinions"])
    both = script.post(f"/reviews/{task.id}/experts", {"name": "Han", "to": "wen", "question": "Right?"})
    assert both.status_code == 422
    assert actor_of(asker).name == "Lan"


def test_expiry_is_in_days(make, signed_in, task, asker):
    ask(signed_in(asker), task, name="Han", days="7")
    with reading():
        asked = session.scalars(sa.select(ExpertRequest)).one()
    assert asked.expires_at - asked.asked_at == timedelta(days=7)
