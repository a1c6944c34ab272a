"""What the pages of the pipeline editor show: choices, problems, the drawing, the dry run – of a form as it stands."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import lazyload
from werkzeug.utils import cached_property

from accounts.models import User
from core import clock
from core.actors import Actor
from core.db import session
from core.errors import Invalid
from core.i18n import _
from workflows import dry_run, pipelines, subjects
from workflows.definitions import OWN, Approvals, Case, Definition, Routing, parse, steps_of
from workflows.drawing import draw, told
from workflows.models import Review
from workflows.pipeline_forms import Draft, document_of, field_of
from workflows.pipeline_words import Words, approvals_word, line, options, rare_line, routing_word, seat_facts
from workflows.pipeline_world import World, faults_in_world
from workflows.presenting import known_of, names_of
from workflows.queries import active_pipelines
from workflows.rules import OPEN

LISTED = 300  # people offered in one list
MOST_APPROVALS = 30


@dataclass(frozen=True)
class Sheet:
    """A form as it stands: the draft, what it says, and what is wrong with it."""

    draft: Draft
    document: dict[str, Any]
    definition: Definition | None
    problems: dict[str, str]
    world: World

    @cached_property
    def words(self) -> Words:
        """The labels it is told with."""
        return self.world.words(self.definition)


def sheet_of(draft: Draft, key: str | None = None) -> Sheet:
    """The form of a pipeline with everything that is wrong with it, by field."""
    document, world = document_of(draft), World()
    try:
        definition: Definition | None = Definition.model_validate(document)
    except ValidationError:
        definition = None
    try:
        sound = parse(document)
        problems = faults_in_world(sound, world) | pipelines.faults_beside(key, sound, world)
    except Invalid as error:
        problems = error.errors
    return Sheet(draft, document, definition, {field_of(path): said for path, said in problems.items()}, world)


# ── the form ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def form_context(sheet: Sheet) -> dict[str, Any]:
    """Everything the form offers, and the words of its folded parts."""
    world, draft = sheet.world, sheet.draft
    return {
        "draft": draft,
        "drawing": drawing_of(sheet),
        "problems": sheet.problems,
        "topics": list(world.topics.items()),
        "categories": [(slug, label, path.count("/")) for slug, label, path in world.categories],
        "trial_categories": [(slug, "\u2003" * path.count("/") + label) for slug, label, path in world.categories],
        "significances": list(world.significances.items()),
        "roles": list(world.roles.items()),
        "teams": list(world.teams.items()),
        "calendars": _with(world.offered_calendars, world.calendars, {s["calendar"] for s in draft["stages"]}),
        "seat_categories": [(OWN, _("that of the text")), *((slug, label) for slug, label, _path in world.categories)],
        "fields": list(world.fields(draft["topics"]).items()),
        "policies": [(policy.value, approvals_word(policy)) for policy in Approvals],
        "routings": [(routing.value, routing_word(routing)) for routing in Routing],
        "stages": [_stage(sheet, number) for number in range(len(draft["stages"]))],
    }


def _with(offered: dict[str, str], known: dict[str, str], used: set[str]) -> list[tuple[str, str]]:
    """The offered ones, and those that are used already, known or not."""
    return list((offered | {slug: known.get(slug, slug) for slug in sorted(used - {""} - set(offered))}).items())


def _stage(sheet: Sheet, number: int) -> dict[str, Any]:
    """The words of one stage: its name, what is set of the rarely used, where it could send back to, its seats."""
    draft = sheet.draft["stages"][number]
    stage = sheet.definition.stages[number] if sheet.definition else None
    earlier = [(one["key"], _draft_name(one, sheet.world)) for one in sheet.draft["stages"][:number]]
    others = {one["key"]: _draft_name(one, sheet.world) for one in sheet.draft["stages"]}
    if draft["returns_to"] and draft["returns_to"] not in dict(earlier):
        earlier.append((draft["returns_to"], others.get(draft["returns_to"], draft["returns_to"])))
    return {
        "name": _draft_name(draft, sheet.world),
        "rare": rare_line(stage, sheet.definition, sheet.words) if stage and sheet.definition else "",
        "earlier": earlier,
        "seats": [_seat(sheet, number, place) for place in range(len(draft["seats"]))],
    }


def _draft_name(stage: Draft, world: World) -> str:
    roles = dict.fromkeys(world.roles.get(seat["role"], seat["role"]) for seat in stage["seats"])
    return stage["name"] or " + ".join(roles) or stage["key"]


def _seat(sheet: Sheet, number: int, place: int) -> dict[str, Any]:
    """Who could be named for a seat, how many approvals it could ask for, and what it is narrowed to."""
    draft = sheet.draft["stages"][number]["seats"][place]
    holders = sheet.world.holders(draft["role"])
    people = [one for one in holders if not draft["team"] or one.team == draft["team"]]
    chosen = sheet.world.named(set(draft["people"]))
    named = [(username, chosen[username].name if username in chosen else username) for username in draft["people"]]
    rest = [(one.username, one.name) for one in people if one.username not in draft["people"]][:LISTED]
    most = min(max(len(people), 5), MOST_APPROVALS)
    counts = [str(n) for n in range(1, most + 1)]
    if draft["approvals"] not in {*counts, "all"}:
        counts.append(draft["approvals"])
    facts = {}
    if sheet.definition is not None:
        facts = seat_facts(sheet.definition.stages[number].seats[place], sheet.words)
    return {
        "people": named + rest,
        "pool": len(draft["people"]) or len(people),
        "counts": [*((n, n) for n in counts), ("all", _("all of them"))],
        "role": sheet.world.roles.get(draft["role"], draft["role"]),
        "facts": facts,
    }


def drawing_of(sheet: Sheet) -> dict[str, Any] | None:
    """The pictures, wide and upright, and the same in words; ``None`` while something typed is no value at all."""
    if sheet.definition is None or not sheet.definition.stages:
        return None
    words = sheet.words
    return {
        "pictures": [draw(sheet.definition, words), draw(sheet.definition, words, upright=True)],
        "told": told(sheet.definition, words),
        "line": line(sheet.definition, words),
    }


# ── the dry run ──────────────────────────────────────────────────────────────────────────────────────────────────────


def trial_fields(form: Any, sheet: Sheet) -> dict[str, Any]:
    """What was chosen for the dry run, with something sensible where nothing was."""
    topics = sheet.draft["topics"] or list(sheet.world.topics)
    return {
        "kind": form.get("try-kind") or (topics[0] if topics else ""),
        "category": form.get("try-category", ""),
        "significance": form.get("try-significance", ""),
        "author": form.get("try-author", "").strip(),
        "review": form.get("try-review", ""),
        "changed": form.getlist("try-changed"),
    }


def trial_choices(who: Actor) -> dict[str, Any]:
    """What the dry run offers: people, and what is under review just now."""
    found = sa.select(Review).where(Review.state.in_(OPEN)).options(lazyload(Review.authors))
    rows = session.scalars(found.order_by(Review.id.desc()).limit(100)).all()
    known = known_of(who, rows)
    reviews = [(str(row.id), row.title) for row in rows if row.id in known]
    people = session.execute(sa.select(User.username, User.name).where(User.active).order_by(User.name).limit(LISTED))
    return {"reviews": reviews, "people": [(row.username, row.name) for row in people]}


def trial_of(who: Actor, sheet: Sheet, key: str, asked: dict[str, Any]) -> dry_run.Trial | None:
    """How the submission would go, by the form as it stands; ``None`` while something typed is no value at all.

    Raises:
        Invalid: there is nobody of this name; at ``try-author``.
    """
    if sheet.definition is None or not sheet.definition.stages:
        return None
    rows = {row.key: row for row in session.scalars(active_pipelines()) if row.key != key}
    candidates = {other: row.definition for other, row in rows.items()} | {key: sheet.definition}
    names = {other: pipelines.name_of(row, sheet.world) for other, row in rows.items()}
    names[key] = sheet.draft["name"] or _("This pipeline")
    return dry_run.try_out(_question(who, sheet, asked), candidates, names, sheet.words, key)


def _question(who: Actor, sheet: Sheet, asked: dict[str, Any]) -> dry_run.Question:
    changed = frozenset(asked["changed"] or sheet.world.fields([asked["kind"]]))  # nothing ticked: everything
    number = asked["review"]
    review = session.get(Review, int(number)) if number.isdecimal() and len(number) < 10 else None
    if review is not None and subjects.subject(review.subject_kind).visible(who, review.subject_id):
        case = Case(topic=review.topic, significance=review.significance, categories=steps_of(review.category))
        return dry_run.Question(case, review.category, review.outsider_ids, changed, clock.now())
    path = next((path for slug, _label, path in sheet.world.categories if slug == asked["category"]), None)
    case = Case(topic=asked["kind"], significance=asked["significance"] or None, categories=steps_of(path))
    return dry_run.Question(case, path, _author(asked["author"]), changed, clock.now())


def _author(username: str) -> tuple[int, ...]:
    if not username:
        return ()
    found = session.scalar(sa.select(User.id).where(User.username == username.lower()))
    if found is None:
        raise Invalid({"try-author": _("There is nobody called %(name)s here.", name=username)})
    return (found,)


def listed(rows: list[Any], world: World) -> list[dict[str, Any]]:
    """Pipelines as the list shows them."""
    running, savers = pipelines.running(), names_of([row.created_by_id for row in rows])
    world.named({one for row in rows for stage in row.definition.stages for seat in stage.seats for one in seat.people})
    out = []
    for row in rows:
        words = world.words(row.definition)
        out.append(
            {
                "key": row.key,
                "name": pipelines.name_of(row, world),
                "topics": options((t, words.topics.get(t, t)) for t in row.definition.applies.topics),
                "narrowed": _narrowed(row.definition, words),
                "line": line(row.definition, words),
                "running": running.get(row.key, 0),
                "version": row.version,
                "at": row.created_at,
                "by": savers.get(row.created_by_id),
            }
        )
    return out


def _narrowed(definition: Definition, words: Words) -> str:
    categories = [words.categories.get(one, one) for one in definition.applies.categories]
    sizes = [words.significances.get(one, one) for one in definition.applies.significances]
    return " · ".join(", ".join(part) for part in (categories, sizes) if part)
