"""Reliability tests talk to the real server."""

from tests.reliability.crowd import common_crowd, crowd

__all__ = ["common_crowd", "crowd"]
