"""One compilation for each route and test process: most of what it costs to make the application for a test."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

_made: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}
_compile = Rule._compile_builder


def _remembered(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """What builds the addresses of a rule. It depends on nothing but this key; the rule is its first argument."""
    key = (rule.rule, append_unknown, tuple(rule._trace), repr(sorted((rule.defaults or {}).items())))
    if key not in _made:
        _made[key] = _compile(rule, append_unknown)
    return _made[key]


def install() -> None:
    """Every application of this process shares the compiled builders."""
    Rule._compile_builder = _remembered  # type: ignore[assignment,method-assign]
