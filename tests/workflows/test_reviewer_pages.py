"""The reviewer's page and the inbox over HTTP: what is shown, what is asked, what is refused and how it is said."""

import html
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts import absences
from accounts.models import User
from accounts.people import actor_of
from core import clock as time
from core.db import reading, session, writing
from tests.clients import fewest
from wiki.articles import ops
from wiki.articles.models import Submission
from workflows import claiming, deciding, remarks
from workflows.deciding import Passage
from workflows.definitions import Definition, Question, Seat, Stage
from workflows.models import Decision, Remark, Task
from workflows.rules import Verb

pytestmark = pytest.mark.both_databases
QUESTIONS = (Question(key="right", text="It is right", weight=60), Question(key="clear", text="It is clear", weight=40))


def words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def strict(**about) -> Definition:
    first = Stage(key="business", seats=(Seat(key="business", role="business"),), checklist=QUESTIONS, compulsory=True,
                  pass_mark=70, **about)  # fmt: skip
    return Definition(stages=(first, Stage(key="qa", seats=(Seat(key="qa", role="qa"),), returns_to="business")))


def task_of(make, made) -> Task:
    with reading():
        return make.task(session.get_one(Submission, made.id))


def sent(browser, task: Task, **fields):
    page = f"/reviews/{task.id}"
    return browser.submit(page, {"version": task.version, **fields}, to=f"{page}/decisions")


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_compulsory_checklist_is_asked_and_refused_at_its_place(make, signed_in):
    make.pipeline(definition=strict())
    made = make.submission()
    task, judge = task_of(make, made), signed_in(make.user("business"))
    assert "Pass mark 70 of 100" in words(judge.text(f"/reviews/{task.id}"))
    silent = sent(judge, task, verb="approve")
    assert silent.status_code == 422
    assert "Please answer every question of the checklist." in silent.text
    low = sent(judge, task, verb="approve", **{"check-right": "yes", "check-clear": "no"})
    assert low.status_code == 422
    said = words(low.text)
    assert "The checklist gives 60 points, and 70 are needed to approve." in said
    assert "60 of 100 – 70 needed" in said
    assert re.search(r'name="check-clear" value="no"[^>]* checked', low.text), "what was answered is still there"
    assert sent(judge, task, verb="approve", **{"check-right": "yes", "check-clear": "yes"}).status_code == 302
    with reading():
        assert session.scalars(sa.select(Decision.score)).one() == 100


def test_a_refusal_on_the_page_has_a_reason_and_goes_where_the_definition_says(make, signed_in):
    make.pipeline(definition=strict())
    made = make.submission()
    with writing():
        make.decide(made, make.actor("business"), checklist={"right": True, "clear": True})
    task, judge = task_of(make, made), signed_in(make.user("qa"))
    assert re.search(r'<option value="business" selected', judge.text(f"/reviews/{task.id}")), "preselected"
    silent = sent(judge, task, verb="send_back", note="Once more.")
    assert silent.status_code == 422
    assert "Please choose why." in silent.text
    assert "Once more." in silent.text
    assert (
        sent(judge, task, verb="send_back", note="Once more.", reason="unclear", to_stage="author").status_code == 302
    )
    with reading():
        found = session.scalars(sa.select(Decision).where(Decision.verb == Verb.SEND_BACK)).one()
        assert (found.reason, found.to_stage) == ("unclear", None)
    page = signed_in(session_user(made)).text(f"/submissions/{made.id}")
    assert "hard to understand" in page
    assert "the clock of the review stands still meanwhile" in page


def session_user(made) -> User:
    with reading():
        return session.get_one(User, session.get_one(Submission, made.id).author_id)


