"""Everything that a process keeps of the database is in the table of docs/operation.md, with its age."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from core.settings import ROOT

PAGE = (ROOT / "docs" / "operation.md").read_text("utf-8")
PACKAGES = ("core", "accounts", "workflows", "wiki")


@cache
def _number(path: str, name: str) -> float:
    """The constant of this name in a file."""
    for node in ast.parse((ROOT / path).read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return float(ast.literal_eval(node.value))
    raise LookupError(f"{path} {name}")


def caches() -> Iterator[tuple[str, str]]:
    """Where each cache is, and how old what it holds may be, as the page writes it."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            for node in ast.parse(file.read_text("utf-8")).body:
                call = node.value if isinstance(node, ast.AnnAssign | ast.Assign) else None
                if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "Cache":
                    continue
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]  # type: ignore[union-attr]
                about = {word.arg: word.value for word in call.keywords}
                age = about.get("seconds")
                seconds = _number(path, age.id) if isinstance(age, ast.Name) else age and ast.literal_eval(age)
                told = f"{seconds:g} s" if seconds else "–"
                yield f"{path} {target.id}", told + (", commit" if "until_write" in about else "")  # type: ignore[union-attr]


def told() -> dict[str, str]:
    rows = re.findall(r"^\| [^|]+ \| (`[^|]+`) \| ([^|]+) \|$", PAGE, re.M)
    return {name: age.strip() for names, age in rows for name in re.findall(r"`([^`]+\.py _\w+)`", names)}


def test_what_processes_keep_is_written_down_with_its_age() -> None:
    assert dict(caches()) == told()
