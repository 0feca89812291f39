"""The virus scanner: what clamd finds is refused, what it does not answer waits, and nothing unscanned is called clean.

Most run against a stand-in that speaks INSTREAM and VERSION as clamd(8) says; one against a real clamd if there is one.
"""

import os
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.files import file as rules
from api.files.clamd import EICAR, Clamd, ScannerDown
from api.jobs.job import MAX_ATTEMPTS
from api.operations.doctor import machine
from api.settings import Settings, UnsafeStart, read
from tests.conftest import Caller
from tests.files.papers import pdf, photo
from tests.files.test_uploads import PNG, upload
from tests.serving import wait_for
from tests.way import submitted

CLAMD = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class StandIn(socketserver.ThreadingUnixStreamServer):
    """Answers as clamd does, or as `says` tells it: a text, or None to hang up."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Speaks)
        self.says: str | None = ""
        self.version = "ClamAV 1.4.6/27800/Tue Nov 24 08:12:05 2026"
        self.scanned: list[bytes] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Speaks(socketserver.StreamRequestHandler):
    server: StandIn

    def handle(self) -> None:
        command = self._until_zero()
        if command == b"zVERSION":
            self._answers(self.server.version)
        elif command == b"zINSTREAM":
            content = b"".join(iter(self._piece, b""))
            self.server.scanned.append(content)
            verdict = "stream: Eicar-Test-Signature FOUND" if EICAR in content else "stream: OK"
            if self.server.says is not None:
                self._answers(self.server.says or verdict)

    def _until_zero(self) -> bytes:
        return b"".join(iter(lambda: self.rfile.read(1), b"\0"))

    def _piece(self) -> bytes:
        return self.rfile.read(int.from_bytes(self.rfile.read(4), "big"))

    def _answers(self, text: str) -> None:
        self.wfile.write(text.encode() + (b"" if text.endswith("~") else b"\0"))


@pytest.fixture(scope="module")
def socket_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clamd") / "clamd.ctl"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, socket_path: Path) -> Settings:
    folder = tmp_path_factory.mktemp("circle")
    paths = {"CIRCLE_VAR": str(folder / "var"), "CIRCLE_KEYS": str(folder / "keys")}
    return read({**paths, "CLAMD": str(socket_path)})


@pytest.fixture
def clamd(socket_path: Path) -> Iterator[StandIn]:
    """The scanner of the app."""
    server = StandIn(socket_path)
    yield server
    server.shutdown()
    server.server_close()
    socket_path.unlink()


def test_the_test_virus_is_refused_and_a_clean_file_says_when_it_was_scanned(
    citizen: Caller, drain: Any, clamd: StandIn
) -> None:
    alone, hidden, clean = (
        upload(citizen, EICAR, "a.com"),
        upload(citizen, pdf(payload=EICAR)),
        upload(citizen, photo()),
    )
    drain()
    for upload_id in (alone, hidden):
        row = citizen.get(f"/v1/uploads/{upload_id}")
        assert (row["state"], row["code"]) == ("refused", "unsafe")
        citizen.get(f"/v1/files/{upload_id}", expect=404)
    assert citizen.get(f"/v1/files/{clean}")["scanned_at"] == "2026-11-24T10:00:00+08:00"
    assert clamd.scanned == [EICAR, pdf(payload=EICAR), photo()], "what arrived, whole"


def test_while_the_scanner_is_down_files_wait_and_are_then_scanned(
    citizen: Caller, drain: Any, clock: Any, socket_path: Path, database: Any
) -> None:
    infected, clean = upload(citizen, pdf(payload=EICAR)), upload(citizen, PNG)
    for _ in range(MAX_ATTEMPTS + 2):
        drain()
        clock.move(minutes=1)
    for upload_id in (infected, clean):
        assert citizen.get(f"/v1/uploads/{upload_id}")["state"] == "checking"
        citizen.get(f"/v1/files/{upload_id}", expect=404)
    assert {row["state"] for row in database["slow_jobs"].find()} == {"pending"}, "not parked"
    server = StandIn(socket_path)
    clock.move(minutes=3)
    drain()
    server.shutdown()
    server.server_close()
    socket_path.unlink()
    assert citizen.get(f"/v1/uploads/{infected}")["code"] == "unsafe"
    assert citizen.get(f"/v1/uploads/{clean}")["state"] == "accepted"


@pytest.mark.parametrize(
    "says",
    [
        None,
        "INSTREAM size limit exceeded. ERROR",
        "stream: Can't allocate memory ERROR",
        "stream: OK~",
        "OK",
        "stream: OK and more",
        "UNKNOWN COMMAND",
    ],
)
def test_any_other_answer_is_no_verdict(citizen: Caller, drain: Any, clamd: StandIn, says: str | None) -> None:
    clamd.says = says
    waiting = upload(citizen, PNG)
    drain()
    assert citizen.get(f"/v1/uploads/{waiting}")["state"] == "checking"


def test_a_file_that_no_scan_survives_is_refused_in_the_end(
    citizen: Caller, drain: Any, clamd: StandIn, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that makes clamd break off each time would else be scanned for ever."""
    monkeypatch.setattr(rules, "MOST_SCANS", 3)
    clamd.says = None
    poison = upload(citizen, PNG)
    for scans in (1, 2, 3):
        assert citizen.get(f"/v1/uploads/{poison}")["state"] == "checking"
        drain()
        assert len(clamd.scanned) == scans
        clock.move(minutes=1)
    assert citizen.get(f"/v1/uploads/{poison}")["code"] == "unchecked"


