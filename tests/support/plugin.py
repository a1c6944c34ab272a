"""Joins the support to pytest: fixtures, the guard, the common folder, what was left out."""

import gc
import os
from collections.abc import Generator, Iterator

import hypothesis
import pytest

from tests.support import postgres, run, sockets, traced
from tests.support.browser import browser, page, visit
from tests.support.meilisearch import meilisearch_url
from tests.support.postgres import new_postgres, postgres_url
from tests.support.server import spiral, start_server

__all__ = ["browser", "meilisearch_url", "new_postgres", "page", "postgres_url", "spiral", "start_server", "visit"]

IN_WORKER = "PYTEST_XDIST_WORKER"
WHOLE = 4_000  # tests that passed: more than any part of the suite has
FAILED = pytest.StashKey[bool]()
SEED = 20261122  # of the order of the tests, and of chance inside them; `--randomly-seed=7` is another


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """`make test` is the same every time; `make soak` looks for what is new."""
    if os.environ.get("SOAK") != "1":
        hypothesis.settings.load_profile("ci")  # the same examples, and none of them in a hurry
        if config.getoption("randomly_seed", None) == "default":
            config.option.randomly_seed = SEED
    run.begin()
    sockets.forbid()
    if IN_WORKER in os.environ or not config.getoption("numprocesses", None):  # workers are no children of a test
        sockets.forbid_children(run.folder() / f"reached-{os.getpid()}")


def pytest_unconfigure(config: pytest.Config) -> None:
    if IN_WORKER not in os.environ:
        run.dismiss("meilisearch")
        postgres.stop()
        run.end()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long forms run under `make soak`, and nothing else does then."""
    soaking = os.environ.get("SOAK") == "1"
    unwanted = [item for item in items if (item.get_closest_marker("soak") is not None) != soaking]
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if item not in set(unwanted)]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: walking through it again and again took a third of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def _stays_on_this_machine() -> Iterator[None]:
    with sockets.watching() as attempts:
        yield
    attempts += sockets.told_by_children()
    if attempts:
        pytest.fail("the test reached out of this machine: " + ", ".join(attempts), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fixtures can ask afterwards whether the test failed: `request.node.stash[FAILED]`."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """After a whole run: an address that writes, at which no test saw an act in the trail, fails it."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_WORKER in os.environ or reporter is None or len(reporter.stats.get("passed", ())) < WHOLE:
        return
    if traced.never_acted_at():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    parts = run.left_out()
    if parts:
        terminalreporter.section("LEFT OUT", sep="!", red=True)
        for part in parts:
            terminalreporter.line(f"  {part}", red=True)
    missing = traced.never_acted_at() if len(terminalreporter.stats.get("passed", ())) >= WHOLE else []
    if missing:
        terminalreporter.section("NO TEST SAW AN ACT HERE", sep="!", red=True)
        for address in missing:
            terminalreporter.line(f"  {address}", red=True)