def test_remarks_on_passages_travel_to_the_author_and_back(make, signed_in):
    author = make.actor("rep")
    made = make.submission(author, body="先安抚客户,再逐项核对账单。", title="退费")
    task, judge = task_of(make, made), signed_in(make.user("business", name="Lan"))
    noted = {"remark-0-field": "body", "remark-0-quote": "再逐项核对账单", "remark-0-text": "Say which bill.",
             "remark-7-field": "title", "remark-7-quote": "", "remark-7-text": "Longer, please.",
             "remark-9-field": "body", "remark-9-quote": " ", "remark-9-text": ""}  # fmt: skip
    refused = sent(judge, task, verb="send_back", **noted)
    assert refused.status_code == 422
    assert "Say which bill." in refused.text
    assert sent(judge, task, verb="send_back", reason="unclear", **noted).status_code == 302
    writer = signed_in(session_user(made))
    page = writer.text(f"/submissions/{made.id}")
    assert re.search(r'<mark data-remark="\d+">再逐项核对账单</mark>', page)
    assert "2 remarks are open" in page
    assert "Longer, please." in page
    assert "Remarks to settle" in writer.text(f"/submissions/{made.id}/edit")
    with reading():
        first, second = session.scalars(sa.select(Remark.id).order_by(Remark.id))
    done = writer.submit(f"/submissions/{made.id}", {"answer": "Named it."}, to=f"/reviews/remarks/{first}/resolve")
    assert done.headers["Location"] == f"/submissions/{made.id}#remark-{first}"
    with writing():
        it = session.get_one(Submission, made.id)
        ops.save(it, author, make.content(title="退费怎么核对", body="先安抚客户,逐项核对话费账单。"))
        ops.submit(it, author)
    task = task_of(make, made)
    again = words(judge.text(f"/reviews/{task.id}"))
    assert "Named it." in again
    assert "The passage has changed since." in again
    assert "settled a remark" in again
    home = f"/submissions/{made.id}"
    assert writer.submit(home, {}, to=f"/reviews/remarks/{first}/reopen").status_code == 302
    assert judge.submit("/reviews", {}, to=f"/reviews/remarks/{second}/resolve").status_code == 403
    assert (
        writer.submit(home, {"next": "//evil.example"}, to=f"/reviews/remarks/{second}/resolve").headers["Location"]
        == f"{home}#remark-{second}"
    )


def test_one_more_row_for_a_remark_without_script(make, signed_in):
    made = make.submission()
    task, judge = task_of(make, made), signed_in(make.user("business"))
    answer = sent(judge, task, verb="more", note="half typed", **{"remark-0-field": "body", "remark-0-text": "First."})
    assert answer.status_code == 200
    assert 'name="remark-1-text"' in answer.text
    assert "half typed" in answer.text
    with reading():
        assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 0


def test_a_remark_that_cannot_be_kept_is_refused_at_its_row(make, signed_in):
    made = make.submission()
    task, judge = task_of(make, made), signed_in(make.user("business"))
    answer = sent(judge, task, verb="approve", **{"remark-4-field": "nowhere", "remark-4-text": "x"})
    assert answer.status_code == 422
    assert "This text has no field of this name." in answer.text


def test_commenting_moves_nothing_and_wants_words(make, signed_in):
    made = make.submission()
    task = task_of(make, made)
    for browser in (signed_in(make.user("business", name="Lan")), signed_in(session_user(made))):
        page = f"/reviews/{task.id}"
        assert "Only comment" in browser.text(page)
        empty = browser.submit(page, {"note": " "}, to=f"{page}/comments")
        assert empty.status_code == 422
        assert browser.submit(page, {"note": "Looks odd."}, to=f"{page}/comments").status_code == 302
        assert "remarked" in words(browser.text(page))
    assert task_of(make, made).version == task.version


