"""Agreement of two raters against tables worked by hand, and overturned approvals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.agreement import Agreement, Approval, Refusal, Why, agreement, grade, overturned


def table(cells: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
    return [pair for pair, number in cells.items() for _ in range(number)]


def test_two_categories_worked_by_hand():
    """
                     B yes   B no | A
            A yes       20      5 | 25
            A no        10     15 | 25
            B           30     20 | 50

    observed  = (20 + 15) / 50                      = 0.70
    expected  = 25/50 · 30/50  +  25/50 · 20/50     = 0.30 + 0.20 = 0.50
    kappa     = (0.70 − 0.50) / (1 − 0.50)          = 0.40
    margin    = 1.96 · √(0.70 · 0.30 / 50) / 0.50   = 1.96 · 0.0648074 / 0.50 = 0.2540
    """
    found = agreement(table({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}))
    assert (found.pairs, found.agreed, found.percent) == (50, 35, 70)
    assert found.kappa == pytest.approx(0.40)
    assert (found.low, found.high) == (pytest.approx(0.1460, abs=1e-4), pytest.approx(0.6540, abs=1e-4))
    assert (found.grade, found.why) == ("fair", None)


def test_three_verdicts_worked_by_hand():
    """
                       B approve  B send back  B reject | A
        A approve             44            5         1 | 50
        A send back            7           20         3 | 30
        A reject               9            5         6 | 20
        B                     60           30        10 | 100

    observed = (44 + 20 + 6) / 100                          = 0.70
    expected = 0.50 · 0.60 + 0.30 · 0.30 + 0.20 · 0.10      = 0.30 + 0.09 + 0.02 = 0.41
    kappa    = (0.70 − 0.41) / (1 − 0.41) = 0.29 / 0.59     = 0.491525…
    """
    a, s, r = "approve", "send_back", "reject"
    cells = {
        (a, a): 44, (a, s): 5, (a, r): 1, (s, a): 7, (s, s): 20, (s, r): 3, (r, a): 9, (r, s): 5, (r, r): 6,
    }  # fmt: skip
    found = agreement(table(cells))
    assert found.percent == 70
    assert found.kappa == pytest.approx(0.29 / 0.59)
    assert found.grade == "moderate"


def test_full_agreement_and_full_disagreement():
    """All 12 alike over two categories: observed 1, kappa 1. All 12 crossed, 6 and 6: observed 0, expected
    ½·½ + ½·½ = ½, kappa (0 − ½) / ½ = −1."""
    full = agreement(table({("y", "y"): 6, ("n", "n"): 6}))
    assert (full.kappa, full.low, full.high) == (1, None, None)
    crossed = agreement(table({("y", "n"): 6, ("n", "y"): 6}))
    assert (crossed.kappa, crossed.grade) == (-1, "none")


def test_one_category_has_no_kappa():
    """Both said yes 40 times: expected = 40/40 · 40/40 = 1, and kappa would be 0/0."""
    found = agreement(table({("yes", "yes"): 40}))
    assert found == Agreement(40, 40, why=Why.ONE_CATEGORY)
    assert found.percent == 100


def test_one_rater_who_never_varies_agrees_by_chance_alone():
    """A always yes, B yes 30 of 40: observed 30/40, expected 1 · 30/40, kappa 0."""
    assert agreement(table({("yes", "yes"): 30, ("yes", "no"): 10})).kappa == 0


def test_too_few_pairs_have_a_percentage_and_no_kappa():
    found = agreement(table({("yes", "yes"): 5, ("no", "yes"): 4}))
    assert (found.pairs, found.agreed, found.kappa, found.why) == (9, 5, None, Why.TOO_FEW)
    assert agreement([]).percent is None


@pytest.mark.parametrize(
    ("kappa", "word"),
    [(-0.3, "none"), (0, "none"), (0.2, "slight"), (0.21, "fair"), (0.6, "moderate"), (0.8, "substantial"),
     (0.81, "perfect"), (1, "perfect")],
)  # fmt: skip
def test_the_words(kappa: float, word: str):
    assert grade(kappa) == word


answers = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(answers, answers), min_size=10, max_size=60))
def test_kappa_stays_in_its_bounds_and_does_not_care_who_is_first(pairs):
    found, turned = agreement(pairs), agreement([(b, a) for a, b in pairs])
    assert (found.pairs, found.agreed, found.why) == (turned.pairs, turned.agreed, turned.why)
    if found.kappa is not None:
        assert found.kappa == pytest.approx(turned.kappa)
        assert found.low is None or -1 - 1e-9 <= found.low <= found.kappa <= found.high <= 1 + 1e-9
        assert (found.agreed == found.pairs) == (found.kappa == pytest.approx(1))


# ── overturned ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_later_stage_overturns_what_was_approved_before_it_on_the_same_text():
    approvals = [
        Approval(1, review_id=7, actor_id=10, place=0, revision_id=100),
        Approval(2, review_id=7, actor_id=11, place=1, revision_id=100),
        Approval(5, review_id=7, actor_id=10, place=0, revision_id=101),  # mended, and approved again
        Approval(6, review_id=8, actor_id=11, place=1, revision_id=200),
    ]
    refusals = [
        Refusal(3, review_id=7, place=2, revision_id=100),
        Refusal(4, review_id=7, place=2, revision_id=100),  # the first one counts
        Refusal(9, review_id=8, place=0, revision_id=200),  # an earlier stage is no appeal
    ]
    assert overturned(approvals, refusals) == {1: 3, 2: 3}


def test_a_refusal_before_the_approval_or_of_another_text_overturns_nothing():
    approvals = [Approval(5, review_id=7, actor_id=10, place=0, revision_id=101)]
    assert overturned(approvals, [Refusal(3, 7, 2, 101)]) == {}
    assert overturned(approvals, [Refusal(8, 7, 2, 102)]) == {}
    assert overturned(approvals, [Refusal(8, 7, 0, 101)]) == {}
    assert overturned(approvals, [Refusal(8, 7, 1, 101)]) == {5: 8}
