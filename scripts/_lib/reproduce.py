"""Builds a contract again from nothing but its sources: from an archive, or from standard JSON.

Both are made here from the work tree, and compiled by the pinned compiler in an empty folder, so
that nothing else on the machine can take part. What comes out is compared with the chain by
`bytecode.py`.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts._lib.artifacts import Artifact
from scripts._lib.source import ROOT

FORMATS = ("abi", "bytecode", "bytecode_runtime", "layout", "settings")
MANIFEST = "MANIFEST/"
INTEGRITY_ENTRY = MANIFEST + "integrity"
PATHS_ENTRY = MANIFEST + "searchpaths"
TARGET_ENTRY = MANIFEST + "compilation_targets"
VERSION_ENTRY = MANIFEST + "compiler_version"
#: The first moment a ZIP file can name: the same sources give the same bytes, whenever.
NO_TIME = (1980, 1, 1, 0, 0, 0)


class ReproduceError(ValueError):
    """One line that names the contract or file, and what to do."""


@dataclass(frozen=True)
class Immutable:
    """A value that the constructor appends to the runtime code, at `offset` behind its end."""

    name: str
    type: str
    offset: int
    length: int


@dataclass(frozen=True)
class Build:
    """What the compiler makes of an archive or a standard JSON input."""

    artifact: Artifact
    immutables: tuple[Immutable, ...]


def source_archive(source: Path, *, root: Path = ROOT) -> bytes:
    """The contract and all it imports, as the compiler's archive (.vyz). Raises ReproduceError."""
    from vyper.compiler.output_bundle import VyperArchiveWriter

    with _analysed(source, root) as data:
        writer = VyperArchiveWriter(data)
        writer.write()
        return _without_times(writer.output())


def standard_json(archive: bytes, build: Build) -> dict[str, Any]:
    """The same sources as the input of `vyper-json` and of block explorers.

    The settings say in full what the pragmas say, because a verifier fills in its own defaults.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        names = [name for name in file.namelist() if not name.startswith(MANIFEST)]
        sources = {name: {"content": file.read(name).decode()} for name in names}
    outputs = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "layout"]
    return {
        "language": "Vyper",
        "sources": sources,
        "settings": {
            "evmVersion": build.artifact.evm,
            "optimize": build.artifact.optimize,
            "outputSelection": {target_of(archive): outputs},
            "search_paths": _entry(archive, PATHS_ENTRY).splitlines(),
        },
        "integrity": _entry(archive, INTEGRITY_ENTRY),
    }


@contextmanager
def _analysed(source: Path, root: Path) -> Iterator[Any]:
    """The source as far as its imports. The compiler names files as seen from where it runs."""
    from vyper.compiler import CompilerData
    from vyper.compiler.input_bundle import FilesystemInputBundle
    from vyper.compiler.settings import Settings
    from vyper.exceptions import VyperException

    with chdir(root), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bundle = FilesystemInputBundle([root])
        try:
            yield CompilerData(bundle.load_file(source), bundle, settings=Settings())
        except (OSError, VyperException) as error:
            raise ReproduceError(f"{source.name}: {_line(error)}") from None


def target_of(archive: bytes) -> str:
    """Path of the contract that an archive is of. Raises ReproduceError."""
    return _entry(archive, TARGET_ENTRY)


def rebuild_archives(archives: Mapping[str, bytes]) -> dict[str, Build]:
    """Compile archives by name, in an empty folder. Raises ReproduceError."""
    for name, archive in archives.items():
        made_by = _entry(archive, VERSION_ENTRY).removeprefix("v").partition("+")[0]
        if made_by != version("vyper"):
            raise ReproduceError(
                f"{name}: its archive is for Vyper {made_by}, installed is {version('vyper')}"
            )
    with TemporaryDirectory() as folder:
        for name, archive in archives.items():
            Path(folder, f"{name}.vyz").write_bytes(archive)
        files = [f"{name}.vyz" for name in archives]
        printed = (
            _run("vyper", ["-f", ",".join(FORMATS), *files], cwd=Path(folder)) if files else ""
        )
    lines = printed.splitlines()
    if len(lines) != len(FORMATS) * len(archives):
        raise ReproduceError(f"vyper printed {len(lines)} lines for {len(archives)} archives")
    builds = {}
    for number, (name, archive) in enumerate(archives.items()):
        outputs = lines[number * len(FORMATS) : (number + 1) * len(FORMATS)]
        abi, initcode, runtime, layout, settings = outputs
        builds[name] = _build(
            target_of(archive),
            abi=json.loads(abi),
            initcode=initcode,
            runtime=runtime,
            layout=json.loads(layout),
            settings=json.loads(settings),
        )
    return builds


def rebuild_standard_json(document: Mapping[str, Any]) -> Build:
    """Compile a standard JSON input, in an empty folder. Raises ReproduceError."""
    with TemporaryDirectory() as folder:
        Path(folder, "input.json").write_text(json.dumps(document))
        printed = _run("vyper-json", ["input.json"], cwd=Path(folder))
    answer = json.loads(printed)
    if errors := [item for item in answer.get("errors", []) if item["severity"] == "error"]:
        raise ReproduceError(f"standard JSON does not compile: {_line(errors[0]['message'])}")
    (path,) = document["settings"]["outputSelection"]
    (contract,) = answer["contracts"][path].values()
    return _build(
        path,
        abi=contract["abi"],
        initcode=contract["evm"]["bytecode"]["object"],
        runtime=contract["evm"]["deployedBytecode"]["object"],
        layout=contract["layout"],
        settings={
            "evm_version": document["settings"]["evmVersion"],
            "optimize": document["settings"]["optimize"],
        },
    )


def _build(
    path: str,
    *,
    abi: list[Mapping[str, Any]],
    initcode: str,
    runtime: str,
    layout: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> Build:
    artifact = Artifact(
        name=Path(path).stem,
        source=path,
        abi=tuple(abi),
        initcode=initcode.removeprefix("0x"),
        runtime=runtime.removeprefix("0x"),
        optimize=settings["optimize"],
        evm=settings["evm_version"],
        vyper=version("vyper"),
    )
    found = _immutables(layout.get("code_layout", {}))
    return Build(artifact, tuple(sorted(found, key=lambda item: item.offset)))


def _immutables(layout: Mapping[str, Any], prefix: str = "") -> list[Immutable]:
    """Immutables of the contract and, under their module's name, of its modules."""
    found = []
    for name, item in layout.items():
        if "offset" in item:
            found.append(Immutable(prefix + name, item["type"], item["offset"], item["length"]))
        else:
            found += _immutables(item, f"{prefix}{name}.")
    return found


def _entry(archive: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as file:
            return file.read(name).decode().strip()
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ReproduceError(f"not an archive of Vyper: {error}") from None


def _without_times(archive: bytes) -> bytes:
    """Packed again, sorted and uncompressed, so that equal content is equal bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in sorted(old.namelist()):
            new.writestr(zipfile.ZipInfo(name, NO_TIME), old.read(name))
    return packed.getvalue()


def _run(command: str, arguments: list[str], *, cwd: Path) -> str:
    """The pinned compiler, beside this Python; its warnings are not shown."""
    program = Path(sys.executable).with_name(command)
    if not program.exists():
        raise ReproduceError(f"{command}: not installed beside this Python; run `make install`")
    done = subprocess.run(
        [str(program), *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ReproduceError(f"{command}: {_line(done.stderr or done.stdout)}")
    return done.stdout


def _line(problem: object) -> str:
    """What the compiler says, as one line."""
    return " ".join(str(problem).split()) or "no reason given"
