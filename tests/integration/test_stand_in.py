"""The stand-in where it must be as good as MongoDB: `make audit` after a long load reads all there is."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pymongo
import pytest

from deploy.native.build import mongo_command
from tests.support import MongoServer

PIECES, EACH = 40, 200
KILOBYTES = 32  # of a document: all of them are more than the stand-in has memory


@pytest.fixture
def many(tmp_path: Path) -> Any:
    server = MongoServer(tmp_path)
    with pymongo.MongoClient[dict[str, Any]](server.start()) as mongo:
        documents = mongo["order"]["orders"]
        for piece in range(PIECES):
            ids = range(piece * EACH, (piece + 1) * EACH)
            documents.insert_many([{"_id": f"{number:05}", "text": "x" * 1024 * KILOBYTES} for number in ids])
        yield documents
    server.stop()


def test_more_documents_than_fit_into_memory_are_read_whole_and_in_order(many: Any) -> None:
    read = [document["_id"] for document in many.find({}, batch_size=250)]
    assert read == [f"{number:05}" for number in range(PIECES * EACH)]


def test_documents_deleted_while_all_are_read_do_not_end_the_reading(many: Any) -> None:
    reading = many.find({}, batch_size=250)
    first = next(reading)["_id"]
    many.delete_many({"_id": {"$gte": f"{PIECES * EACH // 2:05}"}})
    rest = [document["_id"] for document in reading]
    assert [first, *rest] == sorted({first, *rest})
    assert len(rest) >= PIECES * EACH // 2 - 1


def test_who_asks_for_no_batches_counts_and_changes_all_of_them(tmp_path: Path) -> None:
    server = MongoServer(tmp_path)
    with pymongo.MongoClient[dict[str, Any]](server.start()) as mongo:
        documents = mongo["order"]["orders"]
        documents.insert_many([{"_id": f"{number:05}"} for number in range(600)])
        assert documents.count_documents({}) == len(list(documents.find({}))) == 600
        assert documents.update_many({}, {"$set": {"seen": True}}).modified_count == 600
        assert documents.delete_many({}).deleted_count == 600
    server.stop()


def test_java_options_of_its_own_outweigh_those_the_stand_in_has(tmp_path: Path) -> None:
    command = mongo_command("127.0.0.1", "1", tmp_path, "-Xmn96m -XX:TieredStopAtLevel=4")
    if command[0] != "java":
        pytest.skip("there is a mongod")
    options = command[: command.index("-cp")]
    said = subprocess.run(
        [*options, "-XX:+PrintFlagsFinal", "-version"], capture_output=True, text=True
    ).stdout
    flags = dict(re.findall(r"(\w+)\s+= (\d+)", said))
    assert (flags["MaxNewSize"], flags["TieredStopAtLevel"]) == (str(96 * 2**20), "4")
