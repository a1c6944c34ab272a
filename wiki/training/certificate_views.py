"""What somebody completed, to be shown and checked: whoever holds the code sees that it is genuine."""

from flask import current_app, render_template, request, url_for

from accounts import throttling
from core.errors import NotFound
from core.i18n import _
from core.web import EVERYONE, gate, maybe_actor
from wiki.training.queries import enrolment_certified
from wiki.training.versions import version_of
from wiki.training.views import bp


@bp.get("/certificates/<code>")
@gate(EVERYONE)
def certificate(code: str) -> str:
    """A certificate. It names the person, the course and its credits, and none of the texts that were taught."""
    found = enrolment_certified(code)
    if found is None:
        throttling.missed("certificate", request.remote_addr)
        raise NotFound(_("There is no certificate with this code. Please compare it with the paper letter by letter."))
    base = current_app.config["SPIRAL"].base_url or request.host_url.rstrip("/")
    return render_template(
        "training/certificate.html",
        learner=found.user.name,
        team=found.user.team.name if found.user.team else None,
        course=found.course.title,
        trainer=found.course.author.name,
        version=version_of(found),
        credits=found.credits,
        completed_at=found.completed_at,
        code=code,
        address=base + url_for("training.certificate", code=code),
        own=(who := maybe_actor()) is not None and who.id == found.user_id,
        back=url_for("training.course", slug=found.course.slug),
    )
