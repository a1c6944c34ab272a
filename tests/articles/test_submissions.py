"""Writing and handing in, as people meet it."""

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core.db import session, writing
from core.errors import Conflict, Forbidden, IllegalMove, Invalid, NotFound
from tests.make import Make
from wiki.articles import draft_ops, ops
from wiki.articles.content import of_revision
from wiki.articles.models import DraftBuffer, Revision, Submission
from wiki.articles.permissions import P
from wiki.articles.presenting import draft_label
from wiki.articles.publishing import Row, import_row, retire
from wiki.articles.queries import by_slug


def test_a_draft_may_be_incomplete_but_not_handed_in(db, make: Make):
    author = make.actor("rep")
    made = ops.propose(author, "script", make.content("script", title="", fields={"say": ""}))
    with pytest.raises(Invalid) as refused:
        ops.submit(made, author)
    assert set(refused.value.errors) == {"title", "fields.say"}
    assert made.state.value == "draft"


def test_saving_the_same_makes_no_revision(db, make: Make):
    author = make.actor("rep")
    made = make.submission(author, submitted=False)
    assert ops.save(made, author, of_revision(made.head)).number == 1
    assert ops.save(made, author, make.content(title="other")).number == 2
    assert draft_label(made) == "draft 2"


def test_autosave_overwrites_one_buffer_and_makes_no_revision(db, make: Make):
    author, editor = make.actor("rep"), make.actor("business")
    made = make.submission(author)
    for who, words in ((author, "一"), (author, "二"), (editor, "三")):
        draft_ops.autosave(made, who, {"title": [words], "odd": ["\x00"]})
    kept = db.scalars(sa.select(DraftBuffer).order_by(DraftBuffer.user_id)).all()
    assert [row.document["title"] for row in kept] == [["二"], ["三"]]
    assert db.scalar(sa.select(sa.func.count()).select_from(Revision)) == 1
    ops.save(made, author, make.content(title="saved"))
    assert [row.user_id for row in db.scalars(sa.select(DraftBuffer))] == [editor.id], "the other's words stay"
    make.approved(made)
    assert db.scalars(sa.select(DraftBuffer)).all() == []
    with pytest.raises(Invalid):
        draft_ops.autosave(make.submission(author, submitted=False), author, {"body": ["x" * 700_000]})


def test_the_same_draft_key_is_the_same_draft(db, make: Make):
    author = make.actor("rep")
    one = ops.begin(author, "faq", draft_key="k")
    assert ops.begin(author, "faq", draft_key="k") is one
    assert ops.begin(make.actor("rep"), "faq", draft_key="k") is not one


def test_one_review_for_one_article(db, make: Make):
    article = make.article(title="一篇")
    first = make.submission(article=article.slug, title="先来")
    author = make.actor("rep")
    second = make.submission(author, article=article.slug, submitted=False)
    with pytest.raises(Conflict) as refused:
        ops.submit(second, author)
    assert refused.value.code == "already_in_review"
    assert refused.value.details["submission"] == str(first.id)
    assert "先来" in refused.value.sentence
    make.decide(first, make.actor("business"), "reject")
    ops.submit(second, author)
    assert second.state.value == "in_review"


def test_the_base_has_moved(db, make: Make):
    article, author = make.article(title="会变"), make.actor("rep")
    mine = make.submission(author, article=article.slug, submitted=False)
    make.article(article=article.slug, title="变了")
    with pytest.raises(Conflict) as refused:
        ops.submit(mine, author)
    assert (refused.value.code, refused.value.details["version"]) == ("base-moved", "2.0")
    ops.rebase(mine, author)
    ops.submit(mine, author)
    assert mine.state.value == "in_review"


def test_a_process_number_names_one_process(db, make: Make):
    make.article(kind="sop", fields={"process_no": "CS-BILL-1"}, title="账单流程")
    with pytest.raises(Invalid, match="账单流程") as refused:
        make.submission(kind="sop", fields={"process_no": "CS-BILL-1"})
    assert set(refused.value.errors) == {"fields.process_no"}


def test_what_is_closed_is_409_not_403(db, make: Make):
    author = make.actor("rep")
    made = make.approved(make.submission(author))
    with pytest.raises(IllegalMove):
        ops.save(made, author, make.content())
    with pytest.raises(IllegalMove):
        ops.find_submission(made.id, author, P.EDIT_SUBMISSION)
    for act in (ops.submit, ops.withdraw):
        with pytest.raises(IllegalMove):
            act(made, author)


