"""The list behind the bell, the page of choices, and the administrator's list of mails."""

from collections.abc import Callable
from datetime import date, datetime
from itertools import groupby
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from accounts.models import User
from core import clock, outbox
from core.actors import Actor
from core.buffers import Buffer
from core.db import session, writing
from core.errors import Invalid
from core.i18n import _, _n, local
from core.web import actor, blueprint, gate, maybe_actor, paginate
from wiki.notifications import ops
from wiki.notifications.audiences import may_know
from wiki.notifications.mailing import marked, settings
from wiki.notifications.models import MailEntry, NoticeEntry
from wiki.notifications.permissions import P
from wiki.notifications.queries import choices_of, count_unread, digest_time, mails, notices_of
from wiki.notifications.rules import Group, Mail, Rhythm
from wiki.notifications.table import GROUP_NAMES, MAIL_NAMES, ROWS, rows_in
from wiki.notifications.words import worded

bp = blueprint("notifications", __name__)


@bp.get("/notices")
@gate(P.READ_NOTICES)
def show() -> str:
    """One's own notices, by day, the newest first."""
    who = actor()
    only = request.args.get("only", "")
    page = paginate(notices_of(who, unread=only == "unread", urgent=only == "urgent"), per=40)
    return render_template(
        "notifications/list.html", page=page, days=by_day(page.items), only=only, unread=count_unread(who)
    )


def by_day(entries: list[NoticeEntry]) -> list[tuple[date, list[dict[str, Any]]]]:
    """The notices in words, under the day on which they came."""
    day: Callable[[NoticeEntry], date] = lambda entry: local(entry.created_at).date()  # noqa: E731 - named for groupby
    return [(of, [shown(entry) for entry in some]) for of, some in groupby(entries, key=day)]


def shown(entry: NoticeEntry) -> dict[str, Any]:
    """One notice as the list shows it."""
    row, said = ROWS.get(entry.code), worded(entry)
    return {
        "id": entry.id,
        "subject": said.subject,
        "body": said.body,
        "for": said.on_behalf_of,
        "group": GROUP_NAMES[row.group] if row else "",
        "urgent": entry.urgent,
        "unread": entry.read_at is None,
        "at": entry.created_at,
        "url": marked(entry),
    }


@bp.post("/notices/read")
@gate(P.READ_NOTICES)
def read() -> Any:
    """One is read now, or all are."""
    one = request.form.get("id", type=int)
    ops.read(actor(), None if one is None else [one])
    return redirect(url_for(".show", only=request.form.get("only") or None), 303)


# ── arriving is reading ──────────────────────────────────────────────────────────────────────────────────────────────


def _write_arrivals(items: list[tuple[int, int, datetime]]) -> None:
    with writing():
        for user_id, notice_id, at in items:
            ops.mark(user_id, [notice_id], at)


arrivals = Buffer("notices", _write_arrivals)


def remember_arrival() -> None:
    """Whoever opens a page by a notice, here or from a mail, has read it; a page that is read writes nothing itself."""
    notice, who = request.args.get("notice", ""), maybe_actor()
    if request.method == "GET" and who is not None and notice.isdecimal() and len(notice) < 10:
        arrivals.add((who.id, int(notice), clock.now()))


# ── what comes by mail ───────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/profile/notices")
@gate(P.READ_NOTICES)
def choices() -> str:
    """What comes by mail, and when."""
    return _choices_page()


def _choices_page(errors: dict[str, str] | None = None) -> str:
    who = actor()
    chosen, (rhythm, hour) = choices_of([who.id]), digest_time(who.id)
    user = session.get_one(User, who.id)
    return render_template(
        "notifications/choices.html",
        groups=[_group(group, chosen.get((who.id, group))) for group in Group],
        rhythm=request.form.get("rhythm", rhythm.value),
        hour=request.form.get("hour", str(hour)),
        zone=user.team.site.timezone if user.team and user.team.site else settings().timezone,
        address=user.email,
        kept=not settings().smtp_url,
        errors=errors or {},
    )


def _group(group: Group, chosen: Mail | None) -> dict[str, Any]:
    rows = rows_in(group)
    return {
        "code": group.value,
        "name": GROUP_NAMES[group],
        "chosen": request.form.get(group.value, chosen.value if chosen else ""),
        "rows": [{"words": _plain(row.subject), "mail": MAIL_NAMES[row.mail], "urgent": row.urgent} for row in rows],
        "urgent": any(row.urgent for row in rows),
        "options": [("", _("As recommended")), *((mail.value, MAIL_NAMES[mail]) for mail in Mail)],
    }


def _plain(subject: Any) -> str:
    """The row's subject as an example: places for values read like words."""
    return str(subject) % {"title": "…", "who": _("somebody"), "to": _("somebody else")}


@bp.post("/profile/notices")
@gate(P.READ_NOTICES)
def choose() -> Any:
    """Keep the choices."""
    wanted = {group.value: request.form.get(group.value, "") for group in Group}
    try:
        rhythm, hour = request.form.get("rhythm", Rhythm.DAILY.value), request.form.get("hour", -1, type=int)
        ops.choose(actor(), wanted, rhythm=rhythm, hour=hour)
    except Invalid as error:
        return _choices_page(error.errors), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".choices"), 303)


# ── the administrator's list ─────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/admin/mail")
@gate(P.SEE_MAIL)
def mail() -> str:
    """What was sent, refused or kept, with its text."""
    page = paginate(mails(), per=30)
    return render_template(
        "notifications/mail.html",
        page=page,
        rows=[_mail_row(entry, actor()) for entry in page.items],
        server=settings().shown()["smtp_url"] if settings().smtp_url else "",
        waiting=outbox.waiting(ops.MAILS),
        given_up=ops.given_up(),
    )


def _mail_row(entry: MailEntry, who: Actor) -> dict[str, Any]:
    """A mail; what speaks of something that this administrator may not know of stays closed."""
    known = all(may_know(who, kind, key) for kind, key in entry.about)
    return {
        "to": entry.user.name,
        "address": entry.address,
        "at": entry.sent_at or entry.created_at,
        "state": entry.state,
        "refusal": entry.refusal,
        "subject": entry.subject if known else _("(about something that is not open to you)"),
        "body": entry.body if known else "",
    }


@bp.post("/admin/mail/again")
@gate(P.SEE_MAIL)
def again() -> Any:
    """Mails that were given up get their tries again."""
    count = ops.send_again(actor())
    flash(_n("%(num)s mail is tried again.", "%(num)s mails are tried again.", count), "success")
    return redirect(url_for(".mail"), 303)
