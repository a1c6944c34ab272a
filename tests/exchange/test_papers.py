"""An article leaves as a paper: with its text, and with those who stand behind it."""

import email
import email.policy
from datetime import timedelta
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from accounts import absences
from accounts.models import User
from core import clock
from core.db import reading, session, writing
from tests.support.files import picture
from wiki.articles import files, provisional
from wiki.articles.models import Article, Publication
from wiki.articles.publishing import Row, import_row
from wiki.exchange import documents, frontmatter, sheets
from wiki.exchange.cli import run
from workflows.definitions import Definition, Seat, Stage
from workflows.models import Decision, Task
from workflows.rules import TaskState


@pytest.fixture
def people(make):
    return {
        name: make.actor(name, name=f"{name.title()} Wang")
        for name in ("rep", "business", "qa", "supervisor", "manager")
    }


def lines(who, slug: str, version: str = "1.0"):
    with reading():
        row = next(r for r in session.scalars(sa.select(Publication)) if (r.article.slug, r.version) == (slug, version))
        found = documents.document(who, row.article, row)
        return [(one.act, one.stage, one.name, one.for_name) for one in found["lines"]], found["note"]


@pytest.mark.both_databases
def test_the_sheet_names_everybody_in_their_order(make, people):
    with writing():
        made = make.submission(people["rep"], title="开门")
        for role in ("business", "qa", "supervisor"):
            make.decide(made, people[role])
        slug = session.get_one(Article, made.article_id).slug
    assert lines(people["rep"], slug) == (
        [
            ("Wrote it", "", "Rep Wang", None),
            ("Checked it", "Business reviewer", "Business Wang", None),
            ("Checked it", "Quality reviewer", "Qa Wang", None),
            ("Approved it", "Supervisor", "Supervisor Wang", None),
        ],
        "",
    )


def test_a_deputy_signs_on_behalf(make, people):
    """Somebody of another team, who fills the seat only because its holder is away."""
    with writing():
        away = make.actor("business", name="Away Li", team="billing")
        deputy = make.actor("business", name="Deputy Zhao", team="faults")
        seat = Seat(key="business", role="business", team="billing")
        make.pipeline(definition=Definition(stages=(Stage(key="business", name="Facts", seats=(seat,)),)))
        absences.announce(away, away.id, clock.now(), clock.now() + timedelta(days=1),
                          session.get_one(User, deputy.id).username)  # fmt: skip
        made = make.submission(people["rep"], title="代办")
        make.decide(made, deputy)
        slug = session.get_one(Article, made.article_id).slug
    found, _note = lines(people["rep"], slug)
    assert found[1] == ("Approved it", "Facts", "Deputy Zhao", "Away Li")


def test_what_was_brought_in_says_so(make, people):
    with writing():
        import_row(people["manager"], Row("x", "faq", make.content(title="带来的")))
    found, note = lines(people["rep"], "带来的")
    assert found == [("Wrote it", "", "Manager Wang", None), ("Brought it in", "", "Manager Wang", None)]
    assert "without a review" in note


def test_what_no_review_stands_behind_says_so(make, people):
    with writing():
        made = make.submission(people["rep"], title="急")
        provisional.ask_emergency(made, people["manager"], "now")
        provisional.confirm_emergency(made, people["supervisor"])
    found, note = lines(people["rep"], "急")
    assert [one[0] for one in found] == ["Wrote it", *["Published it before its review"] * 2]
    assert "no review stands behind it" in note


def test_who_may_still_judge_blind_does_not_see_who_approved(make, people):
    """The wall that keeps verdicts from a second opinion stands around papers, too."""
    with writing():
        article = make.article(people["rep"], title="盲")
        row = session.scalars(sa.select(Publication).where(Publication.article_id == article.id)).one()
        seen = sheets.sheets([row], people["qa"])[row.id]
        assert not seen.veiled
        decision = next(d for d in session.scalars(sa.select(Decision)) if d.stage == "qa")
        task = decision.task
        session.add(_blind(task))
        session.flush()
        hidden = sheets.sheets([row], people["qa"])[row.id]
        assert hidden.veiled
        assert "qa" not in [one.stage for one in hidden.approvals]
        assert "qa" in [one.stage for one in sheets.sheets([row], people["rep"])[row.id].approvals]


