"""Two Chinese articles of 20,000 characters compared; the promise is: below 200 ms."""

import random
import time
from collections.abc import Callable

from benchmarks.harness import Figure, benchmark
from benchmarks.world import Words

LINE = "客户来电反映上月账单金额高于套餐资费,坐席应先安抚客户情绪,再逐项核对流量与增值业务使用情况。"
SIZE = 20_000


def article(times: int, *, shift: int, apart: str = "\n") -> str:
    """A repetitive text, the hardest kind: every line resembles every other."""
    lines = SIZE * times // len(LINE)
    return apart.join(LINE.replace("上月", f"{(n * 7 + shift) % 12 + 1}月") for n in range(lines))


def mixed(times: int, *, seed: int) -> list[str]:
    """The passages of an article in many words."""
    return Words(seed).body(SIZE * times)[: SIZE * times].split("\n")


def best(act: Callable[[], object]) -> float:
    """Milliseconds of the best of three runs."""
    from wiki.articles.compare.passages import compare

    compare("词典", "词语")  # the dictionary is loaded
    times = []
    for _ in range(3):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


def compared(old: str, new: str) -> float:
    """Milliseconds of one comparison; nothing of it is remembered."""
    from wiki.articles.compare.passages import compare

    return best(lambda: compare(old, new))


@benchmark("diff of two articles, every line changed", unit="ms", target=200, tenfold=4000)
def every_line(times: int) -> Figure:
    old = article(times, shift=1)
    return Figure(compared(old, old.replace("安抚", "宽慰")), f"{SIZE * times:,} characters each")


@benchmark("diff of two articles, one line in ten changed", unit="ms", target=200, tenfold=2000)
def some_lines(times: int) -> Figure:
    old = article(times, shift=1).split("\n")
    new = [line if n % 10 else line.replace("安抚", "宽慰") for n, line in enumerate(old)]
    return Figure(compared("\n".join(old), "\n".join(new)), f"{SIZE * times:,} characters each")


@benchmark("diff of two articles without a line break", unit="ms", target=200, tenfold=4000)
def one_line(times: int) -> Figure:
    old = article(times, shift=1, apart="")
    return Figure(compared(old, old.replace("安抚", "宽慰")), f"{SIZE * times:,} characters each")


@benchmark("diff of two completely different articles", unit="ms", target=200, tenfold=4000)
def different(times: int) -> Figure:
    old, new = "\n\n".join(mixed(times, seed=3)), article(times, shift=5, apart="\n\n")
    return Figure(compared(old, new), f"{SIZE * times:,} characters each")


@benchmark("diff of two articles, a third of the passages moved", unit="ms", target=200, tenfold=4000)
def moved(times: int) -> Figure:
    old, chance = mixed(times, seed=5), random.Random(5)
    new = list(old)
    for _ in range(len(old) // 3):
        new.insert(chance.randrange(len(new)), new.pop(chance.randrange(len(new))))
    return Figure(compared("\n\n".join(old), "\n\n".join(new)), f"{SIZE * times:,} characters each")


@benchmark("diff as a page shows it, one passage in ten changed", unit="ms", target=400, tenfold=4000)
def shown(times: int) -> Figure:
    """Compared, rendered and marked, side by side, as readers see it."""
    from wiki.articles.compare.passages import rows
    from wiki.articles.comparing import Look, showing

    old = mixed(times, seed=7)
    new = [line if n % 10 else line + "请先安抚客户。" for n, line in enumerate(old)]
    texts = "\n\n".join(old), "\n\n".join(new)
    return Figure(best(lambda: showing("body", rows(*texts), Look(side=True))), f"{SIZE * times:,} characters each")


@benchmark("who wrote what, twenty versions of an article", unit="ms", target=2000, tenfold=20_000)
def origins(times: int) -> Figure:
    """Traced once for each live text, then kept. Ten times: two hundred versions."""
    from wiki.articles.blame import traced

    chance, texts = random.Random(9), ["\n\n".join(mixed(1, seed=9))]
    for _ in range(20 * times - 1):
        lines = texts[-1].split("\n\n")
        lines[chance.randrange(len(lines))] += "请先安抚客户。"
        texts.append("\n\n".join(lines))
    return Figure(best(lambda: traced(texts)), f"{len(texts)} versions of {SIZE:,} characters")
