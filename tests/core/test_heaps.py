"""The heaps of a process: threads that answer in turn share two, instead of filling one each."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.heaps import HEAPS
from core.settings import ROOT

PROGRAM = """
import ctypes, sys, threading
from core.heaps import few_heaps
if sys.argv[1] == "few":
    few_heaps()
here = threading.Barrier(12)
def work():
    held = bytearray(100_000)  # too large for the interpreter's own allocator, too small for a mapping of its own
    here.wait()
for thread in (threads := [threading.Thread(target=work) for _ in range(12)]):
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


def heaps(place: Path, how: str) -> int:
    """How many heaps a process has whose twelve threads each held something at the same time."""
    told = place / how
    subprocess.run([sys.executable, "-c", PROGRAM, how, str(told)], cwd=ROOT, env={}, check=True, timeout=60)
    return told.read_text().count("<heap ")


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator of the GNU library")
def test_threads_share_two_heaps(tmp_path: Path) -> None:
    assert heaps(tmp_path, "many") > HEAPS
    assert heaps(tmp_path, "few") <= HEAPS
