"""Pages of ``docs/`` of which a part is printed from the code, between two marks: what ``print_*`` have in common."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
END = "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between the marks of a page. ``by``: the module that prints it; ``text``: everything between them."""

    page: Path
    by: str
    text: Callable[[], str]

    def updated(self, page: str) -> str:
        """The page with what is printed today between its marks."""
        begin = f"<!-- begin: printed by tools/{self.by}.py -->"
        before, _mark, rest = page.partition(begin)
        _old, mark, after = rest.partition(END)
        if not mark:
            raise SystemExit(f"{self.page} lacks the marks {begin} and {END}")
        return f"{before}{begin}\n\n{self.text()}\n\n{END}{after}"

    def main(self, words: list[str], usage: str | None) -> int:
        """Prints the part, or with ``--write`` puts it into the page."""
        if words == ["--write"]:
            self.page.write_text(self.updated(self.page.read_text("utf-8")), "utf-8")
        elif words:
            print(usage)
            return 2
        else:
            print(self.text())
        return 0


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]


def first_line(thing: object) -> str:
    """What a function says of itself, in one line."""
    return (thing.__doc__ or "").strip().split("\n")[0]
