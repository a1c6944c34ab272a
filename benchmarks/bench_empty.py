"""The yardstick of this run: what the server and Flask cost by themselves."""

from benchmarks.harness import Figure, benchmark, shared
from benchmarks.load import Serving, hammer, serving


def yardstick() -> Serving:
    """An empty view under the product's own server; it rests while nobody asks."""

    def start() -> Serving:
        found = serving("benchmarks.empty")
        hammer(found.base, ["/"], seconds=1)  # warm
        return found

    return shared("yardstick", start)


@benchmark("empty Flask view, 16 connections", unit="req/s", better="higher")
def empty(times: int) -> Figure:
    """Nothing in it can grow but the crowd."""
    load = hammer(yardstick().base, ["/"], connections=16 * times, seconds=5)
    if load.errors:
        raise RuntimeError(f"{load.errors} of {load.errors + load.requests} requests failed")
    return Figure(load.rate, f"the yardstick of this run; {load.tool}")
