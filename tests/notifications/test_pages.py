"""The bell, the list, the choices, the administrator's list of mails, and the same for programs."""

import re

import pytest
import sqlalchemy as sa

from accounts.models import User
from core import buffers, clock, outbox
from core.db import reading, session, writing
from core.events import emit
from tests.clients import fewest
from tools import print_notices
from wiki.articles.events import ArticleRetired
from wiki.articles.models import Article
from wiki.feedback import ops as feedback
from wiki.notifications.models import NoticeEntry
from wiki.notifications.rules import Mail
from wiki.training import ops as teaching
from wiki.training.assigning import assign
from workflows.events import TaskBlocked


def submit(centre, **about):
    made = centre.make.submission(centre["ann"], **({"title": "Fees"} | about))
    outbox.drain()
    return made


def bell(page: str) -> str:
    found = re.search(r'<a class="bell".*?</a>', page, re.S)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found.group()).split())


def test_the_bell_counts_and_the_list_says_what_happened(centre, signed_in):
    submit(centre)
    submit(centre, title="Bills")
    browser = signed_in(centre.users["biz1"])
    assert "2 not read yet" in bell(browser.text("/"))
    page = browser.text("/notices")
    assert "«Fees» waits for you" in page
    assert "FAQ by Ann. Stage: Business reviewer." in page
    assert page.index("«Bills»") < page.index("«Fees»"), "the newest first"


@pytest.mark.both_databases
def test_opening_marks_it_as_read(centre, signed_in):
    submit(centre)
    browser = signed_in(centre.users["biz1"])
    (address,) = set(re.findall(r'href="(/reviews/\d+\?notice=\d+)"', browser.text("/notices")))
    assert browser.get(address).status_code == 200
    buffers.flush_all()
    assert [bool(one.read_at) for one in centre.entries("biz1")] == [True]
    assert [bool(one.read_at) for one in centre.entries("biz2")] == [False]
    assert "You have read everything." in browser.text("/notices")


def test_the_number_of_somebody_elses_notice_marks_nothing(centre, signed_in):
    submit(centre)
    theirs = centre.entries("biz2")[0].id
    browser = signed_in(centre.users["biz1"])
    for odd in (str(theirs), "x", "-1", "9" * 30, ""):
        browser.get(f"/?notice={odd}")
    browser.submit("/notices", to="/notices/read", id=str(theirs))
    buffers.flush_all()
    assert [bool(one.read_at) for one in centre.entries("biz2")] == [False]


def test_one_is_read_and_all_are_read(centre, signed_in):
    for title in ("Fees", "Bills", "Cards"):
        submit(centre, title=title)
    browser = signed_in(centre.users["biz1"])
    first = centre.entries("biz1")[0].id
    assert browser.submit("/notices", to="/notices/read", id=str(first)).status_code == 303
    assert [bool(one.read_at) for one in centre.entries("biz1")] == [True, False, False]
    assert "«Fees»" not in browser.text("/notices?only=unread")
    browser.submit("/notices", to="/notices/read")
    assert all(one.read_at for one in centre.entries("biz1"))
    assert not any(one.read_at for one in centre.entries("biz2"))


def test_the_urgent_ones_alone(centre, signed_in):
    made = submit(centre)
    with writing():
        task = centre.make.task(made)
        emit(TaskBlocked(task.id, task.review_id, clock.now()))
        session.add(
            NoticeEntry(
                user_id=centre.users["boss"].id, code="published", subject_kind="submission", subject_id=made.id,
                params={"title": "Calm"}, url="/submissions/1", way=Mail.OFF, dedup="calm", created_at=clock.now(),
            )
        )  # fmt: skip
    outbox.drain()
    page = signed_in(centre.users["boss"]).text("/notices?only=urgent")
    assert "Nobody is left to decide «Fees»" in page
    assert "Calm" not in page


def test_it_is_read_in_the_language_of_the_moment(centre, signed_in):
    submit(centre)
    browser = signed_in(centre.users["biz1"])
    assert "waits for you" in browser.text("/notices")
    with writing():
        session.execute(sa.update(User).where(User.username == "biz1").values(locale="zh_Hans"))
    assert "常见问题" in signed_in(centre.users["biz1"]).text("/notices")


def test_what_people_wrote_is_text(centre, signed_in):
    submit(centre, title="<script>alert(1)</script> 50% %(who)s")
    page = signed_in(centre.users["biz1"]).text("/notices")
    assert "<script>alert" not in page
    assert "50% %(who)s" in page


def test_a_notice_of_another_version_still_shows_its_title(centre, signed_in):
    submit(centre)
    with writing():
        session.execute(sa.update(NoticeEntry).values(code="of_tomorrow"))
    assert "Fees" in signed_in(centre.users["biz1"]).text("/notices")


def test_an_empty_list_teaches(centre, signed_in):
    assert "Nothing has happened yet" in signed_in(centre.users["ann"]).text("/notices")


def test_a_long_list_costs_what_a_short_one_does(centre, signed_in, query_count):
    browser, counts = signed_in(centre.users["biz1"]), []
    for size in (3, 40):
        with writing():
            session.add_all(
                NoticeEntry(
                    user_id=centre.users["biz1"].id, code="task_opened", subject_kind="task", subject_id=0,
                    params={"title": "T", "kind": "faq", "stage": "qa"}, url="/reviews/1", way=Mail.OFF,
                    dedup=f"{size}:{number}", created_at=clock.now(),
                )
                for number in range(size)
            )  # fmt: skip
        counts.append(fewest(query_count, lambda: browser.text("/notices")))
    assert counts[0] == counts[1]


