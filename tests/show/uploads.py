"""Shows that uploads survive cuts: sent over real sockets to a served process, each cut at random bytes.

`python -m tests.show.uploads --seed N` sends 5 uploads of up to 3 MB, cut 50 times each: in the head of a request, in
its body, in silence or with a reset, with and without a checksum. Prints JSON counts; ends with status 1 if a file that
comes back differs in one byte.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import random
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from tests.files.papers import pdf
from tests.serving import Served, Session, log_in_citizen, wait_for

STREAM = "application/offset+octet-stream"
RESET = struct.pack("ii", 1, 0)
LOOK_SECONDS = 0.02
"""Seconds between two requests for an offset, of which the limits allow 3,000 per minute."""


class Sender:
    """A client that uploads `data` and breaks its connections."""

    def __init__(self, served: Served, citizen: Session, data: bytes, rng: random.Random) -> None:
        self._served, self._citizen, self._data, self._rng = served, citizen, data, rng
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data))}
        self.path = citizen.call("POST", "/v1/uploads", 201, headers).headers["Location"]
        self.kept_of_cuts = 0

    def offset(self) -> int:
        """The offset that the server has, once it has noticed the cut."""
        answer = self._citizen.call("HEAD", self.path, headers={"Tus-Resumable": "1.0.0"})
        return int(answer.headers["Upload-Offset"])

    def cut(self, left: int) -> None:
        """Continue the upload from the server's offset, and cut at a random byte; `left` cuts are still to come."""
        at = self.offset()
        body = self._data[at : at + max(2, 2 * (len(self._data) - at) // (left + 1))]
        if len(body) == len(self._data) - at:
            body = body[:-1]  # the last byte is for the end
        request = self._head(at, body) + body
        with socket.create_connection(("127.0.0.1", self._served.port), timeout=20) as line:
            if self._rng.random() < 0.5:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            with contextlib.suppress(OSError):
                line.sendall(request[: self._rng.randrange(1, len(request))])
        self.kept_of_cuts += self._settled(at) > at

    def finish(self) -> None:
        """Send what is missing."""
        while (at := self.offset()) < len(self._data):
            headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(at), "Content-Type": STREAM}
            with contextlib.suppress(AssertionError):  # 409: an earlier piece has only now been counted
                self._citizen.call("PATCH", self.path, 204, headers, data=self._data[at:])

    def returned(self) -> bytes:
        """The content that the server gives back after the check."""
        wait_for(lambda: self._citizen.call("GET", self.path)["state"] != "checking", 60)
        address = self._citizen.call("GET", self.path.replace("uploads", "files"))
        return requests.get(self._served.base + address["url"], timeout=60).content

    def _settled(self, before: int) -> int:
        """The offset, once it no longer moves."""
        at, deadline = before, time.monotonic() + 0.3
        while time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            if (now_at := self.offset()) != at:
                at, deadline = now_at, time.monotonic() + 0.3
        return at

    def _head(self, offset: int, body: bytes) -> bytes:
        lines = [
            f"PATCH {self.path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self._citizen.token}",
            "Tus-Resumable: 1.0.0",
            f"Upload-Offset: {offset}",
            f"Content-Type: {STREAM}",
            f"Content-Length: {len(body)}",
        ]
        if self._rng.random() < 0.2:
            lines.append(f"Upload-Checksum: sha256 {base64.b64encode(hashlib.sha256(body).digest()).decode()}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def cut_uploads(seed: int, uploads: int, cuts: int, folder: Path) -> dict[str, Any]:
    """Send so many uploads, each cut so often; gives the counts."""
    rng = random.Random(seed)
    served = Served(folder).start()
    counts = {"seed": seed, "uploads": uploads, "cuts": 0, "cuts_of_which_bytes_were_kept": 0, "bytes": 0}
    counts["byte_exact"] = 0
    try:
        citizen = log_in_citizen(served, "13800138000")
        for _ in range(uploads):
            data = pdf(payload=rng.randbytes(rng.randint(1_000_000, 3_000_000)))
            sender = Sender(served, citizen, data, rng)
            for left in range(cuts, 0, -1):
                sender.cut(left)
                counts["cuts"] += 1
            sender.finish()
            counts["cuts_of_which_bytes_were_kept"] += sender.kept_of_cuts
            counts["bytes"] += len(data)
            counts["byte_exact"] += sender.returned() == data
    finally:
        served.stop()
    return counts


def main() -> None:
    """Print the counts; exit status 1 if a file differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--uploads", type=int, default=5)
    parser.add_argument("--cuts", type=int, default=50)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = cut_uploads(told.seed, told.uploads, told.cuts, Path(folder))
    print(json.dumps(counts, indent=1))
    sys.exit(counts["byte_exact"] != counts["uploads"])


if __name__ == "__main__":
    main()
