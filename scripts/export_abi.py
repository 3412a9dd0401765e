"""`ape run export_abi`: write keepers/abi/<Name>.json for every deployable contract.

The files are what the compiler says, completed with what Vyper cannot express (custom errors, names
of return values and of reserved words, `receive`), so that they equal the deployed protocol's. With
--check nothing is written; exit code 1 names the files that are not up to date.
"""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import click
from vyper.compiler.output import build_abi_output

from scripts._lib.abi_completion import COMPLETIONS, Completion
from tools.vyper_sources import ROOT, analysed, deployables, name_of

FOLDER = ROOT / "keepers" / "abi"
INTERFACES = ROOT / "contracts" / "interfaces"

Entry = dict[str, Any]


@click.command(short_help="Write the ABI of every contract")
@click.option("--check", is_flag=True, help="Compare only; exit code 1 if a file is not fresh.")
def cli(check: bool) -> None:
    """Write keepers/abi/*.json from the contracts."""
    wanted = {
        f"{source.stem}.json": rendered(completed_abi(source, compiled_abi(source)))
        for source in deployables()
    }
    present = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    stale = sorted(
        name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name)
    )
    if check:
        if stale:
            raise click.ClickException(f"{', '.join(stale)}: not fresh, run `ape run export_abi`")
        print(f"{name_of(FOLDER)}: {len(wanted)} files, all fresh")
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (FOLDER / name).write_text(wanted[name])
        else:
            (FOLDER / name).unlink()
    print(f"{name_of(FOLDER)}: {len(wanted)} files, {len(stale)} changed")


def rendered(abi: list[Entry]) -> str:
    return json.dumps(abi, indent=1) + "\n"


def compiled_abi(source: Path) -> list[Entry]:
    """The ABI as the compiler gives it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Poll's selfdestruct, once a compilation is enough
        abi: list[Entry] = build_abi_output(analysed(source))
    return abi


def completed_abi(source: Path, compiled: list[Entry]) -> list[Entry]:
    """The compiler's ABI as clients read it, ordered by kind and name."""
    completion = COMPLETIONS.get(source.stem, Completion())
    names = _parameter_names(source)
    abi = [
        _completed(entry, completion, names)
        for entry in compiled
        if completion.fallback or entry["type"] != "fallback"
    ]
    abi += [_from_signature("error", text) for text in completion.errors]
    abi += [_from_signature("event", text) for text in completion.events]
    if completion.receive:
        abi.append({"type": "receive", "stateMutability": "payable"})
    return sorted(abi, key=lambda entry: (entry["type"], entry.get("name", "")))


def _completed(entry: Entry, completion: Completion, names: dict[str, list[str]]) -> Entry:
    name = entry.get("name", "")
    done: Entry = json.loads(json.dumps(entry))
    for argument, better in zip(done.get("inputs", []), names.get(name, []), strict=False):
        argument["name"] = better  # the compiler calls the keys of a public map arg0, arg1
    for argument in done.get("inputs", []):
        argument["name"] = completion.renamed.get(f"{name}.{argument['name']}", argument["name"])
    if name in completion.flat:
        done["outputs"] = done["outputs"][0]["components"]
    outputs = done.get("outputs", [])
    for output, better in zip(outputs, completion.outputs.get(name, ()), strict=False):
        output["name"] = better
    return done


def _parameter_names(source: Path) -> dict[str, list[str]]:
    """Names of function parameters, from the interfaces that the contract implements."""
    found = {}
    for interface in re.findall(r"^implements: (\w+)$", source.read_text(), re.MULTILINE):
        for entry in compiled_abi(INTERFACES / f"{interface}.vyi"):
            if entry["type"] == "function":
                found[entry["name"]] = [argument["name"] for argument in entry["inputs"]]
    return found


def _from_signature(kind: str, text: str) -> Entry:
    name, arguments = re.fullmatch(r"(\w+)\((.*)\)", text).groups()  # type: ignore[union-attr]
    inputs: list[Entry] = []
    for argument in filter(None, arguments.split(", ")):
        type_, *indexed, parameter = argument.split(" ")
        entry = {"name": parameter, "type": type_}
        inputs.append(entry | {"indexed": bool(indexed)} if kind == "event" else entry)
    return {"name": name, "inputs": inputs, "type": kind} | (
        {"anonymous": False} if kind == "event" else {}
    )
