"""Every address, everybody, own and other things: who comes in. A new route without a row fails.

One letter for each of ``PEOPLE``: ``l`` must sign in first (401, or off to the sign-in page) · ``o`` comes in (2xx,
3xx) · ``i`` comes in and is told what is wrong with what was sent (400, 409, 412, 422) · ``f`` may not (403) · ``n``
there is nothing there as far as this person can know (404). Nothing of what is sent here is kept.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core import clock, outbox
from core.db import session, writing
from tests.clients import Script
from tests.security.expected import ROWS, Row
from tests.security.world import PEOPLE, SECRETS, World, browsers, keep_nothing, scripts, secret
from wiki.articles.queries import by_slug
from wiki.training.models import Lesson

UNSAFE = {"POST", "PUT"}
NUMBERS = {"draft", "review", "closed_review", "opening", "task", "closed_task", "quiz", "hidden_quiz", "question",
           "attempt", "absence", "brought", "asked", "emergency", "remark", "session_of_author", "token_of_author",
           "draft_file", "circle_file", "open_file", "finding", "writing", "appeal", "figures",
           "reading", "action", "leaving", "handover", "path", "step", "cohort", "newcomer",
           "flag", "closed_flag", "said_of_circle", "word", "module", "card", "recall_answer",
           "pin", "session", "todo", "report", "banked", "parked"}  # fmt: skip
ASKED_EACH_TIME = "private, no-cache"
BROWSERS_KEEP = {  # of everything else nothing is kept, refusals too (S6)
    ("/articles/<slug>", ASKED_EACH_TIME),
    ("/articles/named", ASKED_EACH_TIME),
    ("/files/<int:file_id>/<name>", ASKED_EACH_TIME),
    ("/search/services", "private, max-age=300"),  # the names of what the centre sells
}


@pytest.fixture
def world(app, make) -> World:
    return World(make)


@pytest.fixture
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_nothing(monkeypatch)


def letter(answer: Any) -> str:
    status, place = answer.status_code, answer.headers.get("Location", "")
    if status == 401 or (status in {302, 303} and place.startswith("/login?next")):
        return "l"
    if status < 400:
        return "o"
    return {403: "f", 404: "n"}.get(status, "i" if status in {400, 409, 412, 422} else f"<{status}>")


def filled_in(body: Any, world: World) -> Any:
    if not isinstance(body, dict):
        return body
    return {name: value.format(**vars(world)) if isinstance(value, str) else value for name, value in body.items()}


def ask(client: Any, token: str | None, method: str, path: str, body: Any, *, briefly: bool = False) -> Any:
    """``briefly``: a refusal need not be a page."""
    if isinstance(client, Script):
        return client.call(method, path.removeprefix("/api/v1"), body if method in UNSAFE else None)
    headers = {"X-CSRFToken": token} if token else {}
    if briefly:
        headers["Accept"] = "application/json"
    return client.open(path, method=method, data=body, headers=headers)


def rows(app: Any) -> Iterator[tuple[Row, str, str, str]]:
    """(row, method, path as written, rule) in the order of the table."""
    adapter = app.url_map.bind("localhost")
    for row in ROWS:
        method, path = row.asked.split(" ", 1)
        plain = re.sub(r"{(\w+)}", lambda m: "7" if m[1] in NUMBERS else "x", path)
        rule, _parts = adapter.match(plain.split("?")[0], method=method, return_rule=True)
        yield row, method, path, rule.rule


def test_every_route_has_a_row(app):
    rules = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"  # files of the product, the same for everybody
    }
    listed = {(method, rule) for _row, method, _path, rule in rows(app)}
    assert rules - listed == set(), "routes without a row in tests/security/expected"


@pytest.mark.usefixtures("_nothing_is_kept")
@pytest.mark.timeout(600)  # some 700 rows, each asked by ten people
@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.soak)])
def test_who_comes_in_and_nobody_meets_a_word_that_is_not_for_them(app, world, signed_in, api, every):
    """Of what is refused, every tenth is asked as browsers do and answered with a page; in the long form all is."""
    app.config["PROPAGATE_BUGS"] = False
    clients, tokens = browsers(app, world, signed_in)
    programs = scripts(world, api)
    wrong, leaks, kept = [], [], set()
    for number, (row, method, path, rule) in enumerate(rows(app)):
        filled, seen = path.format(**vars(world)), ""
        body = filled_in(row.body, world)
        for place, (name, expected) in enumerate(zip(PEOPLE, row.expected.replace(" ", ""), strict=True)):
            scripted = rule.startswith("/api/v1/") and rule != "/api/v1/openapi.json"
            briefly = expected in "lfn" and (number + place) % every != 0
            client = programs[name] if scripted else clients[name]
            answer = ask(client, tokens.get(name), method, filled, body, briefly=briefly)
            seen += letter(answer)
            kept |= {(rule, answer.headers["Cache-Control"])} - {(rule, "no-store")}
            leaks += [f"{name} meets {word} at {method} {filled}" for word in met(answer, f"{filled} {body}", name)]
        if seen != row.expected.replace(" ", ""):
            wrong.append(f"{row.asked}: {row.expected} expected, {seen} seen - {row.said}")
    assert not wrong, "\n".join(wrong)
    assert leaks == []
    ours = {one for one in kept if not one[0].startswith("/api/v1/")}
    assert ours == BROWSERS_KEEP, "what a browser may keep of a page"
    assert {how for _rule, how in kept - ours} == {ASKED_EACH_TIME}


def met(answer: Any, typed: str, name: str) -> list[str]:
    """Words of ``SECRETS`` in an answer that are not for this person; what they typed themselves may come back."""
    if "/submissions" in typed and name in {"business", "supervisor"}:
        return []  # a seat of every published submission was theirs (``docs/model.md``)
    text = unquote(answer.data.decode(errors="replace") + str(answer.headers)).lower()
    return [word for word in outside(name) if word in text and word not in typed]


def outside(name: str) -> list[str]:
    """The words that this person must never meet."""
    return [word for word, circle in SECRETS.items() if name not in circle]


def test_finding_tells_nobody_of_what_is_hidden(app, world, signed_in, api):
    """Results, totals, facets, suggestions and similar texts."""
    clients, _tokens = browsers(app, world, signed_in)
    programs = scripts(world, api)
    leaks = []
    for name in PEOPLE[2:]:
        for words in (*SECRETS, "title", "body", "question"):
            for path in (f"/search?q={words}", f"/search/typing?q={words}", f"/similar?title={words}+title"):
                text = re.sub(r"<[^>]+>", "", clients[name].text(path))
                leaks += [
                    (name, path, w) for w in outside(name) if re.search(f"{w} (title|body|question|answer)", text)
                ]
            for path in (f"/search?q={words}", f"/suggest?q={words}"):
                text = str(programs[name].ok("GET", path))
                leaks += [(name, path, w) for w in outside(name) if w in text]
        for word in outside(name):
            assert programs[name].ok("GET", f"/search?tag={word}-tag")["total"] == 0
            assert programs[name].ok("GET", f"/articles?tag={word}-tag")["total"] == 0
    assert leaks == []


def test_an_index_that_lags_behind_opens_nothing(app, make, api):
    """The article was open, was found – and is closed now, while nobody drained the outbox."""
    author = make.actor("rep")
    article = make.article(author, title="zzlag once open", body="zzlag words")
    outbox.drain()
    outsider, insider = api(make.user("rep")), api(make.user("qa"))
    assert outsider.ok("GET", "/search?q=zzlag")["total"] == 1
    make.article(author, article=article.slug, **secret("zzlag"))
    for path in ("/search?q=zzlag", "/suggest?q=zzlag"):
        assert "zzlag" not in str(outsider.ok("GET", path)["items"])
    assert outsider.ok("GET", "/search?q=zzlag")["total"] == 0
    assert insider.ok("GET", "/search?q=zzlag")["total"] == 1


def test_messages_name_no_hidden_title(make, api):
    """A process number that is taken, and an article that is under review: by which, only those in the circle learn."""
    author, rep = make.actor("rep"), api(make.user("rep"))
    taken = make.article(author, kind="sop", title="zzsop", audience="restricted", readers=["role:qa"],
                         fields={"process_no": "CS-77"})  # fmt: skip
    draft = {"kind": "sop", "title": "mine", "fields": {"process_no": "CS-77", "effective_on": "2026-11-01",
             "steps": [{"id": "1", "text": "look"}]}}  # fmt: skip
    made = rep.ok("POST", "/submissions", draft)
    refused = rep.post(f"/submissions/{made['id']}/submit")
    assert refused.status_code == 422
    assert "zzsop" not in refused.get_data(as_text=True)
    article = make.article(author, title="open to all")
    make.submission(author, article=article.slug, **secret("zzsecond"))
    about = {"kind": "faq", "title": "mine", "article": article.slug, "fields": {"question": "q", "answer": "a"}}
    made = rep.ok("POST", "/submissions", about)
    refused = rep.post(f"/submissions/{made['id']}/submit")
    assert refused.json["code"] == "already_in_review"
    assert "zzsecond" not in refused.get_data(as_text=True)
    assert "submission" not in refused.json
    assert taken is not None


def test_a_change_of_a_closed_article_stays_closed_by_default(make, api):
    """Whoever leaves ``audience`` out opens nothing."""
    qa = make.user("qa")
    article = make.article(make.actor("rep"), **secret("zzkept"))
    made = api(qa).ok("POST", "/submissions", {"kind": "faq", "title": "still", "article": article.slug})
    assert made["audience"] == "restricted"


def test_the_ledger_of_another_shows_no_address_of_a_hidden_article(make, signed_in):
    with writing():
        author = make.user("rep", username="writer", team="billing")
        make.article(actor_of(author), **secret("zzledger"))
    boss = signed_in(make.user("supervisor", team="billing"))
    page = unquote(boss.text("/ledger?user=writer")).lower()
    assert "5.00" in page or "10.00" in page, "the entry is there"
    assert "zzledger" not in page
    assert "zzledger" in unquote(signed_in(author).text("/ledger")).lower()


def test_a_trainer_outside_the_circle_neither_pins_nor_quotes(app, world, api, signed_in):
    """Not an older closed version of an open article, not an article by its number."""
    trainer = api(world.users["training"])
    made = trainer.ok("POST", "/courses", {"title": "Mine", "state": "draft"})
    for wanted in ({"article": world.circle}, {"article": world.earlier, "version": "1.0"}):
        assert trainer.post(f"/courses/{made['slug']}/lessons", wanted).status_code == 422
    with writing():
        article = by_slug(world.circle)
        assert article is not None
        number = article.id
    page = f"/quizzes/{world.quiz}/questions/new"
    said = {"kind": "single", "text": "Q?", "option-1": "a", "option-2": "b", "right": "1", "article": str(number)}
    assert signed_in(world.users["training"]).submit(page, said).status_code == 422


def test_the_home_of_a_trainer_names_no_hidden_lesson(app, world, signed_in):
    with writing():
        for lesson in session.scalars(sa.select(Lesson)):
            lesson.marked_at = clock.now()
    page = re.sub(r"<[^>]+>", "", signed_in(world.users["training"]).text("/"))  # a token may hold any letters
    assert "zz" not in page.replace("zzcourse", "")
