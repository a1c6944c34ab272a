"""Words for rules and units, and what a list shows of an entry."""

from collections.abc import Sequence
from typing import Any

from accounts.models import User
from core.actors import Actor
from core.i18n import _, _l
from wiki.articles.kinds import KINDS
from wiki.scoring import registry
from wiki.scoring.models import LedgerEntry
from wiki.scoring.queries import titles
from wiki.scoring.rules import Unit

RULE_NAMES: dict[str, Any] = {
    "accepted.best_practice": _l("Best practice accepted"),
    "accepted.script": _l("Script accepted"),
    "accepted.faq": _l("FAQ accepted"),
    "accepted.sop": _l("SOP accepted"),
    "accepted.notice": _l("Notice accepted"),
    "accepted.product": _l("Product knowledge accepted"),
    "accepted.block": _l("Reusable block accepted"),
    "revised.major": _l("Major change accepted"),
    "revised.minor": _l("Minor change accepted"),
    "revised.typo": _l("Typo mended"),
    "reviewed.in_time": _l("Review decided in time"),
    "reviewed.late": _l("Review decided late"),
    "calibrated": _l("Second opinion agreed"),
    "flag": _l("Something wrong was found, and mended"),
    "helpful": _l("A reader found it helpful"),
    "used": _l("Used in a call"),
    "course.made": _l("Course made"),
    "course.completed": _l("Course completed"),
    "quiz.passed": _l("Quiz passed"),
}
REASONS: dict[str, Any] = {
    "taken_back": _l("the reader took it back"),
    "duplicate": _l("the article was retired as a duplicate"),
    "overturned": _l("a later stage refused the same text"),
    "reopened": _l("the flag was opened again"),
    "rolled_back": _l("the change was rolled back"),
    "void": _l("the attempt was declared void"),
    "again": _l("it counts again"),
    "shares": _l("the authors share it in another way"),
    "unfair": _l("a manager took it back"),
}
UNIT_NAMES = {Unit.POINTS: _l("points"), Unit.CREDITS: _l("credits")}


def rule_name(code: str) -> str:
    """The words for a rule; those of its type of act where it has none of its own; else its code."""
    if code in RULE_NAMES:
        return str(RULE_NAMES[code])
    event, _dot, variant = code.rpartition(".")
    for name, kind in ((code, ""), (event, variant)):
        if name in registry.sources():
            label = str(registry.known(name).label)
            return f"{label} ({variant_name(kind)})" if kind else label
    return code


def variant_name(variant: str) -> str:
    """The words for a kind, a size or whatever else tells acts of one type apart."""
    if variant in KINDS:
        return str(KINDS[variant].label)
    words = {
        "major": _("major change"), "minor": _("minor change"), "typo": _("typo"),
        "in_time": _("in time"), "late": _("late"), "back": _("words of an earlier version"),
    }  # fmt: skip
    return words.get(variant, variant)


def rows(actor: Actor, entries: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    """What a list shows: words, amount, the way to the source – and its title where the reader may know it."""
    known = titles(actor, [e.details["article_id"] for e in entries if e.details.get("article_id")])
    types = registry.sources()

    def link(entry: LedgerEntry) -> str | None:
        about = entry.details.get("article_id")
        hidden = about and about not in known  # the address of an article is made of its title
        return types[entry.event].link(entry.source_id, entry.details) if entry.event in types and not hidden else None

    return [
        {
            "entry": entry,
            "name": rule_name(entry.rule),
            "title": known.get(entry.details.get("article_id", 0)) or entry.details.get("title"),
            "url": link(entry),
            "unit": UNIT_NAMES[entry.unit],
            "notes": notes(entry),
        }
        for entry in entries
    ]


def notes(entry: LedgerEntry) -> list[str]:
    """Why the amount is not the rule's plain figure."""
    said = []
    if entry.multiplier != 1:
        said.append(_("× %(m)s from the checklist", m=entry.multiplier))
    if entry.capped:
        said.append(_("a limit was reached; it would have been %(n)s", n=entry.uncapped))
    if entry.details.get("why") in REASONS:
        said.append(str(REASONS[entry.details["why"]]))
        if entry.details.get("reason"):
            said.append(str(entry.details["reason"]))
    elif entry.points < 0 and entry.note != "correction":
        said.append(_("taken back"))
    if entry.details.get("late_for"):
        said.append(_("belongs to %(month)s, which was closed", month=entry.details["late_for"]))
    if entry.note == "correction":
        said.append(_("correction"))
    return said


def person_choices(actor: Actor, people: Sequence[User]) -> list[tuple[str, str]]:
    """(username, words) of whom one may look at, oneself first."""
    others = [(person.username, person.name) for person in people if person.id != actor.id]
    return [(actor.username, _("%(name)s (you)", name=actor.name)), *others]
