"""Documents name files: every one of them must exist, in all documents of the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.contracts import CONTRACTS, ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BUILT = ("build/", "node_modules/", ".venv/")  # made by a command
ANY_FOLDER = "modules/"
SUFFIXES = r"(?:vyi?|py|md|svg|json|toml|sh)"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
PATH = re.compile(rf"`([\w./*-]+/(?:[\w*-]+\.{SUFFIXES})?)`")  # a folder, or a file in one
RULES = ROOT / "docs" / "spec.md"


def exists(name: str, *folders: Path) -> bool:
    return any(any(folder.glob(name.rstrip("/"))) for folder in folders)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_document__every_link__leads_to_a_file(document: Path) -> None:
    links = LINK.findall(document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_document__every_path_in_code__exists(document: Path) -> None:
    folders = [ROOT]
    if document == RULES:  # leaves out these two, and says so
        folders += [CONTRACTS, ROOT / "tests" / "unit"]
    names = [name for name in PATH.findall(document.read_text()) if not name.startswith(BUILT)]
    missing = [name for name in names if name != ANY_FOLDER and not exists(name, *folders)]
    assert missing == []
