"""The folder between gateway and verifier: whole segments, bounded reading, and over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.verifier.watching import DOMAIN, session
from verifier import spool
from verifier.exporter import Metrics
from verifier.spool import (
    FolderPlace,
    RemotePlace,
    SpoolError,
    SpoolWriter,
    open_place,
    read_domain,
    read_media,
    read_segment,
    read_signers,
)

FILES = (b"source", [b"first", b"second"])


@pytest.fixture
def writer(tmp_path: Path) -> SpoolWriter:
    return SpoolWriter(tmp_path, DOMAIN, {session().orchestrator: session().orchestrator})


def test_write__segment__is_read_back_whole(writer: SpoolWriter, tmp_path: Path) -> None:
    signed = session().segment(3)
    name = writer.write(signed, *FILES)
    place = FolderPlace(tmp_path)
    assert list(place.names()) == [name] == [f"{signed.order.job_id.hex()}/3"]
    assert read_segment(place, name) == signed
    assert read_media(place, name, signed) == FILES
    assert read_domain(place) == DOMAIN
    assert read_signers(place) == {session().orchestrator: session().orchestrator}


def test_write__same_receipt_again__changes_nothing(writer: SpoolWriter, tmp_path: Path) -> None:
    signed = session().segment(3)
    assert writer.write(signed, *FILES) == writer.write(signed, *FILES)
    assert (tmp_path / "index.txt").read_text().count("\n") == 1


def test_write__second_receipt_for_an_order__gets_its_own_folder(
    writer: SpoolWriter, tmp_path: Path
) -> None:
    names = [
        writer.write(session().segment(3, receipt={"signed_at": at}), *FILES) for at in (5, 6, 7)
    ]
    assert [name.partition("/")[2] for name in names] == ["3", "3.1", "3.2"]
    assert list(FolderPlace(tmp_path).names()) == names
    assert read_segment(FolderPlace(tmp_path), names[2]).receipt.signed_at == 7


def test_names__unfinished_and_foreign_folders__are_not_segments(
    writer: SpoolWriter, tmp_path: Path
) -> None:
    name = writer.write(session().segment(3), *FILES)
    job = tmp_path / name.partition("/")[0]
    for other in (job / ".4.abcd", job / "x", tmp_path / "lost+found" / "1"):
        other.mkdir(parents=True)
    assert list(FolderPlace(tmp_path).names()) == [name]


def test_names__many_segments__are_in_order_of_number(writer: SpoolWriter, tmp_path: Path) -> None:
    for seq in (10, 9, 2):
        writer.write(session().segment(seq), *FILES)
    assert [n.partition("/")[2] for n in FolderPlace(tmp_path).names()] == ["2", "9", "10"]


def test_writer__crashed_before_the_index__completes_it(
    writer: SpoolWriter, tmp_path: Path
) -> None:
    name = writer.write(session().segment(3), *FILES)
    (tmp_path / "index.txt").write_text("")
    SpoolWriter(tmp_path, DOMAIN)
    assert (tmp_path / "index.txt").read_text() == f"{name}\n"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "{", "[" * 9_000, '{"order": {"jobId": "zz"}}', '{"order": 1}']
)
def test_read_segment__not_a_segment__is_one_line(
    writer: SpoolWriter, tmp_path: Path, text: str
) -> None:
    name = writer.write(session().segment(3), *FILES)
    (tmp_path / name / "segment.json").write_text(text)
    with pytest.raises(SpoolError) as caught:
        read_segment(FolderPlace(tmp_path), name)
    assert "\n" not in str(caught.value)


def test_read_segment__endless_message__is_refused(writer: SpoolWriter, tmp_path: Path) -> None:
    name = writer.write(session().segment(3), *FILES)
    (tmp_path / name / "segment.json").write_bytes(b" " * (spool.MAX_MESSAGE + 1))
    with pytest.raises(SpoolError, match="longer than"):
        read_segment(FolderPlace(tmp_path), name)


def test_read_segment__in_the_folder_of_another__is_refused(
    writer: SpoolWriter, tmp_path: Path
) -> None:
    name = writer.write(session().segment(3), *FILES)
    (tmp_path / name).rename(tmp_path / name.replace("/3", "/4"))
    with pytest.raises(SpoolError, match="holds segment"):
        read_segment(FolderPlace(tmp_path), name.replace("/3", "/4"))


@pytest.mark.parametrize(
    "data", [{}, {"chainId": "1", "verifyingContract": "0x1"}, {"chainId": 1}, []]
)
def test_read_domain__malformed__is_one_line(tmp_path: Path, data: object) -> None:
    (tmp_path / "domain.json").write_text(json.dumps(data))
    with pytest.raises(SpoolError, match=r"domain\.json"):
        read_domain(FolderPlace(tmp_path))


@pytest.mark.parametrize("where", ["/nowhere/at/all", "ftp://node/receipts"])
def test_open_place__neither_folder_nor_url__is_one_line(where: str) -> None:
    with pytest.raises(SpoolError, match="folder"):
        open_place(where)


# -- over HTTP


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_remote_place__served_folder__reads_like_the_folder(writer: SpoolWriter, url: str) -> None:
    first, second = session().segment(3), session().segment(4)
    writer.write(first, *FILES)
    place = open_place(url)
    assert isinstance(place, RemotePlace)
    (name,) = place.names()
    assert read_segment(place, name) == first
    assert read_media(place, name, first) == FILES
    writer.write(second, *FILES)  # the index has grown: only its end is new
    assert [n.partition("/")[2] for n in place.names()] == ["3", "4"]
    assert read_domain(place) == DOMAIN


def test_remote_place__line_still_being_written__waits_for_its_end(
    writer: SpoolWriter, url: str, tmp_path: Path
) -> None:
    name = writer.write(session().segment(12), *FILES)
    index = tmp_path / "index.txt"
    index.write_text(name[:-1])  # so far it reads as segment 1
    place = open_place(url)
    assert list(place.names()) == []
    index.write_text(f"{name}\n")
    assert list(place.names()) == [name]


def test_remote_place__names_that_leave_the_place__are_ignored(
    writer: SpoolWriter, url: str, tmp_path: Path
) -> None:
    name = writer.write(session().segment(3), *FILES)
    with (tmp_path / "index.txt").open("a") as index:
        index.write(f"../../etc/1\n{'0' * 64}/../../x\n\xff\n\n")
    assert list(open_place(url).names()) == [name]


def test_remote_place__longer_than_allowed__is_refused(writer: SpoolWriter, url: str) -> None:
    name = writer.write(session().segment(3), *FILES)
    with pytest.raises(SpoolError, match="longer than 3 bytes"):
        open_place(url).read(f"{name}/source.ts", 3)


def test_remote_place__nobody_there__is_one_line(url: str) -> None:
    with pytest.raises(SpoolError, match="404"):
        list(open_place(f"{url}missing").names())
    with pytest.raises(SpoolError, match="refused"):
        list(open_place("http://127.0.0.1:9/").names())


# -- metrics


def test_metrics__counters__read_as_prometheus_text(tmp_path: Path) -> None:
    metrics = Metrics()
    metrics.add("verifier_checks_total", verdict="ok")
    metrics.add("verifier_checks_total", verdict="ok")
    metrics.add("verifier_findings_total", code='a"b\\c\nd')
    metrics.set("verifier_queue", 3)
    text = metrics.text()
    assert '\nverifier_checks_total{verdict="ok"} 2\n' in text
    assert '\nverifier_findings_total{code="a\\"b\\\\c\\nd"} 1\n' in text
    assert "# TYPE verifier_queue gauge\nverifier_queue 3\n" in text
    metrics.write(tmp_path / "metrics.prom")
    assert (tmp_path / "metrics.prom").read_text() == text


def test_metrics__served__are_what_the_text_is() -> None:
    metrics = Metrics()
    metrics.add("verifier_checks_total", verdict="ok")
    with metrics.served(0) as port:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert answer.read().decode() == metrics.text()
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        with pytest.raises(OSError, match="404"):
            urlopen(f"http://127.0.0.1:{port}/other", timeout=5)


def test_metrics__unknown_name__raises() -> None:
    with pytest.raises(KeyError, match="no metric"):
        Metrics().add("verifier_typo_total")
