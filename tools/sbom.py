"""What the product is made of: ``python -m tools.sbom > sbom.json`` writes a CycloneDX list of the locked packages.

Versions and digests are those of ``requirements/run.txt`` and ``editor/package-lock.json``, licences those that the
installed packages declare. It fails, naming the package, where a licence is none that we may pass on (``ALLOWED``).
"""

import base64
import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCKED = re.compile(
    r"^(?P<name>[a-z0-9._-]+)==(?P<version>\S+)(?P<hashes>(?: \\\n +--hash=sha256:[0-9a-f]{64})*)", re.M
)
BUILDERS = "esbuild"  # makes the bundle, and is not in it
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LGPL-3.0-only", "MIT", "MIT-0", "MIT-CMU",
    "MPL-2.0", "PSF-2.0", "Python-2.0", "ZPL-2.1",
}  # fmt: skip
SAID_OTHERWISE = {
    "MIT License": "MIT", "BSD License": "BSD-3-Clause", "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Zope Public License": "ZPL-2.1", "ZPL 2.1": "ZPL-2.1", "LGPL v3": "LGPL-3.0-only",
}  # fmt: skip


def components() -> list[dict[str, Any]]:
    """Every package that the product is delivered with, by name."""
    return sorted([*_python(), *_javascript()], key=lambda one: str(one["purl"]))


def _python() -> Iterator[dict[str, Any]]:
    for found in LOCKED.finditer((ROOT / "requirements" / "run.txt").read_text("utf-8")):
        hashes = re.findall(r"sha256:([0-9a-f]{64})", found["hashes"])
        name, version = found["name"], found["version"]
        yield _component(name, version, f"pkg:pypi/{name}@{version}", _declared(name), [("SHA-256", h) for h in hashes])


def _declared(name: str) -> str:
    """The licence that an installed package declares, as SPDX says it."""
    about = metadata.metadata(name).json
    said = str(about.get("license_expression") or about.get("license") or "")
    if not said or "\n" in said or len(said) > 40:  # some put the whole text there
        classes = [one.rpartition("::")[2].strip() for one in about.get("classifier", []) if "License" in one]
        said = classes[0] if classes else said[:40]
    return SAID_OTHERWISE.get(said, said)


def _javascript() -> Iterator[dict[str, Any]]:
    """What is bundled into the editor; what only builds it is not delivered."""
    lock = json.loads((ROOT / "editor" / "package-lock.json").read_text("utf-8"))
    for path, about in lock["packages"].items():
        if not path or BUILDERS in path:
            continue
        name, version = path.rpartition("node_modules/")[2], about["version"]
        algorithm, _dash, digest = about["integrity"].partition("-")
        hashes = [(algorithm.upper().replace("SHA", "SHA-"), base64.b64decode(digest).hex())]
        purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
        yield _component(name, version, purl, about.get("license", ""), hashes)


def _component(name: str, version: str, purl: str, licence: str, hashes: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "licenses": [{"expression": licence}],
        "hashes": [{"alg": algorithm, "content": digest} for algorithm, digest in hashes],
    }


def refused(found: list[dict[str, Any]]) -> list[str]:
    """The packages that we may not pass on under what they declare."""
    wrong = []
    for one in found:
        licence = one["licenses"][0]["expression"]
        if not any(part.strip(" ()") in ALLOWED for part in re.split(r" OR | AND ", licence)):
            wrong.append(f"{one['purl']}: {licence or 'no licence'}")
    return wrong


def document(found: list[dict[str, Any]]) -> dict[str, Any]:
    """A CycloneDX document; the same for the same lock files."""
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": found}


def main() -> None:
    """Print it, or say which licence is in the way."""
    found = components()
    if wrong := refused(found):
        sys.exit("\n".join(wrong))
    json.dump(document(found), sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
