"""A carrier for trials: it delivers nothing, and simulates a day's pushes, signed like those of 快递100."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from api.jobs.job import Enqueue
from api.parcels.carriers import Pushed, Watched
from api.parcels.carriers.kuaidi100 import read_push, sign_of
from api.times import BEIJING

PAUSE = timedelta(seconds=4)
DAY = (
    ("103", "快递员李师傅 13900001111 已在新城区政务服务大厅揽收"),
    ("0", "快件离开新城区营业部，前往西安分拨中心"),
    ("5", "派件员王师傅 13700002222 正在派送，请保持电话畅通"),
    ("3", "快件已签收，签收人：本人"),
)


class ConsoleCarrier:
    """Simulates the pushes of DAY, one per PAUSE, in the format of 快递100."""

    def __init__(self, enqueue: Enqueue, now: Callable[[], datetime]) -> None:
        self._enqueue = enqueue
        self._now = now

    def watch(self, parcel: Watched) -> None:
        """Enqueue a job for each push of the day."""
        for turn in range(len(DAY)):
            payload = {"secret": parcel.secret, "turn": turn, "begun": self._now().isoformat()}
            due_at = self._now() + PAUSE * (turn + 1)
            self._enqueue(f"play:{parcel.secret}:{turn}", "parcels.play", payload, due_at=due_at)

    def push(self, parcel: Watched, turn: int, begun: datetime) -> tuple[str, str]:
        """The push number `turn` as (param, sign); it lists all events so far, newest first."""
        lines = [
            {
                "time": f"{(begun + PAUSE * (n + 1)).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
                "context": text,
                "statusCode": code,
            }
            for n, (code, text) in enumerate(DAY[: turn + 1])
        ]
        status = "shutdown" if turn == len(DAY) - 1 else "polling"
        last = {"state": lines[-1]["statusCode"], "com": parcel.carrier, "nu": parcel.number, "data": lines[::-1]}
        param = json.dumps({"status": status, "lastResult": last}, ensure_ascii=False)
        return param, sign_of(param, parcel.salt)

    def read_push(self, parcel: Watched, param: str, sign: str, now: datetime) -> Pushed:
        """Verify and parse a push, as for 快递100."""
        return read_push(parcel, param, sign, now)
