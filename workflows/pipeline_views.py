"""The pages on which a manager makes pipelines: list, editor, versions, import and export."""

import json
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response

from core.db import reading, session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.web import actor, blueprint, gate
from workflows import pipelines
from workflows.definitions import Definition
from workflows.permissions import P
from workflows.pipeline_forms import Draft, act, document_of, draft_of, empty, field_of, read
from workflows.pipeline_showing import (
    Sheet,
    form_context,
    listed,
    sheet_of,
    trial_choices,
    trial_fields,
    trial_of,
)
from workflows.pipeline_words import changes
from workflows.pipeline_world import World
from workflows.queries import active_pipelines

bp = blueprint("pipelines", __name__, url_prefix="/admin/pipelines")

NEW = "new"
FILE_LIMIT = 1_000_000  # bytes of an imported pipeline


@bp.get("")
@gate(P.MANAGE_PIPELINES)
def index() -> str:
    """Every pipeline: what it judges, its way, how many reviews run by it, who changed it last."""
    world = World()
    return render_template(
        "pipelines/index.html",
        rows=listed(list(session.scalars(active_pipelines())), world),
        retired=listed(list(session.scalars(pipelines.retired_pipelines())), world),
    )


# ── the editor ───────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/new")
@gate(P.MANAGE_PIPELINES)
def begin() -> Any:
    """The editor, empty or with a copy of another pipeline (``?copy=``)."""
    source = request.args.get("copy", "")
    if not source:
        return _editor(NEW, empty(), 0)
    copied = pipelines.newest(source)
    draft = draft_of(copied.definition.model_dump(mode="json"), _("Copy of %(name)s", name=pipelines.name_of(copied)))
    draft["topics"] = []  # what it judges cannot be the same
    return _editor(NEW, draft, 0)


@bp.post("/new")
@gate(P.MANAGE_PIPELINES)
def create() -> Any:
    """Save a new pipeline."""
    return _save(None)


@bp.get("/<key>")
@gate(P.MANAGE_PIPELINES)
def edit(key: str) -> Any:
    """The editor of one pipeline."""
    found = pipelines.newest(key)
    return _editor(key, draft_of(found.definition.model_dump(mode="json"), found.name), found.version)


@bp.post("/<key>")
@gate(P.MANAGE_PIPELINES)
def save(key: str) -> Any:
    """Save it as a new version."""
    return _save(key)


@bp.post("/<key>/draft")
@gate(P.MANAGE_PIPELINES, transaction=False)
def redraw(key: str) -> Any:
    """The form again with everything typed, after one of its buttons did what it says; nothing is saved."""
    asked = request.form.get("act", "")
    draft = read(request.form.items(multi=True))
    focus = act(draft, asked)
    with reading():
        return _editor(key, draft, _began(), asked=asked, focus=focus, check=asked in {"draw", "try"})


@bp.get("/<key>/draft")
@gate(P.MANAGE_PIPELINES)
def redraw_again(key: str) -> Response:
    """A reloaded draft is the editor."""
    return redirect(url_for(".begin") if key == NEW else url_for(".edit", key=key))


def _began() -> int:
    """The version the form was begun from; the button 'save mine as the newest' says a later one besides."""
    values = [int(value) for value in request.form.getlist("began") if value.isdecimal() and len(value) < 8]
    return max(values, default=0)


def _save(key: str | None) -> Any:
    draft = read(request.form.items(multi=True))
    began = _began()
    try:
        saved = pipelines.save_pipeline(actor(), key, draft["name"], document_of(draft), began=began)
    except Invalid as error:
        errors = {field_of(path): said for path, said in error.errors.items()}
        return _editor(key or NEW, draft, began, errors=errors), 422
    except Conflict as error:
        if error.code != "pipeline-moved":
            raise
        return _editor(key or NEW, draft, began, moved=error), 409
    if saved.version == began:
        flash(_("Nothing was changed: version %(n)s stays.", n=saved.version), "success")
    else:
        said = _("Saved as version %(n)s. New submissions begin with it; what runs keeps its own.", n=saved.version)
        flash(said, "success")
    return redirect(url_for(".edit", key=saved.key), 303)


def _editor(
    key: str,
    draft: Draft,
    began: int,
    *,
    errors: dict[str, str] | None = None,
    moved: Conflict | None = None,
    asked: str = "",
    focus: str = "",
    check: bool = False,
) -> str:
    sheet = sheet_of(draft, key if key != NEW else None)
    shown = errors if errors is not None else sheet.problems if check else {}
    stored = pipelines.newest(key) if key != NEW else None
    return render_template(
        "pipelines/edit.html",
        key=key,
        began=began,
        title=pipelines.name_of(stored, sheet.world) if stored else _("New pipeline"),
        stored=stored,
        running=pipelines.running().get(key, 0) if stored else 0,
        errors=shown,
        saving=errors is not None,
        checked=check and not sheet.problems,
        moved=moved,
        moved_at=stored.created_at if stored and moved else None,
        focus=focus,
        opened=_opened(asked, shown),
        draft_url=url_for(".redraw", key=key),
        **form_context(sheet),
        **_trial(key, sheet, asked),
    )


def _opened(asked: str, errors: dict[str, str]) -> set[str]:
    """The folded parts that stand open: where a button was pressed, and where something is wrong."""
    out = set()
    verb, _colon, rest = asked.partition(":")
    if verb.endswith(("-question", "-rung")):
        out.add("more-" + rest.split(":")[0])
    return out | {_folded_around(name) for name in errors} - {""}


