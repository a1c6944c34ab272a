"""Puts the package into the application."""

from flask import Flask

from accounts import absence_api, absence_views, admin, api, cli, identity, pace, second_views, sso_views, views
from accounts.permissions import P
from core.i18n import _l
from core.slots import menu, panel

PAGES = (admin, absence_views, second_views, sso_views)  # loaded, so that their views are on the blueprint
JSON = (api.api, absence_api.api)  # declared, so that the interface mounts them


def init_app(app: Flask) -> None:
    """Sign-in, people and the plain lists of places."""
    identity.init_app(app)
    pace.init_app(app)
    app.register_blueprint(views.bp)
    app.cli.add_command(cli.user)
    app.cli.add_command(cli.token)
    menu(_l("Who is away"), "accounts.who_is_away", P.SEE_AWAY, order=58, place="person")
    menu(_l("People"), "accounts.people", P.SEE_PEOPLE, order=90, place="person")
    menu(_l("Teams, sites, tiers"), "accounts.teams", P.SEE_PEOPLE, order=91, place="person")
    menu(_l("Signing in"), "accounts.access_rules", P.MANAGE_PEOPLE, order=92, place="person")
    panel("home.top", absence_views.on_the_home_page)
