"""Charts as inline SVG, drawn on the server.

Pure functions from numbers to `Markup`. Beside `core.markup` this is the only place that may build markup: every
label is escaped on the way in, and nothing is coloured here – classes only (`.chart` in `components.css`), because the
content security policy forbids style attributes and because dark mode must reach the drawing.

A chart is a picture *beside* a table, never instead of one: pages that show one also show its numbers. Coordinates are
floats; that is drawing, not reckoning. A missing value is `None` and leaves a gap; it is never drawn as zero.
"""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape

Number = int | float | Decimal
Values = Sequence[Number | None]

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 16, 30
RADAR_LABEL = 16  # characters in a row of a label at a corner


@dataclass(frozen=True)
class Series:
    """One line or one set of bars: its name for the legend, and a value (or None) for every label."""

    name: str
    values: Values


def line(
    series: Sequence[Series], labels: Sequence[str], *, title: str, desc: str = "", target: Number | None = None
) -> Markup:
    """Up to four lines over the same labels, an optional dashed target, and a legend when there are several."""
    low, high, ticks = _scale([v for s in series for v in s.values] + [target])
    scale = _Frame(len(labels), low, high)
    parts = [_grid(scale, ticks), _label_axis(scale, labels)]
    if target is not None:
        y = scale.y(target)
        parts.append(f'<line class="target" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    for index, one in enumerate(series[:4], start=1):
        for run in _runs(one.values):
            points = " ".join(f"{scale.x(i):.1f},{scale.y(v):.1f}" for i, v in run)
            parts.append(f'<polyline class="stroke s{index}" points="{points}"/>')
            parts += [
                f'<circle class="dot s{index}" cx="{scale.x(i):.1f}" cy="{scale.y(v):.1f}" r="3.5">'
                f"<title>{_text(labels[i])}: {_figure(v)}</title></circle>"
                for i, v in run
            ]
    extra = _legend([one.name for one in series]) if len(series) > 1 else ""
    return _svg("".join(parts) + extra, title, desc, height=HEIGHT + (22 if extra else 0), look="chart of-line")


def bar(values: Values, labels: Sequence[str], *, title: str, desc: str = "", target: Number | None = None) -> Markup:
    """Upright bars from zero, each with its figure above it."""
    low, high, ticks = _scale([*values, target, 0])
    scale = _Frame(len(labels), low, high, centred=True)
    width = min(46.0, scale.step * 0.62)
    parts, figures = [_grid(scale, ticks), _label_axis(scale, labels)], []
    for index, value in enumerate(values):
        if value is None:
            continue
        x, y, zero = scale.x(index), scale.y(value), scale.y(0)
        top, tall = min(y, zero), max(abs(zero - y), 0.5)
        parts.append(
            f'<rect class="fill s1" x="{x - width / 2:.1f}" y="{top:.1f}" '
            f'width="{width:.1f}" height="{tall:.1f}" rx="2"/>'
        )
        figures.append(
            f'<text class="value" x="{x:.1f}" y="{top - 5:.1f}" text-anchor="middle">{_figure(value)}</text>'
        )
    if target is not None:
        y = scale.y(target)
        parts.append(f'<line class="target" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    return _svg("".join(parts + figures), title, desc, look="chart of-bar")


def grouped(series: Sequence[Series], labels: Sequence[str], *, title: str, desc: str = "") -> Markup:
    """Upright bars from zero, those of one label side by side, with a legend; at most four series."""
    shown = series[:4]
    low, high, ticks = _scale([v for s in shown for v in s.values] + [0])
    scale = _Frame(len(labels), low, high, centred=True)
    width = min(34.0, scale.step * 0.8 / max(len(shown), 1))
    parts, figures = [_grid(scale, ticks), _label_axis(scale, labels)], []
    for number, one in enumerate(shown):
        for index, value in enumerate(one.values):
            if value is None:
                continue
            x = scale.x(index) + (number - len(shown) / 2) * width
            y, zero = scale.y(value), scale.y(0)
            parts.append(
                f'<rect class="band s{number + 1}" x="{x + 1:.1f}" y="{min(y, zero):.1f}" '
                f'width="{max(width - 2, 1):.1f}" height="{max(abs(zero - y), 0.5):.1f}" rx="2"/>'
            )
            figures.append(
                f'<text class="value" x="{x + width / 2:.1f}" y="{min(y, zero) - 5:.1f}" '
                f'text-anchor="middle">{_figure(round(float(value), 1))}</text>'
            )
    legend = _legend([one.name for one in shown], swatch=True)
    return _svg("".join(parts + figures) + legend, title, desc, height=HEIGHT + 22, look="chart of-bar")


def stacked(series: Sequence[Series], labels: Sequence[str], *, title: str, desc: str = "") -> Markup:
    """Columns of parts standing on each other, the first at the bottom, so that the top is the sum; at most four parts.

    A missing value counts as nothing: a sum has no gaps.
    """
    shown = series[:4]
    sums = [0.0] * len(labels)
    parts: list[str] = []
    whole = [sum(float(one.values[place] or 0) for one in shown) for place in range(len(labels))]
    _low, high, ticks = _scale([0, *whole])
    scale = _Frame(len(labels), 0.0, high, centred=True)
    width = min(46.0, scale.step * (0.62 if len(labels) <= 31 else 0.94))
    for number, one in enumerate(shown, start=1):
        for index, value in enumerate(one.values):
            if not value:
                continue
            under, sums[index] = sums[index], sums[index] + float(value)
            top = scale.y(sums[index])
            parts.append(
                f'<rect class="band s{number}" x="{scale.x(index) - width / 2:.1f}" y="{top:.1f}" '
                f'width="{width:.1f}" height="{scale.y(under) - top:.1f}"/>'
            )
    legend = _legend([one.name for one in shown], swatch=True)
    inner = "".join([_grid(scale, ticks), *parts, _label_axis(scale, labels)])
    return _svg(inner + legend, title, desc, height=HEIGHT + 22, look="chart of-bar")


def waterfall(
    start: Number,
    steps: Sequence[tuple[str, Number]],
    end: Number,
    ends: tuple[str, str],
    *,
    title: str,
    desc: str = "",
) -> Markup:
    """From one sum to another: a column, what was added and taken away in turn, and the column that comes of it.

    Labels are numbered under the axis; the words stand in the table beside.
    """
    sums, level = [float(start)], float(start)
    for _label, change in steps:
        level += float(change)
        sums.append(level)
    low, high, ticks = _scale([*sums, end])
    scale = _Frame(len(steps) + 2, min(low, *sums), high, centred=True)
    width = min(46.0, scale.step * 0.62)
    floor = scale.y(scale.low)
    labels = [ends[0], *(str(number) for number in range(1, len(steps) + 1)), ends[1]]
    parts, figures = [_grid(scale, ticks), _label_axis(scale, labels)], []
    for index, (tone, a, b, said) in enumerate(_falls(start, steps, end, sums)):
        x = scale.x(index)
        top, under = scale.y(max(a, b)), floor if tone == "sum" else scale.y(min(a, b))
        parts.append(
            f'<rect class="fill {tone}" x="{x - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" '
            f'height="{max(under - top, 1):.1f}" rx="2"><title>{_text(said)}</title></rect>'
        )
        if index <= len(steps):
            y = scale.y(b)
            reach = scale.x(index + 1)
            parts.append(f'<line class="joint" x1="{x:.1f}" x2="{reach:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        figures.append(
            f'<text class="value" x="{x:.1f}" y="{top - 5:.1f}" text-anchor="middle">'
            f"{_figure(end if index > len(steps) else b) if tone == 'sum' else f'{b - a:+.2f}'}</text>"
        )
    return _svg("".join(parts + figures), title, desc, look="chart of-bar")


def _falls(
    start: Number, steps: Sequence[tuple[str, Number]], end: Number, sums: Sequence[float]
) -> list[tuple[str, float, float, str]]:
    """(tone, from, to, words) of every column."""
    found = [("sum", 0.0, float(start), _figure(start))]
    for (label, change), before, after in zip(steps, sums, sums[1:], strict=False):
        found.append(("up" if after >= before else "down", before, after, f"{label}: {float(change):+.2f}"))
    return [*found, ("sum", 0.0, float(end), _figure(end))]


def spark(values: Values, *, title: str) -> Markup:
    """A line the size of a word. Its title says what the eye would see ('rising from 61 to 94')."""
    known = [float(v) for v in values if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    span = (high - low) or 1.0
    step = 92 / max(len(values) - 1, 1)
    parts = []
    for run in _runs(values):
        points = " ".join(f"{4 + i * step:.1f},{20 - (v - low) / span * 16:.1f}" for i, v in run)
        parts.append(f'<polyline class="stroke s1" points="{points}"/>')
        place, value = run[-1]
        if place == len(values) - 1:
            x, y = 4 + place * step, 20 - (value - low) / span * 16
            parts.append(f'<circle class="dot s1" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
    return _svg("".join(parts), title, "", look="chart spark", height=24, width=100)


def radar(
    series: Sequence[Series], labels: Sequence[str], *, title: str, desc: str = "", whole: Number = 100
) -> Markup:
    """One polygon per series over at least three axes, `whole` at the rim; a missing value counts as the centre."""
    centre_x, centre_y, radius = 230.0, 150.0, 104.0
    count = max(len(labels), 3)

    def at(index: int, share: float) -> tuple[float, float]:
        angle = 2 * math.pi * index / count - math.pi / 2
        return centre_x + radius * share * math.cos(angle), centre_y + radius * share * math.sin(angle)

    def ring(share: float) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(i, share) for i in range(count)))

    parts = [f'<polygon class="grid-line" fill="none" points="{ring(share)}"/>' for share in (0.25, 0.5, 0.75, 1.0)]
    for index, label in enumerate(labels):
        x, y = at(index, 1)
        parts.append(f'<line class="grid-line" x1="{centre_x}" y1="{centre_y}" x2="{x:.1f}" y2="{y:.1f}"/>')
        x, y = at(index, 1.12)
        anchor = "middle" if abs(x - centre_x) < 12 else "start" if x > centre_x else "end"
        lines = textwrap.wrap(label, RADAR_LABEL) or [""]
        rows = "".join(
            f'<tspan x="{x:.1f}" dy="{1.2 if row else 0}em">{_text(line)}</tspan>' for row, line in enumerate(lines)
        )
        lift = 14 * (len(lines) - 1) if y < centre_y else 0  # above the drawing lines grow upwards
        parts.append(f'<text y="{y + 4 - lift:.1f}" text-anchor="{anchor}">{rows}</text>')
    for number, one in enumerate(series[:4], start=1):
        shares = [min(max(float(v or 0) / float(whole), 0.0), 1.2) for v in one.values]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(i, share) for i, share in enumerate(shares)))
        parts.append(f'<polygon class="area s{number}" points="{points}"/>')
        parts.append(f'<polygon class="stroke s{number}" points="{points}"/>')
    extra = _legend([one.name for one in series], y=306) if len(series) > 1 else ""
    return _svg("".join(parts) + extra, title, desc, look="chart of-radar", height=320 if extra else 300, width=460)


