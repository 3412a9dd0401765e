"""The index of proposals in lips/README.md, made from the documents' front matter.

    python -m tools.lips_index            check the documents, then write the index
    python -m tools.lips_index --check    write nothing; fail if the index is not fresh

The documents follow Livepeer's LIP-1. Beside its fields they have three of ours, each a list of
paths separated by commas: `implementation`, `proposal` (the script) and `test`.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- index: begin -->", "<!-- index: end -->"
TYPES = ("Standard Track", "Parameter", "Informational", "Meta")
STATUSES = (
    "Draft",
    "Last Call",
    "Proposed",
    "Accepted",
    "Rejected",
    "Deferred",
    "Abandoned",
    "Final",
)
NEVER_IN_FORCE = ("Abandoned", "Rejected")
NEEDED = ("lip", "title", "author", "type", "status", "discussions-to")
OPTIONAL = ("created", "requires", "part-of", "implementation", "proposal", "test")
SECTIONS = (
    "Abstract",
    "Motivation",
    "Specification",
    "Backwards compatibility",
    "Security considerations",
)
TITLE_LENGTH = 60
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


class LipError(ValueError):
    """One line that names the file and what is wrong with it."""


@dataclass(frozen=True)
class Document:
    """One proposal document. Paths in its fields start at the repository's root."""

    path: Path
    fields: dict[str, str]
    text: str

    @classmethod
    def read(cls, path: Path) -> Document:
        """Raises LipError without front matter, or on a line of it that is not `field: value`."""
        text = path.read_text(encoding="utf-8")
        found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
        if found is None:
            raise LipError(f"{path.name}: no front matter between two lines of ---")
        fields: dict[str, str] = {}
        for line in found[1].splitlines():
            field, colon, value = line.partition(": ")
            if not colon or not value.strip() or field in fields:
                raise LipError(f"{path.name}: {line!r} is not a new `field: value`")
            fields[field] = value.strip()
        return cls(path, fields, text[found.end() :])

    @property
    def number(self) -> int:
        return int(self.fields["lip"])

    def listed(self, field: str) -> list[str]:
        """What a field lists, separated by commas; nothing if there is no such field."""
        return [item.strip() for item in self.fields.get(field, "").split(",") if item.strip()]


def documents(root: Path = ROOT) -> list[Document]:
    """All documents by number. Raises LipError."""
    found = [Document.read(path) for path in (root / "lips").glob("lip-*.md")]
    if odd := [document for document in found if not document.fields.get("lip", "").isdecimal()]:
        raise LipError(f"{odd[0].path.name}: `lip` is not a number")
    return sorted(found, key=lambda document: document.number)


def problems(found: list[Document], root: Path = ROOT) -> list[str]:
    """What is wrong with the documents and their scripts, one line each."""
    wrong = [f"{item.path.name}: {line}" for item in found for line in _faults(item, root)]
    known = {document.number for document in found}
    for script in sorted((root / "scripts" / "proposals").glob("lip_*.py")):
        number = script.stem.removeprefix("lip_")
        if not number.isdecimal() or int(number) not in known:
            wrong.append(f"{script.name}: no lips/lip-{number}.md")
    return wrong


