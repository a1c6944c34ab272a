"""Bringing readings in – a file, its columns, the dry run, the refused rows – and closing periods."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for

from core import clock
from core.archives import UnreadableFile
from core.db import session
from core.errors import IllegalMove, Invalid, NotFound
from core.i18n import _, choose_zone
from core.tables import TYPES
from core.web import actor, gate, paginate
from wiki.kpi import bringing, closing, files, queries, sheets, showing
from wiki.kpi.dealing_models import ImportState, ReadingImport
from wiki.kpi.models import KpiReading
from wiki.kpi.ops import close
from wiki.kpi.periods import Period, Span, containing, of_moment, parse
from wiki.kpi.permissions import P
from wiki.kpi.rules import Origin
from wiki.kpi.sheets import Columns
from wiki.kpi.views import bp


@bp.get("/admin/kpi")
@gate(P.BRING_READINGS)
def admin() -> str:
    """Bring readings in; close a period."""
    return _admin({})


def _admin(errors: dict[str, str]) -> str:
    return render_template(
        "kpi/admin.html",
        errors=errors,
        columns=bringing.COLUMNS,
        kinds=",".join(sheets.KINDS),
        indicators=[(row.code, showing.words(row)) for row in session.scalars(queries.indicators()) if _comes_in(row)],
        page=paginate(queries.imports(), per=10),
        periods=_periods(),
    )


def _comes_in(row: Any) -> bool:
    return row.origin is Origin.IMPORTED and row.retired_at is None


def _periods() -> list[dict[str, Any]]:
    """What may be closed: the last months, quarters and half-years, the newest first."""
    now = clock.now()
    closed = queries.closed_periods()
    found: list[Period] = []
    for span, count in ((Span.MONTH, 6), (Span.QUARTER, 2), (Span.HALF, 1)):
        running = of_moment(now, choose_zone(), span)
        found += [running.step(-n) for n in range(1, count + 1)]
    return [
        {
            "code": str(period),
            "name": showing.period_name(period),
            "closed": any(str(one) in closed for one in containing(period)),
            "before": closing.before(period),
        }
        for period in found
    ]


@bp.post("/admin/kpi/readings")
@gate(P.BRING_READINGS)
def bring() -> Any:
    """Keep a file and show how it would be read."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _admin({"file": _("Choose a file first: CSV or Excel.")}), 422
    try:
        row = files.begin(actor(), file.filename, file.read())
    except Invalid as error:
        return _admin(error.errors), 422
    return redirect(url_for("kpi.file", import_id=row.id), 303)


@bp.get("/admin/kpi/files/<int:import_id>")
@gate(P.BRING_READINGS)
def file(import_id: int) -> str:
    """A file of readings: its columns, what it would do, or what it did."""
    return _file(files.find(actor(), import_id), {})


def _file(row: ReadingImport, errors: dict[str, str]) -> str:
    chosen = sheets.mapping_of(row.mapping)
    report, trouble = None, ""
    if row.state is ImportState.WAITING and not chosen.missing and not errors:
        try:
            report = files.try_out(actor(), row)
        except (UnreadableFile, IllegalMove) as error:
            trouble = str(error)
    roles = showing.role_names()
    return render_template(
        "kpi/file.html",
        row=row,
        errors=errors,
        chosen=chosen,
        missing=[roles[role] for role in chosen.missing],
        report=report,
        trouble=trouble,
        refused=report.errors[:200] if report else [(line, said) for line, said, _cells in row.refused[:200]],
        refused_count=len(report.errors) if report else len(row.refused),
        roles=list(roles.items()),
        indicators=[
            (one.code, showing.words(one).name) for one in session.scalars(queries.indicators()) if _comes_in(one)
        ],
        is_done=row.state is ImportState.DONE,
    )


