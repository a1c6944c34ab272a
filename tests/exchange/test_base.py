"""The whole base leaves and comes back: an empty installation has the same articles, versions, people and times."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core import caches
from core.db import reading, session
from core.settings import load
from tests.exchange.bases import House, acts, dump, goes_round, run, unlinked
from tests.make import Make
from wiki.app import create_app
from wiki.articles.link_models import Link, Redirect
from wiki.articles.models import (
    Article,
)

pytestmark = pytest.mark.both_databases
QUICK = settings(
    max_examples=4,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
LONG = settings(QUICK, max_examples=40, derandomize=False)  # three times


@pytest.fixture
def house(engine: str, sqlite_template: Path, tmp_path: Path, new_postgres: Callable[..., str]) -> Iterator[House]:
    """``with house():`` an application over an empty database of its own, of the kind that this test runs on."""
    made: list[Flask] = []

    @contextmanager
    def fresh() -> Iterator[Flask]:
        place = tmp_path / f"house{len(made)}"
        place.mkdir()
        url = f"sqlite:///{place / 'spiral.db'}"
        if engine.startswith("sqlite"):
            shutil.copyfile(sqlite_template, place / "spiral.db")
        else:
            url = new_postgres(template="migrated")
        chosen = {"var": place, "database_url": url, "locale": "en", "allow_unsafe_database": True}
        app = create_app(load(chosen, environ={}))
        made.append(app)
        caches.forget_everything()
        with app.app_context():
            yield app
        caches.forget_everything()

    yield fresh
    for app in made:
        app.extensions["spiral.database"].close()


def test_a_base_comes_back_as_it_left(house: House, tmp_path: Path):
    @QUICK
    @given(st.lists(acts, min_size=4, max_size=14))
    def check(story: list[dict[str, Any]]) -> None:
        goes_round(house, tmp_path, story)

    check()


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(3))
def test_many_bases_come_back_as_they_left(house: House, tmp_path: Path, part: int):
    @LONG
    @given(st.lists(acts, min_size=4, max_size=20))
    def check(story: list[dict[str, Any]]) -> None:
        goes_round(house, tmp_path, story)

    check()


def test_every_sort_of_act_leaves_its_mark(house: House, tmp_path: Path):
    """The same with everything once, so that nobody can say that nothing was compared."""
    plain: dict[str, Any] = {
        "kind": "faq", "on": 9, "title": "甲", "body": "正文", "word": "词", "tags": ["a"], "place": "roaming",
        "services": ["mobile"], "circle": ["team", "user"], "significance": "major", "reason": "因为", "seconds": 60,
        "picture": 1, "brought_by": "rep",
    }  # fmt: skip
    story = [
        {**plain, "way": "publish"},
        {**plain, "way": "publish", "on": 0, "body": "改", "picture": 2, "brought_by": "business"},
        {**plain, "way": "verify", "on": 0},
        {**plain, "way": "keep", "on": 0, "seconds": 61},
        {**plain, "way": "deputy", "kind": "notice", "title": "乙"},
        {**plain, "way": "import", "title": "丙", "circle": []},
        {**plain, "way": "publish", "kind": "sop", "title": "丁", "seconds": 62},
        {**plain, "way": "retire", "on": 1},
        {**plain, "way": "emergency", "on": 2, "body": "急", "circle": []},
        {**plain, "way": "workaround", "title": "戊", "seconds": 63, "circle": []},
        {**plain, "way": "draft", "title": "己"},
    ]
    found = goes_round(house, tmp_path, story)["articles"]
    versions = [one for article in found.values() for one in article["versions"]]
    assert [one["version"] for one in found["甲"]["versions"]] == ["1.0", "2.0"], "not the one without a review"
    assert any(one["files"] for one in versions)
    assert any(line[2] for one in versions for line in one["approvals"]), "on behalf of somebody"
    assert any(article["looked"] for article in found.values())
    assert {article["live"] for article in found.values()} == {True, False}
    assert any(one["text"].readers for one in versions)
    assert "己" not in found


def test_links_and_earlier_titles_come_back(house: House, tmp_path: Path):
    out = tmp_path / "out"

    def named() -> tuple[Any, Any]:
        with reading():
            slugs = dict(session.execute(sa.select(Article.id, Article.slug)).all())
            links = session.execute(sa.select(Link.from_id, Link.title, Link.to_id, Link.kind)).all()
            past = session.execute(sa.select(Redirect.article_id, Redirect.title)).all()
            return (
                sorted((slugs[one], title, slugs.get(to) or "", kind) for one, title, to, kind in links),
                sorted((slugs[one], title) for one, title in past),
            )

    with house() as app:
        make = Make()
        first = make.article(title="套餐资费").slug
        make.article(title="退订", body="见 [[套餐资费|这里]]、[[没有的]]。")
        make.article(title="新资费", article=first, body="见 [[退订]]。")
        run(app, "export", str(out))
        before = named()
    assert ("退订", "套餐资费", first, "link") in before[0]
    assert (first, "套餐资费") in before[1]
    with house() as app:
        Make().user("manager", username="importer")
        run(app, "import", str(out))
        assert named() == before
        assert unlinked() == []


def test_a_folder_that_was_cut_short_is_refused(house: House, tmp_path: Path):
    out = tmp_path / "out"
    with house() as app:
        Make().article(title="甲")
        run(app, "export", str(out))
        (out / "spiral.json").write_text('{"format": "spiral-base", "version": 1, "complete": false}')
        Make().user("manager")
        done = app.test_cli_runner().invoke(args=["articles", "import", str(out)])
        assert (done.exit_code, "is not whole" in done.output) == (1, True)


def test_one_damaged_article_spoils_no_other(house: House, tmp_path: Path):
    out = tmp_path / "out"
    with house() as app:
        make = Make()
        for title in ("甲", "乙", "丙"):
            make.article(title=title)
        run(app, "export", str(out))
    (out / "articles" / "甲.json").write_text("{}")
    (out / "articles" / "乙.md").write_bytes(b"---\n[\n---\nx")
    with house() as app:
        Make().user("manager", username="importer")
        done = app.test_cli_runner().invoke(args=["articles", "import", str(out)])
        assert done.exit_code == 1
        assert "1 created, 0 updated, 0 unchanged, 2 refused" in done.output
        assert list(dump()["articles"]) == ["丙"]


def test_no_folder_of_somebody_elses_is_written_into(house: House, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.md").write_text("x")
    with house() as app:
        done = app.test_cli_runner().invoke(args=["articles", "export", str(tmp_path / "mine")])
        assert (done.exit_code, "holds something else" in done.output) == (1, True)


def test_what_is_no_more_is_gone_from_the_folder(house: House, tmp_path: Path):
    out = tmp_path / "out"
    with house() as app:
        Make().article(title="甲")
        run(app, "export", str(out))
        (out / "articles" / "旧.md").write_text("of an earlier export")
        run(app, "export", str(out))
        assert sorted(path.name for path in (out / "articles").iterdir()) == ["甲.json", "甲.md"]
