"""Pages of scripts, processes and products, the editor's rows, and search before create – all without a script."""

import re
from datetime import timedelta

import pytest

from accounts.people import actor_of
from core import clock as core_clock
from core.db import reading
from tests.make import Make
from wiki.articles import ops
from wiki.articles.models import Submission, SubmissionState
from wiki.search import service

BRANCHES = [
    {"when": "红灯", "say": "马上派<b>师傅</b>", "next": "派紧急单"},
    {"when": "绿灯", "say": "重启一下", "next": "→ 3"},
    {"when": "还是不行", "say": "再看一次", "next": "→ 2、0"},
]
STEPS = [
    {"id": "a", "text": "核对<script>alert(1)</script>身份", "role": "代表", "next": [{"label": "", "id": "b"}]},
    {"id": "b", "text": "通过？", "role": "代表", "next": [{"label": "是", "id": "end"}, {"label": "否", "id": "a"}]},
]


def index():
    """The search index says what the database says."""
    with reading():
        service.reindex()


def hidden_of(html):
    return dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', html))


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_script_is_a_conversation_by_addresses(make: Make, signed_in):
    slug = make.article(kind="script", fields={"branches": BRANCHES, "closing": "再见"}).slug
    html = signed_in(make.user("rep")).text(f"/articles/{slug}")
    for step in ("answer-0", "answer-1", "answer-2", "answer-3", "answer-end"):
        assert html.count(f'id="{step}"') == 1
    start = html[html.index('id="answer-0"') : html.index('id="answer-1"')]
    assert re.findall(r'href="#(answer-\w+)"', start) == ["answer-1", "answer-2", "answer-end"], "3 is asked later"
    third = html[html.index('id="answer-3"') : html.index('id="answer-end"')]
    assert re.findall(r'href="#(answer-\w+)"', third) == ["answer-2", "answer-0", "answer-end"], "a loop is allowed"
    assert "派紧急单" in html
    assert "<b>师傅</b>" not in html


def test_a_card_of_a_script(make: Make, signed_in):
    slug = make.article(kind="script", fields={"branches": BRANCHES}).slug
    browser = signed_in(make.user("rep"))
    html = browser.text(f"/articles/{slug}/card")
    assert html.index("红灯") < html.index("绿灯") < html.index("还是不行")
    assert "back to the beginning" in html
    browser.text(f"/articles/{make.article().slug}/card", status=404)


def test_the_flowchart_of_a_process_is_drawn_and_said(make: Make, signed_in):
    slug = make.article(kind="sop", fields={"steps": STEPS}).slug
    html = signed_in(make.user("rep")).text(f"/articles/{slug}")
    assert html.count("<polygon points=") >= 4
    assert html.count('class="flow-line is-back"') == 1
    assert "<script>alert" not in html
    assert 'href="#step-1"' in html, "the list leads back, too"


@pytest.mark.parametrize(
    ("days", "word"), [(9, "ends in 9 days"), (1, "ends in 1 day"), (0, "ends today"), (-1, "ended")]
)
def test_an_offer_says_how_long_it_lasts(make: Make, signed_in, clock, days, word):
    last = (core_clock.now() + timedelta(days=days)).date()
    slug = make.article(kind="product", fields={"offer_ends_on": last.isoformat()}).slug
    html = signed_in(make.user("rep")).text(f"/articles/{slug}")
    assert word in html
    assert ("Do not promise it any more" in html) == (days < 0)


@pytest.mark.parametrize(("hours", "word"), [(2, "Not in force yet"), (-2, "In force"), (-200, "No longer in force")])
def test_a_notice_says_whether_it_holds(make: Make, signed_in, clock, hours, word):
    begins = core_clock.now() + timedelta(hours=hours)
    times = {"effective_from": begins.isoformat(), "effective_to": (begins + timedelta(days=3)).isoformat()}
    slug = make.article(kind="notice", fields=times).slug
    html = signed_in(make.user("rep")).text(f"/articles/{slug}")
    assert word in html
    assert "all who may read it" in html


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def write(browser, page="/new/sop", verb="save", **fields):
    html = browser.text(page)
    return browser.post(page, data={**hidden_of(html), **fields, "verb": verb})


SOP = {
    "title": "补卡流程", "process_no": "CS-77", "effective_on": "2026-11-01", "steps-0-id": "1", "steps-0-text": "核验",
    "steps-0-label-0": "是", "steps-0-to-0": "2", "steps-0-label-1": "否", "steps-0-to-1": "end", "steps-1-id": "2",
    "steps-1-text": "补卡", "steps-1-to-0": "1", "steps-2-id": "3", "steps-2-text": "寄送", "steps-2-to-0": "next",
}  # fmt: skip


def test_steps_are_chosen_and_what_is_wrong_is_said_at_the_field(make: Make, signed_in):
    browser = signed_in(make.user("rep"))
    saved = write(browser, **SOP)
    page = saved.headers["Location"]
    html = browser.text(page)
    assert "No step leads to step 3." in html, "a draft may be incomplete, and says what is"
    assert re.search(r'<option value="end" selected>', html)
    refused = write(browser, page, "submit", **SOP)
    html = browser.text(refused.headers["Location"])
    assert 'id="f-steps-error"' in html
    assert 'href="#f-steps"' in html
    mended = write(browser, page, "submit", **{**SOP, "steps-1-to-0": "3"})
    assert "/edit" not in mended.headers["Location"]


