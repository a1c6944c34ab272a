"""A power cut, replayed: what a writer told the disk is recorded, and disks are made that lost all they need not keep.

``python -m tests.reliability.powercut VAR COUNT`` is the writer: it commits rows through ``core.db`` and says each
number in VAR/acknowledged once the commit has returned. ``recorded()`` runs it under strace; ``disk_at()`` makes the
files as they may be after a cut: of each file everything that was synced, and of what came later any part, torn within
pages, in any order.
"""

import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from core import clock
from core.db import session, writing
from core.idempotency import IdempotencyKey
from core.settings import load
from tests.support.server import ROOT
from wiki.app import create_app

SECTOR = 512
CALL = re.compile(rb"^(?:\[pid +\d+\] |\d+ +)?(\w+)\(\d+<([^>]*)>(.*)$")
WRITE = re.compile(rb'^, "((?:\\x[0-9a-f]{2})*)", \d+(?:, (\d+))?\) += (\d+)')


@dataclass(frozen=True)
class Step:
    """One thing that the disk was told."""

    verb: str  # write, sync, cut (to a length) or say (a commit was acknowledged)
    file: str = ""
    at: int = 0
    data: bytes = b""


def write_rows(var: Path, count: int) -> None:
    app = create_app(load({"var": var, "demo": False}, environ={}))
    said = os.open(var / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with app.app_context():
        for number in range(count):
            with writing():
                body = f"{number:06} " * 6000
                row = IdempotencyKey(actor_id=1, key=str(number), fingerprint="", body=body, created_at=clock.now())
                session.add(row)
            os.write(said, b"%d\n" % number)
    os._exit(0)  # no tidy end: the power is gone


def recorded(var: Path, count: int) -> list[Step]:
    """What the writer told the disk, in order."""
    log = var / "strace"
    calls = "trace=pwrite64,write,fsync,fdatasync,ftruncate"
    command = ["strace", "-f", "-y", "-xx", "-s", "100000", "-e", calls, "-e", "signal=none", "-o", str(log)]
    writer = [sys.executable, "-m", "tests.reliability.powercut", str(var), str(count)]
    subprocess.run([*command, *writer], cwd=ROOT, check=True, capture_output=True, timeout=250)
    return [step for line in log.open("rb") if (step := _step(line)) is not None]


def _step(line: bytes) -> Step | None:
    found = CALL.match(line)
    if found is None:
        return None
    verb, path, rest = found[1].decode(), _plain(found[2]), found[3]
    file = Path(path).name
    if file == "acknowledged":
        told = WRITE.match(rest)
        assert told is not None, line[:200]
        return Step("say", at=int(bytes.fromhex(told[1].replace(rb"\x", b"").decode())))
    if not file.startswith("spiral.db") or file.endswith("-shm"):
        return None
    if verb in {"fsync", "fdatasync"}:
        return Step("sync", file)
    if verb == "ftruncate":
        length = re.match(rb"^, (\d+)\) += 0", rest)
        assert length is not None, line[:200]
        return Step("cut", file, int(length[1]))
    told = WRITE.match(rest)
    assert told is not None and told[2] is not None, line[:200]
    return Step("write", file, int(told[2]), bytes.fromhex(told[1].replace(rb"\x", b"").decode())[: int(told[3])])


def _plain(path: bytes) -> str:
    """A path as -xx prints it."""
    if b"\\x" in path:
        path = bytes.fromhex(path.replace(rb"\x", b"").decode())
    return path.decode()


def disk_at(steps: list[Step], begun: Path, place: Path, chance: random.Random) -> set[int]:
    """The files after a cut behind these steps are in ``place``; returns which commits had been acknowledged."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(begun, place)
    synced = {step.file: number for number, step in enumerate(steps) if step.verb == "sync"}
    later: list[Step] = []
    for number, step in enumerate(steps):
        if step.verb in {"write", "cut"}:
            if number < synced.get(step.file, -1):
                _apply(step, place)
            elif chance.random() < 0.5:
                later.append(step)
    chance.shuffle(later)
    for step in later:
        if step.verb == "cut":
            _apply(step, place)
            continue
        for start in range(0, len(step.data), SECTOR):
            if chance.random() < 0.8:
                _apply(Step("write", step.file, step.at + start, step.data[start : start + SECTOR]), place)
    return {step.at for step in steps if step.verb == "say"}


def _apply(step: Step, place: Path) -> None:
    path = place / step.file
    with path.open("r+b" if path.exists() else "w+b") as file:
        if step.verb == "cut":
            file.truncate(step.at)
        else:
            file.seek(step.at)
            file.write(step.data)


if __name__ == "__main__":
    write_rows(Path(sys.argv[1]), int(sys.argv[2]))
