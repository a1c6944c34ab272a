"""What the tests need of the machine: a Chromium and a Chinese font. Installs them where it may, else says how.

    python -m tools.machine

Exit 0 when all is there, or when something lacks and was named loudly; under CI=true whatever lacks is a failure.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = {"chromium": "chromium", "a Chinese font": "fonts-noto-cjk"}


def find_chromium() -> str | None:
    """The path of a Chromium: CHROMIUM_BIN where set, else the first of the usual names."""
    if chosen := os.environ.get("CHROMIUM_BIN"):
        return shutil.which(chosen)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    listed = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


def missing() -> list[str]:
    there = {"chromium": find_chromium(), "a Chinese font": has_chinese_font()}
    return [name for name, found in there.items() if not found]


def install(parts: list[str]) -> None:
    """Debian's packages are asked for, once; whether it helped is looked at afterwards."""
    print(f"Installing {' and '.join(parts)} (once) …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = [PACKAGES[part] for part in parts] + ["fontconfig"]
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout[-1000:] + done.stderr[-1000:], file=sys.stderr)
            return


def main() -> int:
    lacking = missing()
    if lacking and os.geteuid() == 0 and shutil.which("apt-get"):
        install(lacking)
        lacking = missing()
    if not lacking:
        return 0
    command = "sudo apt-get install -y " + " ".join(PACKAGES[part] for part in lacking)
    print(f"\n  !! LEFT OUT: no {' and no '.join(lacking)} on this machine, so the tests that need it cannot run.")
    print(f"  !! One command helps:  {command}\n", flush=True)
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
