"""Shows that one greedy person holds up nobody else: neither what is printed, nor the check of files.

`python -m tests.show.fair --seed N`: at a served process one citizen asks for 12 transcripts at once, and sends 12
pictures at once; meanwhile honest ones ask for one paper and send one picture each. Prints, per honest request, how
long it took alone and beside the greedy one, the ratio, and how many of the greedy one's were served between its
beginning and its end. Ends with status 1 if more were than take turns with it, if an honest one is refused, or if the
greedy one is not told in time that its share is used up.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from tests.files.papers import png
from tests.serving import Served, Session, log_in_citizen, wait_for
from tests.show.hostile import STREAM

AT_ONCE = 12
MOST_BEFORE = 2
"""How many of the greedy one's may end while an honest request lasts: what runs when it comes, and one more turn."""
MOST_TRIES = 6
"""How often an honest one asks for a paper on a machine that is busy with other work."""
WORDS = "请问办理食品经营许可证要带哪些材料到窗口去营业执照和身份证的原件复印件都要吗"


class Person:
    """A citizen with a conversation of some length, whose transcript takes a while to print."""

    def __init__(self, served: Served, phone: str, rng: random.Random, messages: int) -> None:
        self.base, self._rng = served.base, rng
        self.session: Session = log_in_citizen(served, phone)
        ask = {"point": "XC-H01", "text": "您好"}
        self.talk = self.session.call("POST", "/v1/conversations", 201, json=ask)["id"]
        for _ in range(messages):
            text = "".join(rng.choices(WORDS, k=1500))
            body = {"kind": "text", "text": text, "client_id": str(uuid4())}
            self.session.call("POST", f"/v1/conversations/{self.talk}/messages", 201, json=body)

    def prints(self) -> requests.Response:
        """Ask for the transcript."""
        headers = {"Authorization": f"Bearer {self.session.token}"}
        return requests.get(f"{self.base}/v1/conversations/{self.talk}/transcript.pdf", headers=headers, timeout=120)

    def prints_at_last(self) -> tuple[float, float, requests.Response]:
        """As `prints`, once more after Retry-After where all others are busy too (503); when the last try began and
        ended, and its answer."""
        for _ in range(MOST_TRIES):
            begun, ended, answer = timed(self.prints)
            if answer.status_code != 503:
                break
            time.sleep(int(answer.headers["Retry-After"]))
        return begun, ended, answer

    def sends(self) -> str:
        """Upload a small picture; gives its path."""
        data = png(self._rng)
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data))}
        path = str(self.session.call("POST", "/v1/uploads", 201, headers).headers["Location"])
        put = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": STREAM}
        self.session.call("PATCH", path, 204, put, data=data)
        return path

    def checked(self, path: str) -> bool:
        """Whether the check of an upload is over."""
        return bool(self.session.call("GET", path)["state"] != "checking")


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """When it began and ended, and what it gave."""
    begun = time.perf_counter()
    answer = work()
    return begun, time.perf_counter(), answer


def papers(greedy: Person, honest: list[Person]) -> dict[str, Any]:
    """One asks for 12 transcripts at once, then each honest one for one."""
    alone = [_seconds(person.prints_at_last()) for person in honest]
    with ThreadPoolExecutor(AT_ONCE + len(honest)) as pool:
        many = [pool.submit(timed, greedy.prints) for _ in range(AT_ONCE)]
        time.sleep(0.3)
        single = [pool.submit(person.prints_at_last) for person in honest]
        greedy_ones, honest_ones = [each.result() for each in many], [each.result() for each in single]
    ends = [end for _, end, answer in greedy_ones if answer.status_code == 200]
    refused = [answer for _, _, answer in greedy_ones if answer.status_code != 200]
    return {
        **_beside(alone, [(begun, end) for begun, end, _ in honest_ones], ends),
        "honest_printed": sum(answer.status_code == 200 for *_, answer in honest_ones),
        "greedy_printed": len(ends),
        "greedy_refused": sum(answer.status_code == 429 and "Retry-After" in answer.headers for answer in refused),
        "greedy_put_off": sum(answer.status_code == 503 and "Retry-After" in answer.headers for answer in refused),
    }


