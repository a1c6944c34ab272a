"""``flask demo load``."""

import click
from flask import Flask

from core.cli import group

demo = group("demo", "The demo: invented centres with their people, texts and half a year of work.")


@demo.command("load")
def load_command() -> None:
    """Fill this empty database with the demo and tell, once, how to sign in. Refuses when there are people in it.

    \b
    Example: flask --app wsgi demo load
    """
    from wiki.demo.load import load  # here, because no other start needs it

    for username, password, name, roles in load():
        click.echo(f"{username:<16} {password:<26} {name} ({roles})")


def init_app(app: Flask) -> None:
    """Register the command."""
    app.cli.add_command(demo)
