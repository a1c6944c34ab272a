"""What pages show of the fields that are more than a text: the answers of a script, the steps of a process, and where a
day stands in the calendar. Words are rendered here; sentences and pictures are the templates'."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from core import clock
from core.i18n import local
from core.markup import plain, shown
from wiki.articles import dialogues, processes
from wiki.articles.flowchart import draw


def answers(branches: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The answers of the customer, with what you say and do then and which answers (by number, 0: the beginning)
    follow."""
    ways, openings = dialogues.ways(branches), dialogues.openings(branches)
    return [
        {
            **branch,
            "n": n,
            "html": shown(str(branch.get("say") or "")),
            "words": plain(str(branch.get("say") or "")),
            "action": way.action,
            "to": list(way.to),
            "opening": n in openings,
        }
        for n, (branch, way) in enumerate(zip(branches, ways, strict=True), 1)
    ]


def process(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The steps with the numbers of those they lead to (0: the end, ``None``: nowhere), and their flowchart."""
    ids = [str(step["id"]) for step in steps]
    numbers: dict[str, int] = {processes.FINISH: 0}
    for n, step_id in enumerate(ids, 1):
        numbers.setdefault(step_id, n)
    rows = [
        {
            "n": n,
            "id": ids[n - 1],
            "text": step.get("text") or "",
            "role": step.get("role") or "",
            "ways": [{"label": label, "n": numbers.get(to), "id": to} for label, to in leading],
        }
        for n, (step, leading) in enumerate(zip(steps, processes.ways(steps), strict=True), 1)
    ]
    return {"rows": rows, "chart": draw(steps)}


def days_left(last: date) -> int:
    """Days from today, on the clock of who reads, to the last day of something; negative when it is over."""
    return (last - local(clock.now()).date()).days


def in_force(begins: datetime | None, ends: datetime | None) -> str:
    """Where now stands between two times: ``coming``, ``now`` or ``over``."""
    now = clock.now()
    if begins is not None and now < begins:
        return "coming"
    return "over" if ends is not None and now > ends else "now"
