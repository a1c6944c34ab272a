"""The trainer orders a course and groups it into modules: one form, by buttons or by drawing rows."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core.db import session
from core.errors import DomainError, Invalid
from core.i18n import _n
from core.web import actor, gate
from wiki.training import ops, outline, prerequisites, suggesting, trail
from wiki.training.models import Course, Enrolment
from wiki.training.permissions import P
from wiki.training.views import bp


def _back(slug: str, place: str = "lessons") -> Any:
    return redirect(url_for(".edit", slug=slug, _anchor=place), 303)


@bp.post("/courses/<slug>/order")
@gate(P.TEACH)
def order(slug: str) -> Any:
    """Keep the order in which the form names the steps, and move one of them up or down."""
    found = ops.find_course(slug, actor(), P.TEACH)
    way, _colon, key = request.form.get("move", "").partition(":")
    outline.place(found, actor(), request.form.getlist("step"), key=key, way=way)
    return _back(slug, f"{way}-{key.replace(':', '-')}" if key else "lessons")


@bp.post("/courses/<slug>/modules")
@gate(P.TEACH)
def add_module(slug: str) -> Any:
    """One more module, at the end."""
    found = ops.find_course(slug, actor(), P.TEACH)
    try:
        outline.add_module(found, actor(), request.form.get("title", ""))
    except Invalid as error:
        flash(error.errors["module"], "error")
    return _back(slug)


@bp.post("/courses/<slug>/modules/<int:module_id>")
@gate(P.TEACH)
def change_module(slug: str, module_id: int) -> Any:
    """Call a module something else, or take its heading away."""
    found = ops.find_course(slug, actor(), P.TEACH)
    module = outline.find_module(found, module_id)
    if request.form.get("verb") == "remove":
        outline.remove_module(module, found, actor())
        return _back(slug)
    try:
        outline.rename_module(module, found, actor(), request.form.get("title", ""))
    except Invalid as error:
        flash(error.errors["module"], "error")
    return _back(slug)


@bp.post("/courses/<slug>/several")
@gate(P.TEACH)
def add_several(slug: str) -> Any:
    """Every ticked article is a lesson."""
    found = ops.find_course(slug, actor(), P.TEACH)
    try:
        count = suggesting.add_several(found, actor(), request.form.getlist("article"))
        flash(_n("%(num)s lesson was added.", "%(num)s lessons were added.", count), "success" if count else "warning")
    except DomainError as error:
        flash(error.sentence, "error")
    return redirect(url_for(".edit", slug=slug, q=request.form.get("q") or None, _anchor="lessons"), 303)


@bp.post("/courses/<slug>/needs")
@gate(P.TEACH)
def needs(slug: str) -> Any:
    """Ask for another course first, or no longer."""
    found = ops.find_course(slug, actor(), P.TEACH)
    number = request.form.get("course", 0, type=int)
    if request.form.get("verb") == "remove":
        prerequisites.let_go(found, actor(), number)
        return _back(slug, "first")
    wanted = session.get(Course, number) if 0 < number < 2**31 else None
    try:
        prerequisites.need(found, actor(), wanted)
    except Invalid as error:
        flash(error.errors["needs"], "error")
    return _back(slug, "first")


@bp.get("/courses/<slug>/changes")
@gate(P.TEACH)
def changes(slug: str) -> str:
    """Who changed what in a course, newest first."""
    found = ops.find_course(slug, actor(), P.TEACH)
    begun = sa.select(sa.func.count()).select_from(Enrolment)
    return render_template(
        "training/changes.html",
        course={"title": found.title, "slug": slug},
        rows=trail.rows(trail.acts(found)),
        under_way=session.scalar(begun.where(Enrolment.course_id == found.id, Enrolment.completed_at.is_(None))),
    )
