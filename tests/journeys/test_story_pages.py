"""The same story over pages, without a line of JavaScript: write, hand in, judge, read, compare."""

import re
from collections.abc import Callable
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask

from accounts.people import actor_of
from core.db import reading, writing
from tests.clients import Browser, Script
from tests.make import Make
from tests.reliability.crowd import together
from wiki.articles import ops
from wiki.articles.models import DraftBuffer, Revision, Submission
from workflows.models import Decision, Review

SCRIPT = {
    "title": "解约金解释话术",
    "scenario": "客户对账单有疑问",
    "say": "我马上为您逐项核对。",
    "avoid": "系统就是这样扣的。",
    "branches-0-when": "客户仍然生气",
    "branches-0-say": "我理解您的心情。",
    "branches-0-next": "转主管",
    "body": "先安抚客户,再逐项解释账单。",
    "tags": "账单，资费",
    "audience": "internal",
}
ROLES = ("business", "qa", "training", "supervisor")
SignedIn = Callable[..., Browser]


def fields_of(html: str) -> dict[str, str]:
    """Hidden fields of the editor."""
    return dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', html))


def place_of(answer) -> str:
    return answer.headers["Location"]


def count(kind) -> int:
    with reading() as s:
        return s.scalar(sa.select(sa.func.count()).select_from(kind))


def write(browser: Browser, page: str = "/new/script", verb: str = "submit", **changed: str):
    html = browser.text(page)
    hidden = {k: v for k, v in fields_of(html).items() if k in {"key", "kind", "head", "once", "article", "csrf_token"}}
    return browser.post(page, data={**SCRIPT, **hidden, **changed, "verb": verb})


def first_in_inbox(browser: Browser) -> str:
    found = re.search(r'href="(/reviews/\d+)"', browser.text("/reviews"))
    assert found, "the inbox is empty"
    return found[1]


def decide(browser: Browser, page: str, **fields: str):
    html = browser.text(page)
    hidden = {k: v for k, v in fields_of(html).items() if k in {"version", "once", "csrf_token"}}
    return browser.post(page + "/decisions", data={**hidden, **fields})


@pytest.mark.both_databases
def test_from_the_first_words_to_a_second_version(make: Make, signed_in: SignedIn):
    rep = signed_in(make.user("rep", name="张伟"))
    html = rep.text("/new/script")
    hidden = fields_of(html)
    typed = {"title": "解约", "say": "我马", "key": hidden["key"], "kind": "script", "csrf_token": hidden["csrf_token"]}
    kept = rep.put(f"/drafts/{hidden['key']}", data=typed)
    assert kept.status_code == 200, kept.text
    sid = kept.json["submission"]
    assert "我马" in rep.text(f"/submissions/{sid}/edit"), "what was typed is there again"
    done = rep.post("/new/script", data={**SCRIPT, **hidden, "verb": "submit"})
    assert place_of(done) == f"/submissions/{sid}", "the draft that autosave began is the one handed in"
    assert count(Submission) == 1
    assert count(DraftBuffer) == 0
    assert "Business reviewer" in rep.text(f"/submissions/{sid}")

    for role in ROLES:
        reviewer = signed_in(make.user(role))
        page = first_in_inbox(reviewer)
        assert "逐项核对" in reviewer.text(page)
        assert decide(reviewer, page, verb="approve").status_code == 302
        assert re.search(r'href="/reviews/\d+"', reviewer.text("/reviews")) is None
    slug = "解约金解释话术"
    assert "我理解您的心情" in rep.text(f"/articles/{slug}")

    other = signed_in(make.user("rep"))
    changed = write(other, f"/articles/{slug}/edit", significance="minor", say="我马上为您逐笔核对。", reason="更准确")
    assert changed.status_code == 302
    for role in ROLES:
        reviewer = signed_in(make.user(role))
        page = first_in_inbox(reviewer)
        assert "<del>" in reviewer.text(page), "the reviewer sees what changed"
        decide(reviewer, page, verb="approve")
    history = rep.text(f"/articles/{slug}/history")
    assert "1.1" in history
    assert "更准确" in history
    compared = rep.text(f"/articles/{slug}/diff?from=1.0&to=1.1")
    assert "<del>" in compared
    assert "逐笔" in rep.text(f"/articles/{slug}")
    assert "逐项" in rep.text(f"/articles/{slug}?rev=1.0")
    rep.text(f"/articles/{slug}?rev=9.9", status=404)


