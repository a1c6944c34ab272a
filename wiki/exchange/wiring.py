"""Puts the package into the application."""

from flask import Flask

from wiki.exchange import cli


def init_app(app: Flask) -> None:
    """The commands."""
    cli.init_app(app)
