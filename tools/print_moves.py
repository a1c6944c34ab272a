"""Prints the transition tables of docs/pipeline.md from the code, or writes them into the page.

    python -m tools.print_moves            # prints the tables
    python -m tools.print_moves --write    # puts them between the marks of docs/pipeline.md

A test holds the page and the code together, so that the page never tells of a move that does not exist.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from wiki.articles.pipelines import DEFAULT_PIPELINES
from wiki.articles.rules import MOVES as SUBMISSION_MOVES
from wiki.articles.rules import SubmissionState
from workflows.rules import MOVES, State, Verb

PAGE = Path(__file__).resolve().parent.parent / "docs" / "pipeline.md"
BEGIN, END = "<!-- begin: printed by tools/print_moves.py -->", "<!-- end -->"


def review_moves() -> list[str]:
    """State × verb → what the step says of itself; states and verbs in the order of the code."""
    rows = [
        (f"`{state}`", f"`{verb}`", f"`{step.__name__}`", _first_line(step.__doc__))
        for state in State
        for verb in Verb
        if (step := MOVES.get((state, verb))) is not None
    ]
    return _table(("state", "verb", "step", "what it does"), rows)


def ends() -> str:
    """The states that no verb leaves."""
    left = {state for state, _verb in MOVES}
    return ", ".join(f"`{state}`" for state in State if state not in left)


def submission_moves() -> list[str]:
    """State × verb of a submission; a dash is 'refused'."""
    verbs = list(dict.fromkeys(verb for _state, verb in SUBMISSION_MOVES))
    rows = []
    for state in SubmissionState:
        targets = [SUBMISSION_MOVES.get((state, verb)) for verb in verbs]
        rows.append((f"`{state}`", *(f"`{target}`" if target else "–" for target in targets)))
    return _table(("state", *verbs), rows)


def pipelines() -> list[str]:
    """The pipelines that come with the product."""
    rows = []
    for kind, definition in DEFAULT_PIPELINES.items():
        stages = " → ".join(stage.key for stage in definition.stages)
        hours = ", ".join(sorted({str(stage.due_hours) for stage in definition.stages}, key=int))
        rows.append((f"`{kind}`", stages, f"{hours} h", f"`{definition.on_change}`"))
    return _table(("kind", "stages", "due after", "approvals when the text changes"), rows)


def printed() -> str:
    """Everything between the marks."""
    parts = [
        "### A review",
        "",
        *review_moves(),
        "",
        f"Every other pair is refused with 409 `illegal-move`. Nothing leaves {ends()}.",
        "",
        "### A submission",
        "",
        *submission_moves(),
        "",
        "### The pipelines that come with the product",
        "",
        *pipelines(),
    ]
    return "\n".join(parts)


def updated(page: str) -> str:
    """The page with the tables of today between its marks."""
    before, _mark, rest = page.partition(BEGIN)
    _old, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{PAGE} lacks the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{printed()}\n\n{END}{after}"


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n")[0]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main(words: list[str]) -> int:
    if words == ["--write"]:
        PAGE.write_text(updated(PAGE.read_text("utf-8")), "utf-8")
    elif words:
        print(__doc__)
        return 2
    else:
        print(printed())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
