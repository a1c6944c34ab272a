"""Commands: a refusal is one sentence and exit 1, wrong use is exit 2, long work shows its progress on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from core.errors import DomainError, Invalid
from core.hosts import StrangerError
from core.settings import SettingsError


def sentence(error: Exception) -> str:
    """What to tell about an error, in one line."""
    if isinstance(error, Invalid):
        return " ".join(f"{field}: {said}" for field, said in error.errors.items())
    if isinstance(error, DomainError):
        return error.sentence
    if isinstance(error, OperationalError | ProgrammingError):
        text = str(error.orig).strip().splitlines()[0]
        if "no such table" in text or "does not exist" in text:
            return f"The database has not been brought up to this version ({text}); run: flask --app wsgi db upgrade"
        return f"The database refused: {text}"
    return str(error)


class Command(click.Command):
    """Examples keep their line breaks, refusals become sentences."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (DomainError, SettingsError, StrangerError, OperationalError, ProgrammingError) as error:
            raise click.ClickException(sentence(error)) from error


class Group(AppGroup):
    """A group of commands, each with the application's context."""

    command_class = Command

    def command(  # type: ignore[override]  # always called with parentheses here
        self, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Command]:
        kwargs.setdefault("cls", Command)
        made: Callable[[Callable[..., Any]], click.Command] = super().command(*args, **kwargs)
        return made


def group(name: str, help: str) -> Group:  # noqa: A002 - click's own word
    """A group to be added with ``app.cli.add_command``."""
    return Group(name, help=help)


@contextmanager
def progress(label: str, length: int | None = None) -> Iterator[Callable[[int], None]]:
    """``advance(n)`` moves a bar on a terminal, and does nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _n: None
        return
    bar: Any = click.progressbar(length=length, label=label, file=sys.stderr, show_pos=True)
    with bar:
        yield bar.update
