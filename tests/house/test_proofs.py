"""docs/proofs.md has a row for every promise, and what a row names exists and runs where the row says."""

import ast
import re
from functools import cache

import pytest

from benchmarks.__main__ import load_all
from benchmarks.harness import REGISTRY
from core.settings import ROOT

PAGE = (ROOT / "docs" / "proofs.md").read_text("utf-8")
WANTED = [f"R{n}" for n in range(1, 35)] + [f"S{n}" for n in range(1, 37)] + [f"Q{n}" for n in range(1, 18)]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if re.match(r"\| [RSQ]\d", line)
]
RUNS = ("test", "soak", "bench", "check", "by hand")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def marks(path: str) -> dict[str, str]:
    """How each test of a file is marked: the words of its decorators and of the file's own marks."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    whole = " ".join(
        ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    )
    return {
        node.name: " ".join([whole, *map(ast.unparse, node.decorator_list)])
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def runs_of(test: tuple[str, str]) -> set[str]:
    """Under which commands a test runs: one whose mark depends on ``SOAK`` runs under both."""
    said = marks(test[0])[test[1]]
    return {"test", "soak"} if "mark.soak if" in said else {"soak"} if "mark.soak" in said else {"test"}


def test_every_promise_has_its_row_once_and_in_order() -> None:
    assert [row[0].strip("| ") for row in ROWS] == WANTED


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip("| "))
def test_what_a_row_names_exists_and_runs_where_it_says(row: list[str]) -> None:
    _number, what, by, runs = (cell.strip("| ") for cell in row)
    named, benches = TEST.findall(by), re.findall(r"`bench: ([^`]+)`", by)
    assert what.endswith((".", ").")), "a sentence"
    assert named or benches or runs == "by hand"
    assert [f"{path}::{name}" for path, name in named if name not in marks(path)] == []
    load_all()
    assert set(benches) - {one.name for one in REGISTRY} == set(), "rows of the benchmarks"
    assert all((ROOT / path).exists() for path in re.findall(r"`(tests/[\w/.]+)`", what + by))
    said = set(runs.split(", "))
    assert said <= set(RUNS)
    found = set().union(*map(runs_of, named)) | ({"bench"} if benches else set())
    assert said - {"check", "by hand"} == found


def test_what_is_missing_would_be_noticed() -> None:
    assert runs_of(("tests/reliability/test_kill9.py", "test_1000_decisions_and_four_kills")) == {"soak"}
    assert runs_of(("tests/security/test_xss_rows.py", "test_words_in_every_column_run_nothing_on_any_page")) == {
        "test", "soak",
    }  # fmt: skip
    assert "test_nobody_wrote_this" not in marks("tests/reliability/test_kill9.py")
