"""Drafts of several people and several windows: kept, merged, put to a choice, brought up to date."""

import re
from collections.abc import Callable
from html import unescape

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core.db import reading, session, writing
from core.errors import Forbidden
from tests.clients import Browser
from tests.make import Make
from wiki.articles import draft_ops, ops
from wiki.articles.content import of_revision
from wiki.articles.draft_buffers import Window, buffers_of
from wiki.articles.draft_ops import Clashing
from wiki.articles.draft_showing import merged_words
from wiki.articles.kinds import KINDS
from wiki.articles.models import DraftBuffer, Revision, Submission
from workflows.models import Task

SignedIn = Callable[..., Browser]
ONE, TWO, THREE = "套餐每月五元。", "先安抚，再核对账单。", "投诉在二十四小时内回复。"


def text(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs)


BODY = text(ONE, TWO, THREE)
FAQ = {"question": "话费？", "answer": "查账单。"}


def hidden(html: str) -> dict[str, str]:
    return {k: unescape(v) for k, v in re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', html)}


def added(html: str) -> set[str]:
    """The characters that a difference on the page marks as new."""
    return set("".join(re.findall(r'<ins>(?:<span class="sign">[^<]*</span>)?([^<]*)</ins>', html)))


# ── ops ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stale_save_is_merged_and_says_what_came_from_whom(db, make: Make):
    author, editor = make.actor("rep"), make.actor("business", name="李娜")
    made = make.submission(author, body=BODY)
    seen, begun = made.head_revision_id, of_revision(made.head)
    draft_ops.save(made, editor, draft_ops.changed(begun, {"body": text(ONE, TWO, THREE + "李娜加的。")}), seen=seen)
    mine = draft_ops.changed(begun, {"body": text(ONE + "我加的。", TWO, THREE), "title": "新题"})
    merged = draft_ops.save(made, author, mine, seen=seen)
    assert made.head.body == text(ONE + "我加的。", TWO, THREE + "李娜加的。")
    assert (made.head.title, made.head.number) == ("新题", 3)
    words = merged_words(KINDS["faq"], merged, live=False)
    assert words == "Saved, merged with 李娜's change. From 李娜: Text. Yours: Title, Text."
    (task,) = db.scalars(sa.select(Task).where(Task.id == make.task(made).id))
    assert task.revision_id == made.head_revision_id, "the reviewers see the merged text"


def test_a_clash_saves_nothing(db, make: Make):
    author, editor = make.actor("rep"), make.actor("business")
    made = make.submission(author, body=BODY)
    seen, begun = made.head_revision_id, of_revision(made.head)
    draft_ops.save(made, editor, draft_ops.changed(begun, {"body": text(ONE.replace("五", "八"), TWO)}), seen=seen)
    theirs = made.head_revision_id
    with pytest.raises(Clashing) as refused:
        draft_ops.save(made, author, draft_ops.changed(begun, {"body": text(ONE.replace("五", "九"), TWO)}), seen=seen)
    assert made.head_revision_id == theirs
    (told,) = refused.value.details["conflicts"]
    assert (told["field"], "八元" in told["theirs"], "九元" in told["mine"]) == ("body", True, True)


def test_saving_what_they_saved_is_no_conflict(db, make: Make):
    author, editor = make.actor("rep"), make.actor("business")
    made = make.submission(author, body=BODY)
    seen, same = made.head_revision_id, draft_ops.changed(of_revision(made.head), {"body": TWO})
    draft_ops.save(made, editor, same, seen=seen)
    assert draft_ops.save(made, author, same, seen=seen) is None
    assert made.head.number == 2


def test_a_revision_of_another_text_is_no_base(db, make: Make):
    """Whoever sends a made-up number merges with nothing, and sees the choice; nobody else's text is fetched by it."""
    author, editor = make.actor("rep"), make.actor("business")
    other = make.submission(make.actor("rep"), submitted=False, body="别人的草稿")
    made = make.submission(author, body=BODY)
    draft_ops.save(made, editor, draft_ops.changed(of_revision(made.head), {"body": TWO}))
    with pytest.raises(Clashing) as refused:
        draft_ops.save(made, author, make.content(body="我的"), seen=other.head_revision_id)
    assert "别人的草稿" not in str(refused.value.details)


def test_two_windows_keep_two_buffers(db, make: Make):
    author = make.actor("rep")
    made = make.submission(author, submitted=False)
    for page, words in (("a", "甲"), ("b", "乙"), ("a", "甲二")):
        draft_ops.autosave(made, author, {"title": [words]}, window=Window(page))
    assert {b.page: b.document["title"] for b in buffers_of(made.id, author.id)} == {"a": ["甲二"], "b": ["乙"]}
    draft_ops.save(made, author, make.content(title="saved"), window=Window("a"))
    assert [b.page for b in buffers_of(made.id, author.id)] == ["b"], "the other window's words stay"


def test_a_page_goes_on_with_the_buffer_it_showed(db, make: Make, clock):
    author = make.actor("rep")
    made = make.submission(author, submitted=False)
    shown = draft_ops.autosave(made, author, {"title": ["甲"]}, window=Window("shut"))
    clock.advance(minutes=1)
    draft_ops.autosave(made, author, {"title": ["甲二"]}, window=Window("new", "shut", shown.saved_at))
    assert [b.page for b in buffers_of(made.id, author.id)] == ["new"]
    clock.advance(minutes=1)
    draft_ops.autosave(made, author, {"title": ["丙"]}, window=Window("shut"))  # it was open after all
    draft_ops.autosave(made, author, {"title": ["甲三"]}, window=Window("new", "shut", shown.saved_at))
    assert {b.page for b in buffers_of(made.id, author.id)} == {"new", "shut"}


def test_a_proposal_is_brought_up_to_date(db, make: Make):
    article, author = make.article(title="会变", body=BODY), make.actor("rep")
    mine = make.submission(
        author, article=article.slug, submitted=False, title="会变", body=text(ONE + "我。", TWO, THREE)
    )
    make.article(article=article.slug, title="会变", body=text(ONE, TWO, THREE + "他。"))
    assert draft_ops.ahead_of(mine).id == article.revision_id
    merged = draft_ops.bring_up_to_date(mine, author)
    assert merged is not None
    assert mine.head.body == text(ONE + "我。", TWO, THREE + "他。")
    assert (mine.base_revision_id, draft_ops.ahead_of(mine)) == (article.revision_id, None)
    ops.submit(mine, author)


def test_a_proposal_stands_against_what_its_page_showed(db, make: Make):
    """The article was published again between opening the editor and the first word typed."""
    article, author = make.article(title="会变", body=BODY), make.actor("rep")
    shown = article.revision_id
    make.article(article=article.slug, title="会变", body=text(ONE, TWO, THREE + "他。"))
    mine = ops.begin(author, "faq", article_slug=article.slug, base_id=shown)
    assert mine.base_revision_id == shown
    other = ops.begin(author, "faq", article_slug=article.slug, base_id=make.submission().head_revision_id)
    assert other.base_revision_id == article.revision_id, "only what was published there is a base"


def test_who_left_the_circle_brings_nothing_out_of_it(db, make: Make):
    article = make.article(title="会变", body=BODY)
    author = make.actor("rep")
    mine = make.submission(author, article=article.slug, submitted=False, title="会变", body=TWO)
    make.article(article=article.slug, title="会变", body="秘密", audience="restricted", readers=["role:qa"])
    with pytest.raises(Forbidden):
        draft_ops.bring_up_to_date(mine, author)


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def form_of(browser: Browser, page: str, **typed: str) -> dict[str, str]:
    return {
        "title": "话费",
        "question": "话费？",
        "answer": "查账单。",
        "body": BODY,
        **hidden(browser.text(page)),
        **typed,
    }


@pytest.mark.both_databases
def test_saving_over_a_page_that_moved(make: Make, signed_in: SignedIn):
    author, editor = make.user("rep"), make.user("business", name="李娜")
    made = make.submission(actor_of(author), title="话费", body=BODY, fields=FAQ)
    page = f"/submissions/{made.id}/edit"
    mine, theirs = signed_in(author), signed_in(editor)
    begun = form_of(mine, page, body=text(ONE + "我加的。", TWO, THREE))
    theirs.post(page, data=form_of(theirs, page, body=text(ONE, TWO, THREE + "她加的。")))
    done = mine.post(page, data={**begun, "verb": "save"}, follow_redirects=True)
    assert "merged with 李娜&#39;s change" in done.text
    assert "我加的。" in done.text and "她加的。" in done.text


def test_the_head_moves_again_while_choosing(make: Make, signed_in: SignedIn):
    author, editor = make.user("rep"), make.user("business", name="李娜")
    made = make.submission(actor_of(author), title="话费", body=ONE, fields=FAQ)
    page = f"/submissions/{made.id}/edit"
    mine, theirs = signed_in(author), signed_in(editor)
    begun = form_of(mine, page, body="每月八元。")
    theirs.post(page, data=form_of(theirs, page, body="每月九元。"))
    first = mine.post(page, data=begun)
    assert first.status_code == 409
    theirs.post(page, data=form_of(theirs, page, body="每月十元。"))
    again = mine.post(page, data={**hidden(first.text), "choice-body.0": "mine", "verb": "save"})
    assert again.status_code == 409, "what was chosen meets what was saved since"
    assert added(again.text) >= {"八", "十"}
    done = mine.post(page, data={**hidden(again.text), "choice-body.0": "both", "verb": "submit"})
    assert done.status_code == 302
    with reading() as s:
        body = s.get_one(Submission, made.id).head.body
        assert "八元" in body and "十元" in body


def test_a_merged_text_that_cannot_be_saved_goes_back_into_the_editor(make: Make, signed_in: SignedIn):
    author, editor = make.user("rep"), make.user("business")
    made = make.submission(actor_of(author), title="话费", body=ONE)
    page = f"/submissions/{made.id}/edit"
    mine, theirs = signed_in(author), signed_in(editor)
    begun = form_of(mine, page, body="甲" * 60_000)
    theirs.post(page, data=form_of(theirs, page, body="乙" * 60_000))
    choose = mine.post(page, data=begun)
    refused = mine.post(page, data={**hidden(choose.text), "choice-body.0": "both", "verb": "save"})
    assert refused.status_code == 422
    assert "甲" * 60_000 in refused.text
    assert hidden(refused.text)["head"] == begun["head"], "and is merged again when it is shorter"


def test_a_damaged_merge_form_is_refused(make: Make, signed_in: SignedIn):
    author = make.user("rep")
    made = make.submission(actor_of(author), submitted=False)
    browser = signed_in(author)
    page = f"/submissions/{made.id}/edit"
    for mine in ("{", "[]", '{"title": 5}', '{"nothing": "x"}', "[" * 5000):
        data = {**hidden(browser.text(page)), "mine": mine, "merge_theirs": "99999999999", "merge_with": "head"}
        assert browser.post(page, data=data).status_code == 422


def test_the_article_moved_and_the_author_sees_it_before_submitting(make: Make, signed_in: SignedIn):
    article = make.article(title="会变", body=BODY)
    author = make.user("rep")
    mine = make.submission(
        actor_of(author),
        article=article.slug,
        submitted=False,
        title="会变",
        body=text(ONE.replace("五", "八"), TWO, THREE),
    )
    make.article(article=article.slug, title="会变", body=text(ONE.replace("五", "九"), TWO, THREE))
    browser, page = signed_in(author), f"/submissions/{mine.id}/edit"
    html = browser.text(page)
    assert "The article has changed since you began" in html
    shown = {**hidden(html), "title": "会变", "question": "套餐什么时候生效?", "answer": "次月一日零点生效。"}
    typed = {**shown, "body": text(ONE.replace("五", "八"), TWO, THREE, "刚刚打的。")}
    choose = browser.post(page, data={**typed, "verb": "update"})
    assert choose.status_code == 409
    assert "The article was changed by" in choose.text
    assert added(choose.text) >= {"八", "九"}
    picked = dict.fromkeys(re.findall(r'name="(choice-[^"]+)"', choose.text), "theirs")
    done = browser.post(page, data={**hidden(choose.text), **picked, "verb": "update"})
    assert done.status_code == 302
    with reading() as s:
        row = s.get_one(Submission, mine.id)
        assert row.head.body == text(ONE.replace("五", "九"), TWO, THREE, "刚刚打的。")
        assert row.base_revision_id == row.article.revision_id
    assert browser.submit(page, to=f"/submissions/{mine.id}/submit").status_code == 302
    with reading() as s:
        assert s.get_one(Submission, mine.id).state.value == "in_review"


def test_the_saved_text_is_brought_up_to_date_from_its_page(make: Make, signed_in: SignedIn):
    article, author = make.article(title="会变", body=BODY), make.user("rep")
    mine = make.submission(
        actor_of(author), article=article.slug, submitted=False, title="会变", body=text(ONE + "我。", TWO, THREE)
    )
    make.article(article=article.slug, title="会变", body=text(ONE, TWO, THREE + "他。"))
    browser = signed_in(author)
    to = f"/submissions/{mine.id}"
    refused = browser.submit(f"{to}/edit", to=f"{to}/submit", follow=True)
    assert f"{to}/update" in refused.text
    assert browser.submit(f"{to}/edit", to=f"{to}/update").status_code == 302
    assert browser.submit(f"{to}/edit", to=f"{to}/submit").status_code == 302
    with reading() as s:
        row = s.get_one(Submission, mine.id)
        assert (row.state.value, row.head.body) == ("in_review", text(ONE + "我。", TWO, THREE + "他。"))


def test_another_windows_words_are_offered_and_can_be_thrown_away(make: Make, signed_in: SignedIn, clock):
    author = make.user("rep")
    made = make.submission(actor_of(author), submitted=False)
    browser, page = signed_in(author), f"/submissions/{made.id}/edit"
    one, two = form_of(browser, page, title="一号窗口"), form_of(browser, page, title="二号窗口")
    browser.put(f"/submissions/{made.id}/autosave", data=one)
    clock.advance(seconds=10)
    browser.put(f"/submissions/{made.id}/autosave", data=two)
    clock.advance(minutes=2)  # both windows are shut
    html = browser.text(page)
    assert 'value="二号窗口"' in html
    assert "In another window you typed something else" in html
    assert 'value="一号窗口"' in browser.text(f"{page}?window={one['page']}")
    browser.submit(page, {"window": one["page"]}, to=f"/submissions/{made.id}/windows/drop")
    assert "In another window" not in browser.text(page)
    with reading() as s:
        assert s.scalars(sa.select(DraftBuffer.page)).all() == [two["page"]]


def test_what_was_typed_elsewhere_does_not_cover_what_was_saved_since(make: Make, signed_in: SignedIn, clock):
    author = make.user("rep")
    made = make.submission(actor_of(author), submitted=False)
    browser, page = signed_in(author), f"/submissions/{made.id}/edit"
    one, two = form_of(browser, page, title="一号窗口"), form_of(browser, page, title="二号窗口")
    browser.put(f"/submissions/{made.id}/autosave", data=one)
    clock.advance(minutes=2)
    assert browser.post(page, data={**two, "verb": "save"}).status_code == 302
    html = browser.text(page)
    assert 'value="二号窗口"' in html
    assert "In another window you typed something else" in html
    other = browser.text(f"{page}?window={one['page']}")
    assert 'value="一号窗口"' in other
    assert "You saved another version" in other


def test_coming_back_to_a_page_goes_on_from_what_it_saved(make: Make, signed_in: SignedIn):
    """Save, Back, write on, Save: nobody is asked to choose between their own words."""
    author = make.user("rep")
    made = make.submission(actor_of(author), submitted=False, body=ONE)
    browser, page = signed_in(author), f"/submissions/{made.id}/edit"
    typed = form_of(browser, page, body="每月六元。", verb="save")
    assert browser.post(page, data=typed).status_code == 302
    assert browser.post(page, data={**typed, "body": "每月七元。"}).status_code == 302
    with reading() as s:
        assert s.get_one(Submission, made.id).head.body == "每月七元。"


def test_a_page_left_open_is_not_saved_by_the_next_person(make: Make, signed_in: SignedIn):
    first, second = make.user("rep"), make.user("rep")
    page = "/new/faq"
    left_open = form_of(signed_in(first), page)
    browser = signed_in(second)
    token = browser.csrf(page)
    data = {**left_open, "csrf_token": token}
    assert browser.put(f"/drafts/{left_open['key']}", data=data).status_code == 409
    answer = browser.post(page, data={**data, "verb": "save"})
    assert answer.status_code == 409
    with reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(Submission)) == 0


