"""Flow figures, pairs and the basis of what-if from reviews that were really held, on both databases."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from core.db import session
from tests.make import Make
from tests.workflows.flow_story import give, span, watched
from wiki.articles import ops as writing
from workflows import claiming
from workflows.calibration import lines, pairs, records
from workflows.definitions import Definition, Seat, Stage
from workflows.flow import OF_REVIEWS, OF_TASKS, Figure, Queue, Report, report, reviews_behind, tasks_behind
from workflows.flow_rules import Times
from workflows.models import Decision
from workflows.rules import Verb
from workflows.whatif import ENOUGH, Verdict, basis, model_of, steady_people

MONDAY = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)  # nine o'clock


def count(figure: Figure) -> int:
    found = (tasks_behind if figure.what in OF_TASKS else reviews_behind)(figure)
    return session.scalar(sa.select(sa.func.count()).select_from(found.order_by(None).subquery()))


@pytest.fixture
def story(db, make: Make, clock) -> None:
    """
    Pipeline business → qa. Everything begins on Monday, 2 November, 9:00.

    A  business claims after 2 h and approves after 5; qa approves after 3 more: at once, 8 h in all.
    B  business approves after 10 h; qa sends it back after 4; the author takes 20 h; business 1 h, qa 2 h: 37 h in all.
    C  business rejects after 6 h.
    D  withdrawn after 7 h, undecided.
    E  business approves after 30 h; qa has it still.
    F  handed in after 100 h, business has it still.
    """
    make.pipeline("business", "qa")
    clock.set(MONDAY)
    author = make.actor("rep")
    a, b, c, d, e = (make.submission(author) for _ in range(5))
    steps = {
        2: [lambda: claiming.claim(make.task(a).id, first)],
        5: [lambda: make.decide(a, first)],
        6: [lambda: make.decide(c, make.actor("business"), "reject", reason="wrong")],
        7: [lambda: writing.withdraw(d, author)],
        8: [lambda: make.decide(a, make.actor("qa"))],
        10: [lambda: make.decide(b, make.actor("business"))],
        14: [lambda: make.decide(b, make.actor("qa"), "send_back", reason="wrong")],
        30: [lambda: make.decide(e, make.actor("business"))],
        34: [lambda: writing.save(b, author, make.content("faq", body="anders")), lambda: writing.submit(b, author)],
        35: [lambda: make.decide(b, make.actor("business"))],
        37: [lambda: make.decide(b, make.actor("qa"))],
        100: [lambda: make.submission(author, kind="faq")],
    }
    first = make.actor("business")
    for hour, acts in steps.items():
        clock.set(MONDAY + timedelta(hours=hour))
        for act in acts:
            act()
    clock.set(MONDAY + timedelta(hours=148))
    session.flush()


def test_the_figures_of_a_story(story):
    found = report(span())
    business, qa = found.stages
    assert (business.stage, qa.stage) == ("business", "qa")
    # business: A 5, B 10 and 1, C 6, E 30 hours: ranked 1 5 6 10 30
    assert business.lead == Times(5, pytest.approx(6), pytest.approx(30))
    assert business.waiting == Times(5, pytest.approx(6), pytest.approx(30))  # 1 2 6 10 30
    assert business.work == Times(1, pytest.approx(3), pytest.approx(3))
    assert (business.arrived, business.decided, business.dropped) == (7, 5, 1)
    assert (business.at_begin, business.at_end) == (0, 1)
    # qa: A 3, B 4 and 2; E waits for 118 hours
    assert qa.lead == Times(3, pytest.approx(3), pytest.approx(4))
    assert (qa.arrived, qa.decided, qa.dropped, qa.at_end) == (4, 3, 0, 1)
    assert qa.held == pytest.approx(3 + 4 + 2 + 118)
    assert business.held == pytest.approx(5 + 11 + 6 + 7 + 30 + 48)
    assert found.first == {"business": (4, 3), "qa": (2, 1)}  # C was refused by business, B by qa


def test_the_outcome_of_a_story(story):
    found = report(span())
    one = found.outcome
    assert (found.begun, one.closed, one.first, one.later, one.rejected, one.withdrawn) == (6, 4, 1, 1, 1, 1)
    assert one.share == 0.25
    assert one.lead == Times(2, pytest.approx(8), pytest.approx(37))
    assert one.author == Times(1, pytest.approx(20), pytest.approx(20))
    assert found.with_author == 0
    assert found.bottleneck is not None
    assert (found.bottleneck.flow.stage, found.bottleneck.rule) == ("qa", "growing")
    assert found.bottleneck.share == pytest.approx(127 / (127 + 107))


def test_the_queues_and_the_course_of_the_days(story):
    found = report(span())
    assert {stage: (q.open, q.overdue, q.blocked) for stage, q in found.queues.items()} == {
        "business": (1, 1, 0), "qa": (1, 1, 0)
    }  # fmt: skip
    assert found.queues["qa"].oldest == MONDAY + timedelta(hours=30)
    assert found.days == [date(2026, 11, day) for day in range(1, 9)]
    # 2 November ends after 15 h: E waits for business, B is with its author; then E waits for qa, and F from the 6th
    assert found.levels == {"business": [0, 1, 0, 0, 0, 1, 1, 1], "qa": [0, 0, 1, 1, 1, 1, 1, 1]}
    assert [(w.first.day, w.last.day, w.begun, w.closed) for w in found.weeks] == [(1, 1, 0, 0), (2, 8, 6, 4)]


def test_a_window_sees_what_lies_in_it_and_what_reaches_in(story):
    """Only Tuesday, 3 November (15 h to 39 h after the beginning)."""
    found = report(span(date(2026, 11, 3), date(2026, 11, 3)))
    business, qa = found.stages
    assert (business.at_begin, business.arrived, business.decided, business.at_end) == (1, 1, 2, 0)
    assert (qa.at_begin, qa.arrived, qa.decided, qa.at_end) == (0, 2, 1, 1)
    assert business.held == pytest.approx(15 + 1)  # E from 15 to 30, B from 34 to 35
    assert qa.held == pytest.approx(9 + 2)  # E from 30 to 39, B from 35 to 37
    assert (found.begun, found.outcome.closed, found.outcome.later) == (0, 1, 1)
    assert found.bottleneck is None


def test_another_kind_has_no_part_in_it(story):
    found = report(span(), "script")
    assert (found.stages, found.queues, found.begun, found.outcome.closed) == ([], {}, 0, 0)
    assert report(span(), "faq").stages == report(span()).stages


def figures_of(found: Report) -> list[tuple[Figure, int]]:
    """Every number of the page that opens a list."""
    days, listed = found.span, []

    def add(what: str, number: int, stage: str | None = None, at: date | None = None) -> None:
        listed.append((Figure(what, days, found.kind, stage, at), number))

    for flow in found.stages:
        queue, (judged, passed) = found.queues.get(flow.stage, Queue()), found.first.get(flow.stage, (0, 0))
        add("decided", flow.decided, flow.stage)
        add("arrived", flow.arrived, flow.stage)
        add("dropped", flow.dropped, flow.stage)
        add("judged", judged, flow.stage)
        add("first", passed, flow.stage)
        add("open", queue.open, flow.stage)
        add("overdue", queue.overdue, flow.stage)
        add("blocked", queue.blocked, flow.stage)
        add("at", flow.at_begin, flow.stage, days.first - timedelta(days=1))
        add("at", flow.at_end, flow.stage, found.days[-1])
        for day in found.days:
            add("at", found.level(flow.stage, day), flow.stage, day)
    one = found.outcome
    for what, number in {
        "begun": found.begun, "closed": one.closed, "approved": one.approved, "at_once": one.first, "later": one.later,
        "rejected": one.rejected, "withdrawn": one.withdrawn, "held": one.author.count,
        "with_author": found.with_author,
    }.items():  # fmt: skip
        add(what, number)
    return listed


@pytest.mark.parametrize(
    ("first", "last"), [(1, 30), (2, 2), (3, 3), (3, 7), (8, 8)], ids=["all", "monday", "tuesday", "week", "last"]
)
def test_every_number_opens_as_many_items(story, first: int, last: int):
    found = report(span(date(2026, 11, first), date(2026, 11, last)))
    listed = figures_of(found)
    assert {figure.what for figure, _n in listed} == set(OF_TASKS + OF_REVIEWS)
    assert [(f.what, f.stage, f.at, count(f)) for f, _n in listed] == [
        (f.what, f.stage, f.at, number) for f, number in listed
    ]


def test_a_report_takes_few_statements(story, query_count):
    with query_count() as statements:
        report(span(), "faq")
    assert len(statements) == 6
    with query_count() as statements:
        basis(span())
    assert len(statements) <= 5
    with query_count() as statements:
        records(span())
    assert len(statements) == 4
    with query_count() as statements:
        pairs(span())
    assert len(statements) == 1


# ── second opinions ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_pairs_are_what_two_people_said_of_the_same_seat_and_text(db, make: Make, clock):
    make.pipeline(definition=watched())
    one, two = make.actor("business", name="Erste"), make.actor("business", name="Zweite")
    made = make.submission()
    give(make, made, two, "send_back", blind=True, right=False, clear=True)
    clock.advance(hours=1)
    assert pairs(span()) == []  # nobody knows before both have judged
    give(make, made, one, "approve", blind=False, right=True, clear=True)
    clock.advance(hours=1)
    (pair,) = pairs(span())
    assert (pair.verbs, pair.names, pair.role) == (("approve", "send_back"), ("Erste", "Zweite"), "business")
    assert pair.answers == {"right": ("yes", "no"), "clear": ("yes", "yes")}
    assert not pair.agrees
    assert pairs(span(date(2026, 11, 1), date(2026, 11, 15))) == []
    assert pairs(span(), "script") == []


def test_a_second_opinion_moves_no_figure(db, make: Make, clock):
    make.pipeline(definition=watched())
    people = [make.actor("business") for _ in range(3)]
    made = make.submission()
    give(make, made, people[0], "reject", blind=True)
    give(make, made, people[1], "approve", blind=False)
    clock.advance(hours=1)
    found = report(span())
    business = found.stages[0]
    assert (business.arrived, business.decided, business.dropped) == (1, 1, 0)
    assert found.first == {"business": (1, 1)}
    assert found.outcome.rejected == 0
    assert basis(span()).verdicts == 1
    assert [(one.approvals, one.overturned) for one in records(span())] == [(1, ())]


def test_agreement_by_question_and_role(db, make: Make, clock):
    """
    Twelve pairs of business reviewers. Verdict: 7 both approve, 2 both send back, 1 approve/send back, 2 the other way.
    observed 9/12; first approves 8, second 9: expected (8·9 + 4·3)/144 = 84/144; kappa (108 − 84)/(144 − 84) = 0.4.
    «Is it clear?»: always yes: no kappa.
    """
    make.pipeline(definition=watched())
    one, two = make.actor("business"), make.actor("business")
    verdicts = ["aa"] * 7 + ["ss"] * 2 + ["as"] + ["sa"] * 2
    names = {"a": "approve", "s": "send_back"}
    for first, second in verdicts:
        made = make.submission()
        give(make, made, two, names[second], blind=True, right=second == "a", clear=True)
        give(make, made, one, names[first], blind=False, right=first == "a", clear=True)
    clock.advance(hours=1)
    found = lines(pairs(span()))
    assert [(line.question, line.role) for line in found] == [
        (None, None), (None, "business"), ("right", "business"), ("clear", "business")
    ]  # fmt: skip
    verdict, of_role, right, clear = (line.found for line in found)
    assert verdict == of_role == right
    assert (verdict.pairs, verdict.agreed) == (12, 9)
    assert verdict.kappa == pytest.approx(0.4)
    assert (clear.percent, clear.kappa, clear.why) == (100, None, "one_category")


def test_a_list_left_empty_is_no_answer(db, make: Make, clock):
    make.pipeline(definition=watched())
    one, two = make.actor("business"), make.actor("business")
    made = make.submission()
    give(make, made, two, "approve", blind=True)
    give(make, made, one, "approve", blind=False, right=True)
    clock.advance(hours=1)
    (pair,) = pairs(span())
    assert pair.answers == {}
    assert [line.question for line in lines([pair])] == [None, None]


def test_overturned_approvals(story):
    """B: approved by business, sent back by qa on the same text. The second approval of B lasted."""
    found = records(span())
    assert sorted((one.approvals, len(one.overturned)) for one in found) == [(1, 0)] * 4 + [(1, 0), (1, 1)]
    assert found[0].percent == 100
    (hit,) = [one for one in found if one.overturned]
    approval = session.get(Decision, hit.overturned[0])
    assert (approval.stage, approval.verb) == ("business", Verb.APPROVE)
    assert [one.overturned for one in records(span(), user_id=hit.user_id)] == [hit.overturned]
    assert records(span(), "script") == []


# ── what if ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_model_worked_by_hand():
    """
    One person, three items that came at 0, 1 and 20 h, decided at 4, 6 and 25: busy 4 h, 6 − 4 = 2 h, 25 − 20 = 5 h.
    Another claimed at 30 what came at 10, and decided at 31: 1 h. One of four sent back. Arrivals 0, 1, 20: gaps 1, 19.
    """
    rows = [
        (0, None, 4, "approve", 1),
        (1, None, 6, "approve", 1),
        (20, None, 25, "send_back", 1),
        (10, 30, 31, "approve", 2),
    ]
    verdicts = [
        Verdict("qa", who, verb, o * 3600.0, None if c is None else c * 3600.0, d * 3600.0)
        for o, c, d, verb, who in rows
    ]
    model = model_of(verdicts, [(("qa",),)], [72000.0, 0.0, 3600.0], [])
    stage = model.stages["qa"]
    assert sorted(stage.hours) == [1, 2, 4, 5]
    assert (stage.back, stage.reject) == (0.25, 0)
    assert model.gaps == (1, 19)
    assert stage.people == 2  # (3 + 1)² / (9 + 1) = 1.6


@pytest.mark.parametrize(
    ("counts", "people"), [([10, 10, 10], 3), ([10], 1), ([20, 20, 1], 2), ([100, 1, 1, 1], 1), ([], 1)]
)
def test_who_stood_in_once_is_no_whole_person(counts, people):
    assert steady_people(counts) == people


def test_too_little_to_play(story):
    found = basis(span())
    assert (found.verdicts, found.arrivals, found.model) == (8, 6, None)
    assert found.verdicts < ENOUGH


def test_the_basis_of_a_busy_month(db, make: Make, clock):
    """Two seats side by side are two desks of one group."""
    both = Definition(
        stages=(
            Stage(key="first", name="Erste", seats=(Seat(key="b", role="business"), Seat(key="q", role="qa"))),
            Stage(key="supervisor", seats=(Seat(key="s", role="supervisor"),)),
        )
    )
    make.pipeline(definition=both)
    people = {role: make.actor(role) for role in ("business", "qa", "supervisor")}
    author = make.actor("rep")
    for _ in range(8):
        made = make.submission(author)
        for seat, role in (("b", "business"), ("q", "qa"), ("s", "supervisor")):
            clock.advance(hours=2)
            make.decide(made, people[role], seat=seat)
        clock.advance(hours=4)
    found = basis(span())
    assert (found.verdicts, found.arrivals) == (24, 8)
    assert found.names == {"first/b": "Erste · b", "first/q": "Erste · q", "supervisor": "Supervisor"}
    assert found.model is not None
    assert set(found.model.routes) == {(("first/b", "first/q"), ("supervisor",))}
    assert found.model.stages["first/b"].hours == pytest.approx((2,) * 8)
    assert found.model.stages["first/q"].hours == pytest.approx((4,) * 8)
    assert found.model.gaps == pytest.approx((10,) * 7)
    assert found.items == 200
