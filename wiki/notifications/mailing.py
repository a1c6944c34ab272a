"""Mail: one at once, or many in a digest; sent through the outbox, or kept here where there is no mail server.

A mail that was begun and not finished is sent again with the same Message-ID; one that fails holds up no other.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app

from accounts.models import Site, Team, User
from core import clock
from core.chores import chore
from core.db import reading, session, writing
from core.i18n import _, _n, force_locale
from core.outbox import Job, OutboxJob, handler, promise
from core.settings import LOCALES, Settings
from wiki.notifications.models import DigestTime, MailEntry, NoticeEntry
from wiki.notifications.ops import MAILS
from wiki.notifications.queries import pending, waits_for_digest
from wiki.notifications.rules import DIGEST_LINES, MORNING, Rhythm, last_bell
from wiki.notifications.smtp import RefusedError, Wire, domain
from wiki.notifications.table import GROUP_NAMES, ROWS
from wiki.notifications.words import worded

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to go: the row it will be, the name of its reader, and the notices that it mails.

    ``kept``: what is kept instead of the text, where the text holds a secret.
    """

    mail: MailEntry
    name: str
    notices: tuple[int, ...]
    kept: str | None = None


letters: dict[str, Callable[[dict[str, Any]], Letter | None]] = {}  # by a key of the promise: who writes such mails


class SomeFailedError(Exception):
    """Of a batch, some mails could not be sent; the others were."""


def settings() -> Settings:
    """Those of this application."""
    found: Settings = current_app.config["SPIRAL"]
    return found


# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@handler(MAILS, lane="mail")
def send(jobs: Sequence[Job]) -> None:
    """Send (or keep) each mail that was promised; what fails is tried again later, by itself.

    Raises:
        SomeFailedError: naming the first; the outbox then tries each alone.
    """
    failures: list[str] = []
    with Wire(settings()) as wire:
        for job in jobs:
            try:
                _send(job, wire)
            except Exception as error:  # noqa: BLE001 - whatever happens to one mail, the others go
                failures.append(f"{type(error).__name__}: {error}")
    if failures:
        raise SomeFailedError(f"{len(failures)} of {len(jobs)} mails: {failures[0]}")


def _send(job: Job, wire: Wire) -> None:
    with reading():
        letter = _written(job)
    if letter is None:
        return
    mail, sent = letter.mail, bool(settings().smtp_url)
    if sent and not mail.address:
        mail.refusal = "no address"
    elif sent:
        try:
            wire.send(mail, letter.name)
            mail.sent_at = clock.now()
        except RefusedError as error:
            mail.refusal = str(error)[:400]
    if letter.kept is not None:
        mail.body = letter.kept
    with writing():
        _keep(letter)


def _written(job: Job) -> Letter | None:
    for key, write in letters.items():
        if key in job.payload:
            return write(job.payload)
    return _digest(job) if "digest" in job.payload else _single(job)


def _keep(letter: Letter) -> None:
    known = session.scalar(sa.select(MailEntry.id).where(MailEntry.key == letter.mail.key))
    if known is None:
        session.add(letter.mail)
    mailed = sa.update(NoticeEntry).where(NoticeEntry.id.in_(letter.notices)).values(mailed_at=clock.now())
    session.execute(mailed, execution_options={"synchronize_session": False})


# ── one at once ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _single(job: Job) -> Letter | None:
    """The mail of one notice; ``None`` when it was mailed, read meanwhile, or is gone with its reader."""
    entry = session.get(NoticeEntry, job.payload["notice"])
    if entry is None or entry.mailed_at or entry.read_at:
        return None
    user = session.get(User, entry.user_id)
    if user is None or not user.active:
        return None
    with force_locale(locale_of(user)):
        said = worded(entry)
        lines = [_greeting(user), "", said.subject]
        lines += ["", said.body] if said.body else []
        lines += ["", _("You are told because you stand in for %(name)s.", name=said.on_behalf_of)] * bool(
            said.on_behalf_of
        )
        subject = _("Urgent: %(subject)s", subject=said.subject) if entry.urgent else said.subject
        body = "\n".join([*lines, "", link(entry), "", *_foot()])
    mail = new_mail(
        user, f"notice:{entry.id}", subject, body, entry.created_at, [[entry.subject_kind, entry.subject_id]]
    )
    return Letter(mail, user.name, (entry.id,))


