"""Courses for programs: the order of their steps, their versions, and what a quiz draws."""

from datetime import datetime
from typing import Any

from pydantic import Field

from core.api import Answer, In, Out
from core.errors import Invalid
from core.i18n import _
from core.web import actor
from wiki.articles.queries import category_by_slug
from wiki.training import bank, ops, outline, presenting, version_showing, versions
from wiki.training.answers import QuizOut, quiz_out
from wiki.training.api import api, number_of
from wiki.training.learning import find_quiz
from wiki.training.models import Course
from wiki.training.permissions import P


class StepOut(Out):
    """A step or the heading of a module, as the caller meets it; ``done`` says nothing of headings."""

    key: str
    type: str
    title: str
    done: bool | None


class OutlineOut(Out):
    """What a course consists of, in its order; ``version`` null: as it is being written."""

    version: int | None
    steps: list[StepOut]


class OutlineIn(In):
    """The keys of steps and headings in the order wanted; what is not named stands at the end."""

    order: list[str] = Field(max_length=2000)


class ModuleIn(In):
    """The heading of a module; what is added next belongs to it."""

    title: str = ""


class VersionIn(In):
    """What is new, and whether those under way go on in it; else they finish theirs."""

    note: str = ""
    move: bool = False


class VersionOut(Out):
    """A version of a course, and what it changed, in sentences. Of people only those who teach are told."""

    number: int
    note: str
    at: datetime
    by: str
    changes: list[str]
    under_way: int | None
    completed: int | None


class VersionsOut(Out):
    """All versions of a course, the newest first."""

    items: list[VersionOut]


class DrawIn(In):
    """So many questions drawn at random from a category (slug) and what lies below it, in each attempt."""

    category: str = ""
    count: int = 1


def _outline(course: Course) -> OutlineOut:
    found = versions.seen_by(course, actor())
    rows: list[StepOut] = []
    for module in presenting.steps_of(course, actor(), found)["modules"]:
        if module["key"]:
            rows.append(StepOut(key=module["key"], type="module", title=module["title"], done=None))
        rows += [
            StepOut(key=row["key"], type=row["type"], title=row["title"], done=bool(row["done"]))
            for row in module["rows"]
        ]
    return OutlineOut(version=found.version.number if found.version else None, steps=rows)


@api.get("/courses/<slug>/outline", gate=P.LEARN, answer=OutlineOut)
def show_outline(slug: str) -> Any:
    """The steps and modules of a course in their order, and what the caller has done."""
    return _outline(ops.find_course(slug, actor()))


@api.put("/courses/<slug>/outline", gate=P.TEACH, scope="teach", body=OutlineIn, answer=OutlineOut)
def put_outline(slug: str, body: OutlineIn) -> Any:
    """Put the steps and modules of a course into another order."""
    course = ops.find_course(slug, actor(), P.TEACH)
    outline.place(course, actor(), body.order)
    return _outline(course)


@api.post("/courses/<slug>/modules", gate=P.TEACH, scope="teach", body=ModuleIn, answer=OutlineOut, status=201)
def add_module(slug: str, body: ModuleIn) -> Any:
    """One more module at the end of a course; what is added next belongs to it."""
    course = ops.find_course(slug, actor(), P.TEACH)
    outline.add_module(course, actor(), body.title)
    return Answer(_outline(course), 201)


@api.get("/courses/<slug>/versions", gate=P.LEARN, answer=VersionsOut)
def list_versions(slug: str) -> VersionsOut:
    """The versions of a course, the newest first, and what each of them changed."""
    course, teaches = ops.find_course(slug, actor()), actor().holds("training", "manager")
    return VersionsOut(items=[_version(row, teaches) for row in version_showing.rows(course, actor())])


def _version(row: dict[str, Any], teaches: bool) -> VersionOut:
    told = {name: row[name] for name in ("number", "note", "at", "by", "changes")}
    return VersionOut(
        **told, under_way=row["under_way"] if teaches else None, completed=row["completed"] if teaches else None
    )


@api.post("/courses/<slug>/versions", gate=P.TEACH, scope="teach", body=VersionIn, answer=VersionOut, status=201)
def publish_version(slug: str, body: VersionIn) -> Any:
    """Publish a changed course as its next version, with a note."""
    course = ops.find_course(slug, actor(), P.TEACH)
    versions.renew(course, actor(), body.note, move=body.move)
    return Answer(_version(version_showing.rows(course, actor())[0], True), 201)


@api.post("/quizzes/<quiz_id>/draws", gate=P.TEACH, scope="teach", body=DrawIn, answer=QuizOut, status=201)
def draw(quiz_id: str, body: DrawIn) -> Any:
    """Each attempt at a quiz draws so many questions from a category; again: another number."""
    quiz, category = find_quiz(number_of(quiz_id), actor()), category_by_slug(body.category)
    if category is None:
        raise Invalid({"category": _("There is no %(name)s.", name=body.category[:80])})
    bank.draw_from(quiz, actor(), category.id, body.count)
    return Answer(quiz_out(quiz, actor()), 201)
