"""A definition as the plain fields of a form, and back; and what the buttons of the form do to it.

Between the two stands the *draft*: the same tree, but with words as they were typed. ``draft_of`` and ``document_of``
are each other's inverse over sound documents; ``fields_of`` and ``read`` over drafts. People never type a key: a new
stage carries a mark (``+1``), a new seat or question none, and ``document_of`` makes keys of what they are for.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workflows.definitions import FEW

Draft = dict[str, Any]
Fields = list[tuple[str, str]]
Tree = dict[str | None, Any]  # names cut at their hyphens; under None the values

ROLES = ("business", "qa", "training", "supervisor")  # in the order in which they usually judge


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of one level: single words, numbers, ticks, lists of ticks, and the rows below it."""

    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    ticks: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    rows: dict[str, "Shape"] = field(default_factory=dict)


QUESTION = Shape(words=("key", "text"), numbers=("weight",))
RUNG = Shape(words=("to",), numbers=("after_hours",))
SEAT = Shape(
    words=("key", "role", "team", "category", "routing"), numbers=("approvals",), lists=("people", "fields")
)  # fmt: skip
STAGE = Shape(
    words=("key", "name", "calendar", "returns_to", "remind_hours"),
    numbers=("need", "due_hours", "pass_mark", "calibration"),
    ticks=("veto", "compulsory", "claim_first", "bulk"),
    rows={"seats": SEAT, "checklist": QUESTION, "escalate": RUNG},
)
PIPELINE = Shape(
    words=("name", "on_change", "on_send_back"),
    numbers=("emergency_hours",),
    lists=("topics", "categories", "significances"),
    rows={"stages": STAGE},
)
EMPTY_IS_NONE = frozenset({"team", "category", "calendar", "returns_to"})
IN_APPLIES = ("topics", "categories", "significances")

# ── a form and a draft ───────────────────────────────────────────────────────────────────────────────────────────────


def read(fields: Iterable[tuple[str, str]]) -> Draft:
    """The draft that was typed; fields of other names are passed over."""
    tree: Tree = {}
    for name, value in fields:
        at = tree
        for part in name.split("-")[:8]:
            at = at.setdefault(part, {})
        at.setdefault(None, []).append(value)
    return _read(tree, PIPELINE)


def _read(tree: Tree, shape: Shape) -> Draft:
    def values(name: str) -> list[str]:
        return list(tree.get(name, {}).get(None, []))

    out: Draft = {name: (values(name) or [""])[0] for name in (*shape.words, *shape.numbers)}
    out |= {name: bool((values(name) or [""])[0]) for name in shape.ticks}
    out |= {name: values(name) for name in shape.lists}
    for name, below in shape.rows.items():
        rows = {int(key): part for key, part in tree.get(name, {}).items() if key and re.fullmatch("[0-9]{1,3}", key)}
        out[name] = [_read(rows[number], below) for number in sorted(rows)[: FEW + 1]]
    return out


def fields_of(draft: Draft) -> Fields:
    """The fields that say this draft, in the order of the page."""
    return list(_fields(draft, PIPELINE, ""))


def _fields(draft: Draft, shape: Shape, at: str) -> Iterator[tuple[str, str]]:
    for name in (*shape.words, *shape.numbers):
        yield at + name, draft[name]
    for name in shape.ticks:
        if draft[name]:
            yield at + name, "1"
    for name in shape.lists:
        for value in draft[name]:
            yield at + name, value
    for name, below in shape.rows.items():
        for number, row in enumerate(draft[name]):
            yield from _fields(row, below, f"{at}{name}-{number}-")


# ── a draft and a document ───────────────────────────────────────────────────────────────────────────────────────────


def draft_of(document: dict[str, Any], name: str = "") -> Draft:
    """A complete document (as ``Definition.model_dump`` writes it) in the words of the form."""
    flat = {**document, **document.get("applies", {}), "name": name}
    return _draft(flat, PIPELINE)


