"""`python -m keepers check`: every seeded mistake is found, and named by its key (R22)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from keepers.core.lease import Lease
from tests.keepers.core.preflight_mistakes import MISTAKES, WARNINGS, set_all
from tests.keepers.core.preflight_site import CALLER, FIRST, Site
from tests.keepers.core.scripted_node import World, served


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    world = World()
    with served(world) as url:
        yield Site(tmp_path, url, world)


@pytest.mark.parametrize("name", MISTAKES)
def test_check__one_mistake__is_an_error_that_names_its_key(site: Site, name: str) -> None:
    seed, key, text = MISTAKES[name]
    seed(site)
    code, findings = site.findings()
    assert code == 1
    errors = [one for one in findings if one["level"] == "error"]
    assert [one for one in errors if one["key"] == key and text in one["text"]], findings


def test_mistakes__of_the_acceptance_check__are_enough() -> None:
    assert len(MISTAKES) >= 30


def test_check__everything_in_order__finds_nothing_and_leaves_nothing(site: Site) -> None:
    before = {*site.folder.iterdir(), site.folder / "keepers.toml"}
    result = site.check()
    assert (result.exit_code, result.stdout) == (0, "all is well\n")
    assert set(site.folder.iterdir()) == before
    assert set(site.world.sent) == {"0x"}


@pytest.mark.parametrize(
    ("mode", "keys"),
    [("hang", {"network.rpc[0]", "network.rpc[1]"}), ("slow", {"network.rpc"})],
)
def test_check__endpoints_that_take_their_time__is_over_in_five_seconds(
    site: Site, mode: str, keys: set[str]
) -> None:
    set_all(site, mode=mode)
    start = time.monotonic()
    code, findings = site.findings()
    assert time.monotonic() - start < 5
    assert code == 1
    assert {one["key"] for one in findings} == keys


def test_check__one_of_two_endpoints_dead__warns_and_looks_through_the_other(site: Site) -> None:
    site.world.endpoints["a"].mode = "hang"
    site.world.callers.pop(FIRST)
    start = time.monotonic()
    result = site.check()
    assert time.monotonic() - start < 5
    lines = result.stdout.splitlines()
    assert lines[0].startswith("warning: network.rpc[0]: ")
    assert lines[1].startswith("warning: network.rpc: one endpoint works")
    assert lines[2].startswith("error: reward_caller.orchestrators[0]: the reward caller of")
    assert lines[3:] == ["1 error, 2 warnings"]


@pytest.mark.parametrize("name", WARNINGS)
def test_check__what_may_be_meant_so__is_a_warning(site: Site, name: str) -> None:
    seed, key, text = WARNINGS[name]
    seed(site)
    code, findings = site.findings()
    assert code == 0
    assert any(
        one["level"] == "warning" and one["key"] == key and text in one["text"] for one in findings
    ), findings


def test_check__another_process_at_work__names_it(site: Site) -> None:
    with closing(site.journal()) as journal:
        Lease(journal, CALLER.address, "host-a:77").beat()
        _, findings = site.findings()
    (finding,) = findings
    assert (finding["level"], finding["key"]) == ("warning", "lease.owner")
    assert finding["text"].startswith("host-a:77 acts for caller: this process waits")


@pytest.mark.parametrize(("free", "level"), [(1, "error"), (200, "warning")])
def test_check__disk_nearly_full__says_how_much_is_left(
    site: Site, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    monkeypatch.setattr(
        "keepers.core.preflight_host.shutil.disk_usage",
        lambda _folder: type("Usage", (), {"free": free * 2**20}),
    )
    _, findings = site.findings()
    (finding,) = findings
    assert (finding["level"], finding["key"]) == (level, "journal.url")
    assert f"{free} MiB are free" in finding["text"]