def _blind(task):
    return Task(
        review_id=task.review_id, round_id=task.round_id, stage=task.stage, seat=task.seat, role=task.role, blind=True,
        state=TaskState.OPEN, revision_id=task.revision_id, opened_at=clock.now(), needed=1, version=1,
    )  # fmt: skip


def test_the_page_to_print(make, signed_in, people):
    with writing():
        article = make.article(people["rep"], title="开门", body="正文 **要点**")
        slug = article.slug
    page = signed_in(make.user("rep")).text(f"/articles/{slug}/print")
    for words in ("Approval sheet", "Rep Wang", "<strong>要点</strong>", "Approved it", "1.0", f"/articles/{slug}.md"):
        assert words in unquote(page), words
    beside = signed_in(make.user("rep")).text(f"/articles/{slug}")
    assert f"/articles/{slug}/print" in unquote(beside)


def test_what_a_paper_names_its_reader_may_read(make, signed_in, people):
    """Links lead where the reader may go; a closed circle's title stays words, on paper as on the page."""
    with writing():
        make.article(people["rep"], title="退订流程")
        make.article(people["rep"], title="内部口径", audience="restricted", readers=["role:qa"])
        slug = make.article(people["rep"], title="开门", body="见 [[退订流程]]、[[内部口径]]。").slug
    browser = signed_in(make.user("rep"))
    for page in (
        browser.text(f"/articles/{slug}/print"),
        browser.get(f"/articles/{slug}.doc").data.decode("utf-8-sig"),
    ):
        assert "/articles/退订流程" in unquote(page)
        assert "/articles/内部口径" not in unquote(page)
        assert "<wiki-" not in page


def test_markdown_comes_back_unchanged(make, signed_in, people, tmp_path):
    with writing():
        make.team("zeta")
        team = make.team("billing")
        article = make.article(people["rep"], "script", title="话术: 一", body="- 一\n    - 二\n", tags=["a"],
                               audience="restricted", readers=[f"team:{team.id}"])  # fmt: skip
        slug = article.slug
    answer = signed_in(make.user("manager")).get(f"/articles/{slug}.md")
    assert answer.content_type.startswith("text/markdown")
    assert "attachment" in answer.headers["Content-Disposition"]
    head, body = frontmatter.split(answer.get_data(as_text=True))
    assert body == "- 一\n    - 二\n"
    assert head["readers"] == ["team:billing"]
    assert head["approval_sheet"][0]["act"] == "Wrote it"
    (tmp_path / "one.md").write_bytes(answer.data)
    report = run(tmp_path, people["manager"])
    assert dict(report.counts) == {"unchanged": 1}, report.errors


def test_word_opens_it(make, signed_in, people):
    with writing():
        plain = make.article(people["rep"], title='名 "字" / x', body="| 甲 | 乙 |\n|---|---|\n| 1 | 2 |").slug
        kept = files.keep(people["rep"], "plan.png", picture())
        shown = make.article(people["rep"], title="图", body=kept.markdown("图")).slug
    browser = signed_in(make.user("rep"))
    answer = browser.get(f"/articles/{plain}.doc")
    assert answer.content_type == "application/msword"
    text = answer.data.decode("utf-8-sig")
    assert 'content="Word.Document"' in text
    assert "<td>2</td>" in text
    assert "<style>" in text
    message = email.message_from_bytes(browser.get(f"/articles/{shown}.doc").data, policy=email.policy.default)
    page, image = message.iter_parts()
    assert image.get_content_type() == "image/png"
    assert f"cid:{image['Content-ID'].strip('<>')}" in page.get_content()
    assert "/files/" not in page.get_content()


def test_pdf_is_an_extra(make, signed_in, people, monkeypatch):
    monkeypatch.setattr(documents, "has_pdf", lambda: False)
    with writing():
        slug = make.article(people["rep"], title="纸").slug
    browser = signed_in(make.user("rep"))
    assert "save as PDF there" in browser.text(f"/articles/{slug}.pdf", 404)
    assert ".pdf" not in browser.text(f"/articles/{slug}/print")
