"""Fails on what must never be committed: names of registries, paths of one machine, holes in the one door for HTML."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Rule:
    """A pattern that no line of the named files may match."""

    sentence: str
    pattern: re.Pattern[str]
    files: tuple[str, ...] = ("*",)
    except_in: tuple[str, ...] = ()
    in_html: bool = False  # looks at the HTML of a template, not at the Jinja in it


TEMPLATES = ("templates/*",)
JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
# dots in brackets, so that this file does not name what it looks for
HOSTS = (
    r"pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|yarnpkg[.]com|deb[.]debian[.]org|crates[.]io"
    r"|proxy[.]golang[.]org"
)

RULES = (
    Rule("names a registry host", re.compile(HOSTS)),
    Rule(
        "fixes the registry to install from", re.compile(r"^\s*--?(?:extra-)?(?:index-url|find-links|trusted-host)\b")
    ),
    Rule("holds the address a package was fetched from", re.compile(r'"resolved":\s*"\w+://'), ("*package-lock.json",)),
    Rule(
        "names a path of one machine",
        re.compile(r"""(?<![\w.\-])/(?:work|root|opt/(?!spiral/)\w+|home/\w+|Users/\w+)/\w"""),
    ),
    Rule("opens a second door for HTML", re.compile(r"\|\s*safe\b|autoescape\s+false|\|\s*forceescape"), TEMPLATES),
    Rule(
        "makes markup outside the one door for HTML",
        re.compile(r"\bMarkup\("),
        ("core/*.py", "accounts/*.py", "workflows/*.py", "wiki/*.py"),
        ("core/markup.py", "core/charts.py"),
    ),
    Rule("styles inline, which the CSP refuses", re.compile(r"""\sstyle\s*=|<style\b"""), TEMPLATES, in_html=True),
    Rule(
        "scripts inline, which the CSP refuses",
        re.compile(r"""\son[a-z]{3,}\s*=|javascript:"""),
        TEMPLATES,
        in_html=True,
    ),
    Rule("scripts inline, which the CSP refuses", re.compile(r"<script\b(?![^>]*\ssrc=)"), TEMPLATES, in_html=True),
    Rule("loads from elsewhere, which the CSP refuses", re.compile(r"""srcs?e?t?=["'](?:https?:)?//"""), TEMPLATES),
    Rule("holds a merge conflict", re.compile(r"^(?:<{7}|>{7}) ")),
)


def tracked() -> Iterator[Path]:
    """Committed files and those about to be; without git, every file that is not hidden."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:
        paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        names = [str(p) for p in paths if not any(part.startswith(".") for part in p.parts) and p.parts[0] != "var"]
    yield from (ROOT / name for name in names if (ROOT / name).is_file())


def faults_in(name: str, text: str) -> Iterator[str]:
    """One sentence for each rule that a line of the text breaks."""
    rules = [
        rule
        for rule in RULES
        if any(fnmatch(name, glob) for glob in rule.files) and not any(fnmatch(name, glob) for glob in rule.except_in)
    ]
    html = JINJA.sub(lambda match: "\n" * match.group().count("\n"), text)
    # split at line feeds alone: other separators may stand inside Jinja, and the two must have the same lines
    for number, (line, line_html) in enumerate(zip(text.split("\n"), html.split("\n"), strict=True), 1):
        for rule in rules:
            if match := rule.pattern.search(line_html if rule.in_html else line):
                yield f"{name}:{number}: {rule.sentence}: {match.group().strip()[:60]}"


def main() -> int:
    found: list[str] = []
    count = 0
    for path in tracked():
        data = path.read_bytes()
        if b"\0" in data[:8000]:
            continue
        count += 1
        found += faults_in(path.relative_to(ROOT).as_posix(), data.decode("utf-8", errors="replace"))
    print("\n".join(found) or f"{count} files, nothing that must not be there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
