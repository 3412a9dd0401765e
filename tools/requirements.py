"""Print the pinned requirements of pyproject.toml, one a line; arguments are extras."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def requirements(extras: list[str]) -> list[str]:
    """Direct dependencies, then each extra's; ValueError names an extra that is not there."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    optional = project["optional-dependencies"]
    for extra in extras:
        if extra not in optional:
            raise ValueError(
                f"no extra {extra!r} in pyproject.toml; there are: {', '.join(optional)}"
            )
    return [*project["dependencies"], *(line for extra in extras for line in optional[extra])]


if __name__ == "__main__":
    try:
        print("\n".join(requirements(sys.argv[1:])))
    except ValueError as error:
        sys.exit(f"requirements: {error}")