def pictures(greedy: Person, honest: list[Person]) -> dict[str, Any]:
    """One sends 12 pictures at once, then each honest one sends one; the time is that from its last byte."""

    def check(person: Person, path: str) -> None:
        wait_for(lambda: person.checked(path), 120)

    alone = []
    for person in honest:
        path = person.sends()
        alone.append(_seconds(timed(lambda person=person, path=path: check(person, path))))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        paths = list(pool.map(lambda _: greedy.sends(), range(AT_ONCE)))
    ends: list[float] = []
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(greedy, paths, ends, over))
    watch.start()
    with ThreadPoolExecutor(len(honest)) as pool:
        mine = [(person, person.sends()) for person in honest]
        waits = [timed_wait.result() for timed_wait in [pool.submit(timed, lambda m=m: check(*m)) for m in mine]]
    watch.join()
    return {
        **_beside(alone, [(begun, end) for begun, end, _ in waits], ends),
        "honest_checked": len(waits),
        "greedy_checked": len(ends),
    }


def _watch(person: Person, paths: list[str], ends: list[float], over: threading.Event) -> None:
    left = list(paths)
    while left:
        for path in [path for path in left[:2] if person.checked(path)]:
            left.remove(path)
            ends.append(time.perf_counter())
        time.sleep(0.02)


def _seconds(one: tuple[float, float, Any]) -> float:
    return one[1] - one[0]


def _beside(alone: list[float], spans: list[tuple[float, float]], ends: list[float]) -> dict[str, Any]:
    """Seconds alone and beside the greedy one, the ratio of the medians, and the greedy one's turns in between."""
    beside = [end - begun for begun, end in spans]
    between = [sum(begun < end_of_greedy < end for end_of_greedy in ends) for begun, end in spans]
    median_alone, median_beside = statistics.median(alone), statistics.median(beside)
    return {
        "alone_s": round(median_alone, 2),
        "beside_s": round(median_beside, 2),
        "ratio": round(median_beside / median_alone, 2),
        "greedy_turns_meanwhile": between,
    }


def share(seed: int, honest: int, messages: int, folder: Path) -> dict[str, Any]:
    """One greedy person against so many honest ones, at a served process; gives the counts."""
    rng = random.Random(seed)
    served = Served(folder).start()
    try:
        phones = rng.sample(range(10_000_000), honest + 1)
        greedy, *others = [Person(served, f"138{phone:08}", rng, messages) for phone in phones]
        counts = {
            "seed": seed,
            "honest": honest,
            "papers": papers(greedy, others),
            "pictures": pictures(greedy, others),
        }
    finally:
        served.stop()
    return {**counts, "fair": is_fair(counts)}


def is_fair(counts: dict[str, Any]) -> bool:
    """Whether nobody honest was refused or waited for more of the greedy one's than take turns with theirs."""
    printed, checked = counts["papers"], counts["pictures"]
    turns = [*printed["greedy_turns_meanwhile"], *checked["greedy_turns_meanwhile"]]
    most = MOST_BEFORE + counts["honest"] - 1  # the honest ones take turns with each other too
    return bool(
        printed["honest_printed"] == checked["honest_checked"] == counts["honest"]
        and printed["greedy_printed"] + printed["greedy_refused"] + printed["greedy_put_off"] == AT_ONCE
        and printed["greedy_refused"] > 0
        and checked["greedy_checked"] == AT_ONCE
        and max(turns) <= most
    )


def main() -> None:
    """Print the counts; exit status 1 if it was not fair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--honest", type=int, default=3)
    parser.add_argument("--messages", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = share(asked.seed, asked.honest, asked.messages, Path(folder))
    print(json.dumps(counts, indent=1))
    sys.exit(not counts["fair"])


if __name__ == "__main__":
    main()
