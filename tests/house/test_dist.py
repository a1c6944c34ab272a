"""``make dist``: what it packs starts on a machine that has Python, make and nothing else – no network at all."""

import contextlib
import json
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

from core import migrate
from core.settings import ROOT
from migrations import oldest
from tests.support import postgres_keeper, run
from tests.support.history import program_before
from tests.support.server import Server, free_port, read_logins
from tests.support.sockets import freed
from tools import dist

NOBODY = "http://127.0.0.1:9/simple"  # an index at which nobody answers


def test_the_archive_is_of_what_git_knows_and_of_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheels, which have to be fetched; twice the same, byte for byte."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: git knows nothing of these files")
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "for").write_text(dist.tagged())
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795000000")
    first, second = tmp_path / "a.tar.gz", tmp_path / "b.tar.gz"
    for target in (first, second):
        dist.pack(target, "spiral-x", tmp_path / "wheels", dist.when())
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"Makefile", "wsgi.py", "wheels/for", "requirements/run.txt", "deploy/gunicorn.conf.py"} <= names
    assert not [
        name for name in names if name.startswith((".venv/", "var/", ".git/", "dist/")) or "node_modules" in name
    ]


PAGES = ["/", "/search?q=huafei", "/new/faq", "/reviews", "/courses", "/scorecard", "/ledger", "/notices"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``make dist`` packs, unpacked as its README says, on a machine that is about to lose its network."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.dist"], cwd=ROOT, env=freed(dict(os.environ)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    archive = ROOT / done.stdout.splitlines()[-1].split()[0]
    said = subprocess.run(
        ["sha256sum", "--check", archive.name + ".sha256"], cwd=archive.parent, capture_output=True, check=False
    )
    assert said.returncode == 0
    place = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as packed:
        packed.extractall(place, filter="data")
    archive.unlink()
    archive.with_name(archive.name + ".sha256").unlink()
    (found,) = place.iterdir()
    return found


def offline(tree: Path, var: Path, port: int, username: str, *after: str) -> tuple[dict[str, Any], str]:
    """``make run`` in the tree without any network, somebody who looks around, and commands beside it; what they found,
    and what the server said."""
    about = {"PATH": os.environ["PATH"], "HOME": str(tree.parent), "PYTHON": sys.executable, "PORT": str(port),
             "SPIRAL_VAR": str(var), "PIP_INDEX_URL": NOBODY, "PIP_CONFIG_FILE": os.devnull}  # fmt: skip
    log, base = tree.parent / f"log-{port}", f"http://127.0.0.1:{port}"
    look = [sys.executable, "-m", "tests.house.offline", base, str(var), username, *PAGES]
    beside = "".join(f" && .venv/bin/flask --app wsgi {words} >> {log} 2>&1" for words in after)
    script = f"""
        {"ip link set lo up || exit 9" if apart() else ":"}
        make run > {log} 2>&1 &
        (cd {ROOT} && {shlex.join(look)}) {beside}
        said=$?
        trap : TERM; kill -TERM 0; wait
        exit $said
    """
    done = subprocess.run(
        [*apart(), "sh", "-c", script], cwd=tree, env=about, capture_output=True, text=True, check=False,
        start_new_session=True,
    )  # fmt: skip
    said = log.read_text("utf-8")
    assert done.returncode == 0, done.stderr[-2000:] + said[-3000:]
    assert "Traceback" not in said
    return json.loads(done.stdout.splitlines()[-1]), said


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.timeout(900)
def test_what_it_packs_starts_without_a_network(tree: Path) -> None:
    """The first start of all, with the demo: its pages, what they name, a search in Chinese and by pinyin."""
    found, said = offline(tree, tree / "var", 18106, "chenyu", "doctor", "search verify")
    assert "Installing requirements/run.txt" in said
    assert found["pages"] == len(PAGES)
    assert all(found["hits"][one] for one in ("话费", "huafei", "kuandai")), found["hits"]
    assert {name for name in found["files"] if name.endswith((".css", ".js"))}
    assert found["editor"] == (ROOT / "static" / "vendor" / "editor.js").exists(), "as rich here as there"
    for locale in ("zh_Hans", "zh_Hant"):
        assert (tree / "translations" / locale / "LC_MESSAGES" / "messages.mo").exists()


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.timeout(900)
def test_an_older_installation_is_brought_up_without_a_network(tree: Path, tmp_path: Path) -> None:
    """The release before made the folder, with its demo; the new archive is what finds it."""
    before = program_before(tmp_path / "before")
    var = tmp_path / "var"
    old = Server(var)
    old.tree = before
    old.start()
    people = set(old.logins())
    assert old.stop(60) == 0
    at = sqlite_revision(var)
    found, said = offline(tree, var, 18107, "chenyu", "doctor", "search verify", "audit verify")
    assert at == oldest.OLDEST
    assert sqlite_revision(var) == migrate.head()
    assert set(read_logins(var)) == people, "the same people, with the passwords they had"
    assert all(found["hits"][one] for one in ("话费", "huafei", "kuandai")), found["hits"]
    assert "loading the demo" not in said


NEEDED = (
    "sh",
    "make",
    "awk",
    "cksum",
    "tr",
    "cat",
    "env",
    "mkdir",
    "rm",
    "cp",
    "mv",
    "ln",
    "ls",
    "touch",
    "uname",
    "sleep",
)


def python_for(user: dict[str, Any]) -> str:
    """A Python of the version that the wheels are for, which this user may run: ours may lie in root's own folder."""
    same = f"import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    ours = getattr(sys, "_base_executable", sys.executable)
    for found in (ours, shutil.which(name, path=os.defpath), shutil.which("python3", path=os.defpath)):
        with contextlib.suppress(OSError):
            words = [found or "", "-c", same]
            if not subprocess.run(words, cwd="/", capture_output=True, check=False, **user).returncode:
                return str(found)
    pytest.skip(f"no {name} with venv on this machine that an ordinary user may run; ours is {ours}")


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.timeout(900)
def test_somebody_without_rights_node_compiler_or_git_starts_it(tree: Path) -> None:
    """``make run`` on a bare machine: as an ordinary user, with Python and make and little else to be found."""
    with tempfile.TemporaryDirectory(prefix="spiral-bare-", dir=run.folder()) as place:
        home = Path(place) / "home"
        shutil.copytree(tree, home / "spiral", ignore=shutil.ignore_patterns(".venv", "var", "vendor"))
        (home / "bin").mkdir()
        for name in NEEDED:
            found = shutil.which(name)
            assert found, name
            (home / "bin" / name).symlink_to(found)
        for path in (Path(place), home):
            path.chmod(0o755)
        user = postgres_keeper.other_user()
        for path in (home, *home.rglob("*")) if user else ():
            os.chown(path, user["user"], user["group"], follow_symlinks=False)
        about = {"PATH": str(home / "bin"), "HOME": str(home), "PYTHON": python_for(user),
                 "PORT": str(free_port()), "PIP_INDEX_URL": NOBODY, "PIP_CONFIG_FILE": os.devnull}  # fmt: skip
        log = Path(place) / "log"
        with log.open("wb") as out:
            made = subprocess.Popen(
                ["make", "run"], cwd=home / "spiral", env=about, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True, **user,
            )  # fmt: skip
        try:
            look = [sys.executable, "-m", "tests.house.offline", f"http://127.0.0.1:{about['PORT']}"]
            looked = subprocess.run(
                [*look, str(home / "spiral" / "var"), "chenyu", *PAGES],
                cwd=ROOT, capture_output=True, text=True, check=False,
            )  # fmt: skip
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(made.pid, signal.SIGTERM)
            made.wait(60)
        said = log.read_text("utf-8")
        assert looked.returncode == 0, looked.stderr[-1000:] + said[-3000:]
        assert "The rich editor is left out (npm is not on this machine); the plain editor serves." in said
        assert not json.loads(looked.stdout.splitlines()[-1])["editor"]
        if user:
            assert (home / "spiral" / "var" / "spiral.db").stat().st_uid == user["user"]
        assert "Traceback" not in said


def sqlite_revision(var: Path) -> str:
    with contextlib.closing(sqlite3.connect(var / "spiral.db")) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def apart() -> list[str]:
    """How a command is run without any network; nothing where this machine does not allow it (no index answers)."""
    for words in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if (
            shutil.which("unshare")
            and not subprocess.run([*words, "true"], capture_output=True, check=False).returncode
        ):
            return words
    return []
