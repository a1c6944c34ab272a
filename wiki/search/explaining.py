"""Why a result stands where it stands, in words: what its own words are worth, and what that was multiplied by."""

from collections.abc import Mapping
from datetime import datetime

from core.i18n import _, _n
from wiki.search import weights
from wiki.search.engines.base import Hit
from wiki.search.ranking import WEIGHTS
from wiki.search.weights import About, Explained, Facts, Line


def explained(hit: Hit, facts: Facts | None, now: datetime) -> Explained | None:
    """The table of one result; None where no order was asked for, or the place is beyond what is ranked."""
    if hit.why is None:
        return None
    words = tuple(_words(hit.why))
    text = sum(line.value for line in words)
    found = [_boost(hit.why["boost"])] if hit.why["boost"] != 1.0 else []
    if facts is not None:
        found += [Line(each.about, *_said(each.about, facts, now), each.value) for each in weights.factors(facts, now)]
    return Explained(words, text, tuple(found), hit.score)


def _words(why: Mapping[str, float]) -> list[Line]:
    labels = {
        "coverage": (_("Words found"), _("how much of the question the text meets, rare words weighing more")),
        "title": (_("In the title"), _("how much of the question the title alone meets")),
        "close": (_("Close together"), _("how near to each other the words stand")),
        "fill": (_("Little else in the title"), _("how much of the title was asked for")),
        "engine": (_("Frequency"), _("how often the words occur, against the best result")),
        "question": (_("As a whole question"), _("the same, counted again for long questions")),
    }
    return [
        Line(
            name,
            label,
            _("%(share)s %% × %(weight)s: %(why)s", share=round(100 * why[name]), weight=f"{weight:g}", why=because),
            why[name] * weight,
        )
        for (name, (label, because)), weight in zip(labels.items(), WEIGHTS, strict=True)
    ]


def _boost(value: float) -> Line:
    return Line("boost", _("Set by hand"), _("the index holds it for this article"), value)


def _said(about: About, facts: Facts, now: datetime) -> tuple[str, str]:
    """What a factor is called, and what it came from."""
    if about is About.USE:
        return _("Use in calls"), _used(facts, now)
    if about is About.FRESHNESS:
        return _("Freshness"), _fresh(facts, now)
    if about is About.VOTES:
        return _("Helpful"), _voted(facts)
    if about is About.TRUST:
        return _("Trust"), _trusted(facts, now)
    return (
        _("Bounds"),
        _("all factors together stay between %(least)s and %(most)s", least=weights.LEAST, most=weights.MOST),
    )


def _used(facts: Facts, now: datetime) -> str:
    if not facts.uses:
        return _("not used in a call in the last half year")
    return _(
        "%(n)s uses in half a year, everybody once a day; today they weigh as %(weight)s",
        n=facts.uses,
        weight=f"{weights.used(facts, now):.1f}",
    )


def _fresh(facts: Facts, now: datetime) -> str:
    days = round(weights.age(facts, now))
    said = _n("%(num)s day since it was changed or verified", "%(num)s days since it was changed or verified", days)
    if facts.kind not in weights.AGEING:
        said = _("%(days)s; this kind does not age", days=said)
    return _("%(what)s; the next look is overdue", what=said) if weights.overdue(facts, now) else said


def _voted(facts: Facts) -> str:
    if not facts.helpful + facts.not_helpful:
        return _("no votes yet")
    return _(
        "%(yes)s of %(all)s said it helped; with few votes this counts little",
        yes=facts.helpful,
        all=facts.helpful + facts.not_helpful,
    )


def _trusted(facts: Facts, now: datetime) -> str:
    said = []
    if facts.flagged:
        said.append(_("a reader's report waits for its answer"))
    if facts.provisional:
        said.append(_("published before its review"))
    if facts.confirmed and not weights.overdue(facts, now):
        said.append(_("verified as it stands"))
    return " · ".join(said) if said else _("nothing speaks for or against it")
