"""Word documents and workbooks, examined (``archives``) and then opened by a process of their own (``child``)."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.archives import UnreadableFile, must_be_office
from core.i18n import _
from core.settings import ROOT

PARTS = {".docx": "word/document.xml", ".xlsx": "xl/workbook.xml"}
SECONDS = 60  # on the clock; the child has its own limit of work


def answers(kind: str, path: Path, folder: Path) -> Iterator[Any]:
    """What the child says, one line at a time.

    Raises:
        UnreadableFile: it could not read the file within its limits.
    """
    command = [sys.executable, "-m", "core.child", kind, str(path.absolute()), str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    ) as child:
        try:
            assert child.stdout is not None
            for line in child.stdout:
                yield json.loads(line)
            if child.wait(SECONDS):
                raise UnreadableFile(_("%(name)s is damaged, or too large to be read.", name=path.name))
        except (ValueError, subprocess.TimeoutExpired) as error:
            raise UnreadableFile(_("%(name)s is damaged, or too large to be read.", name=path.name)) from error
        finally:
            child.kill()


def cells(path: Path) -> Iterator[list[str]]:
    """The rows of the first sheet.

    Raises:
        UnreadableFile.
    """
    if path.suffix.lower() in PARTS:
        must_be_office(path, PARTS[path.suffix.lower()])
    with tempfile.TemporaryDirectory() as folder:
        yield from answers("table", path, Path(folder))
