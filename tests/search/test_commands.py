"""``flask search …``: what differs is named and ends with 1; what is read during a rebuild is what was written then."""

import contextvars
import shutil
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask

from core import outbox
from core.db import reading, session, writing
from core.settings import SettingsError, load
from tests.make import Make
from wiki.articles.content import Content
from wiki.articles.models import Article, ArticleTag
from wiki.articles.publishing import Row, import_row, retire
from wiki.search import listeners, service
from wiki.search.engines.base import Query


@pytest.fixture
def flask(app: Flask) -> Callable[..., tuple[int, str]]:
    def run(*words: str, stdin: str = "") -> tuple[int, str]:
        done = contextvars.Context().run(app.test_cli_runner().invoke, args=["search", *words], input=stdin)
        return done.exit_code, done.output

    return run


def publish(make: Make, *titles: str) -> list[str]:
    with writing():
        for title in titles:
            import_row(make.actor("manager"), Row(title, "faq", Content(title=title, body=f"{title}的说明")))
        found = session.execute(sa.select(Article.title, Article.id).where(Article.title.in_(titles)))
        ids = {title: str(id_) for title, id_ in found}
    return [ids[title] for title in titles]


@pytest.mark.both_databases
def test_verify_names_what_differs(make: Make, flask) -> None:
    missing, stale, right = publish(make, "宽带移机", "宽带提速", "宽带报修")
    outbox.drain()
    assert flask("verify") == (0, "The index and the database agree.\n")
    with reading():
        (document,) = service.documents([stale])
    service.engine().delete([missing])
    service.engine().index([replace(document, stamp="of yesterday"), replace(document, id="987654")])
    code, said = flask("verify")
    assert code == 1
    assert f"article {missing} is published and not in the index" in said
    assert f"article {stale} is in the index as it was before" in said
    assert "article 987654 is in the index and not published" in said
    assert "1 missing, 1 too many, 1 out of date" in said
    assert f"article {right} " not in said
    assert flask("reindex") == (0, "3 articles can be found.\n")
    assert flask("verify")[0] == 0
    assert flask("stats")[1].startswith("engine embedded, ready, 3 articles, ")


def test_a_tag_alone_makes_an_entry_stale(make: Make) -> None:
    (one,) = publish(make, "宽带移机")
    outbox.drain()
    with writing():
        session.add(ArticleTag(article_id=int(one), tag="移机"))
    assert service.verify().stale == [one]
    service.bring([one])
    assert not service.verify()


@pytest.mark.both_databases
def test_what_happens_during_a_rebuild_is_in_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, _ = publish(make, "宽带移机", "宽带提速")
    outbox.drain()
    everything = service._everything

    def meanwhile():
        yield from everything()
        with writing():
            retire(session.get_one(Article, int(gone)), make.actor("manager"), reason="过期")
        publish(make, "宽带报修")
        outbox.drain()
        assert service.engine().search(Query("提速", frozenset({"internal"}))).hits, "finding goes on meanwhile"

    monkeypatch.setattr(service, "_everything", meanwhile)
    with reading():  # as in a command that has read something before
        session.scalar(sa.select(sa.func.count()).select_from(Article))
        service.reindex()
    assert not service.verify()


def test_an_index_made_anew_keeps_the_promises_that_waited_and_no_later_one(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_others = publish(make, "宽带移机", "宽带提速", "宽带报修")
    real, late = service.reindex, []

    def meanwhile() -> int:
        count = real()
        late.extend(publish(make, "宽带挽留"))
        return count

    monkeypatch.setattr(service, "reindex", meanwhile)
    listeners.bring([outbox.Job(listeners.TOPIC, first, {})])
    with reading() as s:
        waiting = s.scalars(sa.select(outbox.OutboxJob.key).where(outbox.OutboxJob.topic == listeners.TOPIC)).all()
    assert waiting == late
    outbox.drain()
    assert not service.verify()


def test_who_read_first_and_writes_last_looks_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = publish(make, "宽带移机")
    outbox.drain()
    engine, turns = service.engine(), []
    index = engine.index

    def overtaken(documents):
        if not turns:
            turns.append(1)
            with writing():
                session.add(ArticleTag(article_id=int(one), tag="移机"))
        return index(documents)

    monkeypatch.setattr(engine, "index", overtaken)
    service.bring([one])
    assert not service.verify()


def test_without_an_index_the_commands_say_so(make: Make, flask, settings) -> None:
    publish(make, "宽带移机")
    outbox.drain()
    service.engine().close()
    shutil.rmtree(settings.var / "search")
    assert flask("verify") == (1, "Error: there is no search index yet\n")
    assert flask("stats")[0] == 1
    assert flask("reindex")[0] == 0


def test_the_command_makes_a_narrow_key(app: Flask, flask, meilisearch_url: str) -> None:
    assert flask("key", stdin="x\n")[0] == 1, "no server is named"
    parts = urlsplit(meilisearch_url)
    bare = f"meilisearch://127.0.0.1:{parts.port}{parts.path}"
    app.config["SPIRAL"] = app.config["SPIRAL"].model_copy(update={"search_url": bare})
    code, said = flask("key", "--master-key", str(parts.username))
    assert code == 0
    setting = said.strip().splitlines()[-1].removeprefix("SPIRAL_SEARCH_URL=")
    assert urlsplit(setting).username not in {None, parts.username}
    engine = service._engine(setting, app.config["SPIRAL"].var)
    engine.clear()
    assert engine.search(Query("话费", frozenset({"internal"}))).total == 0


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("meilisearch://", "must look like"),
        ("http://key@host:7700", "must look like"),
        ("meilisearch://key@host:7700?x=1", "must look like"),
        ("meilisearch://user:key@host", "holds a colon"),
        ("meilisearch://key@host/a/b", "may name its index"),
        ("meilisearch://key@host:port", ""),
    ],
)
def test_an_odd_address_stops_the_start(tmp_path, url: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=f"SPIRAL_SEARCH_URL .*{complaint}"):
        load({"var": tmp_path}, environ={"SPIRAL_SEARCH_URL": url})


def test_the_key_is_not_shown(tmp_path) -> None:
    settings = load({"var": tmp_path}, environ={"SPIRAL_SEARCH_URL": "meilisearch://secret@host:7700/centre"})
    assert settings.shown()["search_url"] == "meilisearch://***@host:7700/centre"
