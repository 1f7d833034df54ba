"""The Node.js releases under test: which ones, where they are, and what to do without them."""

import os
import pathlib
import sys

SKIPPED = 77
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def listed():
    """The versions of versions.txt, oldest first."""
    lines = (HERE / "versions.txt").read_text(encoding="utf-8").splitlines()
    words = (line.split("#")[0].strip() for line in lines)
    return [word for word in words if word]


def cache():
    """The folder that tools/node-versions fills."""
    place = os.environ.get("NODEMEM_NODE_CACHE")
    if place:
        return pathlib.Path(place)
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "nodemem" / "node"


def is_there(version):
    """Has tools/node-versions fetched it?"""
    return (cache() / version / "bin" / "node").exists()


def binary_or_skip(version):
    """The release's node; ends this program as skipped where it is absent."""
    if not is_there(version):
        print(f"skipped: Node.js {version} is not in {cache()} (tools/node-versions fetches it)")
        sys.exit(SKIPPED)
    return str(cache() / version / "bin" / "node")


def major(version):
    """20 of "20.20.2"."""
    return int(version.split(".")[0])


def tool(variable, default):
    """A program of this project: as the build says, or from the folder build/."""
    path = pathlib.Path(os.environ.get(variable) or ROOT / "build" / default)
    if not path.exists():
        sys.exit(f"no {path}: build first, or set {variable}")
    return str(path)


def nodemem():
    """The program itself."""
    return tool("NODEMEM", "src/nodemem")


def sampler():
    """The small program which samples through the library."""
    return tool("NODEMEM_SAMPLER", "tests/node/sampler")
