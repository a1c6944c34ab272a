"""Words earn once: not again as a new article, not again when an earlier version comes back, for whoever brings it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.people import actor_of
from core.db import session
from tests.make import Make
from tests.scoring.story import approved, desk, points, submitted
from wiki.articles import ops, publishing
from wiki.articles.content import Content, of_revision
from wiki.articles.models import Article, Publication, Revision
from wiki.articles.queries import counts
from wiki.articles.restoring import restore
from wiki.feedback.ops import mark_used, vote
from wiki.feedback.queries import authors_of
from wiki.scoring import rebuilding
from wiki.scoring.models import LedgerEntry, ScoringAct

D = Decimal


@pytest.fixture
def reviewers(make: Make) -> dict[str, User]:
    return desk(make)


def changed(article: Article, by: User, reviewers: dict[str, User], title: str, size: str = "major") -> Article:
    made = submitted(by, title=title, article_slug=article.slug, significance=size)
    return approved(made, reviewers)


def brought_back(article: Article, by: User, reviewers: dict[str, User], version: str) -> Article:
    made = restore(actor_of(by), article, version)
    ops.submit(made, actor_of(by))
    return approved(made, reviewers)


def test_an_earlier_version_earns_nothing_for_whoever_brings_it_back(db: Any, make: Make, reviewers: Any) -> None:
    author, second, third = make.user(), make.user(), make.user()
    article = changed(approved(submitted(author), reviewers), second, reviewers, "漫游套餐 2")
    assert (points(author), points(second)) == (D("8.00"), D("6.00"))
    brought_back(article, third, reviewers, "1.0")
    assert points(third) == 0
    acts = session.scalars(sa.select(ScoringAct).filter_by(event="revision.accepted"))
    assert [one.variant for one in acts if one.people == [third.id]] == ["back"], "it is on record as what it was"
    assert (rebuilding.unrecorded(), rebuilding.verify()) == ({}, [])
    reader = make.actor("rep")
    assert authors_of(article) == (author.id,), "and readers' thanks go to whose words they are"
    vote(article, reader, helpful=True)
    mark_used(article, reader)
    assert (points(author), points(second), points(third)) == (D("8.80"), D("6.00"), 0)


def test_typed_by_hand_it_is_the_same_words(db: Any, make: Make, reviewers: Any) -> None:
    author, second, third = make.user(), make.user(), make.user()
    article = changed(approved(submitted(author), reviewers), second, reviewers, "漫游套餐 2")
    changed(article, third, reviewers, "漫游套餐")
    assert points(third) == 0
    changed(article, third, reviewers, "漫游套餐 3", "minor")
    assert points(third) == D("2.00"), "words that nobody had read there earn as always"


def test_another_tag_under_the_same_words_is_a_change(db: Any, make: Make, reviewers: Any) -> None:
    author, second = make.user(), make.user()
    article = approved(submitted(author), reviewers)
    now = of_revision(article.revision)
    content = Content(title=now.title, body=now.body, fields=now.fields, tags=["新标签"])
    made = ops.propose(actor_of(second), "product", content, article_slug=article.slug, significance="minor")
    ops.submit(made, actor_of(second))
    approved(made, reviewers)
    assert points(second) == D("2.00")


@pytest.mark.parametrize("duplicate", [False, True])
def test_a_change_approved_after_the_article_was_retired_is_no_new_article(
    db: Any, make: Make, reviewers: Any, duplicate: bool
) -> None:
    author, second, boss = make.user(), make.user(), make.actor("manager")
    other = approved(submitted(make.user(), title="别的"), reviewers)
    article = approved(submitted(author), reviewers)
    change = submitted(second, title="漫游套餐 2", article_slug=article.slug, significance="minor")
    publishing.retire(article, boss, reason="过期", duplicate_of=other if duplicate else None)
    assert points(author) == (0 if duplicate else D("8.00"))
    approved(change, reviewers)
    assert article.live
    assert (points(author), points(second)) == (D("8.00"), D("2.00"))
    assert (rebuilding.unrecorded(), rebuilding.verify()) == ({}, [])


class Story:
    """Three people, one article, and what may happen to it in any order."""

    def __init__(self, make: Make, reviewers: dict[str, User]) -> None:
        self.people, self.reviewers = [make.user() for _ in range(3)], reviewers
        self.boss, self.other = make.actor("manager"), approved(submitted(make.user(), title="别的"), reviewers)
        self.article = approved(submitted(self.people[0], title="词 0"), reviewers)

    def change(self, who: int, words: int, *, late: bool = False) -> None:
        now = self.article.revision
        assert now is not None
        if not self.article.live or now.title == f"词 {words}":
            return
        made = submitted(self.people[who], title=f"词 {words}", article_slug=self.article.slug,
                         significance="major" if words % 2 else "minor")  # fmt: skip
        if late:
            self.retire(who, words)
        approved(made, self.reviewers)

    def change_of_a_retired(self, who: int, words: int) -> None:
        self.change(who, words, late=True)

    def back(self, who: int, number: int) -> None:
        rows = list(session.scalars(sa.select(Publication).filter_by(article_id=self.article.id)))
        wanted, now = rows[number % len(rows)], self.article.revision
        assert now is not None
        if self.article.live and wanted.revision.digest != now.digest:
            brought_back(self.article, self.people[who], self.reviewers, wanted.version)

    def retire(self, who: int, _number: int) -> None:
        if self.article.live:
            publishing.retire(self.article, self.boss, reason="x", duplicate_of=self.other if who else None)

    def put_back(self, _who: int, _number: int) -> None:
        if not self.article.live:
            publishing.put_back(self.article, self.boss, reason="x")

    def must_hold(self) -> None:
        """Each text has paid one acceptance at most, by what the ledger says in all."""
        texts = sa.select(Revision.id, Revision.digest).join(Publication, Publication.revision_id == Revision.id)
        digest = dict(session.execute(texts.where(Publication.article_id == self.article.id, counts())).all())
        paid: dict[str, Decimal] = {}
        rows = sa.select(LedgerEntry.points, ScoringAct.revision_id).where(LedgerEntry.event.like("%.accepted"))
        for earned, revision_id in session.execute(rows.join(ScoringAct, ScoringAct.id == LedgerEntry.act_id)):
            if revision_id in digest:
                paid[digest[revision_id]] = paid.get(digest[revision_id], D(0)) + earned
        first = digest[min(digest)]
        for text, earned in paid.items():
            assert earned in {D(0), D("8.00") if text == first else D("6.00"), D("2.00")}
        assert (rebuilding.unrecorded(), rebuilding.verify()) == ({}, [])
        revision = self.article.revision
        if self.article.live and revision is not None:
            assert paid[first] == D("8.00")
            assert paid.get(revision.digest, D(0)) > 0, "the words that readers see have earned, once"


verbs = st.tuples(st.sampled_from(["change", "change", "change_of_a_retired", "back", "back", "retire", "put_back"]),
                  st.integers(0, 2), st.integers(0, 3))  # fmt: skip


def told(db: Any, make: Make, examples: int) -> None:
    story = Story(make, desk(make))
    session.flush()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(verbs, min_size=3, max_size=9))
    def always(steps: list[tuple[str, int, int]]) -> None:
        point = session.begin_nested()
        for verb, who, number in steps:
            act: Callable[[int, int], None] = getattr(story, verb)
            act(who, number)
            session.flush()
            story.must_hold()
        point.rollback()
        session.expire_all()

    always()


@pytest.mark.timeout(600)
def test_in_any_order_no_words_earn_twice(db: Any, make: Make, engine: str) -> None:
    told(db, make, 12 if engine.startswith("sqlite") else 4)
