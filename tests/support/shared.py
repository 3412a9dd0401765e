"""The folder of recorded traces and reference ABIs beside the repository, if there is one.

Tests that compare this build with the deployed protocol read it; without it they are skipped with
a reason. `LIVEPEER_SHARED` names another place.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.contracts import ROOT

SHARED = Path(os.environ.get("LIVEPEER_SHARED", ROOT.parent / "shared"))
WHY_SKIPPED = "no reference folder ../shared (LIVEPEER_SHARED names another place)"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=WHY_SKIPPED)
