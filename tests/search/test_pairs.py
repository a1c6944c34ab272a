"""The set of 100 pairs: with the words, the right article comes first far more often – on both engines alike."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.search import pairs
from wiki.search.analysis.synonyms import NONE
from wiki.search.engines.base import Engine
from wiki.search.engines.embedded import Embedded
from wiki.search.word_rules import MEASURED


@pytest.fixture(params=["embedded", "meilisearch"])
def filled(request: Any, tmp_path: Path) -> Iterator[Engine]:
    """An engine that holds the articles of the set."""
    if request.param == "embedded":
        engine: Engine = Embedded(tmp_path / "index")
    else:
        from wiki.search.engines.remote import Meilisearch

        engine = Meilisearch(request.getfixturevalue("meilisearch_url"), tmp_path / "rebuild")
    pairs.fill(engine)
    yield engine
    engine.close()


def test_the_set_is_a_hundred_pairs_of_three_sorts() -> None:
    found = pairs.pairs()
    assert len(found) == len({pair.asked for pair in found}) == 100
    assert {pair.sort for pair in found} == {"synonym", "jargon", "regional"}
    assert all(pair.title and pair.body for pair in found)


def test_the_words_bring_the_right_article_first(filled: Engine) -> None:
    """What the manager's page says of the words holds, nearly, on either engine; no sort of pair is left behind."""
    before, after = pairs.measure(filled, NONE), pairs.measure(filled, pairs.words())
    assert abs(before["all"].first - MEASURED.before) <= 5
    assert after["all"].first >= MEASURED.after - 3
    assert after["all"].mrr >= 0.84
    for sort, score in after.items():
        assert score.mrr >= max(0.78, before[sort].mrr + 0.12), sort
