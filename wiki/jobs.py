"""``/admin/jobs``: what was promised and could not be done, in words, with a button that has it tried again."""

from typing import Any

from flask import Flask, flash, redirect, render_template, url_for

from core import outbox
from core.audit import record
from core.db import session
from core.errors import NotFound
from core.i18n import _, _l, _n
from core.outbox import OutboxJob
from core.permissions import Permission, grant, holds
from core.slots import menu
from core.web import actor, blueprint, gate, paginate

bp = blueprint("jobs", __name__)
MOST = 50  # of those that are still being tried


class P(Permission):
    """Permissions over what runs behind the pages."""

    SEE_JOBS = "see which jobs failed, and have them tried again"


grant({P.SEE_JOBS: holds("admin")})

WORDS: dict[str, tuple[Any, Any]] = {  # topic: what was to be done, and what people miss meanwhile
    "search.index": (_l("Bring an article into search"), _l("Search may not find it, or find what is old.")),
    "search.rebuild": (_l("Make the search index anew"), _l("Search is answered by the database meanwhile.")),
    "search.look": (_l("Compare the search index with the articles"), _l("A gap in search may go unnoticed.")),
    "search.twins": (_l("Look for texts that say the same"), _l("A text twice over may go unnoticed.")),
    "search.vocabulary": (_l("Gather the words for spelling help"), _l("“Did you mean” knows no new words.")),
    "links.settle": (_l("Follow the links of an article"), _l("Links to it may still lead to where it was.")),
    "notices": (_l("Tell people what happened"), _l("Those it concerns have not been told.")),
    "mails": (_l("Send a mail"), _l("Its reader has not got it.")),
    "health.look": (_l("See how the parts of the installation are"), _l("The page of health says what was before.")),
    "exchange.import": (_l("Go on with an import"), _l("Its rows wait.")),
}


def _row(job: OutboxJob) -> dict[str, Any]:
    what, missed = WORDS.get(job.topic, (job.topic, ""))
    return {"job": job, "what": what, "missed": missed, "said": " ".join((job.error or "").split())[:400]}


@bp.get("/admin/jobs")
@gate(P.SEE_JOBS)
def show() -> str:
    """What was given up, and what is still being tried."""
    page = paginate(outbox.parked(), per=30)
    failing = session.scalars(outbox.failing().limit(MOST)).all()
    return render_template(
        "jobs/index.html",
        page=page,
        given_up=[_row(job) for job in page.items],
        failing=[_row(job) for job in failing],
        waiting=outbox.waiting(),
        tries=outbox.TRIES,
    )


@bp.post("/admin/jobs/<int:job_id>/again")
@gate(P.SEE_JOBS)
def again(job_id: int) -> Any:
    """This one has its tries again."""
    if not outbox.retry(job_id):
        raise NotFound(_("This job is not waiting for anybody: it was done meanwhile, or is being tried again."))
    record(actor(), "retry", subject_kind="job", subject_id=job_id)
    flash(_("It is tried again."), "success")
    return redirect(url_for(".show"), 303)


@bp.post("/admin/jobs/again")
@gate(P.SEE_JOBS)
def all_again() -> Any:
    """All that was given up has its tries again."""
    newest = session.scalar(outbox.parked().with_only_columns(OutboxJob.id).limit(1))
    count = outbox.retry_all()
    if newest is not None and count:
        record(actor(), "retry", subject_kind="job", subject_id=newest, details={"jobs": count})
    flash(_n("%(num)s job is tried again.", "%(num)s jobs are tried again.", count), "success")
    return redirect(url_for(".show"), 303)


def init_app(app: Flask) -> None:
    """The page and its place in the menu."""
    app.register_blueprint(bp)
    menu(_l("Jobs that failed"), "jobs.show", P.SEE_JOBS, order=93, place="person")
