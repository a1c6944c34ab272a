"""Two tabs, a lost connection, a second submit, a closed laptop: nothing chosen is lost, no attempt counts twice."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import reading, writing
from core.errors import Conflict
from tests.training.conftest import questions
from wiki.training import quizzes, taking
from wiki.training.asking import in_order
from wiki.training.learning import hand_in
from wiki.training.models import Attempt
from wiki.training.queries import attempts_of
from wiki.training.taking_rules import GRACE, Choice, added, drawn, ends_at, shortened, standing, takes_answers, value

# ── the rules ────────────────────────────────────────────────────────────────────────────────────────────────────────

QUESTIONS = (1, 2, 3)
ACTS = st.lists(
    st.tuples(
        st.integers(0, 2),  # tab
        st.sampled_from(["open", "choose", "save", "lost", "shorten"]),
        st.sampled_from(QUESTIONS),
        st.sampled_from(["o1", "o2", "o3"]),
    ),
    max_size=40,
)


@given(ACTS)
def test_what_was_saved_last_of_each_question_holds_whatever_other_tabs_send(acts):
    """A model of pages: each shows what it was served with and what was chosen on it, and always sends all of it."""
    history: list[Choice] = []
    pages: dict[int, dict] = {}
    expected: dict[int, str] = {}
    opened = 0

    def save(page: dict) -> None:
        dirty = {one for one in QUESTIONS if page["shows"].get(one) != page["sent"].get(one)}
        new = added(history, page["shows"], tab=page["name"], seen=page["seen"])
        history.extend(new)
        expected.update({one: page["shows"][one] for one in dirty})
        assert {one.question for one in new} == dirty, "a page changes what was chosen on it and nothing else"
        page["sent"] = dict(page["shows"])

    for tab, act, question, option in acts:
        if act == "open" or tab not in pages:
            opened += 1
            seen = max((one.seq for one in history), default=0)
            shows = dict(standing(history))
            pages[tab] = {"name": f"t{opened}", "seen": seen, "shows": shows, "sent": dict(shows)}
        page = pages[tab]
        if act == "choose":
            page["shows"][question] = option
        elif act == "save":
            save(page)
        elif act == "lost":  # it came in, the answer did not come back: it is sent once more
            save(page)
            before = list(history)
            save(page)
            assert history == before, "the same again adds nothing"
        elif act == "shorten":
            history[:] = shortened(history)
    assert standing(history) == expected


@given(st.lists(st.integers(1, 99), max_size=30), st.integers(0, 12), st.text(max_size=5))
def test_a_draw_is_fixed_by_its_seed_and_one_question_more_changes_one_at_most(pool, count, seed):
    first = drawn(pool, count, seed)
    assert first == drawn(reversed(pool), count, seed)
    assert len(first) == len(set(first)) == min(count, len(set(pool)))
    assert set(first) <= set(pool)
    assert len(set(first) - set(drawn([*pool, 100], count, seed))) <= 1


@given(st.integers(1, 200), st.integers(0, 60), st.integers(-300, 300))
def test_the_time_is_up_a_little_after_it_is_up(minutes, extra, seconds):
    begun = datetime(2026, 11, 22, 9, tzinfo=UTC)
    until = ends_at(begun, minutes, extra)
    assert until == begun + timedelta(minutes=minutes) + timedelta(minutes=extra)
    assert takes_answers(until + timedelta(seconds=seconds), until) == (seconds <= GRACE.total_seconds())
    assert takes_answers(begun, ends_at(begun, None, extra))


@pytest.mark.parametrize("nothing", [None, "", [], {}, [""], {"o1": ""}])
def test_nothing_chosen_is_nothing(nothing):
    assert value(nothing) is None


# ── in the product ───────────────────────────────────────────────────────────────────────────────────────────────────


def page_of(browser, number: int) -> dict[str, str]:
    """The hidden fields of the quiz as this page got them."""
    text = browser.text(f"/quizzes/{number}")
    return {name: text.split(f'name="{name}" value="')[1].split('"')[0] for name in ("attempt", "tab", "seen")}


def test_two_clients_keep_and_hand_in_and_it_counts_once(make, school, signed_in):
    course, rep = school.course(), make.user("rep")
    with reading() as session:
        quiz = school.quiz(course)
        number, (one, two, three) = quiz.id, quiz.questions
        names = {"one": f"q-{one.id}", "two": f"q-{two.id}", "three": f"q-{three.id}"}
    laptop, phone = signed_in(rep), signed_in(rep)
    here, there = page_of(laptop, number), page_of(phone, number)
    address = f"/quizzes/{number}"
    quiet = laptop.submit(address, here | {names["one"]: "o2", "verb": "keep", "quiet": "1"})
    assert quiet.status_code == 204
    phone.submit(address, there | {names["three"]: "false", "verb": "keep"})
    shown = laptop.text(address)
    assert shown.count("checked") == 2, "both clients see what either of them chose"
    several = here | {names["one"]: "o2", names["two"]: ["o1", "o3"]}
    done = laptop.submit(address, several)
    assert done.status_code == 303, "what the phone chose is not open, though this page never showed it"
    again = phone.submit(address, there | {names["one"]: "o1", names["three"]: "true", "sure": "1"})
    assert again.location == done.location
    late = phone.submit(address, there | {names["one"]: "o3", "verb": "keep", "quiet": "1"})
    assert late.status_code == 409
    with reading() as session:
        made = session.query(Attempt).filter_by(quiz_id=number, user_id=rep.id).all()
        assert [(one.number, one.score) for one in made] == [(1, 100)]


@pytest.mark.both_databases
def test_when_the_time_is_up_what_was_kept_counts(school, make, clock):
    course, rep, trainer = school.course(time_limit=10), make.actor("rep"), make.actor("training")
    with writing():
        quiz = school.quiz(course)
        with pytest.raises(Conflict, match="Begin"):
            hand_in(quiz, rep, {})
        row = taking.begin(quiz, rep)
        assert taking.begin(quiz, rep) is row
        first, second, _third = quiz.questions
        key = first.key[0]
        taking.keep(quiz, rep, {first.id: key}, number=1, tab="a", seen=0)
        taking.allow_more_time(quiz, trainer, rep.id, 5)
    clock.advance(minutes=12)
    with writing():
        taking.keep(school.quiz(course), rep, {second.id: list(second.key)}, number=1, tab="a", seen=0)
    clock.advance(minutes=4)
    with writing():
        quiz = school.quiz(course)
        made = hand_in(quiz, rep, school.answers(quiz), number=1, tab="a", seen=0)
        assert made.score == 66, "two of three: the third came when the extended time was up"
        assert hand_in(quiz, rep, {}, number=1) is made


def test_nobody_reads_the_questions_before_their_time_runs(school, make, api):
    course = school.course(time_limit=10)
    with reading():
        number = school.quiz(course).id
    rep, path = api(make.user("rep")), f"/quizzes/{number}"
    assert rep.ok("GET", path)["questions"] == []
    assert len(api(make.user("training")).ok("GET", path)["questions"]) == 3
    assert len(rep.ok("POST", f"{path}/begin")["questions"]) == 3
    assert len(rep.ok("GET", path)["questions"]) == 3


def test_the_end_of_the_time_is_shown_calmly(school, make, clock, signed_in):
    course = school.course(time_limit=10)
    with reading():
        number = school.quiz(course).id
    browser = signed_in(make.user("rep"))
    page = f"/quizzes/{number}"
    assert "10 minutes from when you begin" in browser.text(page)
    browser.submit(page, {"verb": "begin"})
    assert "data-seconds-left" in browser.text(page)
    clock.advance(minutes=11)
    assert "The time is up" in browser.text(page)
    told = browser.submit(page, {"attempt": "1", "sure": "1"}, follow=True).get_data(as_text=True)
    assert "0 %" in told


@pytest.mark.both_databases
def test_an_attempt_that_was_begun_keeps_its_questions(school, make):
    course, rep, trainer = school.course(), make.actor("rep"), make.actor("training")
    with writing():
        quiz = school.quiz(course)
        first, second, third = quiz.questions
        taking.keep(quiz, rep, {first.id: list(first.key)}, number=1, tab="a", seen=0)
        quizzes.remove_question(second, trainer)
        quizzes.add_question(quiz, trainer, questions()[0])
        assert {one.id for one in in_order(quiz, rep.id, 1)} == {first.id, third.id}
        made = hand_in(quiz, rep, {third.id: list(third.key)}, number=1)
        assert made.score == 100
        assert len(attempts_of(rep.id, [quiz.id])) == 1
        assert len(in_order(quiz, rep.id, 2)) == 3
