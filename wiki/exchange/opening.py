"""Word documents as Markdown; how they are opened: ``core.opening``."""

import tempfile
from pathlib import Path

from core.archives import UnreadableFile, must_be_office
from core.i18n import _
from core.opening import PARTS, answers
from wiki.exchange.html_markdown import HEADINGS, Node, markdown, tree
from wiki.exchange.rows import Picture

ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp"}


def document(path: Path) -> tuple[str, str, tuple[Picture, ...]]:
    """Title, text and pictures of a Word document; the title is its first heading, else the name of the file.

    Raises:
        UnreadableFile.
    """
    must_be_office(path, PARTS[".docx"])
    with tempfile.TemporaryDirectory() as folder:
        found = next(iter(list(answers("word", path, Path(folder)))), None)
        if not isinstance(found, dict):
            raise UnreadableFile(_("%(name)s is damaged, or too large to be read.", name=path.name))
        pictures = tuple(
            Picture(f"{path.stem[:60]}-{number}{ENDINGS.get(kind, '')}", (Path(folder) / digest).read_bytes())
            for number, (digest, kind) in enumerate(found["pictures"].items(), 1)
        )
    root = tree(str(found["html"]))
    title = _title(root) or path.stem
    _shift(root)
    return title, markdown(root), pictures


def _title(root: Node) -> str:
    """The words of the heading with which the text begins; taken out of it."""
    for child in root.children:
        if isinstance(child, Node) and child.tag in HEADINGS and child.words().strip():
            root.children.remove(child)
            return " ".join(child.words().split())
        if not isinstance(child, Node) or child.words().strip() or child.tag == "img":
            break
    return ""


def _shift(root: Node) -> None:
    """The title of the page is the only heading of the first order."""
    nodes = [child for child in root.children if isinstance(child, Node) and child.tag in HEADINGS]
    if any(node.tag == "h1" for node in nodes):
        for node in nodes:
            node.tag = f"h{min(HEADINGS[node.tag] + 1, 6)}"
