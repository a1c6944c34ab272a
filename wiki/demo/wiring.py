"""Puts the package into the application: one command."""

from flask import Flask

from wiki.demo import cli


def init_app(app: Flask) -> None:
    """The command ``demo load``."""
    cli.init_app(app)
