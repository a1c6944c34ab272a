"""SECURITY.md and the list of ASVS say what is so: every part is there, every claim names its proof (S36).

That the named tests exist is seen to by ``test_readme``.
"""

import re

import pytest

from core.settings import ROOT

PAGE = (ROOT / "SECURITY.md").read_text("utf-8")
ASVS = (ROOT / "docs" / "asvs.md").read_text("utf-8")
PARTS = ["Telling us", "Supported versions", "What is protected, from whom", "Where the walls are", "Proven today",
         "Not there yet", "Out of scope"]  # fmt: skip
LINE = re.compile(r"\| \d+\.\d+\.\d+")
STATES = {"holds", "in part", "not yet", "does not apply"}
PROOF = re.compile(r"`tests/[\w/]+\.py")
PAGES = {  # what asks for a page or a list, which may stand beside or instead of a test
    "11.1.2",
}
# the requirements of levels 1 and 2, by section: the numbers that level 3 alone asks for are left out
ASKED = {
    "1.1": "1-2", "1.2": "1-9", "1.3": "1-11", "1.4": "1-3", "1.5": "1-2", "2.1": "1-3", "2.2": "1-3", "2.3": "1-4",
    "2.4": "1", "3.2": "1-2", "3.3": "1-4", "3.4": "1-6", "3.5": "1-5", "3.7": "1-2", "4.1": "1-3", "4.2": "1",
    "4.3": "1-2", "4.4": "1-4", "5.1": "1", "5.2": "1-3", "5.3": "1-2", "5.4": "1-3", "6.1": "1-3", "6.2": "1-12",
    "6.3": "1-4", "6.4": "1-4", "6.5": "1-5", "6.6": "1-3", "6.8": "1-4", "7.1": "1-3", "7.2": "1-4", "7.3": "1-2",
    "7.4": "1-5", "7.5": "1-2", "7.6": "1-2", "8.1": "1-2", "8.2": "1-3", "8.3": "1", "8.4": "1", "9.1": "1-3",
    "9.2": "1-4", "10.1": "1-2", "10.2": "1-2", "10.3": "1-4", "10.4": "1-11", "10.5": "1-5", "10.6": "1-2",
    "10.7": "1-3", "11.1": "1-2", "11.2": "1-3", "11.3": "1-3", "11.4": "1-4", "11.5": "1", "11.6": "1", "12.1": "1-3",
    "12.2": "1-2", "12.3": "1-4", "13.1": "1", "13.2": "1-5", "13.3": "1-2", "13.4": "1-5", "14.1": "1-2",
    "14.2": "1-4", "14.3": "1-3", "15.1": "1-3", "15.2": "1-3", "15.3": "1-7", "16.1": "1", "16.2": "1-5",
    "16.3": "1-4", "16.4": "1-3", "16.5": "1-3", "17.1": "1", "17.2": "1-4", "17.3": "1-2",
}  # fmt: skip


def test_every_part_is_there():
    assert re.findall(r"^## (.+)$", PAGE, re.M) == PARTS
    assert "48 hours" in PAGE
    assert "docs/asvs.md" in PAGE


def test_what_is_proven_names_its_test():
    rows = [row for row in PAGE.partition("## Proven today")[2].partition("\n## ")[0].splitlines() if row[:2] == "| "]
    assert len(rows) > 30
    assert [row for row in rows[2:] if "`tests/" not in row] == []


def test_every_chapter_of_the_standard_is_there():
    assert [int(one) for one in re.findall(r"^## V(\d+) ", ASVS, re.M)] == list(range(1, 18))


def lines(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in text.splitlines() if LINE.match(row)]


def between(numbers: str) -> list[tuple[int, ...]]:
    """The numbers that `6.6.1–6.6.3` stands for, in order; those of several sections by their ends."""
    first, _to, last = numbers.partition("–")
    return [tuple(map(int, one.split("."))) for one in (first, last or first)]


def test_every_requirement_of_levels_1_and_2_has_a_line_in_its_order():
    asked = []
    for section, numbers in ASKED.items():
        first, _to, last = numbers.partition("-")
        asked += [(*map(int, section.split(".")), n) for n in range(int(first), int(last or first) + 1)]
    assert len(asked) == 253, "of the standard's 70 and 183"
    spans = [between(row[0]) for row in lines(ASVS)]
    assert spans == sorted(spans)
    covered = [sum(first <= one <= last for first, last in spans) for one in asked]
    assert [one for one, times in zip(asked, covered, strict=True) if times != 1] == []


@pytest.mark.parametrize("chapter", re.split(r"^## ", ASVS, flags=re.M)[1:], ids=lambda one: one[:3].strip())
def test_every_line_says_whether_it_holds_and_by_what(chapter):
    rows = lines(chapter)
    assert rows
    for number, level, _asked, state, by in rows:
        assert number.startswith(f"{chapter.split()[0][1:]}."), number
        assert level in {"1", "2"}
        assert state in STATES, number
        assert state != "holds" or number in PAGES or PROOF.search(by), number
        assert state == "holds" or len(by) > 3, f"{number}: why"
