"""The program of an earlier release, out of the history of this clone."""

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from core.settings import ROOT
from migrations import oldest
from tests.support import run


def program_before(folder: Path) -> Path:
    """The tree of the release before is in ``folder``. Left out, loudly, in a clone without history."""
    packed = subprocess.run(["git", "archive", oldest.PROGRAM], cwd=ROOT, capture_output=True, check=False)
    if packed.returncode:
        run.leave_out("history of the project (the release before)", "git fetch --unshallow")
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder
