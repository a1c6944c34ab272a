"""The yardstick of this run: what the server and Flask cost by themselves."""

from benchmarks.harness import Figure, benchmark, shared
from benchmarks.load import Load, hammer, serving


def empty_view() -> Load:
    """Requests a second of an empty view at 16 connections, measured once per run; pages are a share of it."""

    def measure() -> Load:
        with serving("benchmarks.empty") as base:
            hammer(base, ["/"], seconds=1)  # warm
            return hammer(base, ["/"], seconds=5)

    return shared("empty view", measure)


@benchmark("empty Flask view, 16 connections", unit="req/s", better="higher")
def empty() -> Figure:
    load = empty_view()
    if load.errors:
        raise RuntimeError(f"{load.errors} of {load.errors + load.requests} requests failed")
    return Figure(load.rate, f"the yardstick of this run; {load.tool}")
