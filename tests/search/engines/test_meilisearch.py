"""Meilisearch as a server: versions, keys, rebuilds that are cut off, what others did to the index."""

import multiprocessing
import time
from urllib.parse import urlsplit

import meilisearch
import pytest

from tests.search.engines.test_contract import ARTICLES, document, found, nothing
from wiki.search.engines import remote
from wiki.search.engines.base import EngineRefused, EngineUnavailable, State
from wiki.search.engines.remote import Meilisearch


@pytest.fixture
def finder(meilisearch_url, tmp_path) -> Meilisearch:
    return Meilisearch(meilisearch_url, tmp_path / "rebuild")


@pytest.fixture
def client(meilisearch_url) -> meilisearch.Client:
    parts = urlsplit(meilisearch_url)
    return meilisearch.Client(f"http://127.0.0.1:{parts.port}", parts.username, timeout=20)


def uids(client, finder):
    prefix = finder.uid.rpartition("-")[0] + "-"
    return sorted(i["uid"] for i in client.get_raw_indexes({"limit": 1000})["results"] if i["uid"].startswith(prefix))


def test_there_is_no_index_before_the_first_document(finder, client):
    assert finder.stats().state is State.MISSING
    with pytest.raises(EngineUnavailable) as refused:
        found(finder, "话费")
    assert refused.value.state is State.MISSING
    finder.index(ARTICLES)
    assert found(finder, "话费") == ["1"]
    assert uids(client, finder) == [finder.uid]


def test_another_version_of_the_program_has_another_index(finder, meilisearch_url, tmp_path, monkeypatch):
    finder.index(ARTICLES)
    monkeypatch.setattr(remote, "version", lambda: "oftomorrow")
    later = Meilisearch(meilisearch_url, tmp_path / "rebuild")
    assert later.stats().state is State.MISSING
    later.rebuild([document(7, "宽带报修")], nothing)
    assert found(later, "宽带") == ["7"]
    monkeypatch.undo()
    assert found(finder, "话费") == ["1"], "the one before answers until nobody has written to it for a day"


def test_settings_that_others_changed_ask_for_a_rebuild(finder, client):
    finder.index(ARTICLES)
    task = client.index(finder.uid).update_settings({"rankingRules": ["words"], "searchableAttributes": ["*"]})
    client.wait_for_task(task.task_uid)
    stats = finder.stats()
    assert stats.state is State.OUTDATED
    assert "rankingRules" in stats.reason
    finder.rebuild(ARTICLES, lambda ids: [each for each in ARTICLES if each.id in ids])
    assert finder.stats().state is State.READY
    assert found(finder, "话费") == ["1"]


def test_a_task_that_fails_after_it_was_accepted_is_an_error(finder, monkeypatch):
    finder.index(ARTICLES)
    monkeypatch.setattr(remote, "stored", lambda each: {"key": "no key at all"})
    with pytest.raises(EngineRefused, match="no key at all"):
        finder.index([document(9, "宽带")])
    monkeypatch.undo()
    assert found(finder, "话费") == ["1"]


def test_a_narrow_key_is_enough_and_reaches_nothing_else(finder, client, meilisearch_url, tmp_path):
    parts = urlsplit(meilisearch_url)
    key = finder.narrow_key()
    narrow = Meilisearch(f"meilisearch://{key}@127.0.0.1:{parts.port}{parts.path}", tmp_path / "rebuild")
    narrow.index(ARTICLES)
    narrow.rebuild(ARTICLES, lambda ids: [each for each in ARTICLES if each.id in ids])
    assert found(narrow, "话费") == ["1"]
    assert narrow.tidy() is False
    assert narrow.advice() == ""
    assert "flask search key" in finder.advice()
    theirs = meilisearch.Client(f"http://127.0.0.1:{parts.port}", key, timeout=20)
    for reach in (theirs.get_keys, theirs.create_dump, theirs.index("others").get_stats):
        with pytest.raises(meilisearch.errors.MeilisearchApiError):
            reach()


def test_a_wrong_key_is_said(meilisearch_url, tmp_path):
    parts = urlsplit(meilisearch_url)
    stranger = Meilisearch(f"meilisearch://wrong@127.0.0.1:{parts.port}", tmp_path / "rebuild")
    assert stranger.stats().state is State.DOWN
    assert "refuses the key" in stranger.stats().reason


def _killed(url, lock):
    def documents():
        yield from (document(100 + n, "新资费") for n in range(remote.BATCH + 1))
        time.sleep(600)

    Meilisearch(url, lock).rebuild(documents(), nothing)


def test_a_killed_rebuild_needs_no_repair(finder, client, meilisearch_url, tmp_path, monkeypatch):
    finder.index(ARTICLES)
    spawn = multiprocessing.get_context("spawn")
    child = spawn.Process(target=_killed, args=(meilisearch_url, tmp_path / "rebuild"))
    child.start()
    until = time.monotonic() + 300
    while len(uids(client, finder)) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    child.kill()
    child.join()
    assert len(uids(client, finder)) == 2
    finder.index([document(5, "话费套餐")])
    assert set(found(finder, "话费")) == {"1", "5"}
    assert finder.tidy() is False, "somebody elsewhere may still be at it"
    monkeypatch.setattr(remote, "ABANDONED", -60)
    assert finder.tidy() is True
    assert uids(client, finder) == [finder.uid]
    assert set(found(finder, "话费")) == {"1", "5"}


def test_two_rebuilds_at_once_are_one_too_many(finder, meilisearch_url, tmp_path):
    finder.clear()

    def documents():
        with pytest.raises(EngineUnavailable):
            Meilisearch(meilisearch_url, tmp_path / "rebuild").rebuild((), nothing)
        yield document(1, "话费")

    assert finder.rebuild(documents(), lambda ids: [document(1, "话费")]) == 1


def test_a_new_word_is_found_at_once_also_by_another_process(finder, meilisearch_url, tmp_path):
    other = Meilisearch(meilisearch_url, tmp_path / "rebuild")
    finder.index(ARTICLES)
    assert found(other, "kuandai") == []
    finder.index([document(8, "宽带报修")])
    time.sleep(0.6)  # what was not there is believed for half a second
    assert found(other, "kuandai") == ["8"]
