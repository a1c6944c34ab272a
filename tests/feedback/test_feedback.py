"""What readers say: one vote counts, own work never, and nothing is ever overwritten."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from accounts.people import actor_of
from core.db import session, writing
from core.errors import Invalid, NotFound
from core.permissions import allowed, can
from tests.clients import Browser, Script
from tests.make import Make
from tests.scoring.story import approved, desk, submitted
from wiki.articles.models import Article
from wiki.feedback.models import Feedback
from wiki.feedback.ops import mark_used, say, vote
from wiki.feedback.permissions import P
from wiki.feedback.queries import standing


def test_the_newest_vote_of_a_person_counts_and_both_are_kept(db: Any, make: Make) -> None:
    article = approved(submitted(make.user()), desk(make))
    reader = make.actor("rep")
    vote(article, reader, helpful=True)
    vote(article, reader, helpful=True)
    vote(article, reader, helpful=False, reason="outdated")
    found = standing(article, reader.id)
    assert (found.helpful, found.not_helpful, found.mine) == (0, 1, False)
    assert db.scalar(sa.select(sa.func.count()).select_from(Feedback)) == 2


def test_own_votes_are_kept_and_counted_nowhere(db: Any, make: Make) -> None:
    author = make.user()
    article = approved(submitted(author), desk(make))
    say(article, actor_of(author), helpful=True, used_in_call=True)
    found = standing(article, author.id)
    assert (found.helpful, found.used, found.mine) == (0, 0, True)


def test_each_call_is_a_use(db: Any, make: Make) -> None:
    article = approved(submitted(make.user()), desk(make))
    reader = make.actor("rep")
    mark_used(article, reader)
    mark_used(article, reader)
    assert standing(article, reader.id).used == 2
    assert standing(article, reader.id).used_today


def test_saying_nothing_or_an_unknown_reason_is_refused(db: Any, make: Make) -> None:
    article = approved(submitted(make.user()), desk(make))
    with pytest.raises(Invalid):
        say(article, make.actor("rep"))
    with pytest.raises(Invalid):
        say(article, make.actor("rep"), helpful=False, reason="whatever")


def test_a_retired_article_takes_no_votes(db: Any, make: Make) -> None:
    article = approved(submitted(make.user()), desk(make))
    article.live = False
    with pytest.raises(NotFound):
        vote(article, make.actor("rep"), helpful=True)


def test_nothing_is_ever_overwritten(db: Any, make: Make) -> None:
    article = approved(submitted(make.user()), desk(make))
    row = vote(article, make.actor("rep"), helpful=True)
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(sa.update(Feedback).where(Feedback.id == row.id).values(helpful=False))


def test_the_list_agrees_with_the_predicate(db: Any, make: Make) -> None:
    article = approved(submitted(make.user()), desk(make))
    for role in ("rep", "business", "qa", "training", "supervisor", "manager", "admin"):
        who = make.actor(role)
        listed = set(session.scalars(sa.select(Article.id).where(allowed(who, P.SAY))))
        assert (article.id in listed) == can(who, P.SAY, article)


def test_the_interface_takes_a_vote(make: Make, api: Callable[..., Script]) -> None:
    with writing():
        slug = approved(submitted(make.user()), desk(make)).slug
    answer = api(make.user()).post(f"/articles/{slug}/feedback", {"helpful": True, "used_in_call": True})
    assert answer.status_code == 201
    assert answer.json == {"helpful": 1, "not_helpful": 0, "used_in_call": 1, "mine": True}
    assert api(make.user()).post("/articles/nowhere/feedback", {"helpful": True}).status_code == 404
    assert api(make.user()).post(f"/articles/{slug}/feedback", {}).status_code == 422


def test_the_form_beside_an_article_works_without_script(make: Make, signed_in: Callable[[Any], Browser]) -> None:
    with writing():
        slug = approved(submitted(make.user()), desk(make)).slug
    browser = signed_in(make.user())
    answer = browser.submit(f"/articles/{slug}", helpful="1", to=f"/articles/{slug}/feedback", follow=True)
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "Thank you" in page
    assert 'aria-pressed="true"' in page
