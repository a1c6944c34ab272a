"""What counts beside words: bounded, nobody pumps their own, and every factor can be read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import isclose, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import outbox
from core.db import reading, session, writing
from tests.clients import Browser, Script
from tests.conftest import Clock
from tests.make import Make
from wiki.articles import lifecycle
from wiki.articles.models import Article
from wiki.feedback import flagging
from wiki.feedback import ops as feedback
from wiki.feedback.rules import Reason
from wiki.search import ranking, signals, weights
from wiki.search.weights import About, Facts

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TIMES = st.none() | st.integers(-30, 3000).map(lambda days: NOW - timedelta(days=days))
FACTS = st.builds(
    Facts,
    kind=st.sampled_from([*weights.AGEING, "sop", "block"]),
    changed_at=TIMES,
    seen_at=TIMES,
    due_at=TIMES,
    confirmed=st.booleans(),
    provisional=st.booleans(),
    flagged=st.booleans(),
    helpful=st.integers(0, 5000),
    not_helpful=st.integers(0, 5000),
    uses=st.integers(0, 5000),
    used=st.floats(0, 5000),
    used_on=st.none() | st.integers(0, 9).map(lambda days: NOW.date() - timedelta(days=days)),
)


@given(FACTS)
def test_all_factors_together_stay_within_their_bounds(facts: Facts) -> None:
    found = weights.factors(facts, NOW)
    told = prod(each.value for each in found)
    assert weights.LEAST - 1e-9 <= told <= weights.MOST + 1e-9
    assert weights.weight(facts, NOW) == pytest.approx(told)


@given(FACTS, st.integers(1, 50))
def test_more_use_and_more_thanks_never_weigh_less(facts: Facts, more: int) -> None:
    def part(of: Facts, about: About) -> float:
        return next(each.value for each in weights.factors(of, NOW) if each.about is about)

    facts = replace(facts, used_on=NOW.date())
    used = replace(facts, used=facts.used + more)
    thanked = replace(facts, helpful=facts.helpful + more)
    assert part(used, About.USE) > part(facts, About.USE)
    assert part(thanked, About.VOTES) >= part(facts, About.VOTES)


def value(facts: Facts, about: About) -> float:
    return next(each.value for each in weights.factors(facts, NOW) if each.about is about)


def test_nothing_known_weighs_nothing() -> None:
    assert weights.weight(Facts("faq", NOW), NOW) == 1.0


def test_a_notice_ages_and_a_process_does_not() -> None:
    year_ago = NOW - timedelta(days=365)
    assert value(Facts("notice", year_ago), About.FRESHNESS) == pytest.approx(weights.AGEING["notice"][2])
    assert value(Facts("sop", year_ago), About.FRESHNESS) == 1.0
    assert value(Facts("notice", year_ago, seen_at=NOW), About.FRESHNESS) == 1.0
    assert value(Facts("sop", year_ago, due_at=NOW), About.FRESHNESS) == weights.OVERDUE


def test_a_use_weighs_half_after_a_month_and_one_vote_says_little() -> None:
    uses = [(date(2026, 10, 23), 4), (NOW.date(), 4)]
    assert weights.weighed(uses, NOW.date()) == 6
    facts = Facts("faq", NOW, uses=8, used=weights.weighed(uses, NOW.date()), used_on=NOW.date())
    later = NOW + timedelta(days=30)
    assert weights.used(facts, later) == weights.weighed(uses, later.date()) == 3
    assert value(Facts("faq", NOW, not_helpful=1), About.VOTES) > value(Facts("faq", NOW, not_helpful=9), About.VOTES)


# ── from the database ────────────────────────────────────────────────────────────────────────────────────────────────


def facts_of(article: Article) -> Facts:
    with reading():
        return signals.known([str(article.id)])[str(article.id)]


@pytest.mark.both_databases
def test_everybody_counts_once_a_day_and_nobody_for_their_own(make: Make, clock: Clock) -> None:
    author, one, two = make.actor("rep"), make.actor("rep"), make.actor("qa")
    article = make.article(author, title="话费争议")

    def say(who, **what: object) -> None:
        with writing():
            feedback.say(session.get_one(Article, article.id), who, **what)

    assert facts_of(article).uses == 0
    for who in (author, one, one, one, two):
        say(who, used_in_call=True)
    assert facts_of(article).uses == 2
    clock.advance(days=1)
    for who in (author, one, one):
        say(who, used_in_call=True)
    assert facts_of(article).uses == 3
    assert 2 < facts_of(article).used < 3
    say(author, helpful=True)
    say(one, helpful=True)
    say(two, helpful=False)
    say(one, helpful=False)
    assert (facts_of(article).helpful, facts_of(article).not_helpful) == (0, 2)
    with writing():
        flagging.flag(session.get_one(Article, article.id), one, reason=Reason.WRONG, comment="资费错了")
    assert facts_of(article).flagged
    with writing():
        lifecycle.verify(session.get_one(Article, article.id), make.actor("manager"))
    assert facts_of(article).confirmed
    make.article(author, article=article.slug, title="话费争议", body="全新的说法")
    now = facts_of(article)
    assert (now.helpful, now.not_helpful, now.confirmed) == (0, 0, False)


def explained(script: Script, question: str) -> list[dict[str, object]]:
    return [item["explain"] for item in script.ok("GET", f"/search?q={question}&explain=1")["items"]]


def test_the_table_multiplies_to_the_score_that_sorted(
    make: Make, api: Callable[..., Script], signed_in: Callable[..., Browser]
) -> None:
    reader, manager, rep = make.actor("qa"), make.user("manager"), make.user("rep")
    first, second = (make.article(make.actor(), title=f"话费争议{n}", body="话费怎么多了") for n in "甲乙")
    with writing():
        article = session.get_one(Article, second.id)
        feedback.say(article, reader, used_in_call=True, helpful=True)
    outbox.drain()
    items = api(manager).ok("GET", "/search?q=话费争议&explain=1")["items"]
    assert [item["id"] for item in items] == [str(second.id), str(first.id)]
    for item in items:
        told = item["explain"]
        assert isclose(sum(line["value"] for line in told["words"]), told["text"], abs_tol=1e-6)
        product = told["text"] * prod(line["value"] for line in told["factors"])
        assert isclose(product, told["score"], abs_tol=2e-6)
        assert round(told["score"], 4) == item["score"]
    assert "1 use" in {line["name"]: line["because"] for line in items[0]["explain"]["factors"]}["use"]
    page = signed_in(manager).get("/search?q=话费争议&explain=1").text
    assert "Use in calls" in page
    assert f"{items[0]['score']:.4f}" in page
    for place in ("/search?q=话费争议&explain=1", "/search/typing?q=话费争议&explain=1"):
        assert "Use in calls" not in signed_in(rep).get(place).text
    assert signed_in(rep).get("/search?q=话费争议&explain=1").status_code == 403
    assert api(rep).call("GET", "/search?q=话费争议&explain=1").status_code == 403


@given(st.integers(2, 5), st.floats(weights.LEAST, weights.MOST), st.floats(weights.LEAST, weights.MOST))
def test_one_word_more_outweighs_everything_else(needs: int, more: float, less: float) -> None:
    """Of up to five equally telling words, met in the same places, alike close, alike often."""

    def words(met: int) -> float:
        share = met / needs
        return ranking.total(ranking.Features(share, share, share, share, share, share))

    assert words(needs) * more > words(needs - 1) * less
