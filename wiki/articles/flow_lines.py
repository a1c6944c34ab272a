"""The lines of a flowchart: right angles only, each turn in the channel between two rows, no two on one track.

From a box or the lower corner of a diamond a line goes straight down; from a side corner first outwards. A way that
closes a circle goes out to a lane on the right, up, and in from above.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wiki.articles.flow_layout import Layout, Placed
from wiki.articles.flow_words import lines_of, width_of

Node = Hashable
Point = tuple[float, float]

STUB = 14  # how far a line goes outwards before it turns down
TRACK = 12  # between lines side by side
ROUND = 6  # radius of a turn
ABOVE, BELOW = 14, 20  # free height of a channel over and under its tracks
LABEL_EM, LABEL_LINE, LABEL_LINES, LABEL_ROOM = 12, 15, 2, 132
SNAP = 26  # a bend smaller than this is straightened


@dataclass(frozen=True, slots=True)
class Line:
    """One way: its path, the three corners of its arrow head, its label with the place of the first line, and whether
    it leads back."""

    points: tuple[Point, ...]
    label: tuple[str, ...] = ()
    label_at: Point = (0, 0)
    label_end: bool = False  # the label ends there instead of beginning
    back: bool = False
    whole: str = ""

    def moved(self, x: float, y: float) -> "Line":
        """The same elsewhere."""
        points = tuple((px + x, py + y) for px, py in self.points)
        return replace(self, points=points, label_at=(self.label_at[0] + x, self.label_at[1] + y))

    @property
    def path(self) -> str:
        """As SVG writes it, with round turns, ending where the arrow head begins."""
        points = _straightened(self.points)
        (ax, ay), (bx, by) = points[-2:]
        points[-1] = (bx - 6 * _sign(bx - ax), by - 6 * _sign(by - ay))
        out = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
        for (px, py), (x, y), (qx, qy) in zip(points, points[1:], points[2:], strict=False):
            size = min(ROUND, (abs(x - px) + abs(y - py)) / 2, (abs(qx - x) + abs(qy - y)) / 2)
            out.append(f"L{_n(x - size * _sign(x - px))} {_n(y - size * _sign(y - py))}")
            out.append(f"Q{_n(x)} {_n(y)} {_n(x + size * _sign(qx - x))} {_n(y + size * _sign(qy - y))}")
        out.append(f"L{_n(points[-1][0])} {_n(points[-1][1])}")
        return "".join(out)

    @property
    def head(self) -> str:
        """The arrow head."""
        points = _straightened(self.points)
        (ax, ay), (x, y) = points[-2:]
        dx, dy = _sign(x - ax), _sign(y - ay)
        side = [(x - 8 * dx - 4.5 * dy * s, y - 8 * dy - 4.5 * dx * s) for s in (1, -1)]
        return " ".join(f"{_n(px)},{_n(py)}" for px, py in [(x, y), *side])


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _sign(value: float) -> int:
    return (value > 0.01) - (value < -0.01)


def _straightened(points: Sequence[Point]) -> list[Point]:
    """Without doubles and without points in the middle of a straight stretch."""
    out: list[Point] = []
    for point in points:
        if out and abs(out[-1][0] - point[0]) + abs(out[-1][1] - point[1]) < 0.1:
            continue
        while len(out) > 1 and (
            abs(out[-2][0] - out[-1][0]) + abs(out[-1][0] - point[0]) < 0.1
            or abs(out[-2][1] - out[-1][1]) + abs(out[-1][1] - point[1]) < 0.1
        ):
            out.pop()
        out.append(point)
    return out


@dataclass(slots=True)
class Routed:
    """The lines, the upper edge of every box, and how far the picture reaches."""

    lines: list[Line]
    tops: dict[Node, float]
    left: float
    right: float
    bottom: float


@dataclass(slots=True)
class _Leg:
    """A stretch of one way through one channel: in at ``source``, out at ``target``; legs of one ``group`` share a
    track."""

    row: int
    source: float
    target: float
    group: Hashable
    track: int = 0


@dataclass(slots=True)
class _Way:
    """One way while it is routed."""

    source: Node
    target: Node
    label: str
    back: bool
    side: int = 0  # leaves to the left (-1), below (0) or to the right (1)
    port: float = 0.0
    elbow: bool = False  # goes outwards and straight down upon its target
    legs: list[_Leg] = field(default_factory=list)
    lane: float = 0.0
    lines: list[str] = field(default_factory=list)


def route(layout: Layout, shapes: Mapping[Node, str], asked: Sequence[tuple[Node, Node, str]]) -> Routed:
    """The lines for these ways (from, to, label), all of whose ends are in the layout."""
    found = [_Way(a, b, label, (a, b) in layout.back) for a, b, label in asked]
    rim = max(one.x + one.width / 2 for one in layout.placed.values())
    for node in layout.placed:
        _leave(layout, shapes, node, [way for way in found if way.source == node])
    outside = _lanes(layout, [way for way in found if way.back], rim)
    aims = _aims(layout, shapes, found)
    for way in found:
        way.legs = _legs(layout, shapes, way, aims)
    legs = [leg for way in found for leg in way.legs]
    _tracks(legs)
    bands = _labels(layout, found)
    tops, channels, bottom = _heights(layout, legs, bands)
    lines = [_line(layout, shapes, way, tops, channels) for way in found]
    reach = [x for line in lines for x, _y in line.points] + [_label_reach(line) for line in lines]
    return Routed(lines, tops, min([0.0, *reach]) if lines else 0.0, max([rim, outside, *reach]), bottom)


def _label_reach(line: Line) -> float:
    wide = max((width_of(text, LABEL_EM) for text in line.label), default=0)
    return line.label_at[0] + (-wide if line.label_end else wide)


# ── where a line leaves ──────────────────────────────────────────────────────────────────────────────────────────────


def _beside(layout: Layout, node: Node, step: int) -> Placed | None:
    names = layout.rows[layout.placed[node].row]
    at = names.index(node) + step
    return layout.placed[names[at]] if 0 <= at < len(names) else None


def _leave(layout: Layout, shapes: Mapping[Node, str], node: Node, leaving: list[_Way]) -> None:
    """Choose for the ways of one box where they leave it: the one that goes straight below, the others at the sides."""
    if not leaving:
        return
    here = layout.placed[node]
    if shapes.get(node) != "choice":
        for way in leaving:
            aim = here.x if way.back else _first(layout, way)
            way.port = aim if len(leaving) == 1 and abs(aim - here.x) < SNAP else here.x
        return
    below = [way for way in leaving if not way.back]
    middle = min(below, key=lambda way: abs(_first(layout, way) - here.x), default=None)
    if middle is not None:
        middle.port = here.x
    for side in (-1, 1):
        aside = [w for w in leaving if w is not middle and (1 if w.back or _first(layout, w) >= here.x else -1) == side]
        aside.sort(key=lambda w: (w.back, side * _first(layout, w)))
        for n, way in enumerate(reversed(aside)):
            if n == 0:
                way.side, way.port = side, here.x + side * (here.width / 2 + STUB)
                _try_elbow(layout, way, here)
            else:  # further ways of this side leave from the slope
                way.port = here.x + side * here.width / 2 * (1 - n / len(aside))


def _first(layout: Layout, way: _Way) -> float:
    """Where it passes the next row; outside everything for a way back."""
    if way.back:
        return float("inf")
    return layout.placed[layout.chains[way.source, way.target][1]].x


def _try_elbow(layout: Layout, way: _Way, here: Placed) -> None:
    """Straight outwards and down, when nothing of this row is in between."""
    if way.back:
        return
    aim, corner = _first(layout, way), here.x + way.side * here.width / 2
    other = _beside(layout, way.source, way.side)
    free = way.side * (aim - corner) > STUB
    if free and (other is None or way.side * (other.x - way.side * other.width / 2 - aim) > STUB):
        way.elbow, way.port = True, aim


# ── through the channels ─────────────────────────────────────────────────────────────────────────────────────────────


def _lanes(layout: Layout, back: list[_Way], rim: float) -> float:
    """Give every way back a lane outside; the shortest is the innermost. How far they reach."""
    back.sort(key=lambda way: layout.placed[way.source].row - layout.placed[way.target].row)
    for n, way in enumerate(back):
        way.lane = rim + 2 * STUB + n * TRACK
    return max((way.lane for way in back), default=rim)


def _direct(layout: Layout, node: Node) -> bool:
    """Nothing stands to the right of it."""
    return _beside(layout, node, 1) is None


def _entry(layout: Layout, shapes: Mapping[Node, str], way: _Way) -> float:
    """Where a way back comes down upon its target: beside the middle, so that it is seen to come in."""
    target = layout.placed[way.target]
    return target.x + (target.width / 4 if shapes.get(way.target) != "choice" else target.width / 7)


def _aims(layout: Layout, shapes: Mapping[Node, str], found: Sequence[_Way]) -> dict[Node, float]:
    """Where lines come down upon each box: in its middle, or a little beside when one then comes straight."""
    aims: dict[Node, float] = {}
    for way in found:
        if way.back:
            continue
        before = layout.chains[way.source, way.target][-2]
        at = layout.placed[before].x if layout.placed[before].knee else way.port
        middle = layout.placed[way.target].x
        if shapes.get(way.target) != "choice" and abs(at - middle) < abs(aims.get(way.target, middle + SNAP) - middle):
            aims[way.target] = at
    return aims


def _legs(layout: Layout, shapes: Mapping[Node, str], way: _Way, aims: Mapping[Node, float]) -> list[_Leg]:
    if way.back:
        legs = []
        if not (way.side == 1 and _direct(layout, way.source)):
            legs.append(_Leg(layout.placed[way.source].row, way.port, way.lane, ("out", way.source, way.target)))
        above = layout.placed[way.target].row - 1
        legs.append(_Leg(above, way.lane, _entry(layout, shapes, way), ("in", way.source, way.target)))
        return legs
    chain, legs, at = layout.chains[way.source, way.target], [], way.port
    for node in chain[1:]:
        here = layout.placed[node]
        aim = aims.get(node, here.x)
        legs.append(_Leg(here.row - 1, at, aim, node))
        at = aim
    return legs


def _tracks(legs: Sequence[_Leg]) -> None:
    """Number the tracks of each channel: a line that turns further out turns higher, and none runs along another."""
    for row in {leg.row for leg in legs}:
        groups: dict[Hashable, list[_Leg]] = {}
        for leg in legs:
            if leg.row == row and abs(leg.source - leg.target) > 0.5:
                groups.setdefault(leg.group, []).append(leg)
        done: list[list[_Leg]] = []
        for group in _in_order(list(groups.values())):
            low, high = _span(group)
            under = [g[0].track for g in done if _span(g)[0] < high + TRACK and low < _span(g)[1] + TRACK]
            for leg in group:
                leg.track = max(under, default=-1) + 1
            done.append(group)


def _span(group: Sequence[_Leg]) -> tuple[float, float]:
    places = [x for leg in group for x in (leg.source, leg.target)]
    return min(places), max(places)


def _in_order(groups: list[list[_Leg]]) -> list[list[_Leg]]:
    """From above: what goes right by how far right it begins, what goes left likewise; and where one begins in the
    column in which another ends, the one that begins comes first."""
    groups.sort(key=lambda g: -g[0].source if g[0].target > g[0].source else g[0].source)
    out: list[list[_Leg]] = []
    while groups:
        free = next((g for g in groups if not any(_must_precede(o, g) for o in groups if o is not g)), groups[0])
        groups.remove(free)
        out.append(free)
    return out


def _must_precede(one: Sequence[_Leg], other: Sequence[_Leg]) -> bool:
    return any(abs(a.source - b.target) < TRACK for a in one for b in other)


def _labels(layout: Layout, found: Sequence[_Way]) -> dict[int, int]:
    """Break the labels into lines by the room there is; how many lines the channel under each row has to hold."""
    bands: dict[int, int] = {}
    for way in found:
        if not way.label:
            continue
        here = layout.placed[way.source]
        if way.elbow or (way.side == 1 and way.back and _direct(layout, way.source)):
            way.lines = lines_of(way.label, LABEL_ROOM, 1, LABEL_EM)
            continue
        ports = sorted(o.port for o in found if layout.placed[o.source].row == here.row and o is not way)
        beyond = [p for p in ports if (p < way.port if way.side < 0 else p > way.port)]
        room = min([LABEL_ROOM, *(abs(p - way.port) - 12 for p in beyond)])
        way.lines = lines_of(way.label, max(int(room), 4 * LABEL_EM), LABEL_LINES, LABEL_EM)
        bands[here.row] = max(bands.get(here.row, 0), len(way.lines))
    return bands


def _heights(
    layout: Layout, legs: Sequence[_Leg], bands: Mapping[int, int]
) -> tuple[dict[Node, float], dict[int, float], float]:
    """The upper edge of every box, and the height of the first track of every channel."""
    tops: dict[Node, float] = {}
    channels: dict[int, float] = {}
    y = 12.0
    for row, names in enumerate(layout.rows):
        tall = max(layout.placed[node].height for node in names)
        for node in names:
            tops[node] = y + (tall - layout.placed[node].height) / 2
        y += tall
        tracks = [leg.track for leg in legs if leg.row == row and abs(leg.source - leg.target) > 0.5]
        channels[row] = y + ABOVE + LABEL_LINE * bands.get(row, 0)
        if row < len(layout.rows) - 1:
            y = channels[row] + TRACK * max(tracks, default=0) + BELOW
    last = len(layout.rows) - 1
    at_foot = [leg.track for leg in legs if leg.row == last]  # ways back that leave the last row from below
    return tops, channels, channels[last] + TRACK * max(at_foot) if at_foot else y


def _line(
    layout: Layout,
    shapes: Mapping[Node, str],
    way: _Way,
    tops: Mapping[Node, float],
    channels: Mapping[int, float],
) -> Line:
    here, there = layout.placed[way.source], layout.placed[way.target]
    top = tops[way.source]
    points = _out(here, shapes.get(way.source) == "choice", way, top)
    begun = points[-1]
    if way.back and way.side == 1 and _direct(layout, way.source):
        points.append((way.lane, top + here.height / 2))
    for leg in way.legs:
        y = channels[leg.row] + leg.track * TRACK
        points += [(leg.source, y), (leg.target, y)]
    last = way.legs[-1].target
    points.append((last, tops[way.target] + _slope(there, shapes.get(way.target) == "choice", last)))
    label_at, ends = _label_place(here, way, top, begun)
    return Line(tuple(points), tuple(way.lines), label_at, ends, way.back, way.label)


def _slope(place: Placed, diamond: bool, x: float) -> float:
    """How far under its upper corner the outline of a diamond is at x; 0 for a box."""
    return abs(x - place.x) / (place.width / 2) * place.height / 2 if diamond else 0.0


def _out(here: Placed, diamond: bool, way: _Way, top: float) -> list[Point]:
    if way.side:
        level = top + here.height / 2
        corner = (here.x + way.side * here.width / 2, level)
        return [corner, (way.port, level)]
    return [(way.port, top + here.height - _slope(here, diamond, way.port))]


def _label_place(here: Placed, way: _Way, top: float, begun: Point) -> tuple[Point, bool]:
    """Above a line that goes outwards, else beside the line where it has left its row."""
    if way.elbow or (way.side == 1 and way.back and way.legs and len(way.legs) == 1):
        corner = here.x + way.side * here.width / 2
        return (corner + way.side * 6, top + here.height / 2 - 6), way.side < 0
    side = -1 if way.side < 0 else 1
    tall = top + here.height
    return (begun[0] + side * 6, tall + LABEL_LINE + 1), way.side < 0
