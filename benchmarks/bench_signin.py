"""The start of a shift: how long until the last of many is in, with passwords hashed as the product hashes them."""

from benchmarks.centres import folder
from benchmarks.harness import Figure, benchmark
from tests.support import shift
from tests.support.server import Server


@benchmark("100 sign-ins at once, until the last is in", unit="s", target=5, tenfold=50)
def beginning(times: int) -> Figure:
    """Each verifies a password of argon2id; as many at once as there are processors."""
    server = Server(folder("shift") / "var", SPIRAL_DEMO="0", SPIRAL_LOG_LEVEL="WARNING").start()
    try:
        start = shift.begins(server, shift.people(server, 100 * times))
        assert start.inside == 100 * times, start
        return Figure(start.seconds, f"at most {start.megabytes:.0f} MB")
    finally:
        server.kill()
