"""Thousands of payloads through every place that takes words, looked at in a real browser – each wall by itself.

First wall: what our pages make of them, opened without any policy: nothing runs, nothing foreign stands in the page.
Second wall: the payloads as they are, under the policy our answers carry: nothing runs either.
"""

import html
import os
import re
from collections.abc import Iterator
from typing import Literal

import pytest
import sqlalchemy as sa
from markupsafe import escape

from accounts.people import actor_of
from core import outbox
from core.db import session, writing
from core.markup import bare, marked, plain, shown
from core.mentions import as_written
from core.web import CSP
from tests.security.looking import LOOK, seen
from tests.security.payloads import CALL, payloads
from tests.support.browser import open_context
from wiki.articles.compare.marking import read, typed
from wiki.articles.diff import rows
from wiki.articles.models import Submission
from wiki.training import ops as teaching
from wiki.training import quizzes
from wiki.training.rules import Kind, spec
from workflows import claiming, deciding, experts, remarks
from workflows.definitions import Definition, Question, Seat, Stage
from workflows.models import Remark

pytestmark = pytest.mark.browser
SOAK = os.environ.get("SOAK") == "1"
both_forms = pytest.mark.soak if SOAK else pytest.mark.timeout(600)  # a sample, or everything under `make soak`
SIDES: tuple[Literal["inline", "old", "new"], ...] = ("inline", "old", "new")


def test_the_look_sees_what_it_looks_for(sheet):
    """Without our walls the same payloads run."""
    hits, bad = seen(sheet, "<!doctype html>" + "".join(payloads()[:60]))
    assert hits > 10
    assert bad


PARTS = 8  # of the long form, each of which takes minutes


