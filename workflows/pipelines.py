"""Pipelines as managers keep them: versions of definitions under a key. A running review keeps its own."""

import re
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from accounts.models import User
from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _
from core.permissions import require
from core.texts import clean_tree, one_line
from workflows.definitions import Case, Definition, choose, clashes, parse
from workflows.models import Pipeline, Review
from workflows.permissions import P
from workflows.pipeline_words import joined
from workflows.pipeline_world import World, faults_in_world
from workflows.queries import active_pipelines
from workflows.rules import OPEN

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
RESERVED = frozenset({"new", "import"})  # addresses of ours
NAME_LIMIT = 120
FORMAT = 1

# ── reads ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def history(key: str) -> sa.Select[Pipeline, str | None]:
    """Every version of a pipeline with the name of who saved it (none: it came with the product), newest first."""
    return (
        sa.select(Pipeline, User.name)
        .outerjoin(User, User.id == Pipeline.created_by_id)
        .where(Pipeline.key == key)
        .order_by(Pipeline.version.desc())
    )


def find(key: str) -> Pipeline | None:
    """The newest version of a pipeline, active or retired, if there is one of this key."""
    return session.scalar(_last(key))


def _last(key: str) -> sa.Select[Pipeline]:
    return sa.select(Pipeline).where(Pipeline.key == key).order_by(Pipeline.version.desc()).limit(1)


def newest(key: str) -> Pipeline:
    """The newest version of a pipeline, active or retired.

    Raises:
        NotFound: there is none of this key.
    """
    found = find(key)
    if found is None:
        raise NotFound(_("There is no such pipeline."))
    return found


def one_version(key: str, version: int) -> Pipeline:
    """A version of a pipeline.

    Raises:
        NotFound: there is none.
    """
    found = session.scalar(sa.select(Pipeline).where(Pipeline.key == key, Pipeline.version == version))
    if found is None:
        raise NotFound(_("There is no such pipeline."))
    return found


def running() -> dict[str, int]:
    """How many reviews run by some version of each pipeline, by key."""
    rows = session.execute(
        sa.select(Pipeline.key, sa.func.count())
        .join(Review, Review.pipeline_id == Pipeline.id)
        .where(Review.state.in_(OPEN))
        .group_by(Pipeline.key)
    )
    return {row[0]: row[1] for row in rows}


def retired_pipelines() -> sa.Select[Pipeline]:
    """The newest version of every pipeline that no new review begins with, by key."""
    other = aliased(Pipeline)
    still = sa.exists().where(other.key == Pipeline.key, sa.or_(other.active, other.version > Pipeline.version))
    return sa.select(Pipeline).where(sa.not_(still)).order_by(Pipeline.key)


def saver_of(pipeline: Pipeline) -> str | None:
    """The name of who saved a version; ``None``: it came with the product."""
    return session.scalar(sa.select(User.name).where(User.id == pipeline.created_by_id))


def name_of(pipeline: Pipeline, world: World | None = None) -> str:
    """Its name, else the words for what it judges."""
    if pipeline.name:
        return pipeline.name
    labels = (world or World()).topics
    return joined(labels.get(topic, topic) for topic in pipeline.definition.applies.topics) or pipeline.key


# ── writes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def save_pipeline(
    actor: Actor, key: str | None, name: str, document: Any, *, began: int | None = None, verb: str = "save"
) -> Pipeline:
    """A new version of the pipeline, with which reviews begin from now on; the same document makes none.

    ``key`` ``None``: a new pipeline, whose key is made from its name. ``began``: the version the form was begun from
    (0: none), so that nobody overwrites what they have not seen. ``verb``: what the trail calls it.

    Raises:
        Forbidden: the person may not edit pipelines.
        Conflict: ``pipeline-moved``, somebody else has saved meanwhile.
        Invalid: a sentence at each wrong field.
    """
    require(actor, P.MANAGE_PIPELINES)
    name = one_line(str(name))
    current = _held(key) if key is not None else None
    if began is not None:
        _must_be_as_begun(current, began)
    definition = _checked(key, name, clean_tree(document))
    key = key or free_key(name, definition)
    stored = definition.model_dump(mode="json")
    if current is not None and current.active and (current.name, _plain(current.document)) == (name, _plain(stored)):
        return current
    wrong = faults_beside(key, definition)
    if wrong:
        raise Invalid(wrong, code="pipeline-clash")
    return _store(actor, key, name, stored, current, verb)


