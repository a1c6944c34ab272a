"""``make dist``: what it packs starts on a machine that has Python, make and nothing else – no network at all."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from core.settings import ROOT
from tools import dist

NOBODY = "http://127.0.0.1:9/simple"  # an index at which nobody answers
ASK = """
import sys, time, urllib.request
end = time.monotonic() + 240
while time.monotonic() < end:
    try:
        with urllib.request.urlopen("http://127.0.0.1:18106" + sys.argv[1], timeout=5) as answer:
            sys.exit(0 if answer.status == 200 else 1)
    except OSError:
        time.sleep(0.3)
sys.exit(2)
"""


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


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.timeout(900)
def test_what_it_packs_starts_without_a_network(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "tools.dist"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    archive = ROOT / done.stdout.splitlines()[-1].split()[0]
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    about = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHON": sys.executable, "PORT": "18106",
             "SPIRAL_DEMO": "0", "PIP_INDEX_URL": NOBODY, "PIP_CONFIG_FILE": os.devnull}  # fmt: skip
    (tmp_path / "ask.py").write_text(ASK)
    script = f"""
        {"ip link set lo up || exit 9" if apart() else ":"}
        make run > {tmp_path}/log 2>&1 &
        {sys.executable} {tmp_path}/ask.py /readyz && {sys.executable} {tmp_path}/ask.py /login
        said=$?
        trap : TERM; kill -TERM 0; wait
        exit $said
    """
    words = [*apart(), "sh", "-c", script]
    done = subprocess.run(
        words, cwd=tree, env=about, capture_output=True, text=True, check=False, start_new_session=True
    )
    log = (tmp_path / "log").read_text("utf-8")
    assert done.returncode == 0, log + done.stderr
    assert "/setup/" in log
    assert (tree / "static" / "vendor" / "editor.js").exists() or "plain editor serves" in log
    archive.unlink()


def apart() -> list[str]:
    """How a command is run without any network; nothing where this machine does not allow it (no index answers)."""
    for words in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if (
            shutil.which("unshare")
            and not subprocess.run([*words, "true"], capture_output=True, check=False).returncode
        ):
            return words
    return []
