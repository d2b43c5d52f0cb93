"""`python -m tests.resilience.durability`: does MongoDB keep under SIGKILL what it acknowledged?

Four writers count up, each write acknowledged from the journal; MongoDB is killed at random and started.
What was acknowledged and is not there is counted. 20 kills, about a minute. Ends 1 when something was lost.
"""

import contextlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from tests.support import MongoServer

ROUNDS, WRITERS = 20, 4


def main() -> int:
    directory, seed = Path(tempfile.mkdtemp(prefix="spanshop-durability-")), random.randrange(1_000_000)
    print(f"SEED={seed}, {'mongod' if shutil.which('mongod') else 'the stand-in'}")
    server, dice, written, lost = MongoServer(directory), random.Random(seed), 0, []
    try:
        server.start()
        for number in range(ROUNDS):
            acknowledged = _write_until_killed(server, number, dice.uniform(0.3, 1.5))
            written += sum(acknowledged.values())
            lost.append(sum(max(0, count - _found(server.url, name)) for name, count in acknowledged.items()))
            print(
                f"kill {number + 1}: {sum(acknowledged.values())} acknowledged, {lost[-1]} lost", flush=True
            )
    finally:
        server.stop()
        shutil.rmtree(directory)
    print(f"{ROUNDS} kills, {sum(map(bool, lost))} with a loss: {sum(lost)} of {written} acknowledged writes")
    return 1 if any(lost) else 0


def _write_until_killed(server: MongoServer, number: int, seconds: float) -> dict[str, int]:
    """Return how many writes each writer heard were done; MongoDB is up again then."""
    acknowledged = {f"{number}-{writer}": 0 for writer in range(WRITERS)}

    def write(name: str) -> None:
        with _client(server.url) as client:
            documents = client["probe"].get_collection("writes", write_concern=pymongo.WriteConcern(j=True))
            with contextlib.suppress(PyMongoError):
                while True:
                    documents.update_one({"_id": name}, {"$inc": {"count": 1}}, upsert=True)
                    acknowledged[name] += 1

    writers = [threading.Thread(target=write, args=(name,)) for name in acknowledged]
    for writer in writers:
        writer.start()
    time.sleep(seconds)
    server.stop(signal.SIGKILL)
    for writer in writers:
        writer.join()
    server.start()
    return acknowledged


def _found(url: str, name: str) -> int:
    """How many of a writer's writes are there; the one on its way may be, too."""
    with _client(url) as client:
        found = client["probe"]["writes"].find_one({"_id": name})
    return int(found["count"]) if found else 0


def _client(url: str) -> pymongo.MongoClient[dict[str, Any]]:
    return pymongo.MongoClient(url, serverSelectionTimeoutMS=3000)


if __name__ == "__main__":
    sys.exit(main())