def test_a_double_click_is_one_submission(make: Make, signed_in: SignedIn):
    rep = signed_in(make.user("rep"))
    data = {**SCRIPT, **fields_of(rep.text("/new/script")), "verb": "submit"}
    first, second = rep.post("/new/script", data=data), rep.post("/new/script", data=data)
    assert (first.status_code, second.status_code) == (302, 302)
    assert place_of(first) == place_of(second)
    assert (count(Submission), count(Revision)) == (1, 1)


@pytest.mark.both_databases
def test_eight_clicks_at_once_are_one_submission(app: Flask, make: Make, signed_in: SignedIn):
    """One form of one session, as a browser sends it that asks again over other lines before it has an answer."""
    rep = signed_in(make.user("rep"))
    data = {**SCRIPT, **fields_of(rep.text("/new/script")), "verb": "submit"}
    lines = [app.test_client() for _ in range(8)]
    for line in lines:
        line.set_cookie("spiral", rep.get_cookie("spiral").value)
    answers = together(*(lambda line=line: line.post("/new/script", data=data) for line in lines))
    assert [answer.status_code for answer in answers] == [302] * 8
    assert len({place_of(answer) for answer in answers}) == 1
    assert "Business reviewer" in rep.text(place_of(answers[0]))
    assert sum("Idempotent-Replay" in answer.headers for answer in answers) == 7
    assert (count(Submission), count(Revision), count(Review)) == (1, 1, 1)


def test_the_back_button_and_other_words_are_another_act(make: Make, signed_in: SignedIn):
    rep = signed_in(make.user("rep"))
    data = {**SCRIPT, **fields_of(rep.text("/new/script")), "verb": "save"}
    first = rep.post("/new/script", data=data)
    again = rep.post("/new/script", data={**data, "say": "别的话。"})
    assert again.status_code == 302
    assert place_of(again) == place_of(first), "the same draft goes on"
    assert (count(Submission), count(Revision)) == (1, 2)


def test_a_refused_form_shows_everything_and_goes_on(make: Make, signed_in: SignedIn):
    rep = signed_in(make.user("rep"))
    hidden = fields_of(rep.text("/new/sop"))
    typed = {"title": "流程", "effective_on": "tomorrow", "body": "正文还在", "verb": "save"}
    refused = rep.post("/new/sop", data={**typed, **hidden})
    assert refused.status_code == 422
    html = refused.text
    assert "正文还在" in html
    assert "2026-11-30" in html, "it says what a date looks like"
    assert count(Submission) == 0, "a refused form leaves nothing"
    action = re.search(r'<form method="post" action="([^"]+)"[^>]* class="[^"]*edit-form', html)
    assert action, "no form"
    assert action[1] == "/new/sop", "it can be sent again"
    mended = rep.post(action[1], data={**typed, **fields_of(html), "effective_on": "2026-12-01"})
    assert mended.status_code == 302
    assert count(Submission) == 1


def test_a_preview_keeps_nothing(make: Make, signed_in: SignedIn):
    rep = signed_in(make.user("rep"))
    answer = write(rep, verb="preview", body="**重点**")
    assert answer.status_code == 200
    assert "<strong>重点</strong>" in answer.text
    assert count(Submission) == 0


def test_what_is_missing_is_said_at_its_field_and_the_text_is_saved(make: Make, signed_in: SignedIn):
    rep = signed_in(make.user("rep"))
    answer = write(rep, say="")
    assert "check=1" in place_of(answer)
    assert "Recommended wording is needed" in rep.text(place_of(answer))
    assert count(Revision) == 1


def test_somebody_was_faster(make: Make, signed_in: SignedIn):
    make.submission(kind="script")
    fast, late = signed_in(make.user("business", name="李娜")), signed_in(make.user("business"))
    page = first_in_inbox(late)
    hidden = fields_of(late.text(page))
    decide(fast, page, verb="approve")
    moved = late.post(page + "/decisions", data={**hidden, "verb": "send_back", "note": "这句话要留着"})
    assert moved.status_code == 409
    assert "李娜" in moved.text
    assert "这句话要留着" in moved.text, "what was typed is not lost"
    assert count(Decision) == 1


def test_a_stale_decision_is_told_from_a_changed_text(make: Make, signed_in: SignedIn):
    author = make.actor("rep", name="张伟")
    made = make.submission(author, "script")
    late = signed_in(make.user("business"))
    page = first_in_inbox(late)
    hidden = fields_of(late.text(page))
    with writing() as s:
        ops.save(s.get_one(Submission, made.id), author, make.content("script", title="新标题"))
    moved = late.post(page + "/decisions", data={**hidden, "verb": "reject", "note": "留着"})
    assert moved.status_code == 409
    assert "张伟 changed the text" in moved.text
    assert "None" not in moved.text
    assert f'href="{page}"' in moved.text, "there is a way back to the task"


