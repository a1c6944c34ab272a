"""Fixtures of the tests of articles."""

import pytest


@pytest.fixture
def two(make, db):
    """A supervisor and a manager."""
    return make.actor("supervisor"), make.actor("manager")
