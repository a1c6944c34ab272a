"""Bundles the rich editor into static/vendor. Only the standard library.

    python3 tools/bundle.py STAMP

Afterwards static/vendor/editor.js was made from editor/ with exactly the packages of its lock file, and STAMP exists.
Where npm or the network is missing, one sentence says so, nothing is changed, and the plain editor serves.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

EDITOR = Path("editor")
OUT = Path("static/vendor")
INSTALL = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=0"]


def said(command: list[str]) -> str | None:
    """What a failed command said last; None where it did its work."""
    done = subprocess.run(command, cwd=EDITOR, capture_output=True, text=True, check=False)
    if not done.returncode:
        return None
    lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return lines[0] if lines else f"{command[0]} ended with {done.returncode}"


def make(stamp: Path) -> str | None:
    """The bundle is new and whole; else the reason why it is as it was."""
    if not shutil.which("npm"):
        return "npm is not on this machine"
    if problem := said(INSTALL):
        return problem
    OUT.mkdir(parents=True, exist_ok=True)
    fresh = OUT.resolve() / "fresh.js"
    if problem := said(["node", "build.mjs", str(fresh)]):
        return problem
    for made in (fresh, fresh.with_name("fresh.js.LEGAL.txt")):
        if made.exists():
            made.replace(made.with_name(made.name.replace("fresh", "editor")))
    for old in OUT.glob(".editor-*"):
        old.unlink()
    stamp.touch()
    return None


def main(stamp: Path) -> None:
    lock = os.open(EDITOR, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    if stamp.exists():  # somebody else did it while we waited
        return
    if shutil.which("npm"):
        print("Bundling the rich editor (once; some seconds) …", flush=True)
    if problem := make(stamp):
        print(f"The rich editor is left out ({problem}); the plain editor serves.", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