def _folded_around(field: str) -> str:
    """The folded part in which a field stands; empty: it is always in sight."""
    match field.split("-"):
        case ["topics" | "categories" | "significances", *_rest]:
            return "narrow"
        case ["on_change" | "on_send_back" | "emergency_hours", *_rest]:
            return "policies"
        case ["stages", stage, "seats", seat, "team" | "category" | "people", *_rest]:
            return f"who-{stage}-{seat}"
        case ["stages", _stage, "seats", _seat, "role", *_rest]:
            return ""
        case ["stages", stage, "seats", _seat, _name, *_rest]:
            return f"more-{stage}"
        case ["stages", stage, name, *_rest] if name not in {"seats", "need", "due_hours", "calendar"}:
            return f"more-{stage}"
    return ""


def _trial(key: str, sheet: Sheet, asked: str) -> dict[str, Any]:
    fields = trial_fields(request.form, sheet)
    out: dict[str, Any] = {"tried": fields, "trial": None, "trial_error": None, **trial_choices(actor())}
    if asked == "try":
        try:
            out["trial"] = trial_of(actor(), sheet, key, fields)
        except Invalid as error:
            out["trial_error"] = error.sentence
    return out


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/<key>/versions")
@gate(P.MANAGE_PIPELINES)
def versions(key: str) -> str:
    """Every version, newest first, each with what it changed."""
    newest, world = pipelines.newest(key), World()
    rows = [(row, name) for row, name in session.execute(pipelines.history(key))]
    shown = []
    for number, (row, saver) in enumerate(rows):
        before = rows[number + 1][0].definition if number + 1 < len(rows) else None
        words = world.words(row.definition)
        shown.append(
            {
                "row": row,
                "saver": saver,
                "changes": changes(before, row.definition, words) if before else None,
                "renamed": before is not None and rows[number + 1][0].name != row.name,
            }
        )
    return render_template(
        "pipelines/versions.html", key=key, title=pipelines.name_of(newest, world), newest=newest, rows=shown
    )


@bp.post("/<key>/versions/<int:version>/restore")
@gate(P.MANAGE_PIPELINES)
def restore(key: str, version: int) -> Any:
    """Take an earlier version up again."""
    try:
        made = pipelines.restore(actor(), key, version)
    except Invalid as error:  # what it names has gone since: open it in the editor, where it can be mended
        old = pipelines.one_version(key, version)
        draft = draft_of(old.definition.model_dump(mode="json"), old.name)
        errors = {field_of(path): said for path, said in error.errors.items()}
        return _editor(key, draft, pipelines.newest(key).version, errors=errors), 422
    flash(_("Version %(old)s is in use again, as version %(n)s.", old=version, n=made.version), "success")
    return redirect(url_for(".versions", key=key), 303)


@bp.post("/<key>/retire")
@gate(P.MANAGE_PIPELINES)
def retire(key: str) -> Any:
    """No new review begins with it."""
    try:
        gone = pipelines.retire_pipeline(actor(), key)
    except Conflict as error:
        flash(error.sentence, "error")
        return redirect(url_for(".edit", key=key), 303)
    flash(_("“%(name)s” is retired. What is under review goes on by it.", name=pipelines.name_of(gone)), "success")
    return redirect(url_for(".index"), 303)


# ── between installations ────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/<key>.json")
@gate(P.MANAGE_PIPELINES)
def export(key: str) -> Response:
    """The pipeline as a file."""
    found = pipelines.export(pipelines.newest(key))
    answer = Response(json.dumps(found, ensure_ascii=False, indent=2) + "\n", mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="pipeline-{key}.json"'
    return answer


@bp.get("/import")
@gate(P.MANAGE_PIPELINES)
def offer_import() -> str:
    """Where a file is chosen or its text pasted."""
    return render_template("pipelines/import.html", errors={}, text="")


@bp.post("/import")
@gate(P.MANAGE_PIPELINES)
def bring_in() -> Any:
    """Take an exported pipeline in. What it names that is not here is told in the editor, where it can be mended."""
    file = request.files.get("file")
    text = request.form.get("text", "")
    if file is not None and file.filename:
        text = file.read(FILE_LIMIT).decode("utf-8", errors="replace")
    try:
        document = _loaded(text)
        key, name, definition = pipelines.read_export(document)
    except Invalid as error:
        return render_template("pipelines/import.html", errors=error.errors, text=text), 422
    try:
        made = pipelines.import_pipeline(actor(), document)
    except Invalid as error:
        draft = _mendable(definition, name)
        if draft is None:
            return render_template("pipelines/import.html", errors=error.errors, text=text), 422
        known = pipelines.find(key) if key else None
        errors = {field_of(path): said for path, said in error.errors.items()}
        return _editor(known.key if known else NEW, draft, known.version if known else 0, errors=errors), 422
    flash(_("“%(name)s” was imported as version %(n)s.", name=pipelines.name_of(made), n=made.version), "success")
    return redirect(url_for(".edit", key=made.key), 303)


def _loaded(text: str) -> Any:
    if not text.strip():
        raise Invalid({"document": _("Choose a file, or paste its text.")})
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid({"document": _("This is not valid JSON.")}) from None


def _mendable(definition: Any, name: str) -> Draft | None:
    """The draft of a document whose shape is right, whatever it names."""
    try:
        return draft_of(Definition.model_validate(definition).model_dump(mode="json"), name)
    except ValidationError:
        return None
