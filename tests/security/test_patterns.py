"""No pattern of ours takes more than in proportion to the text it is given, however that text was made (S13)."""

import time

import pytest

from tests.security.patterns import SIZES, hurting, patterns

WHILE_RUNNING = {  # made of parts that are escaped or numbers
    "core/markup.py:compile", "wiki/articles/rows.py:fullmatch", "wiki/articles/api.py:match",
    "wiki/search/analysis/queries.py:compile",
}  # fmt: skip
BOUNDED = {  # what these are given is short
    "wiki/training/drafting.py:_IN_WORDS": "sentences of at most 120 characters",
    "wiki/search/word_rules.py:_ARROW": "one rule, whose length is looked at first",
    "wiki/search/word_rules.py:_EQUAL": "one side of such a rule",
    "wiki/search/gap_rules.py:_POLITE": "questions as they are kept: 200 characters",
}
ENOUGH = 0.1  # seconds of processor time for 20,000 characters: in proportion it is a few milliseconds


def place(where: str) -> str:
    """The file and the name of a pattern, without the pattern."""
    return ":".join(where.split(":")[:2])


def test_every_pattern_is_found():
    found, unknown = patterns()
    assert len(found) > 150
    assert {place(where) for where in unknown} <= WHILE_RUNNING


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_pattern_grows_faster_than_its_text():
    slow = {}
    for pattern in patterns()[0]:
        if place(pattern.where) in BOUNDED:
            continue
        act = pattern.found.search if pattern.searched else pattern.found.fullmatch
        ways = [act] if pattern.searched else [act, pattern.found.match]
        for before, unit, after in hurting(pattern):
            for size in SIZES:
                text = before + unit * (size // len(unit)) + after
                began = time.process_time()
                for way in ways:
                    if way is pattern.found.search:
                        for _found in pattern.found.finditer(text):
                            pass
                    else:
                        way(text)
                if (took := time.process_time() - began) > ENOUGH:
                    slow.setdefault(pattern.where, (size, round(took, 2), before[:20], unit, after))
                    break
            if pattern.where in slow:
                break
    assert slow == {}
