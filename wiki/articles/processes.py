"""The steps of a process as a graph: where each leads, and what has to be mended before it can be followed.

A step without a way on is an end. Where no step at all says where it leads, they follow one another in their order: a
list that somebody wrote down is a process, too. A way may lead to ``end`` by name, which is how one of several ways
of a decision ends.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from core.i18n import _
from wiki.articles.graphs import comes_to, reachable

END = "end"  # as it is written; a step of this id comes first
FINISH = ""  # the end as a node; no step is called so

Steps = Sequence[Mapping[str, Any]]
Way = tuple[str, str]  # label, id of a step or FINISH


def ways(steps: Steps) -> list[list[Way]]:
    """Where each step leads: to a step, to ``FINISH``, or to an id that is not there."""
    ids = [str(step["id"]) for step in steps]
    if not any(step.get("next") for step in steps):
        return [[("", following)] for following in [*ids[1:], FINISH]] if ids else []
    return [
        [(str(arrow.get("label") or ""), _target(str(arrow["id"]), ids)) for arrow in step.get("next") or ()]
        or [("", FINISH)]
        for step in steps
    ]


def _target(step_id: str, ids: Sequence[str]) -> str:
    return FINISH if step_id == END and END not in ids else step_id


def graph(steps: Steps) -> dict[str, list[str]]:
    """The ids and where they lead; of two steps with one id the first counts."""
    out: dict[str, list[str]] = {}
    for step, found in zip(steps, ways(steps), strict=True):
        out.setdefault(str(step["id"]), [step_id for _label, step_id in found])
    return out


def problems(steps: Steps) -> list[tuple[int, str]]:
    """What has to be mended: (place of the step, sentence), in the order of the steps."""
    ids = [str(step["id"]) for step in steps]
    found: list[tuple[int, str]] = [
        (n, _("Two steps have the same id.")) for n, step_id in enumerate(ids) if step_id in ids[:n]
    ]
    known = {*ids, FINISH}
    for n, leading in enumerate(ways(steps)):
        found += [
            (n, _("Step %(a)s leads to %(b)s, which does not exist.", a=n + 1, b=to))
            for _label, to in leading
            if to not in known
        ]
    if not found and steps:
        found = _astray(steps)
    return sorted(found, key=lambda one: one[0])


def _astray(steps: Steps) -> list[tuple[int, str]]:
    """Steps nobody comes to, and steps from which nobody gets out."""
    arrows = graph(steps)
    ids = list(arrows)
    come, out = reachable(arrows, ids[:1]), comes_to(arrows, [FINISH])
    if FINISH not in come:
        return [(len(ids) - 1, _("This process never ends: at least one step has to lead to the end."))]
    return [
        (n, _("No step leads to step %(n)s. Choose it where it comes next, or take it out.", n=n + 1))
        for n, step_id in enumerate(ids)
        if step_id not in come
    ] + [
        (n, _("From step %(n)s there is no way to the end.", n=n + 1))
        for n, step_id in enumerate(ids)
        if step_id in come and step_id not in out
    ]
