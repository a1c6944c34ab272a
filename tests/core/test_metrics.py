"""Numbers of several processes are one number, whoever is asked, and nobody's death takes any of them away."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core import metrics
from core.metrics import Book

CHILD = """
import sys, pathlib
from core.metrics import book, Counter, Timer
done, took = Counter("done_total", "Done.", ("topic",)), Timer("took_seconds", "Took.")
book.share(pathlib.Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    done.add("mail"); took.observe(0.05)
book.write()  # as its thread does every second
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def count(tmp_path):
    """Starts processes that count so often, and live until their input ends."""
    made = []

    def start(number: int) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), str(number)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(metrics.__file__).parents[1],
        )  # fmt: skip
        made.append(child)
        assert child.stdout.readline() == "counted\n"
        return child

    yield start
    for child in made:
        child.kill()
        child.communicate()


def mails(folder: Path) -> float:
    return metrics.gathered(folder)["done_total", ("mail",)][0]


def test_the_living_and_the_dead_are_one_sum(tmp_path, count):
    first, second = count(30), count(12)
    assert mails(tmp_path) == 42
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert [mails(tmp_path), mails(tmp_path)] == [42, 42]
    assert metrics.living(tmp_path) == [second.pid]
    second.kill()
    second.wait()
    count(1)
    assert mails(tmp_path) == 43
    assert metrics.gathered(tmp_path)["took_seconds", ()][2] == 43  # the bucket up to a tenth of a second


def test_what_was_taken_over_and_not_removed_counts_once(tmp_path, count):
    child = count(5)
    child.kill()
    child.wait()
    left = [(path, path.read_bytes()) for path in tmp_path.glob("*.*.*.*") if path.suffix in {".keys", ".values"}]
    assert mails(tmp_path) == 5
    for path, content in left:  # as if whoever added it up had been killed before it removed them
        path.write_bytes(content)
    assert mails(tmp_path) == 5


def test_a_line_cut_off_by_a_kill_spoils_nothing(tmp_path, count):
    child = count(5)
    child.kill()
    child.wait()
    (keys,) = tmp_path.glob("*.keys")
    keys.write_text(keys.read_text() + '["done_to')
    assert mails(tmp_path) == 5


def test_a_full_disk_ends_the_sharing_and_not_the_counting(tmp_path, monkeypatch):
    book = Book()
    book.share(tmp_path)

    def full(*_about: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(metrics.os, "pwrite", full)
    book.add(("a", ()))
    book.write()
    monkeypatch.undo()
    book.add(("a", ()))
    assert book.told() == {("a", ()): [2.0, 0, 0, 0, 0, 0, 0, 0]}


def test_labels_cannot_break_out_of_their_line(monkeypatch):
    monkeypatch.setattr(metrics, "book", Book())
    monkeypatch.setattr(metrics, "_families", {})
    monkeypatch.setattr(metrics, "_gauges", {})
    metrics.Counter("odd_total", "Odd.", ("said",)).add('a"b\nc\\')
    assert 'odd_total{said="a\\"b\\nc\\\\"} 1\n' in metrics.text(None)


def test_no_label_from_outside_fills_the_memory(monkeypatch):
    monkeypatch.setattr(metrics, "LIMIT", 3)
    book = Book()
    for number in range(10):
        book.add(("a", (str(number),)))
    assert len(book.told()) == 3
    assert json.dumps(sorted(key[1][0] for key in book.told())) == '["0", "1", "2"]'