def test_a_refused_decision_shows_what_was_typed(make: Make, signed_in: SignedIn):
    make.submission(kind="script")
    reviewer = signed_in(make.user("business"))
    page = first_in_inbox(reviewer)
    refused = decide(reviewer, page, verb="reject", note="   ")
    assert refused.status_code == 422
    assert "the author needs to know why" in refused.text
    unsure = decide(reviewer, page, verb="", note="好话")
    assert unsure.status_code == 422
    assert "好话" in unsure.text


def test_the_moved_page_tells_outsiders_nothing(make: Make, signed_in: SignedIn):
    made = make.submission(kind="script")
    page = f"/reviews/{make_task(make, made)}"
    with writing():
        make.decide(made, make.actor("business"), note="内部评语")
    outsider = signed_in(make.user("rep"))
    token = outsider.csrf("/new/script")
    moved = outsider.post(page + "/decisions", data={"csrf_token": token, "verb": "approve", "version": "1"})
    assert moved.status_code == 409
    assert "内部评语" not in moved.text


def make_task(make: Make, made: Submission) -> int:
    with reading():
        return make.task(made).id


def test_two_editors_of_one_draft(make: Make, signed_in: SignedIn):
    author, editor = make.user("rep", name="张伟"), make.user("business", name="李娜")
    made = make.submission(actor_of(author), "script")
    page = f"/submissions/{made.id}/edit"
    mine, theirs = signed_in(author), signed_in(editor)
    begun = fields_of(mine.text(page))
    assert write(theirs, page, say="甲方的答案").status_code == 302
    data = {**SCRIPT, **begun, "say": "乙家说法", "verb": "save"}
    late = mine.put(f"/submissions/{made.id}/autosave", data=data)
    assert late.status_code == 200, "what is typed is kept, it overwrites nobody"
    assert "李娜 saved a change" in late.json["moved"]
    choose = mine.post(page, data=data)
    assert choose.status_code == 409
    for words in ("李娜 has saved another version", "甲方的答案", "乙家说法"):
        assert words in choose.text, "both texts are on the page"
    carried = {name: unescape(value) for name, value in fields_of(choose.text).items()}
    undecided = mine.post(page, data={**carried, "verb": "save"})
    assert undecided.status_code == 409
    assert "Please choose" in undecided.text
    picked = dict.fromkeys(re.findall(r'name="(choice-[^"]+)"', choose.text), "theirs")
    assert mine.post(page, data={**carried, **picked, "choice-say.0": "both", "verb": "save"}).status_code == 302
    with reading() as s:
        head = s.get_one(Submission, made.id).head
        assert head.fields["say"].split() == ["乙家说法", "甲方的答案"]
        assert count(DraftBuffer) == 0


def test_an_old_buffer_does_not_cover_a_newer_text(make: Make, signed_in: SignedIn):
    author, editor = make.user("rep"), make.user("business")
    made = make.submission(actor_of(author), "script")
    page = f"/submissions/{made.id}/edit"
    mine, theirs = signed_in(author), signed_in(editor)
    begun = fields_of(mine.text(page))
    assert mine.put(f"/submissions/{made.id}/autosave", data={**SCRIPT, **begun, "say": "张伟"}).status_code == 200
    write(theirs, page, say="甲方的答案")
    answer = mine.post(page, data={**SCRIPT, **fields_of(mine.text(page)), "say": "张伟", "verb": "save"})
    assert answer.status_code == 409


def test_already_in_review(make: Make, signed_in: SignedIn):
    article = make.article(kind="script", title="同一篇")
    page = f"/articles/{article.slug}/edit"
    one, two = signed_in(make.user("rep")), signed_in(make.user("rep"))
    assert write(one, page, title="先来的").status_code == 302
    answer = write(two, page, title="后来的")
    assert "already_in_review" in place_of(answer)
    assert "«先来的» is already under review" in two.text(place_of(answer))
    with reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(Revision).where(Revision.title == "后来的")) == 1