class _Frame:
    """Where a value falls inside the drawing: `count` places across, `low` to `high` upwards."""

    def __init__(self, count: int, low: float, high: float, *, centred: bool = False) -> None:
        self.low, self.high, self.count, self.centred = low, high, count, centred
        inner = WIDTH - LEFT - RIGHT
        self.step = inner / max(count, 1) if centred else inner / max(count - 1, 1)

    def x(self, index: int) -> float:
        if not self.centred and self.count == 1:
            return (LEFT + WIDTH - RIGHT) / 2
        return LEFT + self.step * (index + 0.5 if self.centred else index)

    def y(self, value: Number) -> float:
        share = (float(value) - self.low) / ((self.high - self.low) or 1.0)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _scale(values: Values) -> tuple[float, float, list[float]]:
    """A calm range around the values, and the round numbers to mark in it (about four)."""
    known = [float(v) for v in values if v is not None and math.isfinite(float(v))]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if low > 0 and low < 0.7 * high:
        low = 0.0
    if high == low:
        low, high = (low - abs(low) * 0.5, high + abs(high) * 0.5) if low else (0.0, 1.0)
    raw = (high - low) / 4
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return first * step, last * step, [n * step for n in range(first, last + 1)]


def _runs(values: Values) -> list[list[tuple[int, float]]]:
    """Unbroken stretches of known values, so that a gap stays a gap."""
    runs: list[list[tuple[int, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((index, float(value)))
    return [run for run in runs if run]


def _grid(scale: _Frame, ticks: Sequence[float]) -> str:
    return "".join(
        f'<line class="grid-line" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{scale.y(t):.1f}" y2="{scale.y(t):.1f}"/>'
        f'<text x="{LEFT - 8}" y="{scale.y(t) + 4:.1f}" text-anchor="end">{_figure(t)}</text>'
        for t in ticks
    )


def _label_axis(scale: _Frame, labels: Sequence[str]) -> str:
    """Labels under the axis; when there are many, every second or third, the last one always."""
    skip = max(1, math.ceil(len(labels) / 12))
    last = len(labels) - 1
    return "".join(
        f'<text x="{scale.x(i):.1f}" y="{HEIGHT - 9}" text-anchor="middle">{_text(label)}</text>'
        for i, label in enumerate(labels)
        if (last - i) % skip == 0
    )


def _legend(names: Sequence[str], y: float = HEIGHT + 10, *, swatch: bool = False) -> str:
    parts, x = [], float(LEFT)
    for index, name in enumerate(names[:4], start=1):
        mark = (
            f'<rect class="band s{index}" x="{x + 6:.0f}" y="{y - 10:.0f}" width="14" height="11" rx="2"/>'
            if swatch
            else f'<line class="stroke s{index}" x1="{x:.0f}" x2="{x + 22:.0f}" y1="{y - 4}" y2="{y - 4}"/>'
        )
        parts.append(f'{mark}<text x="{x + 28:.0f}" y="{y}">{_text(name)}</text>')
        x += 44 + sum(12.5 if ord(c) > 0x2E7F else 7 for c in name)
    return "".join(parts)


def _figure(value: Number) -> str:
    """At most two decimals, none when they are zero."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".")


def _text(text: str) -> str:
    return str(escape(str(text)))  # also what calls itself safe: here it is text


def _svg(inner: str, title: str, desc: str, *, look: str, height: float = HEIGHT, width: float = WIDTH) -> Markup:
    """The frame every drawing hangs in; `inner` holds only numbers and text that was escaped above."""
    about = f"<desc>{_text(desc)}</desc>" if desc else ""
    return Markup(  # noqa: S704 - numbers and escaped text only, see above
        f'<svg class="{look}" viewBox="0 0 {width} {height:g}" role="img" aria-label="{_text(title)}">'
        f"<title>{_text(title)}</title>{about}{inner}</svg>"
    )