def test_signed_out_while_writing_the_form_can_be_sent_again(make: Make, signed_in: SignedIn):
    from core import caches

    author = make.user("rep")
    browser = signed_in(author)
    data = form_of(browser, "/new/faq", body="两百字的正文", verb="save")
    with writing() as s:
        s.execute(sa.text("DELETE FROM login_sessions"))
    caches.forget_everything()
    refused = browser.post("/new/faq", data=data)
    assert refused.status_code == 401
    assert 'href="/login' in refused.text
    again = hidden(refused.text)
    assert again["body"] == "两百字的正文"
    browser.sign_in(author)  # in another window of the same browser
    stale = browser.post("/new/faq", data={**again, "verb": "save"})
    if stale.status_code == 400:  # the token of the form was of the sign-in before
        stale = browser.post("/new/faq", data={**hidden(stale.text), "verb": "save"})
    assert stale.status_code == 302
    with reading() as s:
        assert s.scalar(sa.select(Revision.body)) == "两百字的正文"


# ── programs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stale_put_says_what_clashes_and_changes_nothing(make: Make, api):
    author = make.user("rep")
    script = api(author)
    with writing():
        made = make.submission(actor_of(author), submitted=False, body=BODY)
        number = made.id
    tag = script.put(f"/submissions/{number}", {"reason": "x"}).headers["ETag"]
    script.ok("PUT", f"/submissions/{number}", {"body": text(ONE.replace("五", "八"), TWO, THREE)})
    stale = script.put(f"/submissions/{number}", {"body": text(ONE.replace("五", "九"), TWO, THREE)}, If_Match=tag)
    assert (stale.status_code, stale.json["code"], stale.json["merged"]) == (412, "stale", None)
    (clash,) = stale.json["conflicts"]
    assert (clash["field"], clash["base"].strip(), clash["mine"].strip()) == ("body", ONE, ONE.replace("五", "九"))
    apart = script.put(f"/submissions/{number}", {"body": text(ONE, TWO, THREE + "尾。")}, If_Match=tag)
    assert apart.status_code == 412
    assert apart.json["conflicts"] == []
    assert apart.json["merged"]["body"] == text(ONE.replace("五", "八"), TWO, THREE + "尾。")
    with reading():
        assert session.get_one(Submission, number).head.body == text(ONE.replace("五", "八"), TWO, THREE)
