"""Puts the package into the application."""

from flask import Flask

from accounts import admin, api, cli, identity, views
from accounts.permissions import P
from core.i18n import _l
from core.slots import menu

PAGES_OF_ADMIN = admin  # loaded, so that its views are on the blueprint
JSON = api.api  # declared, so that the interface mounts it


def init_app(app: Flask) -> None:
    """Sign-in, people and the plain lists of places."""
    identity.init_app(app)
    app.register_blueprint(views.bp)
    app.cli.add_command(cli.user)
    app.cli.add_command(cli.token)
    menu(_l("People"), "accounts.people", P.SEE_PEOPLE, order=90, place="person")
    menu(_l("Teams, sites, tiers"), "accounts.teams", P.SEE_PEOPLE, order=91, place="person")
