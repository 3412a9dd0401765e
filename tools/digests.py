"""Digests of every contract: deployments/digests.json.

    python -m tools.digests            build every contract twice, compare with the list
    python -m tools.digests --write    record the present digests

Each is built from its archive and from its standard JSON, in an empty folder; both have to agree.
Whoever has the sources can build the archives again and find the same digests; whoever has only the
list can tell whether the archive that was sent is the one that was deployed.
"""

from __future__ import annotations

import argparse
import sys

from scripts._lib.artifacts import sources
from scripts._lib.records import RecordError
from scripts._lib.registry import DIGESTS, Digest, digest_of, read_digests, written
from scripts._lib.reproduce import (
    ReproduceError,
    rebuild_archives,
    rebuild_standard_json,
    source_archive,
    standard_json,
)
from scripts._lib.source import ROOT


def present() -> dict[str, Digest]:
    """The digests of the sources on disk, by source. Raises ReproduceError."""
    archives = {name: source_archive(path) for name, path in sources().items()}
    builds = rebuild_archives(archives)
    for name, archive in archives.items():
        if rebuild_standard_json(standard_json(archive, builds[name])) != builds[name]:
            raise ReproduceError(f"{name}: standard JSON and archive build differently")
    return {
        path.relative_to(ROOT).as_posix(): digest_of(archives[name], builds[name])
        for name, path in sources().items()
    }


def problems(listed: dict[str, Digest], found: dict[str, Digest]) -> list[str]:
    """What the list has otherwise than the sources, one line each."""
    wrong = []
    for source in sorted(listed.keys() | found.keys()):
        if source not in listed or source not in found:
            wrong.append(f"{source}: {'not listed' if source in found else 'listed, and gone'}")
            continue
        one, other = vars(listed[source]), vars(found[source])
        if differing := [name for name in one if one[name] != other[name]]:
            wrong.append(f"{source}: {', '.join(differing)} differ")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="record the present digests")
    write: bool = parser.parse_args().write
    try:
        found = present()
        if write:
            DIGESTS.write_text(written(found), encoding="utf-8")
        wrong = problems(read_digests(), found)
    except (RecordError, ReproduceError) as error:
        print(error)
        return 1
    if wrong:
        wrong.append("if this is meant, run `python -m tools.digests --write`")
    print("\n".join(wrong) if wrong else f"digests: {len(found)} contracts, list fresh")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
