"""The mail that carries an expert's link to somebody outside. What is kept of it does not contain the link."""

from accounts.models import User
from core.db import session
from core.i18n import _, force_locale
from core.outbox import promise
from wiki.notifications import mailing
from wiki.notifications.models import MailEntry
from wiki.notifications.ops import MAILS
from workflows import expert_links
from workflows.models import ExpertRequest, Review

HIDDEN = "…"


def post(asked: ExpertRequest, link: str) -> bool:
    """The link is promised to go out; ``False`` where no mail server is set up."""
    if not mailing.settings().smtp_url:
        return False
    promise(MAILS, f"expert:{asked.id}", {"expert": asked.id, "link": link})
    return True


def letter(request_id: int, link: str) -> mailing.Letter | None:
    """The mail of one request; ``None`` when it was answered or withdrawn meanwhile, or is gone."""
    asked = session.get(ExpertRequest, request_id)
    if asked is None or asked.answered_at is not None or asked.revoked_at is not None:
        return None
    asker = session.get_one(User, asked.asked_by_id)
    review = session.get_one(Review, asked.review_id)
    with force_locale(mailing.locale_of(asker)):
        lines = [
            _("Hello %(name)s,", name=asked.name),
            "",
            _("%(name)s asks for your opinion on “%(title)s”:", name=asker.name, title=review.title),
            "",
            asked.question,
            "",
            _("This link opens the text and takes your answer, without an account:"),
        ]
        subject = _("Your opinion, please: %(title)s", title=review.title)
    mail: MailEntry = mailing.new_mail(
        asker, f"expert:{asked.id}", subject, "\n".join([*lines, link]), asked.asked_at,
        [[review.subject_kind, review.subject_id]], address=asked.address or "",
    )  # fmt: skip
    return mailing.Letter(mail, asked.name, (), "\n".join([*lines, HIDDEN]))


expert_links.post_with(post)
mailing.letters["expert"] = lambda payload: letter(payload["expert"], payload["link"])
