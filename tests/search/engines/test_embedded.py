"""The embedded index as files: many processes, versions, damage."""

import json
import multiprocessing
import time

import pytest

from tests.search.engines.test_contract import ARTICLES, STAFF, document, found, nothing
from wiki.search.engines import embedded
from wiki.search.engines.base import EngineUnavailable, Query, State
from wiki.search.engines.embedded import Embedded


@pytest.fixture
def root(tmp_path):
    return tmp_path / "index"


def _write(root, first, count):
    engine = Embedded(root)
    for i in range(first, first + count):
        engine.index([document(i, f"话费 {i}")])


def test_another_process_is_read_at_once(root):
    reader = Embedded(root)
    reader.clear()
    assert found(reader, "话费") == []
    child = multiprocessing.get_context("spawn").Process(target=_write, args=(root, 1, 1))
    child.start()
    child.join()
    assert found(reader, "话费") == ["1"]


def test_processes_that_write_at_once_wait_for_each_other(root):
    engine = Embedded(root)
    engine.clear()
    spawn = multiprocessing.get_context("spawn")
    children = [spawn.Process(target=_write, args=(root, 100 * n, 5)) for n in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert engine.stats().documents == 15


def test_a_swap_is_seen_by_those_who_have_the_old_one_open(root):
    reader, other = Embedded(root), Embedded(root)
    reader.index(ARTICLES)
    assert found(reader, "话费") == ["1"]
    other.rebuild([document(7, "宽带报修")], nothing)
    assert found(reader, "话费") == []
    assert found(reader, "宽带") == ["7"]
    assert len(list(root.glob("g*"))) == 1


def test_who_cannot_become_the_writer_says_so(root, monkeypatch):
    monkeypatch.setattr(embedded, "_PATIENCE", 0.05)
    engine = Embedded(root)
    engine.clear()
    with Embedded(root)._generations.writing(patience=0), pytest.raises(EngineUnavailable) as refused:
        engine.index(ARTICLES)
    assert refused.value.state is State.DOWN


def test_two_rebuilds_at_once_are_one_too_many(root):
    engine = Embedded(root)

    def documents():
        with pytest.raises(EngineUnavailable):
            Embedded(root).rebuild((), nothing)
        yield document(1, "话费")

    assert engine.rebuild(documents(), nothing) == 1


def test_there_is_no_index_before_the_first_document(root):
    engine = Embedded(root)
    assert engine.stats().state is State.MISSING
    with pytest.raises(EngineUnavailable):
        found(engine, "话费")
    engine.index(ARTICLES)
    assert found(engine, "话费") == ["1"]


def test_an_index_of_another_version_asks_to_be_rebuilt(root, monkeypatch):
    Embedded(root).index(ARTICLES)
    monkeypatch.setattr(embedded, "signature", lambda: "of tomorrow")
    later = Embedded(root)
    assert later.stats().state is State.OUTDATED
    with pytest.raises(EngineUnavailable):
        later.index(ARTICLES)
    later.rebuild(ARTICLES, nothing)
    assert found(later, "话费") == ["1"]


def _damage(root, how):
    generation = root / json.loads((root / "current").read_text())["generation"]
    if how == "current":
        (root / "current").write_text("{")
    elif how == "meta":
        (generation / "meta.json").write_text("{}")
    elif how == "gone":
        for file in generation.iterdir():
            file.unlink()
    else:
        for file in generation.glob(f"*.{how}"):
            file.write_bytes(b"\x00" * 20)


@pytest.mark.parametrize("how", ["current", "meta", "gone", "idx", "term", "store", "fast"])
def test_a_damaged_index_says_so_and_can_be_made_again(root, how):
    Embedded(root).index(ARTICLES)
    _damage(root, how)
    engine = Embedded(root)
    with pytest.raises(EngineUnavailable) as refused:
        engine.search(Query("话费", STAFF))
    assert refused.value.state is State.CORRUPT
    engine.rebuild(ARTICLES, nothing)
    assert found(engine, "话费") == ["1"]


def _killed(root):
    def documents():
        yield document(9, "新资费")
        time.sleep(600)

    Embedded(root).rebuild(documents(), nothing)


def test_a_killed_rebuild_needs_no_repair(root):
    engine = Embedded(root)
    engine.index(ARTICLES)
    child = multiprocessing.get_context("spawn").Process(target=_killed, args=(root,))
    child.start()
    until = time.monotonic() + 300
    while len(list(root.glob("g*"))) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    child.kill()
    child.join()
    engine.index([document(5, "话费套餐")])
    assert set(found(engine, "话费")) == {"1", "5"}
    assert not (root / "touched").exists(), "nobody reads that list any more, so it does not grow"
    engine.rebuild(ARTICLES, nothing)
    assert found(engine, "话费") == ["1"]
    assert len(list(root.glob("g*"))) == 1
