"""``PASSED=FILE``: what passes is written there, and what stands there is not run again.

The long forms take hours. With a file of its own for each state of the program they can be run in as many pieces as the
machine is there for, and the file, a line for each test, says what of them this state has passed.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.support import run

IN_WORKER = "PYTEST_XDIST_WORKER"
FILE = Path(os.environ["PASSED"]).absolute() if os.environ.get("PASSED") else None
KNOWN = "passed"  # in the run's folder: what stood in the file when the run began, the same for every worker


def pytest_configure(config: pytest.Config) -> None:
    if FILE and IN_WORKER not in os.environ:
        FILE.touch()
        shutil.copyfile(FILE, run.folder() / KNOWN)
        config.pluginmanager.register(_Writer(FILE))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if FILE is None:
        return
    known = set((run.folder() / KNOWN).read_text(encoding="utf-8").split("\n"))
    config.hook.pytest_deselected(items=[item for item in items if _line(item.nodeid) in known])
    items[:] = [item for item in items if _line(item.nodeid) not in known]


def _line(nodeid: str) -> str:
    return nodeid.replace("\n", " ")


class _Writer:
    """A test has passed when its end has, too."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.fallen: set[str] = set()  # nodeids

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:
            self.fallen.add(report.nodeid)
        elif report.when == "teardown" and report.nodeid not in self.fallen:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(_line(report.nodeid) + "\n")

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.file.stat().st_size:
            session.exitstatus = pytest.ExitCode.OK  # nothing is left to do
