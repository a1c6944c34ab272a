"""What every test can use; the fixtures of the support come from tests/support/plugin.py."""

pytest_plugins = ["tests.support.plugin"]