# ── who is on it ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_looks_is_told_to_the_others(make, signed_in, clock):
    made = make.submission()
    task = task_of(make, made)
    one, other = signed_in(make.user("business", name="Lan")), signed_in(make.user("business", name="Jie"))
    assert one.submit(f"/reviews/{task.id}", {}, to=f"/reviews/{task.id}/claim").status_code == 302
    clock.advance(minutes=3)
    assert "Lan is looking at it since 3 min ago" in words(other.text(f"/reviews/{task.id}"))
    assert "You are on this since" in words(one.text(f"/reviews/{task.id}"))
    assert "Lan is looking at it" in words(other.text("/reviews"))
    assert "with you" in words(one.text("/reviews"))
    assert one.submit(f"/reviews/{task.id}", {}, to=f"/reviews/{task.id}/release").status_code == 302
    assert "looking at it" not in other.text("/reviews")


def test_a_deputy_is_told_for_whom_and_so_is_the_trail(make, signed_in):
    boss, gone, deputy = make.user("supervisor"), make.user("business", name="Lan"), make.user("business", name="Jie")
    made = make.submission()
    task = task_of(make, made)
    with writing():
        claiming.hand_over(task.id, actor_of(boss), to=gone.username)
        now = time.now()
        absences.announce(actor_of(gone), gone.id, now, now + timedelta(days=2), deputy.username)
    browser = signed_in(deputy)
    assert "You decide on behalf of Lan." in words(browser.text(f"/reviews/{task.id}"))
    assert "for those I stand in for (1)" in words(browser.text("/reviews"))
    assert f"/reviews/{task.id}" in browser.text("/reviews?holder=others")
    assert sent(browser, task, verb="approve").status_code == 302
    assert "Jie on behalf of Lan approved" in words(signed_in(boss).text(f"/submissions/{made.id}"))


def test_claimed_first_where_the_stage_wants_it(make, signed_in):
    make.pipeline(definition=strict(claim_first=True))
    task = task_of(make, make.submission())
    judge = signed_in(make.user("business"))
    page = judge.text(f"/reviews/{task.id}")
    assert "Claim this first" in page
    assert 'value="approve"' not in page
    judge.submit(f"/reviews/{task.id}", {}, to=f"/reviews/{task.id}/claim")
    assert 'value="approve"' in judge.text(f"/reviews/{task.id}")


# ── second opinions ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_blind_reviewer_sees_nothing_of_what_the_other_found(make, signed_in, api):
    make.pipeline(definition=strict(calibration=100))
    first, second = make.user("business", name="The First"), make.user("business", name="The Second")
    made = make.submission()
    with reading():
        open_task, blind = sorted(
            session.scalars(sa.select(Task).where(Task.review.has(subject_id=made.id))), key=lambda task: task.blind
        )
    with writing():
        deciding.decide(
            open_task.id,
            actor_of(first),
            Verb.SEND_BACK,
            seen=open_task.version,
            note="zzfound a mistake",
            reason="wrong",
            remarks=[Passage("body", "", "zzremark on it")],
        )
    browser, script = signed_in(second), api(second)
    seen = browser.text(f"/reviews/{blind.id}")
    assert "You do not see what the other found." in seen
    places = [seen, browser.text(f"/submissions/{made.id}"), browser.text("/reviews"),
              script.get(f"/reviews/{blind.id}").text, script.get(f"/submissions/{made.id}").text]  # fmt: skip
    for place in places:
        assert "zz" not in place
        assert "The First" not in re.sub(r"<datalist.*?</datalist>", "", place, flags=re.S), "but as somebody to ask"
    assert "zzfound" in signed_in(session_user(made)).text(f"/submissions/{made.id}"), "authors see it at once"
    checks = {"check-right": "yes", "check-clear": "yes"}
    answer = browser.submit(
        f"/reviews/{blind.id}",
        {"version": blind.version, "verb": "approve", **checks},
        to=f"/reviews/{blind.id}/decisions",
    )
    assert answer.status_code == 302
    assert "Your second opinion is recorded" in browser.text("/reviews")
    assert "zzfound" in browser.text(f"/submissions/{made.id}")


