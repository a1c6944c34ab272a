"""Prints the transition tables of docs/pipeline.md from the code, or writes them into the page.

    python -m tools.print_moves            # prints the tables
    python -m tools.print_moves --write    # puts them between the marks of docs/pipeline.md

A test holds the page and the code together, so that the page never tells of a move that does not exist.
"""

import sys

from tools.printed import DOCS, Part, first_line, table
from wiki.articles.pipelines import DEFAULT_PIPELINES
from wiki.articles.rules import MOVES as SUBMISSION_MOVES
from wiki.articles.rules import SubmissionState
from workflows.rules import MOVES, State, Verb

RETIRED = (
    "No act leads to `retired`: what was `published` is told as that while readers do not see its article, and as "
    "`published` again when they do."
)


def review_moves() -> list[str]:
    """State × verb → what the step says of itself; states and verbs in the order of the code."""
    rows = [
        (f"`{state}`", f"`{verb}`", f"`{step.__name__}`", first_line(step))
        for state in State
        for verb in Verb
        if (step := MOVES.get((state, verb))) is not None
    ]
    return table(("state", "verb", "step", "what it does"), rows)


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
    return table(("state", *verbs), rows)


def pipelines() -> list[str]:
    """The pipelines that come with the product."""
    rows = []
    for kind, definition in DEFAULT_PIPELINES.items():
        stages = " → ".join(stage.key for stage in definition.stages)
        hours = ", ".join(sorted({str(stage.due_hours) for stage in definition.stages}, key=int))
        rows.append((f"`{kind}`", stages, f"{hours} h", f"`{definition.on_change}`"))
    return table(("kind", "stages", "due after", "approvals when the text changes"), rows)


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
        RETIRED,
        "",
        "### The pipelines that come with the product",
        "",
        *pipelines(),
    ]
    return "\n".join(parts)


PART = Part(DOCS / "pipeline.md", "print_moves", printed)

if __name__ == "__main__":
    sys.exit(PART.main(sys.argv[1:], __doc__))
