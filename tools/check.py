"""`make check`: every check, two at a time, each with its verdict; the output of the failed ones at the end."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CODE = ["core", "accounts", "workflows", "wiki", "wsgi.py", "tools", "benchmarks", "tests"]

STEPS: dict[str, list[str]] = {
    "types": [sys.executable, "-m", "mypy", *(name for name in CODE if (ROOT / name).exists())],
    "format": [sys.executable, "-m", "ruff", "format", "--check", "--diff", "."],
    "lint": [sys.executable, "-m", "ruff", "check", "."],
    "bandit": [str(BIN / "bandit"), "-q", "-ll", "-c", "pyproject.toml", "-r", *CODE[: CODE.index("tools")]],
    "import rules": [str(BIN / "lint-imports"), "--no-logo"],
    "translations": [sys.executable, "-m", "tools.check_translations"],
    "tree": [sys.executable, "-m", "tools.check_tree"],
}


def run(name: str) -> tuple[str, bool, str]:
    began = time.monotonic()
    done = subprocess.run(STEPS[name], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ})
    verdict = "ok" if done.returncode == 0 else "FAILED"
    last = (done.stdout.strip() or done.stderr.strip() or "").splitlines()[-1:]
    note = last[0][:90] if last and done.returncode == 0 else ""
    print(f"  {name:14} {verdict:7} {time.monotonic() - began:5.1f} s  {note}".rstrip(), flush=True)
    return name, done.returncode == 0, done.stdout + done.stderr


def main() -> int:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, STEPS))
    failed = [(name, output) for name, fine, output in results if not fine]
    for name, output in failed:
        print(f"\n──── {name} ────\n{output.rstrip()}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