def _draft(node: dict[str, Any], shape: Shape) -> Draft:
    out: Draft = {}
    for name in (*shape.words, *shape.numbers):
        value = node.get(name)
        out[name] = ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else _typed(value)
    out |= {name: bool(node.get(name)) for name in shape.ticks}
    out |= {name: [str(one) for one in node.get(name) or ()] for name in shape.lists}
    for name, below in shape.rows.items():
        out[name] = [_draft(row, below) for row in node.get(name) or ()]
    return out


def _typed(value: Any) -> str:
    return "" if value is None else str(value)


def document_of(draft: Draft) -> dict[str, Any]:
    """The document that a draft says. What was typed wrongly stays as it was typed, for ``parse`` to name it."""
    out = _document(draft, PIPELINE)
    del out["name"]
    out["applies"] = {name: out.pop(name) for name in IN_APPLIES}
    _name_stages(out["stages"])
    for stage in out["stages"]:
        _name_rows(stage["seats"], lambda seat: seat["role"], "seat")
        _name_rows(stage["checklist"], lambda _row: "", "q")
    return out


def _document(draft: Draft, shape: Shape) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in shape.words:
        out[name] = None if name in EMPTY_IS_NONE and not draft[name] else draft[name]
    out |= {name: number(draft[name]) for name in shape.numbers}
    out |= {name: draft[name] for name in (*shape.ticks, *shape.lists)}
    if "remind_hours" in out:
        out["remind_hours"] = [number(one) for one in re.split(r"[\s,;、,;]+", out["remind_hours"].strip()) if one]
    for name, below in shape.rows.items():
        out[name] = [_document(row, below) for row in draft[name]]
    return out


def number(typed: str) -> int | str:
    """The number that was typed, else the word as it stands (``all``, or what must be refused)."""
    word = typed.strip()
    return int(word) if re.fullmatch(r"-?[0-9]{1,9}", word) else word


def _name_stages(stages: list[dict[str, Any]]) -> None:
    """New stages get a key after their roles, and send-backs that lead to them follow."""
    new = {stage["key"]: stage for stage in stages if not stage["key"] or stage["key"].startswith("+")}
    taken = {stage["key"] for stage in stages}
    names: dict[str, str] = {}
    for stage in stages:
        if not stage["key"] or stage["key"].startswith("+"):
            old = stage["key"]
            stage["key"] = _free("_".join(dict.fromkeys(seat["role"] for seat in stage["seats"])), taken, "stage")
            names[old] = stage["key"]
    for stage in stages:
        if stage["returns_to"] in new:
            stage["returns_to"] = names[stage["returns_to"]]


def _name_rows(rows: list[dict[str, Any]], wish: Any, otherwise: str) -> None:
    taken = {row["key"] for row in rows}
    for row in rows:
        if not row["key"]:
            row["key"] = _free(wish(row), taken, otherwise)


def _free(wish: str, taken: set[str], otherwise: str) -> str:
    base = re.sub(r"[^a-z0-9_]+", "_", wish.lower()).strip("_")[:36] or otherwise
    key, count = base, 1
    while key in taken:
        count += 1
        key = f"{base}_{count}"
    taken.add(key)
    return key


def field_of(path: str) -> str:
    """The name of the form's field for a path of ``parse``: ``stages.0.remind_hours.1`` → ``stages-0-remind_hours``."""
    parts = path.removeprefix("applies.").split(".")
    if len(parts) > 1 and parts[-1].isdigit() and parts[-2] not in {"stages", "seats", "checklist", "escalate"}:
        parts.pop()
    return "-".join(parts)


# ── what the buttons do ──────────────────────────────────────────────────────────────────────────────────────────────


def empty() -> Draft:
    """What a new pipeline begins with: one stage with one seat."""
    draft: Draft = {**read([]), "on_change": "voided", "on_send_back": "voided", "emergency_hours": "24"}
    act(draft, "add-stage")
    return draft


