"""The repository's own files: pins agree, the picture is fresh, the install explains."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.contracts import ROOT
from tools import draw_system, lock, requirements, size_table

EXTRAS = ["dev", "verifier"]
NEEDED_TO_INSTALL = (
    "constraints.txt",
    "package-lock.json",
    "package.json",
    "pyproject.toml",
    "tools/install.sh",
    "tools/requirements.py",
)


def test_requirements__every_pin__is_exact_and_in_constraints() -> None:
    locked = set((ROOT / "constraints.txt").read_text().lower().split())
    # An extra of a package is locked as the packages that it brings.
    pins = [re.sub(r"\[.*\]", "", pin).lower() for pin in requirements.requirements(EXTRAS)]
    assert [pin for pin in pins if pin not in locked] == []


def test_requirements__unknown_extra__lists_the_known() -> None:
    with pytest.raises(ValueError, match="no extra 'gpu' in pyproject.toml; there are: dev"):
        requirements.requirements(["gpu"])


def test_constraints__local_build_and_path_install__are_left_out() -> None:
    freeze = "torch==2.13.0+cpu\nmine @ file:///tmp/mine\n-e git+x\nrich==14.3.4\n"
    assert lock.constraints(freeze).splitlines()[1:] == ["torch==2.13.0", "rich==14.3.4"]


def test_draw__committed_picture__is_fresh() -> None:
    assert draw_system.OUTPUT.read_text() == draw_system.draw(), "run `make picture`"


@pytest.mark.parametrize(
    ("name", "runtime", "verdict"),
    [
        ("BondingManager", 23_500, "ok"),
        ("BondingManager", 23_501, "too large"),
        ("Other", 23_501, "near the limit"),
        ("Other", 24_576, "near the limit"),
        ("Other", 24_577, "too large"),
    ],
)
def test_size__at_each_limit__has_its_verdict(name: str, runtime: int, verdict: str) -> None:
    assert size_table.Size(name, runtime, 0).verdict == verdict


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the install step reads, without .venv and node_modules."""
    for name in NEEDED_TO_INSTALL:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def install(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", "tools/install.sh"],
        cwd=checkout,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_install__no_python__one_line_says_where_to_get_it(checkout: Path) -> None:
    run = install(checkout, PYTHON="no-such-python")
    assert run.returncode == 1
    assert run.stderr.startswith("install: Python 3.11 is missing: get it from https://")
    assert len(run.stderr.splitlines()) == 1


def test_install__no_node__one_line_says_where_to_get_it(checkout: Path) -> None:
    # Only what the script itself calls is on this PATH.
    tools = checkout / "bin"
    tools.mkdir()
    for name in ("dirname", "sed", "cat", "cksum"):
        (tools / name).symlink_to(shutil.which(name) or name)
    python = shutil.which("python3.11") or os.environ.get("PYTHON", "python3.11")
    base = subprocess.run(
        [python, "-c", "import sys; print(sys._base_executable)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    run = install(checkout, PATH=str(tools), PYTHON=base)
    assert run.returncode == 1
    assert run.stderr.startswith("install: Node.js 20 or newer with npm is missing: get it from")
    assert len(run.stderr.splitlines()) == 1
    assert not (checkout / ".venv").exists()
