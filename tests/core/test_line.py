"""Who waits longest is next, and nobody who comes later passes."""

import threading
import time

from core.line import Line


def waiting(line: Line, count: int) -> None:
    while len(line._waiting) < count:
        time.sleep(0.001)


def test_in_the_order_of_asking_whoever_comes_meanwhile() -> None:
    line, had = Line(), []

    def work(number: int) -> None:
        assert line.join(60)
        had.append(number)
        line.leave()

    assert line.join(0)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for number, thread in enumerate(threads):
        thread.start()
        waiting(line, number + 1)
    line.leave()
    assert line.join(60), "who left and asks again stands behind all six"
    assert had == list(range(6))
    line.leave()
    for thread in threads:
        thread.join()


def test_who_gives_up_holds_up_nobody() -> None:
    line = Line()
    assert line.join(0)
    assert not line.join(0.01)
    line.leave()
    assert line.join(0)
    line.leave()
    assert line.join(0)