def new_mail(
    user: User, key: str, subject: str, body: str, at: datetime, about: list[Any], *, address: str | None = None
) -> MailEntry:
    """A mail to a person – or, on their behalf, to an address outside."""
    return MailEntry(
        key=key,
        user_id=user.id,
        address=(user.email or "").strip() if address is None else address,
        subject=subject[:400],
        body=body,
        message_id=f"<{key.replace(':', '.')}.{int(at.timestamp())}@{domain(settings())}>",
        about=about,
        created_at=clock.now(),
        refusal="",
    )


def locale_of(user: User) -> str:
    """The language of a person's mails: their own, else the site's."""
    return user.locale if user.locale in LOCALES else settings().locale


def link(entry: NoticeEntry) -> str:
    """The address of what a notice is about (without a public address of the installation, its path)."""
    return settings().base_url + marked(entry)


def marked(entry: NoticeEntry) -> str:
    """The path, saying which notice was followed: arriving there is reading it."""
    return f"{entry.url}{'&' if '?' in entry.url else '?'}notice={entry.id}"


def _greeting(user: User) -> str:
    return _("Hello %(name)s,", name=user.name)


def _foot() -> list[str]:
    return ["-- ", _("Spiral. What comes by mail, and when, you choose here: %(url)s", url=_choices())]


def _choices() -> str:
    return settings().base_url + "/profile/notices"


# ── digests ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@chore(every=60)
def ring_the_bells() -> None:
    """Promise the digests whose bell has rung since something began to wait for them."""
    now = clock.now()
    oldest = (
        sa.select(NoticeEntry.user_id, sa.func.min(NoticeEntry.created_at), DigestTime.rhythm, DigestTime.hour)
        .add_columns(Site.timezone)
        .join(User, User.id == NoticeEntry.user_id)
        .outerjoin(DigestTime, DigestTime.user_id == NoticeEntry.user_id)
        .outerjoin(Team, Team.id == User.team_id)
        .outerjoin(Site, Site.id == Team.site_id)
        .where(waits_for_digest(), User.active)
        .group_by(NoticeEntry.user_id, DigestTime.rhythm, DigestTime.hour, Site.timezone)
    )
    promised = set(
        session.scalars(sa.select(OutboxJob.key).where(OutboxJob.topic == MAILS, OutboxJob.key.startswith("digest:")))
    )
    for user_id, since, rhythm, hour, zone in session.execute(oldest):
        daily = MORNING if hour is None else hour
        bell = last_bell(rhythm or Rhythm.DAILY, daily, zone or settings().timezone, now)
        key = f"digest:{user_id}:{int(bell.timestamp())}"
        if since < bell and key not in promised:
            promise(MAILS, key, {"digest": user_id, "bell": bell.isoformat(), "key": key})


def _digest(job: Job) -> Letter | None:
    """The digest of one person at one bell; ``None`` when it went out, or everything was read meanwhile."""
    user = session.get(User, job.payload["digest"])
    bell = datetime.fromisoformat(job.payload["bell"])
    sent = session.scalar(sa.select(MailEntry.id).where(MailEntry.key == job.payload["key"]))
    if user is None or not user.active or sent is not None:
        return None
    entries = list(session.scalars(pending(user.id).where(NoticeEntry.created_at < bell)))
    if not entries:
        return None
    with force_locale(locale_of(user)):
        subject = _n("Spiral: %(num)s notice for you", "Spiral: %(num)s notices for you", len(entries))
        body = "\n".join([_greeting(user), "", *_lines(entries), *_foot()])
    about = sorted({(entry.subject_kind, entry.subject_id) for entry in entries})
    mail = new_mail(user, job.payload["key"], subject, body, bell, [list(one) for one in about])
    return Letter(mail, user.name, tuple(entry.id for entry in entries))


def _lines(entries: Sequence[NoticeEntry]) -> list[str]:
    """The notices under the words of their groups; beyond ``DIGEST_LINES`` only how many more there are."""
    found: list[str] = []
    shown = entries[:DIGEST_LINES]
    for group, name in GROUP_NAMES.items():
        mine = [entry for entry in shown if entry.code in ROWS and ROWS[entry.code].group is group]
        if mine:
            found += [str(name), ""]
            for entry in mine:
                said = worded(entry)
                found += [f"* {said.subject}", *([f"  {' '.join(said.body.split())}"] if said.body else [])]
                found += [f"  {link(entry)}", ""]
    more = len(entries) - len(shown)
    if more:
        found += [_("… and %(n)s more in your list: %(url)s", n=more, url=settings().base_url + "/notices"), ""]
    return found
