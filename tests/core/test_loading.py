"""``core.loading``: what is loaded is not looked at again."""

import os
import subprocess
import sys

from core.settings import ROOT


def test_the_application_is_loaded_and_the_collector_is_back(tmp_path) -> None:
    asked = "import gc, wsgi; print(gc.isenabled(), gc.get_freeze_count() > 50_000, wsgi.application.name)"
    place = {**os.environ, "SPIRAL_VAR": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, env=place, capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[:2] == ["True", "True"]