# ── the inbox ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_inbox_filters_and_says_what_stands_out(make, signed_in, clock):
    judge, mate = make.user("business", name="Lan"), make.user("business", name="Jie")
    make.pipeline(definition=strict())
    with writing():
        made = [make.submission(title=f"text {n}") for n in range(4)]
        tasks = [make.task(one) for one in made]
        claiming.claim(tasks[0].id, actor_of(judge))
        claiming.claim(tasks[1].id, actor_of(mate))
        tasks[2].escalation, tasks[3].blocked_at = 2, time.now()
    browser = signed_in(judge)

    def titles(query: str) -> list[str]:
        return sorted(re.findall(r"text \d", words(browser.text(f"/reviews?{query}"))))

    assert titles("holder=me") == ["text 0"]
    assert titles("holder=colleagues") == ["text 1"]
    assert titles("holder=pool") == ["text 2", "text 3"]
    assert titles("holder=others") == []
    assert titles("stage=qa") == []
    assert len(titles("stage=business&kind=faq")) == 4
    page = words(browser.text("/reviews"))
    assert "Escalated, step 2" in page
    assert "Nobody can decide this" in page
    assert "with me (1)" in page
    clock.advance(hours=30)
    browser = signed_in(judge)
    assert len(titles("due=overdue")) == 4
    assert "overdue by" in browser.text("/reviews")


def test_several_are_approved_at_once_and_what_was_not_is_said(make, signed_in):
    stage = Stage(key="business", seats=(Seat(key="business", role="business"),), bulk=True)
    make.pipeline(definition=Definition(stages=(stage, Stage(key="qa", seats=(Seat(key="qa", role="qa"),)))))
    judge = make.user("business")
    with writing():
        mine = make.submission(actor_of(judge), title="my own")
        fine = [make.submission(title=f"fine {n}") for n in range(3)]
        late = make.submission(title="somebody was faster")
        seen = [f"{task.id}:{task.version}" for task in map(make.task, [mine, *fine, late])]
        make.decide(late, make.actor("business"))
    browser = signed_in(judge)
    assert browser.text("/reviews").count('name="task"') == 3
    answer = browser.submit("/reviews", {"task": [*seen, "x:1", "9"], "note": "all read"}, to="/reviews/bulk")
    assert answer.status_code == 200
    said = words(answer.text)
    assert "2 items were not approved" in said
    assert "This is your own work" in said
    assert "was faster and decided this" in said
    with reading():
        assert session.scalar(sa.select(sa.func.count()).where(Decision.note == "all read")) == 3
    nothing = browser.submit("/reviews", {}, to="/reviews/bulk")
    assert nothing.status_code == 422


def test_what_is_not_for_bulk_is_opened_first(make, signed_in):
    task = task_of(make, make.submission())
    browser = signed_in(make.user("business"))
    assert 'name="task"' not in browser.text("/reviews")
    answer = browser.submit("/reviews", {"task": f"{task.id}:{task.version}"}, to="/reviews/bulk")
    assert "This has to be opened and read before it is decided." in words(answer.text)


def test_the_inbox_costs_the_same_however_long_and_whoever_has_what(make, signed_in, query_count):
    judge, mate = make.user("business", "qa"), make.user("business")
    browser = signed_in(judge)

    def some(n: int) -> None:
        with writing():
            for _ in range(n):
                task = make.task(make.submission(make.actor("rep", team=f"team{make.number()}")))
                claiming.claim(task.id, actor_of(mate))

    some(2)
    few = fewest(query_count, lambda: browser.text("/reviews"))
    some(6)
    assert fewest(query_count, lambda: browser.text("/reviews")) == few
    assert few <= 12


def test_the_page_says_what_a_resolved_remark_cannot(make, db):
    """The operation behind the button: nobody else's, and only once."""
    made = make.submission()
    make.decide(made, make.actor("business"), "send_back", remarks=[Passage("body", "", "Shorter.")])
    found = session.scalars(sa.select(Remark)).one()
    assert [one.id for one, _name in remarks.remarks_of([found.review_id], make.actor("business"))] == [found.id]
