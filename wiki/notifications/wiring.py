"""Puts the package into the application. Its JSON calls are mounted by ``wiki.api``."""

from flask import Flask, Response, current_app, request

from core.db import reading
from core.health import UnwellError, check
from core.i18n import _, _l
from core.slots import menu
from wiki.notifications import api, expert_mail, listeners, mailing, smtp, views
from wiki.notifications.ops import given_up
from wiki.notifications.permissions import P
from wiki.notifications.queries import count_unread


def init_app(app: Flask) -> None:
    """The bell, the list behind it, the choices, the administrator's list of mails."""
    app.register_blueprint(views.bp)
    app.after_request(_arrived)
    menu(_l("My notices"), "notifications.show", P.READ_NOTICES, order=10, place="bell", badge=count_unread)
    menu(_l("Notices and mail"), "notifications.choices", P.READ_NOTICES, order=10, place="person")
    menu(_l("Mail that went out"), "notifications.mail", P.SEE_MAIL, order=92, place="person")


def _arrived(response: Response) -> Response:
    if response.status_code < 400 and "notice" in request.args:
        views.remember_arrival()
    return response


@check("mail", ready=False, title=_l("Mail"), link="notifications.mail")
def _mail() -> str:
    with reading():
        lost = given_up()
    shown: str = current_app.config["SPIRAL"].shown()["smtp_url"]
    if lost:
        raise UnwellError(
            _("%(n)s mails were given up", n=lost),
            _("See that %(server)s is right, then try again at /admin/mail", server=shown),
        )
    if mailing.settings().smtp_url:
        return _("sent through %(server)s", server=shown)
    return _("kept here, see /admin/mail; no server is set")


@check("mail server", ready=False, slow=True, title=_l("Mail server"), link="notifications.mail")
def _mail_server() -> str:
    if not mailing.settings().smtp_url:
        return _("no server is set")
    try:
        return _("it answers: %(said)s", said=smtp.greeting(mailing.settings()))
    except smtp.AwayError as error:
        raise UnwellError(
            _("it does not answer: %(said)s", said=error),
            _("See that it runs, that this machine may reach it, and that SPIRAL_SMTP_URL is right."),
        ) from error


__all__ = ["api", "expert_mail", "init_app", "listeners"]
