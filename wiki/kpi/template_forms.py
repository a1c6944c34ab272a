"""The form of a template: what was typed becomes perspectives with lines, and a template becomes what is typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from core.errors import Invalid
from core.i18n import _
from wiki.kpi.cards import plain
from wiki.kpi.catalogue import Card, Line
from wiki.kpi.models import CardTemplate
from wiki.kpi.periods import Span
from wiki.kpi.rules import HUNDRED, amount

PERSPECTIVES_AT_MOST, LINES_AT_MOST = 8, 20
SPARE_LINES = 2


@dataclass(slots=True)
class TypedLine:
    """One line as it stands in the form."""

    code: str = ""
    weight: str = ""
    target: str = ""
    span: str = "month"


@dataclass(slots=True)
class TypedPerspective:
    """One perspective as it stands in the form."""

    key: str = ""
    weight: str = ""
    lines: list[TypedLine] = field(default_factory=list)

    @property
    def sum(self) -> str:
        """What the weights of its lines sum to."""
        return summed([line.weight for line in self.lines if line.code])


@dataclass(slots=True)
class Typed:
    """The whole form."""

    valid_from: str
    floor: str
    cap: str
    perspectives: list[TypedPerspective]

    @property
    def sum(self) -> str:
        """What the weights of the perspectives sum to."""
        return summed([p.weight for p in self.perspectives if p.key])


def summed(weights: list[str]) -> str:
    """The sum of those that are numbers."""
    total = Decimal(0)
    for text in weights:
        try:
            total += amount(text) if text.strip() else 0
        except ValueError:
            continue
    return plain(total)


def hundredths(text: str) -> Decimal:
    """A weight or score: at most two decimals.

    Raises:
        ValueError: it is not; the argument says why.
    """
    found = amount(text)
    if found != found.quantize(Decimal("0.01")):
        raise ValueError(_("%(text)s has more than two decimals.", text=text))
    return found


def is_whole(text: str) -> bool:
    """It is 100."""
    return Decimal(text) == HUNDRED


def typed_of(template: CardTemplate | None, valid_from: date) -> Typed:
    """The form filled with a template, and room for more lines and one more perspective."""
    found = [
        TypedPerspective(
            p.key,
            plain(p.weight),
            [
                TypedLine(line.indicator.code, plain(line.weight), plain(line.target), line.span.value)
                for line in p.lines
            ],
        )
        for p in (template.perspectives if template else ())
    ]
    floor, cap = (template.floor, template.cap) if template else (Decimal(0), Decimal(120))
    return with_room(Typed(valid_from.isoformat(), plain(floor), plain(cap), found))


def with_room(typed: Typed) -> Typed:
    """The same with empty lines to fill."""
    if len(typed.perspectives) < PERSPECTIVES_AT_MOST and all(p.key for p in typed.perspectives):
        typed.perspectives.append(TypedPerspective())
    for perspective in typed.perspectives:
        empty = sum(1 for line in perspective.lines if not line.code)
        room = min(SPARE_LINES - empty, LINES_AT_MOST - len(perspective.lines))
        perspective.lines += [TypedLine() for _n in range(max(0, room))]
    return typed


def read(form: Mapping[str, str]) -> Typed:
    """What was typed."""
    found = []
    for p in range(PERSPECTIVES_AT_MOST + 1):
        if f"p{p}-key" not in form:
            break
        rows = []
        for n in range(LINES_AT_MOST + SPARE_LINES):
            if f"p{p}-l{n}-code" not in form:
                break
            rows.append(
                TypedLine(*(form.get(f"p{p}-l{n}-{name}", "") for name in ("code", "weight", "target", "span")))
            )
        found.append(TypedPerspective(form.get(f"p{p}-key", "").strip()[:32], form.get(f"p{p}-weight", ""), rows))
    return Typed(form.get("valid_from", ""), form.get("floor", "0"), form.get("cap", "120"), found)


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, understood."""

    valid_from: date
    floor: Decimal
    cap: Decimal
    shape: Card


def understood(typed: Typed) -> Draft:
    """The template that the form says; lines without an indicator and perspectives without a name are left out.

    Raises:
        Invalid: a weight, target or day is none.
    """
    errors: dict[str, str] = {}

    def number(text: str, name: str, words: str) -> Decimal:
        try:
            found = amount(text) if name == "target" else hundredths(text)
        except ValueError as error:
            errors.setdefault(name, f"{words}{_(': ')}{error}")
            return Decimal(0)
        return found

    shape = []
    for p in typed.perspectives:
        rows: list[Line] = []
        for line in p.lines:
            if line.code:
                weight = number(line.weight, "weights", line.code)
                target = number(line.target, "target", line.code)
                span = Span(line.span) if line.span in set(Span) else Span.MONTH
                rows.append((line.code, plain(weight), plain(target), span))
        if p.key:
            shape.append((p.key, plain(number(p.weight, "weights", p.key)), tuple(rows)))
        elif rows:
            errors["perspective"] = _("Every perspective needs a name.")
    try:
        since = date.fromisoformat(typed.valid_from.strip())
    except ValueError:
        errors["valid_from"] = _("Write a day like 2026-11-30.")
        since = date.min
    floor, cap = number(typed.floor, "cap", _("Floor")), number(typed.cap, "cap", _("Cap"))
    if errors:
        raise Invalid(errors)
    return Draft(since, floor, cap, tuple(shape))