@bp.post("/admin/kpi/files/<int:import_id>/columns")
@gate(P.BRING_READINGS)
def file_columns(import_id: int) -> Any:
    """Say which column is what."""
    row, form = files.find(actor(), import_id), request.form
    columns = {heading: form.get(f"column-{n}", "") for n, heading in enumerate(row.headings)}
    columns = {heading: role for heading, role in columns.items() if role}
    try:
        files.choose(row, Columns(columns, form.get("indicator", ""), form.get("period", "").strip()))
    except Invalid as error:
        return _file(row, error.errors), 422
    return redirect(url_for("kpi.file", import_id=row.id), 303)


@bp.post("/admin/kpi/files/<int:import_id>/take")
@gate(P.BRING_READINGS)
def take_file(import_id: int) -> Any:
    """Take in the rows that are sound."""
    row = files.find(actor(), import_id)
    try:
        report = files.take(actor(), row, why=request.form.get("why", ""))
    except UnreadableFile as error:
        return _file(row, {"file": str(error)}), 422
    flash(
        _("%(added)s new, %(corrected)s corrected, %(unchanged)s unchanged, %(refused)s left out.",
          added=report.added, corrected=report.corrected, unchanged=report.unchanged, refused=len(report.errors)),
        "success",
    )  # fmt: skip
    return redirect(url_for("kpi.file", import_id=row.id), 303)


@bp.post("/admin/kpi/files/<int:import_id>/forget")
@gate(P.BRING_READINGS)
def forget_file(import_id: int) -> Any:
    """Forget a file that was not taken in."""
    row = files.find(actor(), import_id)
    name = row.name
    files.forget(actor(), row)
    flash(_("Forgotten: %(name)s.", name=name), "success")
    return redirect(url_for("kpi.admin"), 303)


@bp.get("/admin/kpi/files/<int:import_id>/refused.csv")
@gate(P.BRING_READINGS)
def refused_rows(import_id: int) -> Response:
    """The rows that were refused, with what is wrong."""
    row = files.find(actor(), import_id)
    if row.state is not ImportState.DONE:
        raise NotFound(_("This file has not been taken in yet."))
    head = {"Content-Disposition": f'attachment; filename="readings-{row.id}-refused.csv"'}
    return Response(files.broken_rows(row), content_type=TYPES["csv"], headers=head)


@bp.get("/admin/kpi/readings/<int:reading_id>")
@gate(P.BRING_READINGS)
def reading(reading_id: int) -> str:
    """One reading, to be corrected by hand."""
    return _reading(_found(reading_id), {}, {})


def _found(reading_id: int) -> KpiReading:
    row = session.get(KpiReading, reading_id)
    if row is None:
        raise NotFound(_("There is no such reading."))
    return row


def _reading(row: KpiReading, errors: dict[str, str], typed: dict[str, str]) -> str:
    periods = [row.period[:7]]
    of = (row.subject_kind, row.subject_id)
    rows = session.scalars(queries.readings(indicator_id=row.indicator_id, subject=of, periods=periods)).all()
    same = [one for one in rows if one.period == row.period]
    return render_template(
        "kpi/reading.html",
        row=row,
        words=showing.words(row.indicator),
        rows=same,
        newest=same[-1],
        errors=errors,
        typed=typed,
        is_closed=queries.is_closed(row.period[:7]),
    )


@bp.post("/admin/kpi/readings/<int:reading_id>")
@gate(P.BRING_READINGS)
def correct_reading(reading_id: int) -> Any:
    """Another figure, as a new entry."""
    row, form = _found(reading_id), request.form
    try:
        made = bringing.correct(
            actor(),
            row,
            numerator=form.get("numerator", ""),
            denominator=form.get("denominator", ""),
            why=form.get("why", ""),
        )
    except Invalid as error:
        return _reading(row, error.errors, form.to_dict()), 422
    flash(_("Corrected. The old figure stays beside it."), "success")
    return redirect(url_for("kpi.reading", reading_id=made.id), 303)


@bp.post("/admin/kpi/close")
@gate(P.CLOSE)
def close_period() -> Any:
    """Freeze the cards of a period."""
    period = parse(request.form.get("period", ""))
    count = close(actor(), period)
    flash(_("%(period)s is closed; %(n)s cards are frozen.", period=showing.period_name(period), n=count), "success")
    return redirect(url_for("kpi.admin"), 303)
