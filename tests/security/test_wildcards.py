"""What means something to a pattern of SQL is a letter when somebody looks for it (S15)."""

from urllib.parse import quote

import pytest

from accounts import queries
from accounts.models import User
from accounts.people import actor_of
from core.db import reading, session, writing
from wiki.articles.titles import offered
from wiki.search import service
from wiki.search.engines.base import EngineUnavailable, State

NAMED = {"100%": "%", "a_b": "_", "back\\slash": "\\"}


def gone(*_: object, **__: object) -> None:
    raise EngineUnavailable(State.DOWN, "away")


@pytest.mark.both_databases
def test_a_wildcard_is_a_letter(app, make, api, monkeypatch):
    """Of people, of titles, and of texts while SQL alone finds them because the search server is away."""
    with writing():
        for name in [*NAMED, "nothing of it"]:
            make.article(title=name, body="x")
            make.user("rep", name=name)
        boss = make.user("admin", "manager", name="The boss")
    monkeypatch.setattr(type(service.engine()), "search", gone)
    script = api(boss)
    for name, sign in NAMED.items():
        found = script.ok("GET", "/search?q=" + quote(sign))
        assert (found["engine"], [item["title"] for item in found["items"]]) == (service.FALLBACK, [name])
        with reading():
            assert [person.name for person in session.scalars(queries.people(text=sign))] == [name]
            assert [row.title for row in offered(actor_of(session.get_one(User, boss.id)), sign)] == [name]
