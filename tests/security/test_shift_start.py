"""A hundred people sign in within the same moment: all come in, and the server keeps its size (S20).

How long that takes is a row of the benchmarks (``100 sign-ins at once``): no test asserts on a clock.
"""

import sys
from collections.abc import Callable

import pytest

from tests.support import shift
from tests.support.server import Server


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.skipif(sys.platform != "linux", reason="how much memory a process took at most is told by Linux alone")
def test_a_hundred_people_begin_their_shift(start_server: Callable[..., Server]) -> None:
    server = start_server(SPIRAL_DEMO="0")
    start = shift.begins(server, shift.people(server, 100))
    assert start.inside == 100
    assert start.megabytes < 2048
