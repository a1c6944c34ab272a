"""Two Chinese articles of 20,000 characters compared; the promise is: below 200 ms."""

import time

from benchmarks.harness import Figure, benchmark

LINE = "客户来电反映上月账单金额高于套餐资费,坐席应先安抚客户情绪,再逐项核对流量与增值业务使用情况。"
SIZE = 20_000


def article(times: int, *, shift: int, apart: str = "\n") -> str:
    """A repetitive text, the hardest kind: every line resembles every other."""
    lines = SIZE * times // len(LINE)
    return apart.join(LINE.replace("上月", f"{(n * 7 + shift) % 12 + 1}月") for n in range(lines))


def best(old: str, new: str) -> float:
    """Milliseconds of the best of three runs."""
    from wiki.articles.diff import compare

    compare("词典", "词典")  # the dictionary is loaded
    times = []
    for _ in range(3):
        began = time.perf_counter()
        compare(old, new)
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


@benchmark("diff of two articles, every line changed", unit="ms", target=200, tenfold=4000)
def every_line(times: int) -> Figure:
    old = article(times, shift=1)
    return Figure(best(old, old.replace("安抚", "宽慰")), f"{SIZE * times:,} characters each")


@benchmark("diff of two articles, one line in ten changed", unit="ms", target=200, tenfold=2000)
def some_lines(times: int) -> Figure:
    old = article(times, shift=1).split("\n")
    new = [line if n % 10 else line.replace("安抚", "宽慰") for n, line in enumerate(old)]
    return Figure(best("\n".join(old), "\n".join(new)), f"{SIZE * times:,} characters each")


@benchmark("diff of two articles without a line break", unit="ms", target=200)
def one_line() -> Figure:
    return Figure(best(old := article(1, shift=1, apart=""), old.replace("安抚", "宽慰")), f"{SIZE:,} characters each")