def test_it_is_spoken_to_over_tcp_too_and_may_hang_up_before_the_end() -> None:
    class HangsUp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(10)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), HangsUp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(ScannerDown):
            Clamd(f"127.0.0.1:{server.server_address[1]}").scan([bytes(1_000_000)] * 20)
        server.shutdown()
    with pytest.raises(ScannerDown):
        Clamd(f"127.0.0.1:{server.server_address[1]}").version()


def test_who_works_on_a_case_sees_what_was_scanned(citizen: Caller, window: Caller, drain: Any, clamd: StandIn) -> None:
    number = submitted(citizen, drain)["number"]
    files = [file for line in window.get(f"/v1/cases/{number}")["materials"] for file in line["files"]]
    assert files
    assert {file["scanned_at"] for file in files} == {"2026-11-24T10:00:00+08:00"}


@pytest.mark.parametrize("address", ["10.0.0.7:3310", "clamd.example.cn:3310", "clamd.ctl", "127.0.0.1:x", ":3310"])
def test_only_a_scanner_of_this_machine_is_sent_what_citizens_hand_in(address: str) -> None:
    with pytest.raises(UnsafeStart, match="CLAMD"):
        read({"CLAMD": address})


@pytest.mark.parametrize("address", ["/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310", "localhost:3310", ""])
def test_it_is_named_by_its_socket_or_its_port(address: str) -> None:
    assert read({"CLAMD": address}).clamd == address


def test_the_doctor_says_whether_uploads_are_scanned(settings: Settings, clamd: StandIn, tmp_path: Path) -> None:
    def seen(settings: Settings) -> Any:
        return next(finding for finding in machine(settings) if finding.name == "scanner")

    none = read({"CIRCLE_VAR": str(tmp_path / "var"), "CIRCLE_KEYS": str(tmp_path / "keys")})
    assert (seen(none).state, "not scanned" in seen(none).words) == ("note", True)
    clamd.version = "ClamAV 1.4.6/27800/Tue Nov 24 08:12:05 2099"
    assert seen(settings).state == "ok"
    clamd.version = "ClamAV 1.4.6/27100/Thu Nov 30 08:12:05 2023"
    assert ("freshclam" in seen(settings).todo, seen(settings).state) == (True, "fail")
    clamd.says = "stream: OK"
    assert "EICAR" in seen(settings).words
    clamd.says = None
    assert (seen(settings).state, "wait" in seen(settings).words) == ("fail", True)


@pytest.mark.skipif(CLAMD is None, reason="no clamd on this machine: apt-get install clamav-daemon")
def test_a_real_clamd_finds_the_test_virus(tmp_path: Path) -> None:
    """With a signature of our own, since its own ones are 200 MB that it downloads."""
    assert CLAMD
    database, at = tmp_path / "db", tmp_path / "clamd.ctl"
    database.mkdir()
    (database / "own.ndb").write_text(f"Own-Test-Signature:0:*:{EICAR.hex()}\n")
    config = tmp_path / "clamd.conf"
    lines = ("Foreground yes", f"LocalSocket {at}", f"DatabaseDirectory {database}", "StreamMaxLength 25M")
    config.write_text("\n".join(lines) + "\n")
    with subprocess.Popen([CLAMD, "--config-file", str(config)], stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(at.exists, 60, lambda: f"clamd ended: {process.poll()}")
            scanner = Clamd(str(at))
            assert scanner.version().program.startswith("ClamAV ")
            assert scanner.scan([EICAR[:30], b"", EICAR[30:]]) == "Own-Test-Signature.UNOFFICIAL"
            assert scanner.scan([pdf(payload=EICAR)]) == "Own-Test-Signature.UNOFFICIAL"
            assert scanner.scan([photo()]) is None
            with pytest.raises(ScannerDown):
                scanner.scan([bytes(1024 * 1024)] * 30)
        finally:
            process.terminate()
