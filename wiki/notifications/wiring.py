"""Puts the package into the application. Its JSON calls are mounted by ``wiki.api``."""

from flask import Flask, Response, current_app

from core.db import reading
from core.health import UnwellError, check
from core.i18n import _l
from core.slots import menu
from wiki.notifications import api, expert_mail, listeners, mailing, views
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
    if response.status_code < 400:
        views.remember_arrival()
    return response


@check("mail", ready=False)
def _mail() -> str:
    with reading():
        lost = given_up()
    shown: str = current_app.config["SPIRAL"].shown()["smtp_url"]
    if lost:
        raise UnwellError(f"{lost} mails were given up; is {shown} right? then try again at /admin/mail")
    return f"sent through {shown}" if mailing.settings().smtp_url else "kept here, see /admin/mail; no server is set"


__all__ = ["api", "expert_mail", "init_app", "listeners"]
