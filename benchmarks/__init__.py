"""How fast it is, as one table: `make bench`. Never timed tests: a table is read by people, on a quiet machine.

A benchmark is a function in a module bench_*.py:

    @benchmark("search as you type, p99", unit="ms", target=30, tenfold=60)
    def search(times: int) -> float: ...

Figures of one run may be compared with each other; figures of two machines may not. Where a target is a share of
something, both are measured in the same run (see `shared`).
"""
