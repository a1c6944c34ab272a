"""An import whose files lie in a bucket: nothing of the database waits for it, and it may be away."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import outbox
from core.bucket import Bucket
from core.db import has_session, reading, writing
from core.settings import Settings, load
from tests.clients import Browser
from tests.exchange.bases import run
from tests.exchange.test_jobs import bring, check, only, rows
from tests.make import Make
from tests.support import office
from tests.support.files import picture
from tests.support.s3 import Shelf
from wiki.articles import files
from wiki.articles.models import Article
from wiki.exchange import ops as imports
from wiki.exchange.rules import Outcome, State
from wiki.kpi import files as figures

TEXT = "---\ntitle: 图文\n---\n![a](a.png) ![b](b.png)\n".encode()
HANDBOOK = office.packed({"图文.md": TEXT, "又.md": TEXT, "a.png": picture(), "b.png": picture(3, 3)})


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf() as shelf:
        yield shelf


@pytest.fixture
def settings(engine: str, tmp_path: Path, shelf: Shelf) -> Settings:
    chosen = {"var": tmp_path, "database_url": engine, "locale": "en", "files_url": shelf.url}
    return load({**chosen, "threads": 4, "allow_unsafe_database": True}, environ={})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Every request to the bucket from now on: its method, and whether a transaction waited for it."""
    found: list[tuple[str, bool]] = []
    ask = Bucket._ask

    def watched(self: Bucket, method: str, path: str, **more: Any) -> Any:
        found.append((method, has_session()))
        return ask(self, method, path, **more)

    monkeypatch.setattr(Bucket, "_ask", watched)
    return found


def test_pictures_of_an_import_are_put_there_before_their_rows_are_taken(
    app: Any, make: Make, signed_in: Callable[..., Browser], shelf: Shelf, asked: list[tuple[str, bool]], clock: Any
) -> None:
    browser = signed_in(make.user("manager"))
    page = bring(browser, HANDBOOK, "手册.zip")
    check(browser, page)
    assert browser.submit(page, to=f"{page}/run").status_code == 302
    for lying in (Path(app.config["SPIRAL"].var) / "imports").rglob("pictures/*"):
        lying.unlink()  # another machine examined it
    shelf.mode = "away"
    outbox.drain()
    assert only().state is State.RUNNING, "a bucket that is away refuses no row"
    assert [row.outcome for row in rows()] == [None, None]
    shelf.mode = "serves"
    clock.advance(minutes=1)
    asked.clear()
    outbox.drain()
    assert only().state is State.DONE
    assert [row.outcome for row in rows()] == [Outcome.CREATED] * 2
    assert ("PUT", False) in asked
    assert ("GET", False) in asked
    assert {within for _method, within in asked} == {False}
    with reading() as s:
        for article in s.scalars(sa.select(Article)):
            assert [one.width for one in files.files_of(article.revision_id)] == [8, 3]
    assert len([name for name in shelf.things if "/files/" in name]) == 4, "of two texts with one picture it is one"


def test_files_of_a_whole_base_are_put_there_before_their_rows_are_taken(
    app: Any, make: Make, shelf: Shelf, asked: list[tuple[str, bool]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with writing():
        painter = make.actor("rep", username="painter")
        shown = files.keep(painter, "plan.png", picture()).markdown("Plan")
        make.article(painter, "faq", title="Plan one", body=shown)
        make.user("manager")
    run(app, "export", str(out))
    for path in [one for one in out.rglob("*") if one.is_file() and one.parent.name != "files"]:  # as of another house
        text = path.read_text("utf-8").replace("painter", "stranger").replace("plan-one", "plan-two")
        path.write_text(text, "utf-8")
        path.rename(path.with_name(path.name.replace("plan-one", "plan-two")))
    lay = set(shelf.things)
    asked.clear()
    assert run(app, "import", "--dry-run", str(out)).count("1 created") == 1
    assert asked == [], "what is only tried is put nowhere"
    assert run(app, "import", str(out)).count("1 created") == 1
    assert asked == [("PUT", False), ("PUT", False)], "the picture and its small one, in no transaction"
    with reading() as s:
        article = s.scalars(sa.select(Article).where(Article.slug == "plan-two")).one()
        (entry,) = files.files_of(article.revision_id)
        assert entry.owner.username == "stranger"
        named = {entry.key, str(entry.small_key)}
        assert {name.rpartition("/")[2] for name in set(shelf.things) - lay} == named
        assert entry.size == sum(len(files.stored().open(key).read()) for key in named)


@pytest.mark.parametrize("sweep", [files.sweep, imports.clear, figures.clear])
def test_sweeps_list_the_bucket_in_no_transaction(
    app: Any, shelf: Shelf, asked: list[tuple[str, bool]], sweep: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import chores

    due: Mapping[Any, chores.Turn] = {sweep: chores._chores[sweep]}
    monkeypatch.setattr(chores, "_chores", due)
    monkeypatch.setattr(chores, "_done", {})
    chores.run_due()
    assert asked == [("GET", False)]
    monkeypatch.setattr(chores, "_done", {})
    chores.run_due()
    assert len(asked) == 1, "it has been done"