def batches(wanted: int, part: slice = slice(None)) -> Iterator[list[str]]:
    found = payloads()
    step = max(1, len(found) // wanted)
    chosen = found[part] if SOAK else found[::step]
    for start in range(0, len(chosen), 40):
        yield chosen[start : start + 40]


def through_texts(app, make, signed_in, sheet, wanted: int, part: slice = slice(None)) -> None:
    """Title, body, every field, tags and a name: editor, preview, review, inbox, lists, search."""
    with writing():
        author, boss = (
            make.user("rep", username="writer", name=f"<img src=x onerror={CALL}>"),
            make.user("business", "qa", "training", "supervisor", "manager", "admin", username="boss"),
        )
    writer, reader = signed_in(author), signed_in(boss)
    token, count = writer.csrf("/profile"), 0
    for number, batch in enumerate(batches(wanted, part)):
        count += len(batch)
        text = "\n\n".join(batch)
        with writing():
            fields = {"scenario": text, "say": text, "avoid": text, "customer_says": text, "qbq": text, "closing": text,
                      "branches": [{"when": b[:200], "say": b, "next": b[:200]} for b in batch[:20]]}  # fmt: skip
            about = {
                "title": batch[number % len(batch)][:150],
                "tags": [one[:50] for one in batch[:15]],
                "fields": fields,
            }
            made = make.submission(actor_of(author), "script", body=text, **about)
            page, task = f"/submissions/{made.id}", make.task(session.get_one(Submission, made.id)).id
        for path in (page, f"{page}/edit", "/submissions/mine"):
            assert seen(sheet, writer.text(path)) == (0, []), path
        preview = writer.post("/preview", data={"text": text}, headers={"X-CSRFToken": token}).get_data(as_text=True)
        assert seen(sheet, preview) == (0, [])
        for path in (f"/reviews/{task}", "/reviews", "/", f"/search?q={batch[0][:80]}"):
            answer = reader.get(path.split("?")[0], query_string={"q": batch[0][:80]} if "?" in path else None)
            assert seen(sheet, answer.get_data(as_text=True)) == (0, []), path
    assert count >= min(wanted, len(payloads()[part]))


def test_texts_run_nothing(app, make, signed_in, sheet):
    through_texts(app, make, signed_in, sheet, 500)


@both_forms
def test_no_way_of_rendering_lets_anything_through(app, sheet):
    """Every payload through each function that makes markup of somebody's words."""
    chosen = payloads()
    with app.test_request_context():
        for batch in batches(400):
            parts: list[str] = []
            for one in batch:
                parts += [str(shown(one)), str(bare(shown(one))), str(marked(html.escape(one)))]
                parts += [
                    str(escape(plain(one))),
                    str(shown(f"> [!say]\n> {one}")),
                    str(shown(f"| a | {one} |\n|---|---|")),
                ]
                for row in rows(f"{one}\n\nsame", f"same\n\n{one} x"):
                    parts += [str(read(row, side)) + str(typed(row.parts, side)) for side in SIDES]
            assert seen(sheet, "<!doctype html>" + "".join(parts)) == (0, []), batch
    assert len(chosen) >= 10_000


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_texts_run_nothing_at_length(app, make, signed_in, sheet, part):
    through_texts(app, make, signed_in, sheet, 100_000, slice(part, None, PARTS))


@both_forms
def test_published_pages_run_nothing(app, make, signed_in, sheet):
    """Articles, their older versions, differences, snippets, lessons, quizzes, names of teams."""
    nasty = payloads()[:: 40 if SOAK else 160]
    boss = make.user("training", "manager", "admin", "rep", username="boss", team="nasty")
    reader = signed_in(boss)
    for start in range(0, len(nasty), 25):
        batch = nasty[start : start + 25]
        text = "\n\n".join(batch)
        with writing():
            title = batch[0][:150]
            fields = {"question": text, "answer": text, "note": text}
            first = make.article(title=title, body=text, fields=fields, tags=[b[:50] for b in batch[:15]])
            make.article(article=first.slug, title=f"new {title}"[:150], body=text[::-1], fields={"answer": text + "!"})
            course = teaching.create_course(actor_of(boss), teaching.CourseSpec(title, text[:3000]))
            teaching.add_lesson(course, actor_of(boss), first.slug, task=title)
            questions = tuple(
                spec(Kind.SINGLE, one, [one + "a", one + "b"], 0, explanation=one, passage=one) for one in batch[:5]
            )
            quiz = quizzes.add_quiz(course, actor_of(boss), quizzes.QuizSpec(title), questions)
            teaching.publish(course, actor_of(boss))
            slug, taught, number, team = first.slug, course.slug, quiz.id, make.team("nasty")
            session.merge(team).name = batch[-1][:110]
        for path in (f"/articles/{slug}", f"/articles/{slug}?rev=1.0", f"/articles/{slug}/history",
                     f"/articles/{slug}/diff",
                     f"/articles/{slug}/diff?look=side", f"/articles/{slug}/diff?text=source",
                     f"/articles/{slug}/blame", f"/articles/{slug}/edit", f"/articles/{slug}/print",
                     f"/articles/{slug}/lifecycle", "/lifecycle?view=due", "/search?q=alert",
                     "/search/typing?q=src",
                     "/courses", f"/courses/{taught}", f"/courses/{taught}/edit", f"/courses/{taught}/lessons/1",
                     f"/quizzes/{number}", f"/quizzes/{number}/edit", "/admin/teams", "/admin/people", "/scorecard",
                     "/scorecard/team/nasty", "/ledger"):  # fmt: skip
            assert seen(sheet, reader.text(path)) == (0, []), path
        hits, bad = seen(sheet, reader.text(f"/articles/{slug}.doc"))
        assert (hits, bad) == (0, ["STYLE"]), "a paper for Word carries its own style, and nothing else"


@both_forms
def test_scripts_processes_and_flags_run_nothing(app, make, signed_in, sheet):
    """Guided scripts, their cards, flowcharts, both texts of a product, script lines, flags, and a merge to decide."""
    nasty = payloads()[:: 60 if SOAK else 240]
    author = make.user("rep", username="writer")
    boss, writer = signed_in(make.user("manager", "qa", username="boss")), signed_in(author)
    for start in range(0, len(nasty), 25):
        batch = nasty[start : start + 25]
        text = "\n\n".join(f"> [!say]\n> {' '.join(one.split())}" for one in batch)
        steps = [
            {"id": str(n), "text": one[:900], "role": one[:80], "next": [{"label": one[:80], "id": str(n + 1)}]}
            for n, one in enumerate(batch[:6], start=1)
        ]
        steps.append({"id": str(len(steps) + 1), "text": "end", "role": "", "next": []})
        branches = [{"when": one[:400], "say": one, "next": one[:300]} for one in batch[:9]]
        with writing():
            script = make.article(None, "script", body=text, fields={"say": text, "branches": branches}).slug
            sop = make.article(None, "sop", body=text, fields={"steps": steps}).slug
            product = make.article(None, "product", fields={"department_text": text, "customer_text": text}).slug
            mine = make.submission(actor_of(author), body=f"begun\n\n{text}", submitted=False).id
        for path in (f"/articles/{script}", f"/articles/{script}/card", f"/articles/{script}/print",
                     f"/articles/{sop}", f"/articles/{sop}/print", f"/articles/{product}",
                     f"/search/reading/{script}", f"/search/reading/{sop}"):  # fmt: skip
            assert seen(sheet, boss.text(path)) == (0, []), path
        raised = boss.submit(
            f"/articles/{sop}",
            to=f"/articles/{sop}/flags",
            data={"reason": "wrong", "comment": text[:900], "quote": batch[0]},
        )
        for path in (raised.headers["Location"], "/flags?view=mine", "/flags"):
            assert seen(sheet, boss.text(path)) == (0, []), path
        page = writer.text(f"/submissions/{mine}/edit")
        first = {**fields_in(page), "title": "one", "body": f"{batch[0]} one", "verb": "save"}
        other = {**fields_in(page), "title": "two", "body": f"{batch[1]} two", "verb": "save"}
        writer.post(f"/submissions/{mine}/edit", data=first)
        clash = writer.post(f"/submissions/{mine}/edit", data={**other, "page": "another"})
        assert clash.status_code == 409, "two texts that meet are put to a choice"
        assert seen(sheet, clash.get_data(as_text=True)) == (0, [])


def fields_in(page: str) -> dict[str, str]:
    """What the editor's form carries beside the text."""
    form = page[page.index('id="editor-form"') :]
    return {
        name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    }


@both_forms
def test_what_reviewers_and_experts_say_runs_nothing(app, make, signed_in, client, sheet):
    """Remarks, quotes, answers, reasons, questions, opinions, names, names of stages: wherever they are shown."""
    nasty = payloads()[:: 60 if SOAK else 240]
    for start in range(0, len(nasty), 12):
        batch = nasty[start : start + 12]
        text, short = "\n\n".join(batch)[:3000], batch[0][:110]
        question = Question(key="q", text=batch[1][:190], weight=100)
        seats = (Seat(key="business", role="business"),)
        stage = Stage(key="business", name=batch[2][:55], seats=seats, checklist=(question,), compulsory=True)
        make.pipeline(definition=Definition(stages=(stage, Stage(key="qa", seats=(Seat(key="qa", role="qa"),)))))
        with writing():
            author, judge = make.user("rep", name=short), make.user("business", "supervisor", "manager", name=short)
            who = actor_of(judge)
            made = make.submission(actor_of(author), title=short, body=text)
            task = make.task(made)
            experts.ask_colleague(task.id, who, username=author_name(make), question=text)
            _asked, secret = experts.ask_outside(task.id, who, name=short, question=text)
            other, _other = experts.ask_outside(task.id, who, name=short, question=text)
            experts.answer(other, verdict="no", text=text)
            claiming.claim(task.id, who)
            noted = [deciding.Passage(field, one[:400], one) for one in batch for field in ("body", "title", "tags")]
            deciding.comment(task.id, who, note=text, remarks=noted[:50])
            for remark in session.scalars(sa.select(Remark).order_by(Remark.id.desc()).limit(3)):
                remarks.resolve(remark.id, actor_of(author), answer=text[:1900])
            number, page = task.id, f"/submissions/{made.id}"
        reader, writer = signed_in(judge), signed_in(author)
        here = f"/reviews/{number}"
        for path in (here, f"{here}?look=side", f"{here}/handover", f"{here}/people", f"{here}/experts",
                     "/reviews", "/reviews/all", "/reviews/board"):  # fmt: skip
            assert seen(sheet, reader.text(path)) == (0, []), path
        for path in (page, f"{page}/edit", "/submissions/mine"):
            assert seen(sheet, writer.text(path)) == (0, []), path
        assert seen(sheet, client.text(f"/expert/{secret}")) == (0, [])
        typed = {"version": "1", "verb": "send_back", "note": text, "reason": short, "remark-0-quote": short,
                 "remark-0-text": text, "remark-0-field": short, "to_stage": short}  # fmt: skip
        refused = reader.submit(f"/reviews/{number}", typed, to=f"/reviews/{number}/decisions")
        assert refused.status_code == 422
        assert seen(sheet, refused.text) == (0, [])
        link = reader.submit(f"/reviews/{number}", {"name": short, "question": text}, to=f"/reviews/{number}/experts")
        assert seen(sheet, link.text) == (0, [])
        answered = client.submit(f"/expert/{secret}", {"verdict": short, "answer": text})
        assert (answered.status_code, seen(sheet, answered.text)) == (422, (0, []))


def author_name(make) -> str:
    """Somebody to ask."""
    return make.user("qa").username


@pytest.mark.soak if SOAK else pytest.mark.timeout(600)
def test_the_policy_alone_stops_them(browser):
    """Raw payloads, unescaped, under our policy: the second wall stands without the first (S10).

    Forty at a time, in both directions: what swallows all that follows hides at most a batch, and that only once.
    Every tenth batch is shown without the policy, too: there they run.
    """
    context = open_context(browser)
    page = context.new_page()
    page.add_init_script("window.hits = 0; window.alert = () => { window.hits += 1; };")
    answer: dict[str, object] = {}
    page.route(
        "**/*",
        lambda route: route.fulfill(**answer) if route.request.url.endswith("/raw") else route.abort(),
    )

    def looked_at(batch: list[str], headers: dict[str, str]) -> tuple[int, list[str]]:
        answer.update(body="<!doctype html><body>" + "".join(batch), content_type="text/html", headers=headers)
        page.goto("http://127.0.0.1:9/raw", wait_until="load")
        return page.evaluate(LOOK)

    there, ran = 0, 0
    for number, batch in enumerate(batches(1_000)):
        for one in (batch, batch[::-1]):
            hits, bad = looked_at(one, {"Content-Security-Policy": CSP})
            assert hits == 0, one
            there += bool(bad)
        if number % 10 == 0:
            ran += looked_at(batch, {})[0] > 0
    assert there > number, "the payloads are there"
    assert ran > number / 10 * 0.8, "and run without it"
    context.close()


def test_links_and_blocks_run_nothing(app, make, signed_in, sheet):
    """Hostile titles, words and blocks: in articles, previews, choices, offers to write, reports and reviews."""
    nasty = payloads()[:3_000:90]  # as they are: a title with letters that are none names no block
    boss = make.user("business", "qa", "training", "supervisor", "manager", username="boss")
    reader = signed_in(boss)
    token = reader.csrf("/profile")
    for start in range(0, len(nasty), 12):
        batch = nasty[start : start + 12]
        lines = [" ".join(one.split())[:90] for one in batch]
        mentions = (f"[[{one}]] [[x|{one}]] [[{one}|{one}]]\n\n![[{one}]]\n\n[[{as_written(one)}]]" for one in lines)
        text = "\n\n".join(mentions)
        with writing():
            block = make.article(kind="block", title=lines[0], body=text.replace("![[", "[[") + "\n\n" + batch[0])
            target = make.article(title=lines[1], body=text)
            slug = make.article(title=f"t{start}", body=f"![[{as_written(lines[0])}]]\n\n{text}").slug
            made = make.submission(make.actor(), "block", article=block.slug, title=lines[2], body=batch[0])
            task, blocked, aimed = make.task(made).id, block.slug, target.slug
        outbox.drain()
        shown = reader.post("/preview", data={"text": text}, headers={"X-CSRFToken": token}).get_data(as_text=True)
        assert seen(sheet, shown) == (0, [])
        for path in (f"/articles/{slug}", f"/articles/{blocked}", f"/articles/{aimed}/dependants",
                     f"/articles/{blocked}/dependants", "/admin/links", f"/reviews/{task}"):  # fmt: skip
            assert seen(sheet, reader.text(path)) == (0, []), path
        page = reader.text(f"/articles/{slug}")
        assert "wiki-link" in page
        assert "wiki-missing" in page
        assert "embedded-from" in page
        page = reader.get("/articles/named", query_string={"title": lines[3]}).get_data(as_text=True)
        assert seen(sheet, page) == (0, [])
        offers = reader.get("/articles/titles", query_string={"q": ""})
        assert offers.mimetype == "application/json"