def _faults(document: Document, root: Path) -> list[str]:
    fields = document.fields
    wrong = [f"no `{name}`" for name in NEEDED if name not in fields]
    wrong += [f"unknown field `{name}`" for name in fields if name not in NEEDED + OPTIONAL]
    if wrong:
        return wrong
    if document.path.name != f"lip-{fields['lip']}.md":
        wrong.append(f"its `lip` is {fields['lip']}")
    if fields["type"] not in TYPES:
        wrong.append(f"type {fields['type']!r} is none of LIP-1: {', '.join(TYPES)}")
    if fields["status"] not in STATUSES:
        wrong.append(f"status {fields['status']!r} is none of LIP-1: {', '.join(STATUSES)}")
    if not 3 <= len(fields["title"]) <= TITLE_LENGTH or "|" in fields["title"]:
        wrong.append(f"the title has 3 to {TITLE_LENGTH} characters and no |")
    if "created" in fields and not _is_date(fields["created"]):
        wrong.append(f"created {fields['created']!r} is not a date yyyy-mm-dd")
    for field in ("requires", "part-of"):
        wrong += [
            f"{field} {item!r}: no number"
            for item in document.listed(field)
            if not item.isdecimal()
        ]
    for section in SECTIONS:
        if fields["type"] != "Meta" and f"\n## {section}\n" not in document.text:
            wrong.append(f"no section `{section}`")
    if fields["status"] in NEVER_IN_FORCE and "**What if.**" not in document.text:
        wrong.append(f"{fields['status'].lower()}, and does not say **What if.**")
    named = [
        path for field in ("implementation", "proposal", "test") for path in document.listed(field)
    ]
    wrong += [f"{path} does not exist" for path in named if not (root / path).exists()]
    links = [
        link for link in LINK.findall(document.text) if not (document.path.parent / link).exists()
    ]
    wrong += [f"link to {link}, which does not exist" for link in links]
    return wrong + _script_faults(document, root)


def _script_faults(document: Document, root: Path) -> list[str]:
    """The script has the document's number and title, and comes with a test of its own."""
    script = root / "scripts" / "proposals" / f"lip_{document.number}.py"
    named = document.listed("proposal")
    if not script.exists():
        return []
    if named != [f"scripts/proposals/{script.name}"]:
        return [f"does not name its script as `proposal: scripts/proposals/{script.name}`"]
    wrong = []
    if f"tests/proposals/test_{script.stem}.py" not in document.listed("test"):
        wrong.append(f"does not name tests/proposals/test_{script.stem}.py under `test`")
    constants = _constants(script)
    for name, expected in (("LIP", document.number), ("TITLE", document.fields["title"])):
        if constants.get(name) != expected:
            wrong.append(f"{script.name} has {name} = {constants.get(name)!r}, not {expected!r}")
    return wrong


def _constants(script: Path) -> dict[str, object]:
    """Top level assignments of plain values; the script is not run."""
    found: dict[str, object] = {}
    for node in ast.parse(script.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                found[target.id] = value.value
    return found


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def table(found: list[Document]) -> str:
    """The index as Markdown."""
    lines = [
        "| LIP | title | type | status | implemented by | proposal | test |",
        "|---|---|---|---|---|---|---|",
    ]
    for document in found:
        fields = document.fields
        status = fields["status"]
        if status in NEVER_IN_FORCE:
            status += " (what if)"
        lines.append(
            f"| [{document.number}]({document.path.name}) | {fields['title']} | {fields['type']} | "
            f"{status} | {_links(document, 'implementation')} | {_links(document, 'proposal')} | "
            f"{_links(document, 'test')} |"
        )
    return "\n".join(lines)


def _links(document: Document, field: str) -> str:
    return ", ".join(f"[{_short(path)}](../{path})" for path in document.listed(field))


def _short(path: str) -> str:
    return Path(path).name + ("/" if path.endswith("/") else "")


def indexed(readme: str, found: list[Document]) -> str:
    """The README with the index between its two marks. Raises LipError if they are not there."""
    if (
        readme.count(BEGIN) != 1
        or readme.count(END) != 1
        or readme.index(BEGIN) > readme.index(END)
    ):
        raise LipError(f"README.md: needs the lines {BEGIN} and {END} once, in this order")
    before, after = readme.split(BEGIN)[0], readme.split(END)[1]
    return f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    check: bool = parser.parse_args().check
    readme = ROOT / "lips" / "README.md"
    try:
        found = documents()
        wrong = problems(found)
        fresh = indexed(readme.read_text(encoding="utf-8"), found)
    except LipError as error:
        print(error)
        return 1
    if check and fresh != readme.read_text(encoding="utf-8"):
        wrong.append("README.md: the index is not fresh, run `python -m tools.lips_index`")
    elif not check:
        readme.write_text(fresh, encoding="utf-8")
    print("\n".join(wrong) if wrong else f"lips: {len(found)} documents, index fresh")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
