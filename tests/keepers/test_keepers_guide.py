"""docs/keepers.md names every key of the configuration, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from keepers.core.config_fields import Report, Section, dotted
from keepers.core.config_file import read
from keepers.core.config_places import Places, parse

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "keepers.md").read_text()
CONFIG = """\
[network]
[signers.keystore]
type = "keystore"
[signers.ape]
type = "ape"
[signers.remote]
type = "remote"
[signers.kms]
type = "kms"
[[reward_caller.own]]
"""


def keys_of_the_code() -> set[str]:
    report = Report(Places("", CONFIG))
    read(Section(report, (), parse(CONFIG), ROOT))
    sections = {"network", "journal", "signers", "fees", "limits", "lease", "turn", "log"}
    sections |= {"round_initializer", "reward_caller"}
    found = {dotted((*path, name)) for path, names in report.valid.items() for name in names}
    found = {re.sub(r"^signers\.\w+", "signers.NAME", key).replace("[0]", "") for key in found}
    return found - sections - {"signers.NAME"}


def test_guide__keys__are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \|[^|\n]*\|[^|\n]*\|$", GUIDE, re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == keys_of_the_code()
