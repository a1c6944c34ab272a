"""Role × audience: nothing that somebody may not read shows anywhere in finding, on both engines and without one.

A new door of finding (gaps, the frame beside the CRM, …) is one more line in ``doors``.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from accounts.people import actor_of
from core import outbox
from core.db import reading, session, writing
from core.settings import Settings, load
from tests.clients import Browser, Script
from tests.conftest import Clock
from tests.make import Make
from tests.security.world import PEOPLE
from wiki.articles import lifecycle, provisional
from wiki.articles.models import Article, Submission
from wiki.articles.open_models import ArticleOpen, OpenSource
from wiki.articles.publishing import retire
from wiki.search import pins, service, spelling
from wiki.search.engines.base import EngineUnavailable, Facet, Query, State

ALL = {name for name in PEOPLE if name not in {"nobody", "gone"}}
KEEPERS = {"author", "manager"}
# A word that stands in title, text and tag of one article: who may ever meet it in finding.
MAY_MEET: dict[str, set[str]] = {
    "albatross": ALL,  # public
    "barracuda": ALL,  # internal
    "chinchilla": KEEPERS | {"qa"},  # for a role
    "dromedary": KEEPERS | {"supervisor"},  # for a team
    "eiderduck": KEEPERS | {"rep"},  # for a tier
    "flamingos": KEEPERS | {"business"},  # for a person
    "grasshopper": set(),  # a draft
    "hippopotamus": set(),  # under review
    "ibexmountain": KEEPERS | {"qa"},  # published before its review, for a role
    "jaguarundi": set(),  # retired
    "kingfisher": set(),  # expired
}
# Who learns from 'similar' that a proposal exists: its people, and who has to judge it.
MAY_KNOW = {
    "grasshopper": {"author"},
    "hippopotamus": KEEPERS | {"business"},
    "ibexmountain": KEEPERS | {"business", "qa"},
}
SHARED = "泄露"  # stands in all of them


@pytest.fixture(params=["embedded", "meilisearch", "database"])
def settings(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> Settings:
    remote = request.param == "meilisearch"
    url = request.getfixturevalue("meilisearch_url") if remote else ""
    chosen = {"var": tmp_path, "database_url": engine, "search_url": url, "locale": "en", "threads": 4}
    return load({**chosen, "allow_unsafe_database": True}, environ={})


@pytest.fixture
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["settings"])


class World:
    """Everybody, and one article for every sort of reader."""

    def __init__(self, make: Make, clock: Clock) -> None:
        team = {"author": "billing", "supervisor": "billing", "rep": "faults"}
        self.users: dict[str, User] = {}
        with writing():
            for name in ALL:
                role = {"author": "rep"}.get(name, name)
                tier = "second" if name == "rep" else None
                self.users[name] = make.user(role, username=name, team=team.get(name), tier=tier)
        self.slugs: dict[str, str] = {}
        self._write(make, clock)
        clock.advance(hours=2)
        with writing():
            lifecycle.end_what_has_expired()
        self._around(make, clock)
        outbox.drain()
        spelling.gather()

    def _write(self, make: Make, clock: Clock) -> None:
        author, manager = actor_of(self.users["author"]), actor_of(self.users["manager"])
        readers = {
            "chinchilla": "role:qa",
            "dromedary": f"team:{self.users['supervisor'].team_id}",
            "eiderduck": f"tier:{self.users['rep'].tier_id}",
            "flamingos": f"user:{self.users['business'].id}",
        }
        early = {"grasshopper", "hippopotamus", "ibexmountain"}
        for word in MAY_MEET:
            closed = readers.get(word) or ("role:qa" if word in early else None)
            about: dict[str, Any] = {
                "title": f"{word} {SHARED}",
                "body": f"{SHARED} {word} {SHARED}",
                "tags": [word],
                "audience": "restricted" if closed else "public" if word == "albatross" else "internal",
                "readers": [closed] if closed else [],
            }
            if word in early:
                made = make.submission(author, submitted=word != "grasshopper", **about)
                if word == "ibexmountain":
                    with writing():
                        provisional.publish_workaround(session.get_one(Submission, made.id), manager, "fire")
                continue
            article = make.article(author, **about)
            self.slugs[word] = article.slug
            if word == "kingfisher":
                with writing():
                    session.get_one(Article, article.id).expires_at = clock.at + timedelta(hours=1)

    def _around(self, make: Make, clock: Clock) -> None:
        manager = actor_of(self.users["manager"])
        with writing() as s:
            articles = {a.title.split()[0]: a for a in s.query(Article).all()}
            retire(articles["jaguarundi"], manager, reason="over")
            for word, article in articles.items():
                for name in ("rep", "qa", "training"):
                    s.add(ArticleOpen(
                        at=clock.at - timedelta(minutes=9), user_id=self.users[name].id, article_id=article.id,
                        revision_id=article.revision_id, source=OpenSource.PAGE,
                    ))  # fmt: skip
                if article.live and word not in {"albatross", "kingfisher"}:
                    pins.pin(manager, SHARED, article.slug)


@pytest.fixture
def world(make: Make, clock: Clock, mode: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World(make, clock)
    if mode == "database":

        def away(*_: object, **__: object) -> None:
            raise EngineUnavailable(State.DOWN, "away")

        monkeypatch.setattr(type(service.engine()), "search", away)
        monkeypatch.setattr(type(service.engine()), "suggest", away)
    return world


def doors(hidden: set[str], public: str) -> Iterator[str]:
    """Pages that may show nothing of the hidden ones."""
    yield f"/search?q={SHARED}"
    yield f"/search?q={SHARED}&kind=faq&fresh=30d"
    yield f"/search/typing?q={SHARED}"
    yield f"/similar?title={SHARED}{SHARED}"
    yield f"/articles/{public}"  # what people also opened stands beside it
    for word in sorted(hidden):
        yield f"/search?q={word[0]}{word[2]}{word[1]}{word[3:]}"  # a slip of the fingers asks for another spelling
        yield f"/search?q=&tag={word[:-1]}"


def test_nothing_shows_of_what_somebody_may_not_read(
    world: World, mode: str, api: Callable[..., Script], signed_in: Callable[..., Browser], client: Browser
) -> None:
    for door in doors(set(MAY_MEET), world.slugs["albatross"]):
        assert client.get(door).status_code == 302, door
    for name in sorted(ALL):
        visible = {word for word, people in MAY_MEET.items() if name in people}
        hidden = MAY_MEET.keys() - visible
        script, browser = api(world.users[name]), signed_in(world.users[name])
        answer = script.ok("GET", f"/search?q={SHARED}&limit=50")
        assert {item["title"].split()[0] for item in answer["items"]} == visible, name
        assert answer["total"] == len(visible), name
        assert answer["engine"] == mode
        assert {item["title"].split()[0] for item in answer["items"] if item["recommended"]} == visible - {"albatross"}
        for word in MAY_MEET:
            exact = script.ok("GET", f"/search?q={word}&limit=50")
            found = {item["title"].split()[0] for item in exact["items"]}
            assert (word in found) == (word in visible), (name, word)
            assert found <= visible
            assert exact["total"] == len(found)
            suggested = script.ok("GET", f"/suggest?q={word[:6]}")["items"]
            assert {item["title"].split()[0] for item in suggested} <= visible, (name, word)
        for door in doors(set(hidden), world.slugs["albatross"]):
            text = browser.text(door)
            known = {word for word, people in MAY_KNOW.items() if name in people and door.startswith("/similar")}
            shown = {word for word in hidden - known if word in text}
            assert not shown, (name, door)
        if mode != "database":
            with reading():
                facets = service.search(_counting(world.users[name]), actor_of(world.users[name])).facets
            assert dict(facets[Facet.TAG]) == dict.fromkeys(visible, 1), name
            assert sum(count for _value, count in facets[Facet.READERSHIP]) == len(visible), name


def _counting(user: User) -> Query:
    return Query(SHARED, service.reader_of(actor_of(user)), facets=tuple(Facet))
