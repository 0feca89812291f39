"""Somebody who talks from a process of their own.

    python -m tests.chat.talker MONGODB_URI DATABASE CONVERSATION CITIZEN COUNT

Posts COUNT messages from two threads and prints, as JSON, the numbers that each was given.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from api.storage.database import Database
from chat import Chat
from tests.chat.office import FAST, Office, said, utc_now


def main(uri: str, name: str, conversation: str, citizen: str, count: str) -> None:
    """Talk, then tell."""
    office = Office()
    who = replace(office.citizen(), id=citizen)
    office.people[who.token] = who
    chat = Chat(Database(uri, name), ports=office.ports(), now=utc_now, posts_a_minute=FAST)

    def talk(_: int) -> list[int]:
        return [chat.post(who, conversation, said(f"{n}"))["seq"] for n in range(int(count) // 2)]

    with ThreadPoolExecutor(2) as pool:
        print(json.dumps(list(pool.map(talk, range(2)))))
    chat.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
