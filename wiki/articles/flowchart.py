"""The flowchart of a process, drawn from its steps: boxes, decisions, ends and the lines between them.

Pure geometry in whole SVG units; ``templates/articles/_flowchart.html`` writes it down, escaping every word. A step
with several ways is a decision, a diamond; the first way goes on straight below it. A way back runs up a lane on the
right, so that loops are seen as loops. What a box has no room for ends with an ellipsis: the list beside the drawing
says it whole.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wiki.articles import flow_lines
from wiki.articles.flow_layout import lay_out
from wiki.articles.flow_words import lines_of, width_of
from wiki.articles.graphs import reachable
from wiki.articles.processes import FINISH, ways

START = ("start",)
BOX, BOX_TEXT, BOX_LINES = 200, 172, 4
DIAMOND, DIAMOND_TEXT, DIAMOND_LINES = 252, 148, 3
LINE, META, PAD = 18, 16, 11
PILL = (84, 32)
GAP = 44
EDGE = 12

Node = Hashable


@dataclass(frozen=True, slots=True)
class Box:
    """One step, or an end: where it stands, its shape (start, end, step, choice), its lines and what is said above
    them.

    ``top`` is the baseline of its first line; ``n`` its place among the steps, from 1, and 0 for an end.
    """

    shape: str
    x: int
    y: int
    width: int
    height: int
    lines: tuple[str, ...] = ()
    meta: str = ""
    n: int = 0
    step_id: str = ""
    top: int = 0

    @property
    def middle(self) -> int:
        """The middle of its width."""
        return self.x + self.width // 2

    @property
    def corners(self) -> str:
        """The four corners of a diamond."""
        half = self.y + self.height // 2
        right, bottom = self.x + self.width, self.y + self.height
        return f"{self.middle},{self.y} {right},{half} {self.middle},{bottom} {self.x},{half}"


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture: as wide and high as it needs."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[flow_lines.Line, ...]


def draw(steps: Sequence[Mapping[str, Any]]) -> Chart | None:
    """The flowchart of these steps; ``None`` without any.

    What is wrong with them does not stop it: a way to nowhere is not drawn, and a step that nobody comes to stands at
    the top without an arrow.
    """
    if not steps:
        return None
    arrows = _arrows(steps)
    graph: dict[Node, list[Node]] = {START: _tops(steps, arrows)}
    for node, following, _label in arrows:
        graph.setdefault(node, []).append(following)
    boxes = _boxes(steps, graph)
    layout = lay_out(graph, START, {node: (box.width, box.height) for node, box in boxes.items()}, gap=GAP)
    asked = [(START, str(steps[0]["id"]), ""), *arrows]
    shapes = {node: box.shape for node, box in boxes.items()}
    routed = flow_lines.route(layout, shapes, [one for one in asked if one[0] in layout.placed])
    left = min(*(one.x - one.width / 2 for one in layout.placed.values()), routed.left) - EDGE
    found = []
    for node, box in boxes.items():
        place = layout.placed[node]
        found.append(_at(box, round(place.x - place.width / 2 - left), round(routed.tops[node])))
    return Chart(
        round(routed.right - left) + EDGE,
        round(routed.bottom) + EDGE,
        tuple(found),
        tuple(line.moved(-round(left), 0) for line in routed.lines),
    )


def _arrows(steps: Sequence[Mapping[str, Any]]) -> list[tuple[Node, Node, str]]:
    """(from, to, label) of every way that leads somewhere. Each step that ends has an end of its own, so that no line
    runs the whole height."""
    ids = {str(step["id"]) for step in steps}
    out: list[tuple[Node, Node, str]] = []
    for step, leading in zip(steps, ways(steps), strict=True):
        here = str(step["id"])
        for label, to in leading:
            if to == FINISH:
                out.append((here, ("end", here), label))
            elif to in ids:
                out.append((here, to, label))
    return out


def _tops(steps: Sequence[Mapping[str, Any]], arrows: list[tuple[Node, Node, str]]) -> list[Node]:
    """The first step, and those that nothing before has come to."""
    graph: dict[Node, list[Node]] = {}
    for node, following, _label in arrows:
        graph.setdefault(node, []).append(following)
    tops: list[Node] = []
    come: set[Node] = set()
    for step in steps:
        here = str(step["id"])
        if here not in come:
            tops.append(here)
            come |= reachable(graph, [here])
    return tops


def _boxes(steps: Sequence[Mapping[str, Any]], graph: Mapping[Node, Sequence[Node]]) -> dict[Node, Box]:
    """Every box with its size and its words, standing nowhere yet."""
    boxes: dict[Node, Box] = {START: Box("start", 0, 0, *PILL)}
    for n, step in enumerate(steps, 1):
        here = str(step["id"])
        if here in boxes:
            continue
        shape = "choice" if len(graph.get(here, ())) > 1 else "step"
        boxes[here] = _box(shape, n, here, str(step.get("text") or ""), str(step.get("role") or ""))
        for following in graph.get(here, ()):
            if isinstance(following, tuple):
                boxes[following] = Box("end", 0, 0, *PILL)
    return boxes


def _box(shape: str, n: int, step_id: str, text: str, role: str) -> Box:
    meta = "".join(lines_of(f"{n}  {role}".rstrip(), 96 if shape == "choice" else BOX_TEXT, 1, em=11))
    if shape == "step":
        lines = lines_of(text, BOX_TEXT, BOX_LINES)
        return Box(shape, 0, 0, BOX, 2 * PAD + META + LINE * max(len(lines), 1), tuple(lines), meta, n, step_id)
    lines = lines_of(text, DIAMOND_TEXT, DIAMOND_LINES)
    wide = max((width_of(line) for line in lines), default=0)
    high = LINE * max(len(lines), 1)
    return Box(shape, 0, 0, DIAMOND, max(round(high / (1 - (wide + 14) / DIAMOND)), 78), tuple(lines), meta, n, step_id)


def _at(box: Box, x: int, y: int) -> Box:
    """The box where it stands."""
    if box.shape == "step":
        top = y + PAD + META + 13
    else:
        top = y + (box.height - LINE * max(len(box.lines), 1)) // 2 + 13
    return Box(box.shape, x, y, box.width, box.height, box.lines, box.meta, box.n, box.step_id, top)
