"""The manager's pages of the words that search knows, and of the questions they come from."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for

from core import audit, clock
from core.db import session
from core.errors import DomainError, Invalid
from core.i18n import _
from core.tables import TYPES
from core.web import actor, allow_body, blueprint, gate, paginate
from wiki.search import log, log_queries, understanding, word_files, words
from wiki.search.analysis.regions import GROUPS
from wiki.search.gaps import PERIODS, USUAL
from wiki.search.permissions import P
from wiki.search.word_models import SearchWord
from wiki.search.word_rules import MEASURED, SORT_NAMES, STATE_NAMES, State, line_of

bp = blueprint("words", __name__)
allow_body("words.bring", word_files.LARGEST + (1 << 16))


@bp.get("/admin/search/words")
@gate(P.KEEP_WORDS)
def index() -> str:
    """The rules, the field to try a question, and how rules come in and go out."""
    return _page({}, {"line": request.args.get("line", "")[:400], "note": request.args.get("note", "")[:200]})


def _page(errors: dict[str, str], typed: dict[str, str]) -> str:
    text = request.args.get("try", "").strip()
    page = paginate(words.kept(), per=40)
    return render_template(
        "words/index.html",
        tabs=tabs("words"),
        rows=[row_of(row) for row in page.items],
        page=page,
        regional=GROUPS,
        measured=MEASURED,
        tried=understanding.understood(actor(), text) if text else None,
        text=text,
        errors=errors,
        typed=typed,
    )


def tabs(here: str) -> list[dict[str, Any]]:
    """The two pages, as tabs."""
    pages = (("words", _("Rules"), "words.index"), ("questions", _("What was asked"), "words.questions"))
    return [{"label": label, "url": url_for(endpoint), "active": key == here} for key, label, endpoint in pages]


def row_of(row: SearchWord) -> dict[str, Any]:
    """One rule as pages show it."""
    return {
        "id": row.id,
        "said": row.said,
        "meant": row.meant,
        "line": line_of(row.said, row.meant),
        "sort": SORT_NAMES[row.sort],
        "note": row.note,
        "state": row.state.value,
        "state_word": STATE_NAMES[row.state],
        "by": row.changed_by.name,
        "at": row.changed_at,
    }


@bp.post("/admin/search/words")
@gate(P.KEEP_WORDS)
def add() -> Any:
    """A new rule."""
    form = request.form
    try:
        row = words.add(actor(), form.get("line", ""), form.get("note", ""))
    except Invalid as error:
        return _page(error.errors, form.to_dict()), 422
    flash(_("Saved: %(rule)s. It holds from now on.", rule=line_of(row.said, row.meant)), "success")
    return redirect(url_for(".index"), 303)


@bp.get("/admin/search/words/<int:word_id>")
@gate(P.KEEP_WORDS)
def show(word_id: int) -> str:
    """One rule, to change it."""
    row = words.find(word_id)
    return _one(row, {}, {"line": line_of(row.said, row.meant), "note": row.note})


def _one(row: SearchWord, errors: dict[str, str], typed: dict[str, str]) -> str:
    said = {
        "add_word": _("added it"),
        "propose_word": _("proposed it"),
        "change_word": _("changed the rule"),
        "switch_word": _("switched it"),
    }
    trail = [
        {
            "at": entry.at,
            "who": entry.actor_name,
            "what": said.get(entry.verb, entry.verb),
            "rule": entry.details.get("rule", ""),
            "state": STATE_NAMES[State(entry.details["state"])],
            "note": entry.note,
        }
        for entry in session.scalars(audit.trail("search_word", row.id))
    ]
    return render_template("words/show.html", row=row_of(row), trail=trail, errors=errors, typed=typed)


@bp.post("/admin/search/words/<int:word_id>")
@gate(P.KEEP_WORDS)
def change(word_id: int) -> Any:
    """The rule says something else, or is switched."""
    row, form = words.find(word_id, locked=True), request.form
    try:
        if "line" in form:
            words.change(row, actor(), form["line"], form.get("note", ""))
        elif form.get("state") in {State.ON, State.OFF, State.REMOVED}:
            words.switch(row, actor(), State(form["state"]))
    except Invalid as error:
        typed = {"line": form.get("line") or line_of(row.said, row.meant), "note": form.get("note", row.note)}
        return _one(row, error.errors, typed), 422
    flash(_("Saved. It holds from now on."), "success")
    return redirect(url_for(".index"), 303)


@bp.get("/admin/search/words.<any(csv, xlsx):form>")
@gate(P.KEEP_WORDS)
def take_out(form: str) -> Response:
    """All rules as a table."""
    answer = Response(word_files.table(form), content_type=TYPES[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="words.{form}"'
    return answer


@bp.post("/admin/search/words/bring")
@gate(P.KEEP_WORDS)
def bring() -> Any:
    """Rules from a file; the lines that cannot be taken are named, the others come in."""
    try:
        name, data = _brought()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"words{Path(name).suffix.lower()[:8]}"
            path.write_bytes(data)
            count, refused = words.bring(actor(), word_files.lines(path))
    except DomainError as error:
        return _page({"file": error.sentence}, {}), 422
    flash(_("%(n)s rules came in.", n=count), "success")
    for number, sentence in refused[:10]:
        flash(_("Line %(n)s: %(why)s", n=number, why=sentence), "warning")
    if len(refused) > 10:
        flash(_("%(n)s more lines could not be taken.", n=len(refused) - 10), "warning")
    return redirect(url_for(".index"), 303)


def _brought() -> tuple[str, bytes]:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise DomainError(_("Choose a file."))
    data = file.read(word_files.LARGEST + 1)
    if len(data) > word_files.LARGEST:
        raise DomainError(_("This file is larger than %(n)s MB.", n=word_files.LARGEST >> 20))
    return file.filename, data


@bp.get("/admin/search/questions")
@gate(P.KEEP_WORDS)
def questions() -> str:
    """What was asked, most asked first; and what was said in other words a moment later."""
    days = request.args.get("days", USUAL, type=int)
    days = days if days in PERIODS else USUAL
    view = request.args.get("view", "most")
    view = view if view in log_queries.VIEWS else "most"
    since = clock.now() - timedelta(days=days)
    return render_template(
        "words/questions.html",
        tabs=tabs("questions"),
        view=view,
        days=days,
        periods=PERIODS,
        rows=log_queries.asked(since, view),
        totals=log_queries.totals(since),
        turns=log_queries.turns(since, words.current()),
        kept_days=log.kept_days(),
    )


@bp.post("/admin/search/questions/propose")
@gate(P.KEEP_WORDS)
def propose() -> Any:
    """'Asked … then opened …' becomes a proposed rule."""
    form = request.form
    try:
        row = words.add(actor(), form.get("line", ""), form.get("note", "")[: words.NOTE], state=State.PROPOSED)
    except Invalid as error:
        flash(" ".join(error.errors.values()), "warning")
        return redirect(url_for(".questions"), 303)
    flash(_("Proposed. Look at it, change it if needed, and switch it on."), "success")
    return redirect(url_for(".show", word_id=row.id), 303)
