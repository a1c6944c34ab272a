"""The list of what the product is made of."""

from tools import sbom


def test_everything_locked_is_listed_and_may_be_passed_on():
    found = sbom.components()
    names = {one["name"] for one in found}
    assert {"flask", "sqlalchemy", "nh3", "@tiptap/core"} <= names
    assert len(found) > 60
    assert all(one["hashes"] for one in found)
    assert sbom.refused(found) == []
    assert sbom.document(found)["bomFormat"] == "CycloneDX"


def test_another_licence_is_named():
    one = sbom._component("x", "1", "pkg:pypi/x@1", "GPL-3.0-only", [])
    either = sbom._component("y", "1", "pkg:pypi/y@1", "GPL-3.0-only OR MIT", [])
    assert sbom.refused([one, either]) == ["pkg:pypi/x@1: GPL-3.0-only"]