def test_a_lost_answer_is_refused_on_handing_in(make: Make, api):
    author = make.user("rep")
    fields = {"scenario": "断网", "say": "好", "branches": [{"when": "a", "say": "b", "next": "→ 7"}]}
    made = api(author).post("/submissions", {"kind": "script", "title": "断网话术", "fields": fields})
    assert made.status_code == 201, made.text
    refused = api(author).post(f"/submissions/{made.json['id']}/submit")
    assert refused.status_code == 422
    assert "answer 7, which does not exist" in refused.json["errors"]["fields.branches"]


def test_a_preview_draws_the_steps(make: Make, signed_in):
    html = write(signed_in(make.user("rep")), verb="preview", **SOP).text
    assert 'class="flow-chart"' in html


# ── is it here already? ──────────────────────────────────────────────────────────────────────────────────────────────


def faq(**changed):
    return {
        "title": "电子发票怎么开？",
        "question": "我要开电子发票",
        "answer": "在掌厅自己开。",
        "body": "新写的正文",
        **changed,
    }


def test_what_is_almost_here_is_marked_on_saving_and_asked_about_once(make: Make, signed_in):
    slug = make.article(title="電子發票怎麼開", body="原来的正文").slug
    index()
    browser = signed_in(make.user("rep"))
    saved = write(browser, "/new/faq", **faq())
    page = saved.headers["Location"]
    html = browser.text(page)
    assert "almost the same" in html
    assert f"/articles/{slug}/improve?draft=" in html or "/improve?draft=" in html
    asked = write(browser, page, "submit", **faq())
    assert asked.headers["Location"].endswith("same=1")
    html = browser.text(asked.headers["Location"])
    assert 'name="distinct"' in html
    assert "新写的正文" in html
    done = write(browser, asked.headers["Location"], "submit", **faq(distinct="1"))
    assert "/edit" not in done.headers["Location"]


def test_improving_instead_takes_everything_along(make: Make, signed_in):
    article = make.article(
        title="電子發票怎麼開", body="原来的正文", fields={"question": "發票?", "answer": "原来的回答"}
    )
    rep = make.user("rep")
    browser = signed_in(rep)
    html = browser.text("/new/faq")
    hidden = hidden_of(html)
    browser.put(f"/drafts/{hidden['key']}", data={**faq(), **hidden})
    sent = browser.post(
        f"/articles/{article.slug}/improve", data={**faq(note="只给代表看", tags="发票，掌厅"), **hidden}
    )
    page = sent.headers["Location"]
    again = browser.post(
        f"/articles/{article.slug}/improve", data={**faq(note="只给代表看", tags="发票，掌厅"), **hidden}
    )
    assert again.headers["Location"] == page, "an impatient hand makes one proposal"
    html = browser.text(page)
    for words in (
        "原来的正文",
        "原来的回答",
        "新写的正文",
        "我要开电子发票",
        "在掌厅自己开。",
        "只给代表看",
        "掌厅",
        "电子发票怎么开？",
    ):
        assert words in html, words
    with reading() as s:
        new, old = sorted(s.query(Submission).filter_by(author_id=rep.id), key=lambda one: one.article_id is None)
        assert new.article_id == article.id
        assert new.head.fields["note"] == "只给代表看", "what the article had no words for stands in its field"
        assert new.head.fields["answer"] == "原来的回答", "nothing of the article is overwritten"
        assert old.state is SubmissionState.WITHDRAWN


def test_open_submissions_are_shown_to_those_who_may_know_them_and_to_nobody_else(make: Make, signed_in):
    author = make.actor("rep", name="张伟")
    make.submission(author, title="宽带移机收费吗")
    make.submission(author, title="宽带移机收费么", audience="restricted", readers=["role:qa"])
    make.submission(author, title="宽带移机收费", submitted=False)
    mine = make.user("rep")
    make.submission(actor_of(mine), title="宽带移机收费不收费", submitted=False)
    index()
    html = signed_in(mine).text("/similar?title=宽带移机收费吗")
    assert "宽带移机收费吗" in html
    assert "a colleague has this under way: 张伟" in html
    assert "宽带移机收费不收费" in html, "one's own draft"
    assert "宽带移机收费么" not in html, "a closed circle does not leak"
    assert ">宽带移机收费<" not in html, "nor does somebody else's draft"
    own = signed_in(make.user("qa")).text("/similar?title=宽带移机收费吗")
    assert "宽带移机收费不收费" not in own


@pytest.mark.both_databases
def test_a_returned_or_changed_text_is_not_asked_about(make: Make, app):
    from core.db import writing
    from wiki.articles import similar

    first = make.article(title="电子发票怎么开")
    rep = make.actor("rep")
    index()
    with app.test_request_context(), writing():
        new = ops.propose(rep, "faq", make.content(title="电子发票怎么开？"))
        assert [one["slug"] for one in similar.nearly_the_same(rep, new)] == [first.slug]
        change = ops.propose(rep, "faq", make.content(title="电子发票怎么开？"), article_slug=first.slug)
        assert similar.nearly_the_same(rep, change) == []
        ops.submit(new, rep)
        assert similar.nearly_the_same(rep, new) == []