def new_seat(role: str) -> Draft:
    """A seat of a role: one approval of anybody who holds it."""
    return {**_read({}, SEAT), "role": role, "approvals": "1", "routing": "pool"}


def new_stage(draft: Draft) -> Draft:
    """A stage with a seat of the next role, on the calendar of the stage before it."""
    numbers = {int(s["key"][1:]) for s in draft["stages"] if re.fullmatch(r"\+[0-9]{1,3}", s["key"])}
    last = draft["stages"][-1] if draft["stages"] else None
    return {
        **_read({}, STAGE),
        "key": f"+{max(numbers, default=0) + 1}",
        "need": "all",
        "veto": True,
        "due_hours": last["due_hours"] if last else "24",
        "calendar": last["calendar"] if last else "",
        "pass_mark": "70",
        "calibration": "0",
        "seats": [new_seat(_next_role(draft))],
    }


def _next_role(draft: Draft) -> str:
    used = [seat["role"] for stage in draft["stages"] for seat in stage["seats"]]
    later = ROLES[max((ROLES.index(role) for role in used if role in ROLES), default=-1) + 1 :]
    return next((role for role in (*later, *ROLES) if role not in used), ROLES[-1])


def act(draft: Draft, asked: str) -> str:
    """Do what a button asks (``add-seat:0``) to the draft, and name the field that should have the focus then.

    What makes no sense – a place that is not there – changes nothing.
    """
    verb, _colon, rest = asked.partition(":")
    places = [int(part) for part in rest.split(":") if re.fullmatch(r"[0-9]{1,3}", part)]
    what, _hyphen, row = verb.partition("-")
    try:
        if what == "add":
            return _add(draft, row, places)
        if what == "remove":
            return _remove(draft, row, places)
        if what in {"up", "down"}:
            return _shift(draft, what, places)
    except IndexError:
        pass
    return ""


def _add(draft: Draft, row: str, places: list[int]) -> str:
    if row == "stage":
        draft["stages"].append(new_stage(draft))
        return f"stages-{len(draft['stages']) - 1}-seats-0-role"
    at = places[0]
    stage = draft["stages"][at]
    if row == "seat":
        stage["seats"].append(new_seat(_next_role(draft)))
        return f"stages-{at}-seats-{len(stage['seats']) - 1}-role"
    if row == "question":
        left = 100 - sum(n for q in stage["checklist"] if isinstance(n := number(q["weight"]), int))
        stage["checklist"].append({"key": "", "text": "", "weight": str(max(left, 0))})
        return f"stages-{at}-checklist-{len(stage['checklist']) - 1}-text"
    if row == "rung":
        last = number(stage["escalate"][-1]["after_hours"]) if stage["escalate"] else -4
        hours = last + 4 if isinstance(last, int) else 4
        stage["escalate"].append({"after_hours": str(hours), "to": "manager" if stage["escalate"] else "supervisor"})
        return f"stages-{at}-escalate-{len(stage['escalate']) - 1}-to"
    return ""


PARTS = {"seat": ("seats", "add-seat"), "question": ("checklist", "add-question"), "rung": ("escalate", "add-rung")}


def _remove(draft: Draft, row: str, places: list[int]) -> str:
    if row == "stage":
        gone = draft["stages"].pop(places[0])
        for stage in draft["stages"]:
            if stage["returns_to"] == gone["key"]:
                stage["returns_to"] = ""
        return "act-add-stage"
    name, button = PARTS.get(row, ("", ""))
    if name:
        draft["stages"][places[0]][name].pop(places[1])
        return f"act-{button}-{places[0]}"
    return ""


def _shift(draft: Draft, way: str, places: list[int]) -> str:
    stages, here = draft["stages"], places[0]
    there = here - 1 if way == "up" else here + 1
    if not (0 <= there < len(stages) and here < len(stages)):
        return ""
    stages[here], stages[there] = stages[there], stages[here]
    return f"act-{way}-stage-{there}"
