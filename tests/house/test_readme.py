"""What the pages for people promise exists: commands, options, settings, files, calls, tests named as proof."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from core import api
from core.settings import ROOT, Settings
from tools import print_moves
from wiki.app import create_app

PAGES = [ROOT / name for name in ("README.md", "README.zh-CN.md", "SECURITY.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
ASSIGNMENT = re.compile(r"^[A-Z][A-Z_]*=")


def called(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def commands(page: Path) -> Iterator[list[str]]:
    """The commands in the shell blocks of a page, cut into words; what stands before the program is taken off."""
    for language, block in FENCE.findall(page.read_text("utf-8")):
        if language == "sh":
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True) if line.count("'") % 2 == 0 else []
                while words and ASSIGNMENT.match(words[0]):
                    words.pop(0)
                if words:
                    yield words


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> click.Group:
    return create_app({"var": tmp_path_factory.mktemp("var")}).cli


def fault_of(cli: click.Group, words: list[str]) -> str | None:
    """What is wrong with the words after ``flask --app wsgi``; None when nothing is."""
    here: click.Command = cli
    for word in words:
        if isinstance(here, click.Group):
            if word not in here.commands:
                return f"{here.name} has no command {word}"
            here = here.commands[word]
        elif word.startswith("--"):
            known = {option for param in here.params for option in param.opts}
            if word.partition("=")[0] not in {*known, "--help"}:
                return f"{here.name} has no option {word}"
    return "only a group is named" if isinstance(here, click.Group) else None


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_commands_exist(page: Path, cli: click.Group) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.M))
    faults = []
    for words in commands(page):
        program = Path(words[0]).name
        if program == "make":
            faults += [f"make {word}" for word in words[1:] if "=" not in word and word not in targets]
        elif program == "flask":
            assert words[1:3] == ["--app", "wsgi"], words
            faults += [fault] if (fault := fault_of(cli, words[3:])) else []
        elif program == "python" and words[1] == "-m":
            faults += [] if list(ROOT.glob(words[2].replace(".", "/") + "*")) else [f"python -m {words[2]}"]
    assert faults == []


def test_a_wrong_command_would_be_noticed(cli: click.Group) -> None:
    assert fault_of(cli, ["user", "marry"]) == "user has no command marry"
    assert fault_of(cli, ["user", "add", "li.wei", "--salary"]) == "add has no option --salary"
    assert fault_of(cli, ["user"]) == "only a group is named"
    assert fault_of(cli, ["user", "add", "li.wei", "--role", "rep"]) is None


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_settings_exist(page: Path) -> None:
    known = {f"SPIRAL_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"\bSPIRAL_[A-Z]+(?:_[A-Z]+)*", page.read_text("utf-8"))) - known == set()


def test_every_setting_is_in_the_table() -> None:
    table = set(re.findall(r"^\| `SPIRAL_([A-Z_]+)` \|", (ROOT / "README.md").read_text("utf-8"), re.M))
    assert table == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", page.read_text("utf-8"))  # what stands in code is an example
    links = re.findall(r"\]\(([^)#\s]+)", prose)
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_files_and_tests_named_exist(page: Path) -> None:
    """`tests/…/test_x.py::test_y` and paths of code in backticks."""
    missing = []
    for path, name in re.findall(r"`([\w./-]+\.(?:py|md|yaml|toml|in))(?:::(\w+))?`", page.read_text("utf-8")):
        found = [p for p in (ROOT / path, page.parent / path) if p.is_file()]
        if "/" in path and not path.startswith("var/") and not found:
            missing.append(path)
        if name and found and f"def {name}(" not in found[0].read_text("utf-8"):
            missing.append(f"{path}::{name}")
    assert missing == []


def test_the_picture_is_small_enough_to_load() -> None:
    pictures = list((ROOT / "docs" / "images").glob("*.png"))
    assert pictures
    assert all(picture.stat().st_size < 300_000 for picture in pictures)


def test_the_moves_are_those_of_the_code() -> None:
    page = print_moves.PART.page.read_text("utf-8")
    assert page == print_moves.PART.updated(page), "python -m tools.print_moves --write"


def test_every_call_is_listed(cli: click.Group) -> None:
    told = set(re.findall(r"^\| `((?:GET|POST|PUT) /\S+)` \|", (ROOT / "docs" / "api.md").read_text("utf-8"), re.M))
    assert told == {call.method + " " + api.PATH_PART.sub(r"{\1}", call.path) for call in api.calls}
