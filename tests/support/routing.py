"""One compilation for each route and test process: most of what it costs to make the application for a test."""

from typing import Any

from werkzeug.routing import Rule

_made: dict[tuple[Any, ...], dict[str, Any]] = {}
_compile = Rule.compile


def _remembered(rule: Rule) -> None:
    """What a rule matches and how its addresses are built. It depends on nothing but this key."""
    assert rule.map is not None
    where = rule.host if rule.map.host_matching else rule.subdomain
    kinds = tuple(rule.map.converters.values())
    key = (rule.rule, where, rule.merge_slashes, repr(sorted((rule.defaults or {}).items())), kinds)
    if key not in _made:
        _compile(rule)
        names = ("_parts", "_trace", "_converters", "_build", "_build_unknown", "arguments")
        _made[key] = {name: getattr(rule, name) for name in names}
        return
    known = _made[key]
    rule.__dict__.update(known)
    rule.arguments = set(known["arguments"])
    for name in ("_build", "_build_unknown"):
        setattr(rule, name, known[name].__func__.__get__(rule))


def install() -> None:
    """Every application of this process shares what was compiled."""
    Rule.compile = _remembered  # type: ignore[method-assign,assignment]
