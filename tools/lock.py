"""Compiles requirements/*.in into locks: every file of every platform by its hash, and no address of any registry."""

import re
import subprocess
import sys
from pathlib import Path

PIP_TOOLS = "pip-tools==7.6.2"  # installed only here: it wants pip and setuptools pinned, which belong to the machine
OPTIONS = ["--generate-hashes", "--strip-extras", "--allow-unsafe", "--no-header", "--quiet"]
SILENT = ["--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links", "--no-emit-options"]


def main() -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, PIP_TOOLS], check=True)
    for group in ("run", "dev"):
        compile_ = [sys.executable, "-m", "piptools", "compile", *OPTIONS, *SILENT]
        subprocess.run([*compile_, "-o", f"{group}.txt", f"{group}.in"], cwd="requirements", check=True)
        text = Path(f"requirements/{group}.txt").read_text()
        if found := re.search(r"^\s*--(?!hash)\S+|\w+://", text, re.MULTILINE):
            sys.exit(f"requirements/{group}.txt names a place: {found.group()!r}")


if __name__ == "__main__":
    main()
