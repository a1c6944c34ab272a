"""``make dist``: one archive with the program, its wheels and the bundled editor; ``make run`` inside needs no network.

    python -m tools.dist

Writes ``dist/spiral-VERSION-PLATFORM.tar.gz`` and its SHA-256. The wheels are those of this Python on this platform,
each checked against the hash in ``requirements/run.txt``. The same tree gives the same archive, byte for byte.
"""

import gzip
import hashlib
import io
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
WHEELS = "wheels"


def tagged() -> str:
    """The platform and the Python that the wheels are for, as in ``linux-x86_64-cp311``."""
    system, machine = platform.system().lower(), platform.machine()
    return f"{system}-{machine}-cp{sys.version_info.major}{sys.version_info.minor}"


def version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def tracked() -> list[Path]:
    """The files of the tree, as git knows them."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit("`make dist` works in a clone with git; what you have may be such an archive already.")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def when() -> int:
    """The time that every file in the archive carries: that of the last commit."""
    told = os.environ.get("SOURCE_DATE_EPOCH") or subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout  # fmt: skip
    return int(told)


def fetch(folder: Path) -> None:
    """The folder holds every wheel that running needs, and a line that says for whom they are."""
    print("Fetching the wheels …", flush=True)
    words = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
    words += ["--dest", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", *words, "-r", str(ROOT / "requirements" / "run.txt")], check=False
    )
    if done.returncode:
        sys.exit("Fetching the wheels failed; the lines above say why. No archive was made.")
    (folder / "for").write_text(tagged() + "\n", encoding="utf-8")


def editor() -> Iterator[Path]:
    """The bundle and its stamp, where it could be made."""
    if not (VENDOR / "editor.js").exists():
        print("The rich editor is not bundled here (npm); the archive carries the plain one.", flush=True)
        return
    yield from (path for path in sorted(VENDOR.rglob("*")) if path.is_file())


def pack(target: Path, top: str, wheels: Path, at: int) -> None:
    """Everything is in the archive, in a stable order, owned by nobody in particular."""
    members = {path.relative_to(ROOT).as_posix(): path for path in [*tracked(), *editor()]}
    members |= {f"{WHEELS}/{path.name}": path for path in wheels.iterdir()}
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=at) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(members):
            data = members[name].read_bytes()
            about = tarfile.TarInfo(f"{top}/{name}")
            about.size, about.mtime = len(data), at
            about.mode = 0o755 if members[name].stat().st_mode & 0o100 else 0o644
            archive.addfile(about, io.BytesIO(data))


def main() -> int:
    top = f"spiral-{version()}"
    out = ROOT / "dist"
    out.mkdir(exist_ok=True)
    target = out / f"{top}-{tagged()}.tar.gz"
    with tempfile.TemporaryDirectory(prefix="spiral-dist-") as place:
        fetch(Path(place))
        pack(target.with_suffix(".part"), top, Path(place), when())
    target.with_suffix(".part").replace(target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_name(target.name + ".sha256").write_text(f"{digest}  {target.name}\n", encoding="utf-8")
    print(f"{target.relative_to(ROOT)}  {target.stat().st_size >> 20} MB  sha256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