# ── choices ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_choices_are_kept_and_what_is_urgent_says_so(centre, signed_in):
    browser = signed_in(centre.users["biz1"])
    page = browser.text("/profile/notices")
    assert "it cannot be switched off" in page
    assert "mails are written and kept" in page
    answer = browser.submit("/profile/notices", waits="off", mine="", team="digest", rhythm="hourly", hour="18")
    assert answer.status_code == 303
    page = browser.text("/profile/notices")
    assert re.search(r'name="waits".*?<option value="off" selected', page, re.S)
    assert re.search(r'name="rhythm".*?<option value="hourly" selected', page, re.S)
    submit(centre)
    assert centre.mails("biz1") == []


@pytest.mark.parametrize("wrong", [{"waits": "loudly"}, {"hour": "24"}, {"hour": "x"}, {"rhythm": "weekly"}])
def test_a_wrong_choice_is_refused_at_its_field_and_nothing_is_kept(centre, signed_in, wrong):
    browser = signed_in(centre.users["biz1"])
    answer = browser.submit("/profile/notices", {"mine": "off", "rhythm": "daily", "hour": "8"} | wrong)
    assert answer.status_code == 422
    assert f'href="#f-{next(iter(wrong))}"' in answer.get_data(as_text=True)
    assert not re.search(r'name="mine".*?<option value="off" selected', browser.text("/profile/notices"), re.S)


# ── mails ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_administrator_reads_kept_mail_but_not_of_closed_circles(centre, make, signed_in):
    submit(centre)
    submit(centre, title="zzclosed", audience="restricted", readers=["role:qa"])
    admin = signed_in(make.user("admin"))
    page = admin.text("/admin/mail")
    assert "«Fees» waits for you" in page
    assert "zzclosed" not in page
    assert "about something that is not open to you" in page


# ── programs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_programs_read_and_mark(centre, api):
    submit(centre)
    submit(centre, title="Bills")
    script = api(centre.users["biz1"])
    found = script.ok("GET", "/notices?limit=1")
    assert (found["total"], found["unread"], len(found["items"])) == (2, 2, 1)
    one = found["items"][0]
    assert (one["code"], one["group"], one["urgent"], one["read_at"]) == ("task_opened", "waits", False, None)
    assert one["subject"] == "«Bills» waits for you"
    assert re.fullmatch(r"/reviews/\d+", one["url"])
    assert script.ok("POST", "/notices/read", {"ids": [one["id"], "x"]}) == {"unread": 1}
    assert [i["subject"] for i in script.ok("GET", "/notices?unread=1")["items"]] == ["«Fees» waits for you"]
    assert script.ok("POST", "/notices/read", {"all": True}) == {"unread": 0}
    assert script.post("/notices/read", {}).status_code == 422
    assert api(centre.users["biz2"]).ok("GET", "/notices")["unread"] == 2


# ── articles and courses ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.both_databases
def test_a_notice_to_be_confirmed_is_told_to_whom_it_asks(centre, make):
    fields = {"acknowledge_by": "2026-12-01T18:00+08:00"}
    make.pipeline("supervisor", topic="notice")
    with writing():
        made = make.submission(centre["ann"], kind="notice", title="Maintenance", fields=fields)
    make.decide(made, centre["sup1"])
    told = centre.heard()
    assert {name for name, codes in told.items() if "must_read" in codes} == set(centre.users)


@pytest.mark.both_databases
def test_a_course_is_told_to_its_learners_and_an_outdated_lesson_to_its_trainer(centre, make):
    with writing():
        trainer = make.actor("training", username="tina")
        article = make.article(centre["ann"], title="Fees")
    outbox.drain()
    with writing():
        course = teaching.create_course(trainer, teaching.CourseSpec("Bills for beginners"))
        teaching.add_lesson(course, trainer, article.slug)
        teaching.publish(course, trainer)
        team = session.get_one(User, centre.users["ann"].id).team
        assign(course, trainer, team=team)
        assign(course, trainer, team=team)
    told = centre.heard()
    assert {name for name, codes in told.items() if "course_assigned" in codes} == {"ann", "bob", "sup1"}
    assert len([one for one in centre.entries("ann") if one.code == "course_assigned"]) == 1
    with writing():
        make.article(centre["ann"], article=session.get_one(Article, article.id).slug, title="Fees")
    assert centre.heard()["tina"] == {"lesson_outdated"}


def test_a_reader_whom_it_did_not_help_and_a_retirement_are_told_to_the_authors(centre, make):
    with writing():
        article = make.article(centre["ann"], title="Fees")
    centre.heard()
    with writing():
        feedback.say(
            session.get_one(Article, article.id), centre["bob"], helpful=False, comment="It is from last year."
        )
        emit(ArticleRetired(article.id, article.slug, clock.now()))
    assert centre.heard() == {"ann": {"not_helpful", "retired"}}
    assert "last year" not in str([one.params for one in centre.entries("ann")]), (
        "comments are for those who may read them"
    )


def test_imported_texts_and_drafts_cost_no_promise(centre, make):
    with writing():
        make.submission(centre["ann"], submitted=False)
    with reading():
        assert outbox.waiting("notices") == 0


def test_the_page_of_the_table_is_that_of_the_code():
    page = print_notices.PART.page.read_text("utf-8")
    assert page == print_notices.PART.updated(page), "python -m tools.print_notices --write"
