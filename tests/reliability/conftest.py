"""Reliability tests talk to the real server."""

from tests.reliability.crowd import crowd

__all__ = ["crowd"]
