"""The versions of a course: its history for everybody who sees it, and the next one for who teaches."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.errors import DomainError, Invalid
from core.i18n import _, _n
from core.permissions import can
from core.web import actor, gate
from wiki.training import version_showing, versions
from wiki.training.ops import find_course
from wiki.training.permissions import P
from wiki.training.queries import Progress, progress_of
from wiki.training.views import bp


@bp.get("/courses/<slug>/versions")
@gate(P.LEARN)
def course_versions(slug: str) -> str:
    """What each version of a course changed; for who teaches also who is in which."""
    who, found = actor(), find_course(slug, actor())
    rows = version_showing.rows(found, who)
    return render_template(
        "training/versions.html",
        course={"title": found.title, "slug": slug},
        rows=rows,
        mine=progress_of(who.id, [found.id]).get(found.id, Progress()),
        teaches=can(who, P.TEACH),
        behind=sum(row["under_way"] for row in rows[1:]),
    )


@bp.post("/courses/<slug>/versions")
@gate(P.TEACH)
def renew(slug: str) -> Any:
    """The course as it is written is the next version; or everybody under way goes on in the newest one."""
    found, form = find_course(slug, actor(), P.TEACH), request.form
    try:
        if form.get("verb") == "move":
            moved = versions.move_on(found, actor())
            flash(_n("%(num)s person goes on in it.", "%(num)s people go on in it.", moved), "success")
            return redirect(url_for(".course_versions", slug=slug), 303)
        made = versions.renew(found, actor(), form.get("note", ""), move=form.get("who") == "move")
        flash(_("Version %(n)s is open. Whoever begins from now on takes it.", n=made.number), "success")
    except Invalid as error:
        flash(error.sentence, "error")
        return redirect(url_for(".edit", slug=slug, note=form.get("note") or None, _anchor="version"), 303)
    except DomainError as error:
        flash(error.sentence, "error")
    return redirect(url_for(".edit", slug=slug, _anchor="version"), 303)
