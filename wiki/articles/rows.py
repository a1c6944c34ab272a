"""Rows of the editor's form, from the page and back: the answers of a script and the steps of a process.

A row is named by a number that never changes while the page is open; what leads to it is a choice holding that number
(answers) or its id (steps). A row left empty is no row: what led to it leads nowhere, which is said and not hidden.
"""

import re
from typing import Any

from werkzeug.datastructures import MultiDict

from wiki.articles import dialogues, processes
from wiki.articles.dialogues import LOST, START
from wiki.articles.processes import END

BLANK = 2  # rows offered beyond those there are; without script, saving offers two more
MOST_WAYS = 4  # ways of one step that the page offers at least
FOLLOWING = "next"  # the choice 'the following step'
ROW = re.compile(r"-(\d{1,3})-")
SEVERAL = re.compile(r"\s*[\w.-]{1,40}(?:\s*[,，、]\s*[\w.-]{1,40})+\s*")  # '2, 3'
ARROW = re.compile(r"(?:(?P<label>[^:：]*+)[:：])?\s*+(?P<id>[\w.-]{1,40})")

Form = MultiDict[str, str]


def _numbers(code: str, form: Form) -> list[int]:
    return sorted({int(m.group(1)) for key in form if key.startswith(code + "-") and (m := ROW.search(key))})


def _texts(code: str, n: int, names: tuple[str, ...], form: Form) -> dict[str, str]:
    return {name: form.get(f"{code}-{n}-{name}", "").strip() for name in names}


# ── answers of a script ──────────────────────────────────────────────────────────────────────────────────────────────


def branches_from(form: Form, code: str = "branches") -> list[dict[str, str]]:
    """The branches that the form says."""
    rows = {n: _texts(code, n, ("when", "say", "next"), form) for n in _numbers(code, form)}
    kept = [n for n, row in rows.items() if any(row.values())]
    places = {n: place for place, n in enumerate(kept, 1)}
    return [{**rows[n], "next": _next(rows[n]["next"], form.getlist(f"{code}-{n}-to"), places)} for n in kept]


def _next(typed: str, chosen: list[str], places: dict[int, int]) -> str:
    """What is done, and the chosen answers by the places they have now."""
    picked = [int(one) for one in chosen if one.isdecimal() and len(one) < 10]
    if not picked:
        return typed
    return dialogues.written(
        typed, [START if n == 0 else places.get(n - 1, LOST) for n in dict.fromkeys(picked)]
    )  # the page counts from 1, its rows from 0


def branch_rows(branches: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The rows the page shows: those there are, with what leads on from them as choices, and empty ones."""
    ways, openings = dialogues.ways(branches), dialogues.openings(branches)
    said: dict[int, list[str]] = {}
    for place, sentence in dialogues.problems(branches):
        said.setdefault(place, []).append(sentence)
    rows: list[dict[str, Any]] = [
        {
            "n": n,
            "when": branch.get("when", ""),
            "say": branch.get("say", ""),
            "action": way.action,
            "to": list(way.to),
            "opening": n + 1 in openings,
            "wrong": " ".join(said.get(n, ())),
        }
        for n, (branch, way) in enumerate(zip(branches, ways, strict=True))
    ]
    return rows + [_empty_branch(len(rows) + extra) for extra in range(BLANK)]


def _empty_branch(n: int) -> dict[str, Any]:
    return {"n": n, "when": "", "say": "", "action": "", "to": [], "opening": True, "wrong": ""}


# ── steps of a process ───────────────────────────────────────────────────────────────────────────────────────────────


def steps_from(form: Form, code: str = "steps") -> list[dict[str, Any]]:
    """The steps that the form says."""
    rows = {n: _texts(code, n, ("id", "text", "role", "next"), form) for n in _numbers(code, form)}
    typed = {n: _chosen(form, f"{code}-{n}") for n in rows}
    kept = [n for n, row in rows.items() if row["text"] or row["role"] or row["next"] or _means(typed[n])]
    ids = [rows[n]["id"] or str(place) for place, n in enumerate(kept, 1)]
    ways = []
    for place, n in enumerate(kept):
        following = ids[place + 1] if place + 1 < len(ids) else END
        ways.append(
            _typed_ways(rows[n]["next"])
            + [{"label": label, "id": following if to == FOLLOWING else to} for label, to in typed[n] if to]
        )
    only = [{"label": "", "id": END}]  # a step that only ends says nothing – unless no step says anything: then all
    dropped = END not in ids and (len(kept) == 1 or any(way not in ([], only) for way in ways))  # follow each other
    return [
        {
            "id": step_id,
            "text": rows[n]["text"],
            "role": rows[n]["role"],
            "next": [] if dropped and way == only else way,
        }
        for step_id, n, way in zip(ids, kept, ways, strict=True)
    ]


def _chosen(form: Form, row: str) -> list[tuple[str, str]]:
    places = sorted({int(k.rsplit("-", 1)[1]) for k in form if re.fullmatch(re.escape(row) + r"-to-\d{1,2}", k)})
    return [(form.get(f"{row}-label-{i}", "").strip(), form.get(f"{row}-to-{i}", "").strip()) for i in places]


def _means(chosen: list[tuple[str, str]]) -> bool:
    """A choice that nobody touched is no content."""
    return any(label or to not in {"", FOLLOWING} for label, to in chosen)


def _typed_ways(text: str) -> list[dict[str, str]]:
    """Ways as they may be typed, ``yes: 3; no: 5``; what cannot be read stays, so that it is refused and not lost."""
    found = []
    for part in map(str.strip, re.split(r"[;；\n]", text)):
        one = ARROW.fullmatch(part)
        if one:
            found.append({"label": (one["label"] or "").strip(), "id": one["id"]})
        elif SEVERAL.fullmatch(part):
            found += [{"label": "", "id": step_id} for step_id in re.findall(r"[\w.-]+", part)]
        elif part:
            found.append({"label": "", "id": part})
    return found


def step_rows(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows the page shows: those there are, their ways as choices, and empty ones with ids of their own."""
    ids = [str(step["id"]) for step in steps]
    said: dict[int, list[str]] = {}
    for place, sentence in processes.problems(steps):
        said.setdefault(place, []).append(sentence)
    rows: list[dict[str, Any]] = [
        {
            "n": n,
            "id": ids[n],
            "text": step.get("text", ""),
            "role": step.get("role", ""),
            "ways": _shown_ways(leading, [*ids[n + 1 :], processes.FINISH][0]),
            "wrong": " ".join(said.get(n, ())),
        }
        for n, (step, leading) in enumerate(zip(steps, processes.ways(steps), strict=True))
    ]
    fresh = (str(n) for n in range(1, len(ids) + BLANK + 1) if str(n) not in ids)
    blank = [_shown_ways([("", processes.FINISH)], processes.FINISH) for _extra in range(BLANK)]
    return rows + [
        {"n": len(rows) + extra, "id": next(fresh), "text": "", "role": "", "ways": ways, "wrong": ""}
        for extra, ways in enumerate(blank)
    ]


def _shown_ways(leading: list[processes.Way], following: str) -> list[dict[str, str]]:
    """The ways as choices; one without a name that goes to the following step (after the last: to the end) says so."""
    shown = [{"label": label, "to": FOLLOWING if not label and to == following else to or END} for label, to in leading]
    return shown + [{"label": "", "to": ""} for _n in range(max(MOST_WAYS - len(shown), 1))]
