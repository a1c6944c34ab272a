"""Where the boxes and arrows of a pipeline stand: pure geometry, drawn as SVG by ``templates/pipelines/_drawing.html``.

Two shapes of the same picture: from left to right, and – for a phone – from top to bottom. Coordinates are whole
numbers of SVG units; an em of the labels is 12 of them, a Chinese character as wide as high.
"""

from dataclasses import dataclass
from itertools import pairwise

from core.i18n import _
from workflows.definitions import Definition, Stage
from workflows.pipeline_words import Words, approvals_short, hours, seat_name, seat_short, stage_name

EM, LATIN = 12, 6
BOX, GAP, PAD = 142, 28, 8
HEAD, SEAT, FOOT = 26, 28, 22
EDGE = 8
END = 72
LANE = 16  # between return arrows

Place = tuple[int, int, int, int]  # x, y, width, height


@dataclass(frozen=True, slots=True)
class SeatBox:
    """A seat inside its stage."""

    x: int
    y: int
    width: int
    height: int
    label: str
    full: str
    mark: str


@dataclass(frozen=True, slots=True)
class StageBox:
    """A stage: its frame, its seats, and the words below them."""

    x: int
    y: int
    width: int
    height: int
    label: str
    full: str
    seats: tuple[SeatBox, ...]
    due: str
    rule: str
    veto: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """A path from one thing to the next, or back; ``label`` says what a return arrow means."""

    path: str
    head: str
    back: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture, ready to be written down."""

    width: int
    height: int
    stages: tuple[StageBox, ...]
    arrows: tuple[Arrow, ...]
    start: Place
    end: Place
    upright: bool


def width_of(text: str) -> int:
    """About how wide a label is."""
    return sum(EM if ord(char) > 0x2E7F else LATIN for char in text)


def cut(text: str, room: int) -> str:
    """The label, shortened with an ellipsis to the room there is."""
    if width_of(text) <= room:
        return text
    out = ""
    for char in text:
        if width_of(out + char) > room - EM:
            break
        out += char
    return out.rstrip() + "…"


def draw(definition: Definition, words: Words, *, upright: bool = False) -> Drawing:
    """The picture: from the author over the stages in their order, seats of one stage stacked, to 'published';
    default send-backs as dashed arrows."""
    lanes = sum(1 for stage in definition.stages if stage.returns_to) * LANE
    tallest = max((_height(stage) for stage in definition.stages), default=30)
    x, y = (EDGE + lanes, EDGE) if upright else (EDGE, EDGE + lanes)
    start = (x + (BOX - END) // 2, y, END, 30) if upright else (x, y + tallest // 2 - 15, END, 30)
    x, y = (x, y + 30 + GAP - 6) if upright else (x + END + GAP, y)
    boxes: list[StageBox] = []
    for number, stage in enumerate(definition.stages, start=1):
        height = _height(stage)
        boxes.append(_box(number, stage, words, x, y if upright else y + (tallest - height) // 2))
        x, y = (x, y + height + GAP - 6) if upright else (x + BOX + GAP, y)
    if upright:
        end, size = (start[0], y, END, 30), (x + BOX + LANE + 2 * EDGE, y + 30 + EDGE)
    else:
        end, size = (x, start[1], END, 30), (x + END + EDGE, y + tallest + LANE + 2 * EDGE)
    arrows = [*_forward(start, boxes, end, upright), *_back(definition, boxes, words, upright)]
    if any(stage.returns_to is None for stage in definition.stages):
        arrows.append(_to_author(definition, boxes, start, size, upright))
    return Drawing(*size, tuple(boxes), tuple(arrows), start, end, upright)


def _height(stage: Stage) -> int:
    return HEAD + max(len(stage.seats), 1) * SEAT + FOOT + (16 if _rule(stage) else 0)


def _rule(stage: Stage) -> str:
    said = []
    if len(stage.seats) > 1 and stage.needed < len(stage.seats):
        said.append(_("%(n)s of %(m)s seats", n=stage.needed, m=len(stage.seats)))
    if not stage.veto:
        said.append(_("no veto"))
    return " · ".join(said)


def _box(number: int, stage: Stage, words: Words, x: int, y: int) -> StageBox:
    seats = []
    for place, seat in enumerate(stage.seats):
        mark, label = approvals_short(seat), seat_name(seat, words)
        room = BOX - 2 * PAD - 14 - (width_of(mark) + 8 if mark else 0)
        top = y + HEAD + place * SEAT
        seats.append(SeatBox(x + PAD, top, BOX - 2 * PAD, SEAT - 4, cut(label, room), label, mark))
    name = f"{number} · {stage.name}" if stage.name else _("Stage %(n)s", n=number)
    return StageBox(
        x, y, BOX, _height(stage), cut(name, BOX - 2 * PAD), name, tuple(seats),
        cut(hours(stage, words), BOX - 2 * PAD), _rule(stage), stage.veto,
    )  # fmt: skip


def _forward(start: Place, boxes: list[StageBox], end: Place, upright: bool) -> list[Arrow]:
    out = []
    places = [start, *((box.x, box.y, box.width, box.height) for box in boxes), end]
    for (x, y, width, height), (next_x, next_y, next_width, next_height) in pairwise(places):
        if upright:
            middle, below = x + width // 2, next_x + next_width // 2
            out.append(_arrow(f"M{middle} {y + height} L{below} {next_y - 6}", below, next_y, "down"))
        else:
            level, there = y + height // 2, next_y + next_height // 2
            out.append(_arrow(f"M{x + width} {level} L{next_x - 6} {there}", next_x, there, "right"))
    return out


def _arrow(path: str, x: int, y: int, way: str, *, back: bool = False, label: str = "") -> Arrow:
    """An arrow with its tip at a place, pointing some way."""
    tips = {
        "right": f"{x},{y} {x - 8},{y - 5} {x - 8},{y + 5}",
        "down": f"{x},{y} {x - 5},{y - 8} {x + 5},{y - 8}",
        "up": f"{x},{y} {x - 5},{y + 8} {x + 5},{y + 8}",
        "left": f"{x},{y} {x + 8},{y - 5} {x + 8},{y + 5}",
    }
    return Arrow(path, tips[way], back, label)


def _back(definition: Definition, boxes: list[StageBox], words: Words, upright: bool) -> list[Arrow]:
    """Where a send-back goes by default, when that is an earlier stage: an arrow over (beside) the boxes."""
    keys = {stage.key: number for number, stage in enumerate(definition.stages)}
    out: list[Arrow] = []
    for number, stage in enumerate(definition.stages):
        target = keys.get(stage.returns_to or "")
        if target is None or target >= number:
            continue  # a circle, or no such stage: told in words, not drawn
        here, there = boxes[number], boxes[target]
        lane = EDGE + len(out) * LANE
        said = _("sent back to %(stage)s", stage=stage_name(definition.stages[target], words))
        if upright:
            a, b = here.y + here.height // 2, there.y + there.height // 2
            path = f"M{here.x} {a} L{lane} {a} L{lane} {b} L{there.x - 6} {b}"
            out.append(_arrow(path, there.x, b, "right", back=True, label=said))
        else:
            a, b = here.x + here.width // 2 - 12, there.x + there.width // 2 + 12
            path = f"M{a} {here.y} L{a} {lane} L{b} {lane} L{b} {there.y - 6}"
            out.append(_arrow(path, b, there.y, "down", back=True, label=said))
    return out


def _to_author(
    definition: Definition, boxes: list[StageBox], start: Place, size: tuple[int, int], upright: bool
) -> Arrow:
    """One dashed way back to the author, below (beside) all the stages that have no other."""
    from_here = [box for stage, box in zip(definition.stages, boxes, strict=True) if stage.returns_to is None]
    x, y, width, height = start
    said = _("sent back to the author")
    if upright:
        lane, level = size[0] - EDGE, y + height // 2
        parts = [
            f"M{box.x + box.width} {box.y + box.height // 2} L{lane} {box.y + box.height // 2}" for box in from_here
        ]
        last = max(box.y + box.height // 2 for box in from_here)
        path = " ".join([*parts, f"M{lane} {last} L{lane} {level} L{x + width + 6} {level}"])
        return _arrow(path, x + width, level, "left", back=True, label=said)
    lane, level = size[1] - EDGE, x + width // 2
    parts = [f"M{box.x + box.width // 2} {box.y + box.height} L{box.x + box.width // 2} {lane}" for box in from_here]
    last = max(box.x + box.width // 2 for box in from_here)
    path = " ".join([*parts, f"M{last} {lane} L{level} {lane} L{level} {y + height + 6}"])
    return _arrow(path, level, y + height, "up", back=True, label=said)


def told(definition: Definition, words: Words) -> str:
    """The picture in words, for those who do not see it."""
    out = []
    for number, stage in enumerate(definition.stages, start=1):
        seats = [seat_short(seat, words) for seat in stage.seats]
        out.append(
            _(
                "Stage %(n)s: %(seats)s; due after %(hours)s.",
                n=number,
                seats=_(" and ").join(seats),
                hours=hours(stage, words),
            )
        )
    return " ".join([*out, _("Then it is published.")])