def _held(key: str) -> Pipeline | None:
    """The newest version, locked until the transaction ends, as it is now."""
    found = find(key)
    if found is None:
        return None
    lock(Pipeline, found.id)
    return session.scalar(_last(key).execution_options(populate_existing=True))


def _must_be_as_begun(current: Pipeline | None, began: int) -> None:
    version = current.version if current is not None else 0
    if version == began:
        return
    if current is None:
        raise NotFound(_("There is no such pipeline."))
    saver = saver_of(current)
    sentence = _("%(name)s has saved version %(n)s meanwhile.", name=saver or _("Somebody"), n=version)
    raise Conflict(
        sentence, code="pipeline-moved", version=version, saved_by=saver, saved_at=current.created_at.isoformat()
    )


def _checked(key: str | None, name: str, document: Any) -> Definition:
    errors: dict[str, str] = {}
    if len(name) > NAME_LIMIT:
        errors["name"] = _("At most %(n)s characters, please.", n=NAME_LIMIT)
    if key is not None and (not KEY.fullmatch(key) or key in RESERVED):
        errors["key"] = _("Use small letters, digits, hyphens and underscores.")
    try:
        definition = parse(document)
    except Invalid as error:
        raise Invalid(error.errors | errors) from None
    errors |= faults_in_world(definition)
    if errors:
        raise Invalid(errors)
    return definition


def faults_beside(key: str | None, definition: Definition, world: World | None = None) -> dict[str, str]:
    """What is wrong with it beside the others: another pipeline claims the same with the same right, or a kind would
    be left without any. A sentence at what it judges; empty when they get along."""
    world = world or World()
    rows = {row.key: row for row in session.scalars(active_pipelines())}
    current = rows.pop(key or "", None)
    for other in rows.values():
        if clashes(definition.applies, other.definition.applies):
            return {"applies.topics": _clash(definition, other, world)}
    if current is not None:
        rest = {one.key: one.definition for one in rows.values()}
        left = _left_alone(
            current.definition, rest | {current.key: definition}, rest | {current.key: current.definition}
        )
        if left:
            return {"applies.topics": _alone(left, world)}
    return {}


def _clash(definition: Definition, other: Pipeline, world: World) -> str:
    both = [world.topics.get(t, t) for t in definition.applies.topics if t in other.definition.applies.topics]
    return _(
        "“%(name)s” already judges %(kinds)s. Narrow one of the two to some categories or sizes of an edit, "
        "or take the kind out of one.",
        name=name_of(other, world),
        kinds=joined(both),
    )


def _left_alone(was: Definition, after: dict[str, Definition], before: dict[str, Definition]) -> list[str]:
    """Kinds whose ordinary case – no category, whatever size – had a pipeline before and would have none after."""
    sizes: list[str | None] = [None, *World().significances]
    cases = [Case(topic=topic, significance=size) for topic in was.applies.topics for size in sizes]
    return list(dict.fromkeys(c.topic for c in cases if choose(before, c) is not None and choose(after, c) is None))


def _alone(topics: Iterable[str], world: World) -> str:
    labels = joined(world.topics.get(topic, topic) for topic in topics)
    return _("Without this, %(kinds)s would have no pipeline: nothing of it could be submitted.", kinds=labels)


def _plain(document: dict[str, Any]) -> Any:
    """A document without what makes no difference: the order of what is a set, and defaults left out."""
    tree = Definition.model_validate(document).model_dump(mode="json")
    for name in tree["applies"]:
        tree["applies"][name] = sorted(tree["applies"][name])
    for stage in tree["stages"]:
        for seat in stage["seats"]:
            seat["people"], seat["fields"] = sorted(seat["people"]), sorted(seat["fields"])
    return tree


