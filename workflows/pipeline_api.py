"""``/api/v1/pipelines``: read, export and import definitions; the same document goes out and comes in."""

from datetime import datetime
from typing import Any, Literal

from core.api import Answer, Api, In, Out, PageIn, must_match, page
from core.errors import Invalid
from core.i18n import _
from core.web import actor
from workflows import pipelines
from workflows.models import Pipeline
from workflows.permissions import P
from workflows.pipeline_words import line
from workflows.pipeline_world import World
from workflows.queries import active_pipelines

api = Api("pipelines", writes="pipelines")


class PipelineRow(Out):
    """A pipeline in a list."""

    key: str
    name: str
    version: int
    topics: list[str]
    line: str
    running: int
    changed_at: datetime


class PipelinesOut(Out):
    """A page of the pipelines in use."""

    items: list[PipelineRow]
    next: str | None
    total: int


class PipelineOut(Out):
    """A pipeline as it is exported, with its version."""

    spiral: Literal["pipeline"] = "pipeline"
    format: int
    key: str
    name: str
    definition: dict[str, Any]
    version: int
    active: bool


class PipelineIn(In):
    """An exported pipeline. ``version`` is the one the change was begun from; without it nothing is compared."""

    spiral: Literal["pipeline"] = "pipeline"
    format: Literal[1] = 1
    key: str | None = None
    name: str = ""
    definition: dict[str, Any]
    version: int | None = None
    active: bool | None = None  # as it was answered; saving always puts it into use


def _rows(found: list[Pipeline]) -> list[PipelineRow]:
    world, running = World(), pipelines.running()
    return [
        PipelineRow(
            key=row.key,
            name=pipelines.name_of(row, world),
            version=row.version,
            topics=list(row.definition.applies.topics),
            line=line(row.definition, world.words(row.definition)),
            running=running.get(row.key, 0),
            changed_at=row.created_at,
        )
        for row in found
    ]


def _out(found: Pipeline) -> Answer:
    body = PipelineOut(**pipelines.export(found), version=found.version, active=found.active)
    return Answer(body, etag=str(found.version))


@api.get("/pipelines", gate=P.MANAGE_PIPELINES, query=PageIn, answer=PipelinesOut)
def listed(query: PageIn) -> dict[str, Any]:
    """The pipelines that new reviews begin with."""
    return page(active_pipelines(), query, every=_rows)


@api.get("/pipelines/<key>", gate=P.MANAGE_PIPELINES, answer=PipelineOut)
def show(key: str) -> Answer:
    """One pipeline, its newest version."""
    return _out(pipelines.newest(key))


@api.put("/pipelines/<key>", gate=P.MANAGE_PIPELINES, body=PipelineIn, answer=PipelineOut)
def put(key: str, body: PipelineIn) -> Answer:
    """Save a pipeline as a new version, or import one."""
    if body.key not in {None, key}:
        raise Invalid({"key": _("The key in the document is not the one in the address.")})
    known = pipelines.find(key)
    if known is not None:
        must_match(str(known.version))
    saved = pipelines.save_pipeline(actor(), key, body.name, body.definition, began=body.version)
    return _out(saved)
