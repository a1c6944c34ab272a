"""Installs the locked dependencies into .venv. Only the standard library; runs under the machine's own Python.

    python3 tools/setup.py run|dev STAMP

Afterwards .venv holds what requirements/run.txt (for dev also dev.txt) names, file by file checked against its hash,
and STAMP exists. Two at once wait for each other; one that was interrupted is begun anew; a .venv that was moved with
its folder, or whose Python is gone, is made anew.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
WHEELS = Path("wheels")
PLACE = VENV / ".place"  # the absolute path the scripts inside were written for


def usable() -> bool:
    """The environment is whole, was made here, and its Python still starts."""
    try:
        if PLACE.read_text() != str(Path.cwd()):
            return False
        return subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_venv() -> None:
    """.venv is new and empty but for pip."""
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401 – Debian ships venv without it, and fails halfway through
    except ImportError:
        sudo = "" if os.geteuid() == 0 else "sudo "
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            "This Python cannot make virtual environments: its module ensurepip is missing.\n"
            f"One command helps:\n\n    {sudo}apt-get install -y python{version}-venv\n"
        )
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    PLACE.write_text(str(Path.cwd()))


def install(group: str) -> None:
    """What requirements/GROUP.txt names is installed, wheels only, every file checked."""
    print(f"Installing requirements/{group}.txt into .venv (once; about a minute) …", flush=True)
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-warn-script-location"]
    options += ["--require-hashes", "--only-binary", ":all:"]
    if group == "run" and WHEELS.is_dir():  # what `make dist` packed: nothing is fetched
        options += ["--no-index", "--find-links", str(WHEELS)]
    done = subprocess.run(
        [PYTHON, "-m", "pip", "install", *options, "-r", f"requirements/{group}.txt"],
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"},
        check=False,
    )
    if done.returncode:
        said = f"Installing requirements/{group}.txt failed; the lines above say why. Nothing else was changed."
        if "--no-index" in options:
            said += f"\nThe wheels in this archive are for {(WHEELS / 'for').read_text().strip()}; "
            said += "name such a Python (PYTHON=… make run), or remove the folder wheels to fetch others."
        sys.exit(said)


def main(group: str, stamp: Path) -> None:
    lock = os.open("requirements", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    if stamp.exists():  # somebody else did it while we waited
        return
    if not usable():
        make_venv()
    install(group)
    for old in VENV.glob(f".{group}-*"):
        old.unlink()
    stamp.touch()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
