"""Puts the package into the application."""

from flask import Flask

from accounts import identity


def init_app(app: Flask) -> None:
    """Sign-in, people and the plain lists of places."""
    identity.init_app(app)
