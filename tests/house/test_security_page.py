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
STATES = {"holds", "in part", "not yet", "does not apply"}
PROOF = re.compile(r"`tests/[\w/]+\.py|ruff|`make check`|\]\(|argon2-cffi|`README\.md`|`SECURITY\.md`|`secrets`|below")


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


@pytest.mark.parametrize("chapter", re.split(r"^## ", ASVS, flags=re.M)[1:], ids=lambda one: one[:3].strip())
def test_every_line_says_whether_it_holds_and_by_what(chapter):
    rows = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in chapter.splitlines() if row[:3] == "| V"]
    assert rows
    for section, _asked, state, by in rows:
        assert section.startswith(f"V{chapter.split()[0][1:]}."), section
        assert state in STATES, section
        assert state != "holds" or PROOF.search(by), section
