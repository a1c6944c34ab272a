"""What if: one more person, quicker verdicts, stages side by side, more arrivals – played through before it is done."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template, request
from markupsafe import Markup

from core import charts
from core.caches import Cache
from core.errors import Invalid
from core.i18n import _
from core.web import blueprint, gate
from workflows import figure_pages as pages
from workflows import flow_showing as showing
from workflows.permissions import P
from workflows.simulation import Change, Comparison, Spread, compare
from workflows.whatif import ENOUGH, Basis, basis

bp = blueprint("what_if", __name__, url_prefix="/reviews/flow")
MOST_PEOPLE = 9
_played: Cache[Comparison] = Cache(64, seconds=600)  # the same question has the same answer: the dice are seeded


@bp.get("/what-if")
@gate(P.WATCH_TEAM)
def show() -> str:
    """The form, and when something was changed, today against the change."""
    span, window = pages.span_of(request.args)
    kind = pages.kind_of(request.args)
    found = basis(span, kind)
    change = change_of(request.args, found)
    played = None
    if found.model is not None:
        played = play(found, change)
    return render_template(
        "reviews/what_if.html",
        found=found,
        enough=ENOUGH,
        change=change,
        played=played,
        measured=showing.recent(span, kind).outcome.lead if found.model else None,
        showing=showing,
        figure=figure,
        desks=desks,
        sentence=sentence(played, change) if played else "",
        idle=played is not None and not (change.at_most or change.beside) and is_idle(played),
        chart=chart(played) if played and not change.is_none else None,
        arrivals=_arrivals(),
        **pages.head("what_if", span, window, kind),
    )


def play(found: Basis, change: Change) -> Comparison:
    """The comparison; kept for a while, because the same question is asked again by every reload."""
    assert found.model is not None
    key = repr((found.model, change, found.items))
    held = _played.get(key)
    if held is None:
        held = compare(found.model, change, items=found.items)
        _played.put(key, held)
    return held


def _arrivals() -> list[tuple[str, str]]:
    return [
        ("80", _("a fifth less")),
        ("100", _("as many as now")),
        ("110", _("a tenth more")),
        ("120", _("a fifth more")),
        ("150", _("half as many again")),
        ("200", _("twice as many")),
    ]


def change_of(given: Mapping[str, str], found: Basis) -> Change:
    """What the form asks for.

    Raises:
        Invalid: numbers that are none, or beyond all sense.
    """
    errors: dict[str, str] = {}

    def whole(name: str, least: int, most: int, otherwise: int) -> int:
        text = given.get(name, "").strip()
        if not text:
            return otherwise
        try:
            value = int(text)
        except ValueError:
            value = most + 1
        if not least <= value <= most:
            errors[name] = _("Please give a whole number from %(least)s to %(most)s.", least=least, most=most)
            return otherwise
        return value

    people = {desk: whole(f"people-{desk}", -MOST_PEOPLE, MOST_PEOPLE, 0) for desk in found.names}
    limits = {desk: whole(f"hours-{desk}", 1, 1000, 0) for desk in found.names}
    arrivals = whole("arrivals", 10, 1000, 100)
    if errors:
        raise Invalid(errors)
    return Change(
        people={desk: count for desk, count in people.items() if count},
        at_most={desk: float(count) for desk, count in limits.items() if count},
        beside=frozenset(desk for desk in found.names if given.get(f"beside-{desk}")),
        arrivals=arrivals / 100,
    )


def sentence(played: Comparison, change: Change) -> str:
    """What the change would come to, in one sentence."""
    if change.is_none:
        return _("Nothing is changed yet: this is today as the model plays it.")
    by = played.median
    if by.high < 0:
        return _("Half would be through %(n)s h sooner than today.", n=showing.number(-by.mean))
    if by.low > 0:
        return _("Half would be through %(n)s h later than today.", n=showing.number(by.mean))
    return _("It would make next to no difference to how soon half are through.")


def is_idle(played: Comparison) -> bool:
    """Waiting for somebody free is less than a twentieth of the time."""
    return sum(one.mean for one in played.today.waits.values()) < 0.05 * played.today.median.mean


def chart(played: Comparison) -> Markup:
    """Today beside the change."""
    both = [(_("Today, played"), played.today), (_("With the change"), played.then)]
    return charts.grouped(
        [charts.Series(name, [one.median.mean, one.p85.mean]) for name, one in both],
        [_("Half are through within (h)"), _("85 of 100 are through within (h)")],
        title=_("Today and the change"),
    )


def desks(found: Basis, keys: Sequence[str]) -> str:
    """The names of some desks."""
    return ", ".join(found.names[key] for key in keys)


def figure(value: Spread, places: int = 1) -> dict[str, Any]:
    """A figure and between which values four of five plays lie, in words."""
    return {
        "mean": showing.number(value.mean, places),
        "low": showing.number(value.low, places),
        "high": showing.number(value.high, places),
    }
