"""A reader is helped once by a major version, however many small ones follow: what the ledger pays is what is shown."""

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.people import actor_of
from core.db import session
from core.errors import Conflict
from tests.make import Make
from tests.scoring.story import approved, desk, points, submitted
from wiki.articles import ops, provisional
from wiki.feedback.ops import take_back, vote
from wiki.feedback.queries import standing
from wiki.scoring import rebuilding
from wiki.scoring.models import LedgerEntry

HALF = Decimal("0.50")


def test_a_mended_comma_asks_nobody_again(db: Any, make: Make) -> None:
    author, reviewers, reader = make.user(), desk(make), make.actor("rep")
    article = approved(submitted(author), reviewers)
    vote(article, reader, helpful=True)
    before = points(author)
    approved(submitted(make.user(), title="漫游套餐。", article_slug=article.slug, significance="typo"), reviewers)
    vote(article, reader, helpful=True)
    assert (points(author) - before, standing(article, reader.id).helpful) == (0, 1)
    vote(article, reader, helpful=False)
    assert (points(author) - before, standing(article, reader.id).helpful) == (-HALF, 0)
    vote(article, reader, helpful=True, comment="现在清楚了")
    take_back(article, reader, vote=True)
    assert (points(author) - before, standing(article, reader.id).helpful) == (-HALF, 0)
    assert rebuilding.verify() == []


acts = st.lists(st.sampled_from(["yes", "yes", "no", "back", "small", "large", "why"]), min_size=3, max_size=12)


@pytest.mark.timeout(600)
def test_in_any_order_the_ledger_pays_the_votes_that_stand(db: Any, make: Make, engine: str) -> None:
    author, reviewers, reader = make.user(), desk(make), make.actor("rep")
    article = approved(submitted(author), reviewers)
    session.flush()

    def paid() -> Decimal:
        rows = sa.select(sa.func.sum(LedgerEntry.points, type_=LedgerEntry.points.type))
        return session.scalar(rows.where(LedgerEntry.event == "feedback.helpful")) or Decimal(0)

    @settings(max_examples=15 if engine.startswith("sqlite") else 5, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(acts)
    def always(steps: list[str]) -> None:
        point, earlier = session.begin_nested(), Decimal(0)  # what earlier major versions were paid stays
        for number, step in enumerate(steps):
            if step in {"small", "large"}:
                earlier = paid() if step == "large" else earlier
                size = "major" if step == "large" else "minor"
                made = submitted(author, title=f"第 {number} 版", article_slug=article.slug, significance=size)
                approved(made, reviewers)
            elif step == "back":
                try:
                    take_back(article, reader, vote=True)
                except Conflict:
                    continue
            else:
                vote(article, reader, helpful=step != "no", comment="因为" if step == "why" else "")
            assert paid() - earlier == HALF * standing(article, reader.id).helpful
        assert rebuilding.verify() == []
        point.rollback()
        session.expire_all()

    always()


def test_a_vote_after_a_rollback_is_one_more(db: Any, make: Make) -> None:
    author, reviewers, reader, boss = make.user(), desk(make), make.actor("rep"), make.actor("manager")
    article = approved(submitted(author), reviewers)
    for helpful in (True, False, True):
        vote(article, reader, helpful=helpful)
    change = submitted(author, title="漫游套餐 2", article_slug=article.slug)
    provisional.ask_emergency(change, boss, "急")
    provisional.confirm_emergency(change, make.actor("supervisor"))
    session.refresh(article)
    vote(article, reader, helpful=False)
    ops.withdraw(change, actor_of(author))
    session.refresh(article)
    assert article.title == "漫游套餐"
    vote(article, reader, helpful=True)
    vote(article, reader, helpful=False)
    assert standing(article, reader.id).not_helpful == 1
    assert rebuilding.verify() == []