def _store(
    actor: Actor, key: str, name: str, document: dict[str, Any], current: Pipeline | None, verb: str
) -> Pipeline:
    if current is not None:
        session.execute(sa.update(Pipeline).where(Pipeline.key == key, Pipeline.active).values(active=False))
    made = Pipeline(
        key=key,
        name=name,
        version=current.version + 1 if current is not None else 1,
        document=document,
        active=True,
        created_at=clock.now(),
        created_by_id=actor.id,
    )
    session.add(made)
    session.flush()
    details = {"key": key, "version": made.version}
    audit.record(actor, verb, subject_kind="pipeline", subject_id=made.id, details=details)
    return made


def free_key(name: str, definition: Definition) -> str:
    """A key that is not taken, made from the name – or from what it judges, when the name has no Latin letters."""
    wish = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:50]
    base = wish if KEY.fullmatch(wish or "-") else "_".join(definition.applies.topics)[:50].strip("_") or "pipeline"
    base = base if KEY.fullmatch(base) else "pipeline"
    taken = set(session.scalars(sa.select(Pipeline.key).distinct())) | RESERVED
    key, count = base, 1
    while key in taken:
        count += 1
        key = f"{base}_{count}"
    return key


def retire_pipeline(actor: Actor, key: str) -> Pipeline:
    """No new review begins with the pipeline afterwards; those that run keep it.

    Raises:
        Conflict: a kind would be left without a pipeline for its ordinary case, or it is retired already.
    """
    require(actor, P.MANAGE_PIPELINES)
    current = _held(key)
    if current is None:
        raise NotFound(_("There is no such pipeline."))
    if not current.active:
        raise Conflict(_("This pipeline is retired already."), code="pipeline-retired")
    before = {row.key: row.definition for row in session.scalars(active_pipelines())}
    after = {other: definition for other, definition in before.items() if other != key}
    left = _left_alone(current.definition, after, before)
    if left:
        raise Conflict(_alone(left, World()), code="pipeline-needed", topics=left)
    current.active = False
    session.flush()
    audit.record(actor, "retire", subject_kind="pipeline", subject_id=current.id, details={"key": key})
    return current


def restore(actor: Actor, key: str, version: int) -> Pipeline:
    """An earlier version is the newest one again (as a new version), and a retired pipeline is in use again.

    Raises:
        NotFound: there is no such version.
        Invalid: something it names is not there any more; nothing was changed.
    """
    require(actor, P.MANAGE_PIPELINES)
    old = one_version(key, version)
    return save_pipeline(actor, key, old.name, old.document, verb="restore")


# ── between installations ────────────────────────────────────────────────────────────────────────────────────────────


def export(pipeline: Pipeline) -> dict[str, Any]:
    """The pipeline as a document that another installation can import; the order of its parts is always the same."""
    return {
        "spiral": "pipeline",
        "format": FORMAT,
        "key": pipeline.key,
        "name": pipeline.name,
        "definition": pipeline.definition.model_dump(mode="json"),
    }


def read_export(document: Any) -> tuple[str | None, str, Any]:
    """(key, name, definition) of an exported document, not yet checked.

    Raises:
        Invalid: it is no export of a pipeline, or of a format we do not know.
    """
    if not isinstance(document, dict) or document.get("spiral") != "pipeline":
        raise Invalid({"document": _("This is no exported pipeline.")})
    if document.get("format") != FORMAT:
        raise Invalid({"document": _("This pipeline was exported in a format that is not known here.")})
    unknown = set(document) - {"spiral", "format", "key", "name", "definition"}
    if unknown:
        raise Invalid({"document": _("An exported pipeline has no field %(name)s.", name=min(unknown)[:60])})
    key, name = document.get("key"), document.get("name", "")
    if not (key is None or isinstance(key, str)) or not isinstance(name, str):
        raise Invalid({"document": _("Key and name are texts.")})
    return key, name, document.get("definition")


def import_pipeline(actor: Actor, document: Any) -> Pipeline:
    """The exported pipeline is in use here: new, or as a new version of the one of its key.

    Raises:
        Invalid: it is no export, or names what does not exist here – a sentence at each field; nothing was changed.
    """
    require(actor, P.MANAGE_PIPELINES)
    key, name, definition = read_export(document)
    return save_pipeline(actor, key, name, definition, verb="imported")