def test_the_article_moved_while_it_was_written(make: Make, signed_in: SignedIn):
    article = make.article(kind="script", title="会变的")
    page = f"/articles/{article.slug}/edit"
    rep = signed_in(make.user("rep"))
    draft = place_of(write(rep, page, verb="save")).removesuffix("/edit")
    make.article(kind="script", article=article.slug, title="已经变了")
    answer = rep.submit(f"{draft}/edit", to=f"{draft}/submit")
    assert "base-moved" in place_of(answer)
    html = rep.text(place_of(answer))
    assert "version 2.0" in html
    assert f"{draft}/rebase" in html, "there is a way to go on"
    assert rep.submit(f"{draft}/edit", to=f"{draft}/rebase").status_code == 302
    assert "Business reviewer" in rep.text(draft)


def test_withdrawing_from_the_page(make: Make, signed_in: SignedIn):
    author = make.user("rep")
    made = make.submission(actor_of(author), "script")
    rep = signed_in(author)
    assert rep.submit(f"/submissions/{made.id}/edit", to=f"/submissions/{made.id}/withdraw").status_code == 302
    assert "Withdrawn" in rep.text(f"/submissions/{made.id}")


def test_signed_out_while_typing(make: Make, signed_in: SignedIn):
    """The session ended, the form is sent: what was typed is shown, with the way to sign in."""
    user = make.user("business")
    make.submission(kind="script")
    reviewer = signed_in(user)
    page = first_in_inbox(reviewer)
    hidden = fields_of(reviewer.text(page))
    with writing() as s:
        s.execute(sa.text("DELETE FROM login_sessions"))
    from core import caches

    caches.forget_everything()
    answer = reviewer.post(page + "/decisions", data={**hidden, "verb": "reject", "note": "两百字的评语"})
    assert answer.status_code == 401
    assert "两百字的评语" in answer.text
    assert 'href="/login' in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/articles/nothing", 404),
        ("/submissions/999", 404),
        ("/reviews/999", 404),
        ("/new/poem", 422),
        ("/nowhere", 404),
    ],
)
def test_error_pages_speak_to_people_and_to_programs(make: Make, signed_in: SignedIn, path: str, status: int):
    browser = signed_in(make.user("rep"))
    page = browser.get(path)
    assert (page.status_code, page.mimetype) == (status, "text/html")
    problem = browser.get(path, headers={"Accept": "application/json"})
    assert (problem.status_code, problem.mimetype) == (status, "application/problem+json")
    assert {"type", "title", "status", "detail", "code"} <= set(problem.json)


def test_problems_of_the_api(make: Make, api: Callable[..., Script]):
    made = make.submission(kind="script")
    task = make_task(make, made)
    qa = api(make.user("qa"))
    wrong = qa.post(f"/reviews/{task}/decisions", {"verb": "approve", "version": 1})
    assert (wrong.status_code, wrong.json["code"]) == (403, "not-your-seat")
    stale = qa.post(f"/reviews/{task}/decisions", {"verb": "approve", "version": 99})
    assert (stale.status_code, stale.json["code"]) == (409, "moved")
    silent = api(make.user("business")).post(f"/reviews/{task}/decisions", {"verb": "reject", "version": 1})
    assert (silent.status_code, set(silent.json["errors"])) == (422, {"note"})
    assert api(make.user("rep")).post(f"/reviews/{task}/decisions", {"verb": "burn", "version": 1}).status_code == 422
    assert api().get("/reviews").status_code == 401
    fields = api(make.user("rep")).post("/submissions", {"kind": "script", "fields": {"nope": "x"}})
    assert (fields.status_code, set(fields.json["errors"])) == (422, {"fields.nope"})


def test_an_older_version_for_a_closed_circle_stays_closed(make: Make, signed_in: SignedIn, api: Callable[..., Script]):
    author = make.actor("rep")
    secret = make.article(author, title="小圈子", audience="restricted", readers=["role:qa"], body="机密底价")
    make.article(author, article=secret.slug, title="小圈子", body="公开价格")
    everybody, qa = signed_in(make.user("rep")), signed_in(make.user("qa"))
    base = f"/articles/{secret.slug}"
    assert "公开价格" in everybody.text(base)
    everybody.text(base + "?rev=1.0", status=404)
    everybody.text(base + "/diff?from=1.0&to=2.0", status=404)
    for path in (base + "/diff", base + "/history"):
        assert "机密底价" not in everybody.text(path)
    assert "1.0" not in re.findall(r"rev=([\d.]+)", everybody.text(base + "/history"))
    assert "机密底价" in qa.text(base + "?rev=1.0")
    script = api(make.user("rep"))
    assert [row["version"] for row in script.get(base + "/revisions").json["items"]] == ["2.0"]
    assert script.get(base + "/diff?from=1.0&to=2.0").status_code == 404
