"""How the bundle is made: pinned alike, from a lock that names no address."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = json.loads((ROOT / "editor" / "package.json").read_text("utf-8"))
LOCK = json.loads((ROOT / "editor" / "package-lock.json").read_text("utf-8"))


def test_all_parts_of_tiptap_are_of_one_version():
    versions = {version for name, version in PACKAGE["devDependencies"].items() if name.startswith("@tiptap/")}
    assert len(versions) == 1
    assert all(version[0].isdigit() for version in PACKAGE["devDependencies"].values())


def test_the_lock_names_no_address_and_checks_every_package():
    packages = {name: about for name, about in LOCK["packages"].items() if name}
    assert len(packages) > 20
    assert not [name for name, about in packages.items() if "resolved" in about]
    assert not [name for name, about in packages.items() if not about.get("integrity", "").startswith("sha512-")]
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "editor" / ".npmrc").read_text("utf-8")
