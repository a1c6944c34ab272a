"""The manager's page for imports: bring a file, say how it is read, look at the dry run, run it."""

from pathlib import Path
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for

from core.archives import UnreadableFile
from core.db import reading, session, writing
from core.errors import Invalid
from core.i18n import _
from core.tables import TYPES, Sheet, as_csv
from core.web import actor, allow_body, blueprint, gate, paginate
from wiki.articles.kinds import KINDS
from wiki.articles.permissions import P
from wiki.articles.queries import categories
from wiki.exchange import ops, queries, showing
from wiki.exchange.models import Import
from wiki.exchange.reading import head_of
from wiki.exchange.rules import WORKING, Found, Outcome, Way

bp = blueprint("imports", __name__)
LARGEST = 64 << 20  # bytes of one file; larger ones go through the command line
allow_body("imports.bring", LARGEST + (1 << 20))


@bp.get("/admin/import")
@gate(P.MANAGE_ARTICLES)
def index() -> str:
    """Imports so far, and the form for another."""
    return _index({})


def _index(errors: dict[str, str]) -> str:
    page = paginate(queries.imports())
    return render_template("exchange/imports.html", page=page, errors=errors, state_word=showing.state_word)


@bp.post("/admin/import")
@gate(P.MANAGE_ARTICLES, transaction=False)
def bring() -> Any:
    """Keep the file and read its headings; only then open a transaction."""
    try:
        name, data = _brought()
        key, path = ops.keep_file(name, data)
        headings, sample = _head(name, path)
    except Invalid as error:
        with reading():
            return _index(error.errors), 422
    with writing():
        row = ops.begin(actor(), key, name, data, headings, sample)
        where = url_for(".show", import_id=row.id)
    return redirect(where)


def _brought() -> tuple[str, bytes]:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid({"file": _("Choose a file.")})
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Invalid(
            {"file": _("This file is larger than %(n)s MB; use the command 'articles import'.", n=LARGEST >> 20)}
        )
    return file.filename, data


def _head(name: str, path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        return head_of(path)
    except UnreadableFile as error:
        raise Invalid({"file": str(error).replace(path.name, name)}) from error


@bp.get("/admin/import/<int:import_id>")
@gate(P.MANAGE_ARTICLES)
def show(import_id: int) -> str:
    """One import: how it is read, what the dry run said, what became of it."""
    return _page(ops.find(actor(), import_id), {})


def _page(row: Import, errors: dict[str, str]) -> str:
    found, taken = queries.counts(row.id)
    shown = request.args.get("rows", "")
    rows = queries.failed(row.id) if shown == "wrong" else queries.rows(row.id, found=_found(shown))
    return render_template(
        "exchange/import.html",
        row=row,
        errors=errors,
        found=found,
        taken=taken,
        total=sum(found.values()),
        ready=found[Found.NEW] + found[Found.CHANGED],
        left=sum(found.values()) - found[Found.WRONG] - sum(taken.values()),
        failed=found[Found.WRONG] + taken[Outcome.REFUSED],
        page=paginate(rows, per=50),
        shown=shown,
        working=row.state in WORKING,
        state_word=showing.state_word(row.state),
        ways=showing.ways(),
        kinds=[(kind.code, str(kind.label)) for kind in KINDS.values()],
        categories=[(node.slug, "　" * node.path.count("/") + node.name) for node in categories()],
        fields=showing.fields(),
        found_words=showing.found_words(),
        outcome_words=showing.outcome_words(),
        links=showing.links(row, rows=list(paginate(rows, per=50).items)),
    )


def _found(code: str) -> Found | None:
    return Found(code) if code in list(Found) else None


@bp.post("/admin/import/<int:import_id>/check")
@gate(P.MANAGE_ARTICLES)
def check(import_id: int) -> Any:
    """Take the choices, and begin the dry run."""
    row, form = ops.find(actor(), import_id), request.form
    mapping = {heading: form.get(f"column-{number}", "") for number, heading in enumerate(row.headings)}
    try:
        ops.choose(
            row,
            way=form.get("way", Way.PUBLISH.value),
            kind=form.get("kind", ""),
            category=form.get("category", ""),
            audience=form.get("audience", ""),
            mapping=mapping,
        )
    except Invalid as error:
        return _page(row, error.errors), 422
    ops.check(row, actor())
    return redirect(url_for(".show", import_id=import_id))


@bp.post("/admin/import/<int:import_id>/run")
@gate(P.MANAGE_ARTICLES)
def run(import_id: int) -> Any:
    """Take the rows that are right."""
    ops.run(ops.find(actor(), import_id), actor())
    return redirect(url_for(".show", import_id=import_id))


@bp.post("/admin/import/<int:import_id>/stop")
@gate(P.MANAGE_ARTICLES)
def stop(import_id: int) -> Any:
    """Leave the rest for later."""
    ops.stop(ops.find(actor(), import_id), actor())
    return redirect(url_for(".show", import_id=import_id))


@bp.post("/admin/import/<int:import_id>/forget")
@gate(P.MANAGE_ARTICLES)
def forget(import_id: int) -> Any:
    """File and rows are gone; articles stay."""
    row = ops.find(actor(), import_id)
    ops.forget(row, actor())
    flash(_("Forgotten: %(name)s. The articles stay.", name=row.name), "success")
    return redirect(url_for(".index"))


@bp.get("/admin/import/<int:import_id>/errors.csv")
@gate(P.MANAGE_ARTICLES)
def errors(import_id: int) -> Response:
    """The rows that are wrong as they stood, with what is wrong: to be mended and brought again."""
    row = ops.find(actor(), import_id)
    heads = [str(heading) for heading in row.headings] or ["id", "title"]
    lines = []
    for one in session.scalars(queries.failed(row.id)):
        cells = one.cells or {"id": one.external_id, "title": one.title}
        lines.append([one.place, one.said, *(str(cells.get(heading, "")) for heading in heads)])
    data = as_csv(Sheet("errors", [_("Where"), _("What is wrong"), *heads], lines))
    name = f"import-{row.id}-errors.csv"
    return Response(data, content_type=TYPES["csv"], headers={"Content-Disposition": f'attachment; filename="{name}"'})
