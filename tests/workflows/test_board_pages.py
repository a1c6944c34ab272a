"""The team board: what its numbers count, and the handles behind them."""

import html
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts import absences
from accounts.people import actor_of
from core import clock as time
from core.audit import TrailEntry
from core.db import reading, session, writing
from tests.clients import fewest
from wiki.articles.models import Submission
from workflows import claiming
from workflows.models import Task

pytestmark = pytest.mark.both_databases


def words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def row_of(page: str, name: str) -> str:
    return next(words(row) for row in re.findall(r"<tr>.*?</tr>", page, re.S) if name in row)


def task_of(make, made) -> Task:
    with reading():
        return make.task(session.get_one(Submission, made.id))


def test_every_number_counts_what_its_list_shows(make, signed_in, clock):
    lan, jie = make.user("business", name="Lan"), make.user("business", name="Jie")
    with writing():
        make.user("qa")  # somebody who can take what is approved
        made = [make.submission(title=f"text {n}") for n in range(5)]
        claiming.claim(make.task(made[0]).id, actor_of(lan))
        claiming.claim(make.task(made[1]).id, actor_of(lan))
        make.decide(made[2], actor_of(jie))
        make.task(made[3]).blocked_at = time.now()
    clock.advance(hours=40)
    with writing():
        now = time.now()
        absences.announce(actor_of(jie), jie.id, now, now + timedelta(days=2), lan.username)
        make.submission(title="text 9")
    boss = signed_in(make.user("supervisor", name="Boss"))
    page = boss.text("/reviews/board")
    assert re.search(r"Lan Business reviewer 2 2 0", row_of(page, "Lan"))
    assert re.search(r"Jie Business reviewer 0 0 1 Away back on .* Lan stands in", row_of(page, "Jie"))
    assert re.search(r"Business reviewer 5 3 4 1 ", row_of(page, "Business reviewer"))
    assert "1 task waits for nobody" in words(page)
    for link, count in (("holder=" + lan.username, 2), ("role=business&holder=-", 3), ("role=business&due=overdue", 4),
                        ("state=blocked", 1), ("role=qa", 1)):  # fmt: skip
        assert len(set(re.findall(r"text \d", words(boss.text(f"/reviews/all?{link}"))))) == count, link
        assert f"{link}".split("&")[0] in html.unescape(page)
    theirs = boss.text(f"/reviews/decided?by={jie.username}")
    assert "text 2" in theirs
    assert f'<p class="lead fine">{jie.name}</p>' in theirs


def test_handing_over_from_the_board_and_what_has_moved(make, signed_in):
    lan, jie = make.user("business", name="Lan"), make.user("business", name="Jie")
    made = make.submission(title="to be handed over")
    task = task_of(make, made)
    boss = signed_in(make.user("supervisor"))
    page = boss.text(f"/reviews/{task.id}/handover?back=board")
    assert "Lan" in page
    fields = {"to": jie.username, "version": task.version, "back": "board"}
    answer = boss.submit(f"/reviews/{task.id}/handover", fields)
    assert answer.headers["Location"] == "/reviews/board"
    assert "with Jie" in words(boss.text("/reviews/all"))
    wrong = boss.submit(f"/reviews/{task.id}/handover", {**fields, "to": "nobody"})
    assert wrong.status_code == 422
    assert "This person cannot take this seat" in wrong.text
    with writing():
        make.decide(session.get_one(Submission, made.id), actor_of(lan))
    token = boss.csrf("/reviews")
    late = boss.post(f"/reviews/{task.id}/handover", data={**fields, "csrf_token": token})
    assert late.status_code == 409
    assert "Lan was faster and decided this" in late.text
    assert boss.get(f"/reviews/{task.id}/handover").status_code == 409


def test_what_lies_with_somebody_goes_back_to_the_pool(make, signed_in):
    lan = make.user("business", name="Lan")
    made = make.submission()
    task = task_of(make, made)
    with writing():
        claiming.claim(task.id, actor_of(lan))
    boss = signed_in(make.user("supervisor", name="Boss"))
    assert boss.submit("/reviews/all", {"version": 99}, to=f"/reviews/{task.id}/take-back").status_code == 409
    assert boss.submit("/reviews/all", {"version": task.version}, to=f"/reviews/{task.id}/take-back").status_code == 302
    with reading():
        assert session.get_one(Task, task.id).claimed_by_id is None
        assert session.scalar(sa.select(TrailEntry.actor_name).where(TrailEntry.verb == "take_back")) == "Boss"
    assert boss.submit("/reviews/all", {}, to=f"/reviews/{task.id}/take-back").status_code == 409
    assert "Boss gave it back to the pool: Lan" in words(boss.text(f"/submissions/{made.id}"))


def test_a_manager_names_who_decides_what_is_blocked(make, signed_in):
    lan = make.user("business", name="Lan")
    make.user("rep", name="Only Rep")
    made = make.submission(title="stuck")
    task = task_of(make, made)
    with writing():
        session.get_one(Task, task.id).blocked_at = time.now()
    chief = signed_in(make.user("manager"))
    assert "Name who decides" in chief.text("/reviews/all?state=blocked")
    page = chief.text(f"/reviews/{task.id}/people")
    assert "Lan" in page
    assert "Only Rep" not in page
    refused = chief.submit(f"/reviews/{task.id}/people", {})
    assert refused.status_code == 422
    with reading():
        assert session.get_one(Task, task.id).blocked_at is not None, "nothing is kept of what was refused"
    assert chief.submit(f"/reviews/{task.id}/people", {"people": lan.username}).status_code == 302
    with reading():
        assert session.get_one(Task, task.id).blocked_at is None
    assert "named who decides: Lan" in words(chief.text(f"/submissions/{made.id}"))


def test_a_supervisor_sees_that_something_waits_but_not_what_is_closed_to_them(make, signed_in):
    make.user("business")
    make.submission(title="zzsecret title", audience="restricted", readers=["role:qa"])
    boss = signed_in(make.user("supervisor"))
    page = boss.text("/reviews/all")
    assert "zzsecret" not in page
    assert "A text for a closed circle" in page
    assert "Business reviewer 1 1 0 0" in row_of(boss.text("/reviews/board"), "Business reviewer")
    assert "zzsecret" in signed_in(make.user("manager")).text("/reviews/all")


def test_the_board_costs_the_same_for_many(make, signed_in, query_count):
    boss = signed_in(make.user("supervisor"))

    def some(n: int) -> None:
        with writing():
            for _ in range(n):
                claiming.claim(make.task(make.submission(make.actor("rep"))).id, make.actor("business"))

    some(2)
    paths = ["/reviews/board", "/reviews/all", "/reviews/decided"]
    few = [fewest(query_count, lambda path=path: boss.text(path)) for path in paths]
    some(5)
    assert [fewest(query_count, lambda path=path: boss.text(path)) for path in paths] == few
    assert max(few) <= 14