def test_others_may_neither_edit_nor_hand_in(db, make: Make):
    author, other, judge = make.actor("rep"), make.actor("rep"), make.actor("business")
    draft, made = make.submission(author, submitted=False), make.submission(author, "script")
    with pytest.raises(NotFound):
        ops.find_submission(draft.id, judge)
    with pytest.raises(Forbidden):
        ops.save(made, other, make.content("script"))
    make.decide(made, judge, "send_back")
    with pytest.raises(Forbidden):
        ops.submit(made, judge)


def test_what_may_not_be_read_may_not_be_changed(db, make: Make):
    secret = make.article(audience="restricted", readers=["role:qa"])
    with pytest.raises(NotFound):
        make.submission(make.actor("rep"), article=secret.slug)
    make.submission(make.actor("qa"), article=secret.slug, audience="restricted", readers=["role:qa"])


def test_a_change_keeps_the_kind(db, make: Make):
    article = make.article()
    with pytest.raises(Invalid):
        make.submission(kind="script", article=article.slug)


def test_publishing_moves_audience_tags_and_readers(db, make: Make):
    author = make.actor("rep")
    article = make.article(author, tags=["a", "b"], audience="restricted", readers=["role:qa"])
    assert (article.tags, [row.token for row in article.readers]) == (["a", "b"], ["role:qa"])
    make.article(author, article=article.slug, tags=["b", "c"], audience="public")
    db.flush()
    db.expire_all()
    assert (article.tags, article.readers, article.audience.value) == (["b", "c"], [], "public")


def test_retired_is_gone_for_readers_and_stays_in_the_history(db, make: Make):
    article, manager = make.article(), make.actor("manager")
    with pytest.raises(Forbidden):
        retire(article, make.actor("supervisor"), reason="")
    retire(article, manager, reason="旧")
    with pytest.raises(Conflict):
        retire(article, manager, reason="again")
    with pytest.raises(NotFound):
        ops.readable_article(make.actor("rep"), article.slug)
    assert by_slug(article.slug) is article


def test_an_import_waits_for_a_running_review(db, make: Make):
    """Two ways to a new version at once would let the later one win unseen."""
    manager = make.actor("manager")
    import_row(manager, Row("x", "faq", make.content(title="一")))
    (slug,) = db.scalars(sa.text("SELECT slug FROM articles"))
    running = make.submission(article=slug, title="二")
    with pytest.raises(Invalid, match="under review"):
        import_row(manager, Row("x", "faq", make.content(title="三")))
    make.approved(running)
    assert import_row(manager, Row("x", "faq", make.content(title="三"))) == "updated"


def test_articles_of_one_title_have_addresses_of_their_own(db, make: Make):
    manager = make.actor("manager")
    for n in range(12):
        import_row(manager, Row(f"same-{n}", "faq", make.content(title="常见 问题")))
    slugs = list(db.scalars(sa.text("SELECT slug FROM articles ORDER BY id")))
    assert slugs == [slugs[0], *(f"{slugs[0]}-{n}" for n in range(2, 13))]


def test_categories_form_a_tree(db, make: Make):
    ops.add_category("Tariffs", "资费")
    child = ops.add_category("roaming", "漫游", "tariffs")
    assert child.path == "tariffs/roaming"
    assert ops.add_category("roaming", "国际漫游", "tariffs").name == "国际漫游"
    with pytest.raises(Invalid):
        ops.add_category("x", "x", "nowhere")


def test_what_was_withdrawn_can_be_taken_up_again(make: Make, api):
    author = api(make.user("rep"))
    made = author.ok(
        "POST",
        "/submissions",
        {"kind": "faq", "title": "怎样查余额", "fields": {"question": "余额？", "answer": "发短信。"}},
    )
    author.ok("POST", f"/submissions/{made['id']}/submit")
    author.ok("POST", f"/submissions/{made['id']}/withdraw")
    with writing():
        submission = session.get_one(Submission, int(made["id"]))
        ops.reopen(submission, actor_of(submission.author))
    assert author.ok("GET", f"/submissions/{made['id']}")["state"] == "draft"
    assert author.ok("POST", f"/submissions/{made['id']}/submit")["state"] == "in_review"
