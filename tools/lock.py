"""Write constraints.txt from the present environment, after a pin in pyproject.toml was changed.

Local versions (torch's "+cpu") are left out, so that any index may serve its own build, and so is
whatever was installed from a path.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
HEADER = "# Every package as tested, direct or not. Written by `make lock`.\n"


def constraints(freeze: str) -> str:
    lines = [line for line in freeze.splitlines() if re.match(r"[\w.-]+==", line)]
    return HEADER + "".join(f"{line.split('+')[0]}\n" for line in lines)


def main() -> int:
    freeze = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "freeze"],
        capture_output=True,
        text=True,
        check=True,
    )
    CONSTRAINTS.write_text(constraints(freeze.stdout))
    return 0


if __name__ == "__main__":
    sys.exit(main())
