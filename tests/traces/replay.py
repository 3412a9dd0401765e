"""Replay the recorded traces of the deployed protocol on this build.

    python -m tests.traces.replay            all traces, with a table of gas against the recording
    python -m tests.traces.replay --write    the same, and put the table into docs/gas.md

The replayer itself lies beside the traces (../shared/vectors/tools); this module feeds it our build
and knows the documented differences (docs/differences.md) that the recording could not leave out:

  9  A trace ends at its first successful slash of stake: from there on the books differ by design.
  6  A transcoder that leaves the pool by transferring its whole bond away is recorded like one that
     leaves it by unbonding everything: the three components of its bookkeeping are not compared.
"""

from __future__ import annotations

import importlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.artifacts import write_artifacts
from tests.support.contracts import ROOT
from tests.support.shared import SHARED
from tests.traces.tally import COUNTED, told

VECTORS = SHARED / "vectors"
TOOLS = VECTORS / "tools"


def trace_files(folder: str = ".") -> list[Path]:
    return sorted((VECTORS / "traces" / folder).glob("*.json.gz"))


@cache
def tools() -> Any:
    """The replayer's modules, imported from where they lie."""
    sys.dont_write_bytecode = True  # the folder is read-only
    sys.path.insert(0, str(TOOLS))
    return importlib.import_module("replay")


@cache
def interfaces() -> dict[str, Any]:
    return json.loads((TOOLS / "interfaces.json").read_text())


def new_tally() -> Any:
    return tools().Tally()


def replay(path: Path, tally: Any, *, keep_going: bool = False) -> Any:
    """Replay one trace; mismatches are printed and counted in `tally`. Returns the replayer."""
    document = importlib.import_module("tracefile").read_trace(path)
    leave_out_documented_differences(document)
    artifacts = tools().Artifacts(write_artifacts())
    replayer = tools().Replayer(document, artifacts, interfaces(), tally, keep_going)
    replayer.run()
    return replayer


def leave_out_documented_differences(document: dict[str, Any]) -> None:
    steps: list[dict[str, Any]] = document["steps"]
    live: dict[str, Any] = {}  # views that later digests go on comparing
    uncompared: dict[str, int] = {}  # view -> the component that may differ
    for index, step in enumerate(steps):
        if step["op"] == "digest":
            live = {view: v for view, v in live.items() if view not in step["drop"]} | step["set"]
            for view in uncompared.keys() & live.keys():
                live[view] = [
                    None if i == uncompared[view] else v for i, v in enumerate(live[view])
                ]
                step["set"][view] = live[view]
        elif step["ok"] and step["f"].startswith("slashTranscoder"):
            del steps[index:]
            return
        elif step["f"].startswith("transferBond"):
            for _, event, arguments in step.get("logs", []):
                if event == "TranscoderDeactivated" and arguments[0] == step["s"]:
                    uncompared |= bookkeeping_of(*arguments)


def bookkeeping_of(transcoder: str, next_round: int) -> dict[str, int]:
    """Views and components that record the stake of a transcoder that leaves in this round."""
    pool = "BondingManager.getTranscoderEarningsPoolForRound"
    return {
        f"BondingManager.getTranscoder({transcoder})": 3,
        f"{pool}({transcoder},{next_round - 1})": 0,
        f"{pool}({transcoder},{next_round})": 0,
    }


def absent_contracts(replayer: Any) -> list[str]:
    """Contracts a replay needed that this build does not have yet."""
    built = {path.stem for path in write_artifacts().glob("*.json")}
    return sorted(replayer.system.missing - built)


def summary(tally: Any) -> str:
    return told({name: getattr(tally, name) for name in COUNTED})


GAS_PAGE = """# Gas against the deployed protocol

Mean gas of whole transactions, the same ones in the same order: as recorded on the
deployed Solidity protocol ("recorded") and replayed here ("this run"), both behind proxies.
Written by `python -m tests.traces.replay --write`.

```
{table}
```

{summary}
"""


def main() -> int:
    tally = new_tally()
    for path in trace_files() + trace_files("divergences"):
        replay(path, tally)
    table = tools().gas_table(tally)
    print(table)
    for kind, count in sorted(tally.soft.items()):
        print(f"{kind}: {count}  {tally.examples.get(kind, '')}")
    print(summary(tally))
    if "--write" in sys.argv[1:]:
        page = GAS_PAGE.format(table=table, summary=summary(tally))
        (ROOT / "docs" / "gas.md").write_text(page)
    return 1 if tally.mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
