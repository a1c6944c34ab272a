"""``flask user …`` and ``flask token …``."""

import sys
from pathlib import Path

import click

from accounts import access, imports, ops, passwords, queries, second_step
from accounts.models import User
from accounts.rules import Role
from core import tables
from core.cli import group, progress
from core.db import reading, session, writing
from core.errors import NotFound
from core.scopes import SCOPES

ROLES = [role.value for role in Role]

user = group("user", "People: add, import, list, disable.")
token = group("token", "Bearer tokens for programs.")


def known(username: str) -> User:
    """The person of this username.

    Raises:
        NotFound: there is none.
    """
    found = session.scalar(queries.person(username))
    if found is None:
        raise NotFound(f"There is nobody called {username!r}.")
    return found


@user.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="may be repeated")
@click.option("--team", help="the team's short name; see /admin/teams")
@click.option("--full-name", help="how the person is called on pages")
@click.option(
    "--password-stdin", is_flag=True, help="read the password from standard input; else one is made and shown"
)
def add(name: str, roles: tuple[str, ...], team: str | None, full_name: str | None, password_stdin: bool) -> None:
    """Add the person who signs in as NAME.

    \b
    Example: echo 'a long password' | flask --app wsgi user add li.wei --role rep --team billing --password-stdin
    """
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else passwords.invented()
    passwords.check_new(password, about=(name, full_name, team))
    hashed = passwords.hashed(password)
    with writing():
        ops.add_user(None, username=name, name=full_name or "", roles=roles, team=team, password_hash=hashed)
    click.echo(f"{name} was added." + ("" if password_stdin else f" Password: {password}"))


@user.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def import_(file: Path) -> None:
    """Add and update the people of FILE (CSV, XLSX or JSON lines).

    \b
    Columns: username, name, roles, team, tier, email, locale, password
    Example: flask --app wsgi user import people.xlsx
    """
    with progress("people") as advance:
        report = imports.import_users(None, tables.rows(file), advance=advance)
    for line, said in report.errors:
        click.echo(f"{file.name}:{line}: {said}", err=True)
    click.echo(f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged")
    if report.errors:
        raise click.ClickException(f"{len(report.errors)} rows were left out; they are named above.")


@user.command("list")
@click.option("--role", type=click.Choice(ROLES))
def list_(role: str | None) -> None:
    """Print people, one a line: username, name, roles, team, state.

    \b
    Example: flask --app wsgi user list --role qa
    """
    with reading():
        for person in session.scalars(queries.people(role=Role(role) if role else None)):
            team = person.team.slug if person.team else "-"
            state = "active" if person.active else "disabled"
            click.echo("\t".join((person.username, person.name, ",".join(sorted(person.roles)), team, state)))


@user.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """End every sign-in and token of NAME, and let them in no more.

    \b
    Example: flask --app wsgi user disable li.wei
    """
    with writing():
        ops.disable(None, known(name))
    click.echo(f"{name} was disabled.")


@user.command("password")
@click.argument("name")
@click.option(
    "--password-stdin", is_flag=True, help="read the password from standard input; else one is made and shown"
)
def password_(name: str, password_stdin: bool) -> None:
    """Give NAME a new password; their sign-ins end.

    \b
    Example: flask --app wsgi user password li.wei
    """
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else passwords.invented()
    passwords.check_new(password, about=(name,))
    hashed = passwords.hashed(password)
    with writing():
        ops.set_password(None, known(name), hashed)
    click.echo(f"{name} has a new password." + ("" if password_stdin else f" Password: {password}"))


@user.command("second-step-reset")
@click.argument("name")
def second_step_reset(name: str) -> None:
    """Take the lost second step of NAME away; their sign-ins end.

    \b
    Example: flask --app wsgi user second-step-reset li.wei
    """
    with writing():
        second_step.reset(None, known(name))
    click.echo(f"{name} signs in without a second step, or sets up a new one.")


@user.command("allow-passwords")
def allow_passwords() -> None:
    """Let everybody sign in with a password again, when single sign-on fails.

    \b
    Example: flask --app wsgi user allow-passwords
    """
    with writing():
        access.allow_passwords()
    click.echo("Everybody may sign in with a password.")


@token.command("create")
@click.argument("username")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(list(SCOPES)),
    help="may be repeated; without it the token has all the user's rights",
)
@click.option("--name", default="", help="what it is for")
def create(username: str, scopes: tuple[str, ...], name: str) -> None:
    """Make a bearer token for USERNAME and print it; it is not shown again.

    \b
    Example: flask --app wsgi token create li.wei --name crm
    Example: flask --app wsgi token create kpi.robot --scope kpi
    """
    with writing():
        made = ops.create_token(None, known(username), name=name, scopes=list(scopes) or None)
    click.echo(made)
