"""The house's way of writing for everything compared (``core.folding``), and the wording of the regions beside it."""

from core.folding import HAN, HAS_HAN, converter, fold, normalise, simplified

__all__ = ["HAN", "HAS_HAN", "fold", "mainland_wording", "normalise", "simplified"]


def mainland_wording(text: str) -> str:
    """Folded text written with Taiwan's words (either script), in the mainland's words and Simplified characters."""
    return str(converter("tw2sp").convert(converter("s2t").convert(text)))
