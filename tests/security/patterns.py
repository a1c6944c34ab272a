"""Every pattern of the product, found in its source, and texts on which a careless one would take for ever."""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]  # the standard library's own reader of patterns
from re import _parser as sre_parse  # type: ignore[attr-defined]
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "accounts", "workflows", "wiki")
SEARCHING = {"search", "sub", "subn", "split", "findall", "finditer"}
METHODS = SEARCHING | {"match", "fullmatch"}
USED = re.compile(rf"\bre\.(?:compile|{'|'.join(METHODS)})\(")
REPEATS = {op.MAX_REPEAT, op.MIN_REPEAT, getattr(op, "POSSESSIVE_REPEAT", None)}
UNITS = [" ", "\t", "\n", "a", "1", "字", "-", "*", "_", "[", "]", "(", ")", "|", ":", ",", ".", "？", "`", "=", "<",
         ">", '"', "\\", "!", "/", "~", "#", "@", "a ", " a", "1 ", "1-", "*a ", "*a", "[a", "![", "](", "[a](", "<a ",
         "&#", "a:", "a,", "1.", "- ", "> ", "\\[", "`a", "“", "。"]  # fmt: skip
SIZES = (24, 100, 500, 2_000, 8_000, 20_000)  # growing, so that one that explodes is met while it is small


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, where it stands, and whether it is looked for anywhere in a text or at its beginning alone."""

    where: str
    found: re.Pattern[str]
    searched: bool


def patterns() -> tuple[list[Pattern], list[str]]:
    """Every pattern of the product; and the places whose pattern is only known while it runs."""
    sources = {path: path.read_text("utf-8") for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    everything = "\n".join(sources.values())
    out: list[Pattern] = []
    unknown: list[str] = []
    for path, source in sources.items():
        if "demo" in path.parts or not USED.search(source):
            continue
        tree = ast.parse(source)
        names = {id(node.value): ast.unparse(_target(node)) for node in ast.walk(tree) if _target(node) is not None}
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(tree):
            for method, given, flags in _calls(node):
                called = names.get(id(node), "").rpartition(".")[2]
                where = f"{path.relative_to(ROOT)}:{called or method}:{ast.unparse(given)[:60]}"
                try:
                    module = importlib.import_module(name)
                    text = _value(given, module)
                    compiled = re.compile(text, _value(flags, module) if flags is not None else 0)
                except (NameError, TypeError, AttributeError, re.error):
                    unknown.append(where)
                    continue
                if isinstance(compiled.pattern, str):
                    out.append(
                        Pattern(
                            where,
                            compiled,
                            _is_searched(method, called, source if called.startswith("_") else everything),
                        )
                    )
    return out, unknown


def _target(node: ast.AST) -> ast.expr | None:
    """What a value is given to."""
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return node.target
    return node.targets[0] if isinstance(node, ast.Assign) else None


def _calls(call: ast.AST) -> Iterator[tuple[str, ast.expr, ast.expr | None]]:
    """(method, pattern, flags) of a ``re.…`` call."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not call.args:
        return
    method = call.func.attr
    if isinstance(call.func.value, ast.Name) and call.func.value.id == "re" and method in {"compile", *METHODS}:
        flags = next((keyword.value for keyword in call.keywords if keyword.arg == "flags"), None)
        place = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(method, 2)
        yield method, call.args[0], flags or (call.args[place] if len(call.args) > place else None)


def _value(node: ast.expr, module: Any) -> Any:
    return eval(compile(ast.Expression(node), "<pattern>", "eval"), vars(module))


def _is_searched(method: str, name: str, source: str) -> bool:
    """A named pattern is looked for anywhere, unless its name is only ever followed by match or fullmatch."""
    if method != "compile":
        return method in SEARCHING
    used = {found for found in re.findall(rf"\b{re.escape(name)}\.(\w+)", source) if found in METHODS}
    return not name or not used or bool(used & SEARCHING)


# ── texts that hurt ──────────────────────────────────────────────────────────────────────────────────────────────────


def hurting(pattern: Pattern) -> Iterator[tuple[str, str, str]]:
    """(before, repeated, after): each repetition fed with what it takes, and then with what it cannot take."""
    tree = sre_parse.parse(pattern.found.pattern, pattern.found.flags)
    seen = set()
    for before, unit in [*_pumps(list(tree), ""), *(("", unit) for unit in UNITS)]:
        for after in ("", "\x01", "\n\x01", "a", " "):
            if unit and (before, unit, after) not in seen:
                seen.add((before, unit, after))
                yield before, unit, after


def _pumps(nodes: list[Any], before: str) -> Iterator[tuple[str, str]]:
    for node in nodes:
        code, about = node
        if code in REPEATS:
            _least, most, body = about
            if most is op.MAXREPEAT or most > 50:
                yield from ((before, unit) for unit in _examples(list(body)))
            yield from _pumps(list(body), before)
        elif code is op.SUBPATTERN:
            yield from _pumps(list(about[-1]), before)
        elif code is op.BRANCH:
            for branch in about[1]:
                yield from _pumps(list(branch), before)
        elif code is getattr(op, "ATOMIC_GROUP", None):
            yield from _pumps(list(about), before)
        before += _example([node])


def _examples(nodes: list[Any]) -> set[str]:
    found = {_example(nodes)}
    for mark in UNITS:
        if len(mark) == 1 and len(nodes) == 1 and nodes[0][0] in {op.IN, op.ANY, op.NOT_LITERAL}:
            found.add(mark)
    return found - {""}


def _example(nodes: list[Any]) -> str:
    """A text that these nodes take, as far as one is easily said."""
    return "".join(_one(code, about) for code, about in nodes)


def _one(code: Any, about: Any) -> str:
    if code is op.LITERAL:
        return chr(about)
    if code is op.NOT_LITERAL:
        return "a" if about != ord("a") else "b"
    if code is op.ANY:
        return "a"
    if code is op.IN:
        return _member(about)
    if code in REPEATS:
        return _example(list(about[2])) * max(about[0], 1)
    if code is op.SUBPATTERN:
        return _example(list(about[-1]))
    if code is op.BRANCH:
        return _example(list(about[1][0]))
    if code is getattr(op, "ATOMIC_GROUP", None):
        return _example(list(about))
    return ""


def _member(about: list[Any]) -> str:
    for mark in ("a", "1", " ", "字", "-", "*", "A", "[", "|", "？", "\n"):
        if re.match(_set_text(about), mark):
            return mark
    code, value = about[0]
    return chr(value) if code is op.LITERAL else chr(value[0]) if code is op.RANGE else ""


def _set_text(about: list[Any]) -> str:
    parts = []
    for code, value in about:
        if code is op.NEGATE:
            parts.append("^")
        elif code is op.LITERAL:
            parts.append(re.escape(chr(value)))
        elif code is op.RANGE:
            parts.append(f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}")
        elif code is op.CATEGORY:
            known = {"CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s",
                     "CATEGORY_NOT_SPACE": r"\S", "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W"}  # fmt: skip
            parts.append(known[str(value)])
    return f"[{''.join(parts)}]"
