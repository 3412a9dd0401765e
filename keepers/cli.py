"""Commands of the keepers. Results go to stdout, progress and trouble to stderr."""

from __future__ import annotations

from importlib import import_module

import click

# Each is a function of its name in keepers/<module>.py. Only the one that is asked for is loaded:
# what judges renditions needs five times the memory of what calls rewards.
MODULES = {
    "check": "check_command",
    "proposals": "proposal_command",
    "run": "run_command",
    "signer": "signer_command",
    "slashing": "slashing_command",
}


class Commands(click.Group):
    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(MODULES)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULES:
            return None
        command = getattr(import_module(f"keepers.{MODULES[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands)
def cli() -> None:
    """Services that keep the protocol moving."""
