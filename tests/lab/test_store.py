from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcpkit.engine.actions import Document
from dhcpkit.engine.lease import Lease
from dhcpkit.lab.store import MemoryStore, Saved, SqliteStore, Store, StoreError
from dhcpkit.protocol.failover.codes import BindingStatus
from tests.lab.nodes import lease

ROOT = Path(__file__).parents[2]
FULL = Lease(
    0xFFFFFFFE,
    0x0A000000,
    BindingStatus.BACKUP,
    b"\x01\x00\xff",
    b"\x01abcdef",
    "Zürich-№1",
    b"\x01\x00",
    *range(0xFFFFFFF0, 0xFFFFFFF7),
    True,
)


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = SqliteStore(tmp_path / "leases.db") if request.param == "sqlite" else MemoryStore()
    yield store
    store.close()


def test_a_new_store_is_empty(store: Store) -> None:
    assert store.load() == Saved([], {})


def test_what_was_committed_comes_back_the_same(store: Store) -> None:
    value = {"name": "Contoso", "ranges": [[1, 2]], "none": None, "text": "é", "share": 0.5}
    store.commit([FULL, lease(5)], [Document("scope", "10.0.0.0", value), Document("scope", "b", {})])
    saved = store.load()
    assert sorted(saved.leases, key=lambda each: each.address) == [lease(5), FULL]
    assert saved.documents == {("scope", "10.0.0.0"): value, ("scope", "b"): {}}
    loaded = saved.leases[0]
    assert type(loaded.status) is BindingStatus
    assert type(loaded.unacknowledged) is bool


def test_a_later_commit_replaces_and_a_document_without_value_is_forgotten(store: Store) -> None:
    store.commit([lease(5)], [Document("scope", "a", {"v": 1}), Document("failover", "a", {"v": 2})])
    store.commit([lease(5, status=BindingStatus.FREE)], [Document("scope", "a", None), Document("scope", "x", None)])
    saved = store.load()
    assert saved.leases == [lease(5, status=BindingStatus.FREE)]
    assert saved.documents == {("failover", "a"): {"v": 2}}


def test_what_a_node_changes_later_does_not_reach_the_store(store: Store) -> None:
    mine, value = lease(5), {"list": [1]}
    store.commit([mine], [Document("scope", "a", value)])
    mine.expires = 99
    value["list"].append(2)
    loaded = store.load()
    loaded.leases[0].expires = 77
    loaded.documents["scope", "a"]["list"].append(3)
    again = store.load()
    assert again.leases == [lease(5)]
    assert again.documents == {("scope", "a"): {"list": [1]}}


@pytest.mark.parametrize("value", [{"x": b"bytes"}, {"x": float("nan")}, {"x": {1, 2}}])
def test_a_document_that_json_cannot_hold_is_refused_with_its_whole_commit(
    store: Store, value: dict[str, object]
) -> None:
    with pytest.raises(StoreError, match="document scope 'a' cannot be kept as JSON"):
        store.commit([lease(5)], [Document("scope", "b", {}), Document("scope", "a", value)])
    assert store.load() == Saved([], {})


def test_a_value_that_the_database_cannot_hold_is_refused_with_its_whole_commit(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "leases.db")
    for bad in (lease(6, expires=1 << 63), lease(6, hostname="\ud800")):
        with pytest.raises(StoreError, match="nothing was kept"):
            store.commit([lease(5), bad], [])
    store.commit([lease(7)], [])
    assert [each.address for each in store.load().leases] == [7]
    store.close()


def test_a_sqlite_store_survives_closing(tmp_path: Path) -> None:
    path = tmp_path / "leases.db"
    store = SqliteStore(path)
    store.commit([FULL], [Document("scope", "a", {"v": 1})])
    store.close()
    again = SqliteStore(path)
    assert again.load() == Saved([FULL], {("scope", "a"): {"v": 1}})
    again.close()
    plain = sqlite3.connect(path)
    assert plain.execute("PRAGMA user_version").fetchone() == (1,)
    assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    plain.close()


def test_every_commit_is_synced_to_the_disk(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "leases.db")
    full = 2
    assert store._database.execute("PRAGMA synchronous").fetchone() == (full,)
    store.close()


KILLED = """
import sys
from dhcpkit.engine.actions import Document
from dhcpkit.lab.store import SqliteStore
from tests.lab.nodes import lease
store = SqliteStore(sys.argv[1])
number = int(sys.argv[2])
while True:
    number += 1
    leases = [lease(number * 100 + each, expires=number) for each in range(50)]
    store.commit(leases, [Document("round", "x", {"n": number})])
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def test_every_acknowledged_commit_survives_sigkill(tmp_path: Path) -> None:
    """A real process is killed in the middle of its commits, again and again."""
    path, acknowledged = tmp_path / "leases.db", 0
    for wanted in (1, 7, 20, 40, 80):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path), str(acknowledged)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(wanted):
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        for line in process.stdout.read().splitlines(keepends=True):
            if line.endswith("\n"):
                acknowledged = int(line)
        process.stdout.close()
        store = SqliteStore(path)
        saved = store.load()
        store.close()
        last = saved.documents["round", "x"]["n"]
        # One more may have reached the disk and not the pipe; if so then whole.
        assert last in (acknowledged, acknowledged + 1)
        assert {each.address: each.expires for each in saved.leases} == {
            number * 100 + each: number for number in range(1, last + 1) for each in range(50)
        }
        acknowledged = last


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


FILLED = """
import sys
from dhcpkit.engine.actions import Document
from dhcpkit.lab.store import SqliteStore, StoreError
from tests.lab.nodes import lease
store = SqliteStore(sys.argv[1])
done = 0
try:
    while True:
        store.commit([lease(done * 100 + each) for each in range(50)], [Document("round", "x", {"n": done})])
        done += 1
except StoreError as error:
    print(done, error)
saved = store.load()
print(len(saved.leases), saved.documents["round", "x"]["n"])
"""


def test_a_disk_that_takes_no_more_is_an_error_and_nothing_is_half_written(tmp_path: Path) -> None:
    """The system refuses the process to write more than 200 kB into a file, as a full disk would."""
    path = tmp_path / "leases.db"
    done = subprocess.run(
        [sys.executable, "-c", FILLED, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        preexec_fn=lambda: limit_files(200_000),
    )
    first, second = done.stdout.splitlines()
    rounds = int(first.split()[0])
    assert rounds > 0
    assert "cannot be written, nothing was kept" in first
    assert second == f"{rounds * 50} {rounds - 1}"
    store = SqliteStore(path)
    assert len(store.load().leases) == rounds * 50
    store.close()


def test_a_full_database_is_an_error_and_the_store_can_be_used_on(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "leases.db")
    store._database.execute("PRAGMA max_page_count = 20")
    with pytest.raises(StoreError, match="full"):
        store.commit([lease(number) for number in range(5000)], [Document("scope", "a", {})])
    assert store.load() == Saved([], {})
    store.commit([lease(1)], [])
    assert store.load().leases == [lease(1)]
    store.close()


def make(path: Path) -> bytes:
    store = SqliteStore(path)
    store.commit([lease(number, hostname=f"host{number}") for number in range(3000)], [])
    store.close()
    return path.read_bytes()


def refused(path: Path, match: str) -> None:
    before = {each: each.read_bytes() for each in path.parent.iterdir()}
    with pytest.raises(StoreError, match=match) as caught:
        SqliteStore(path)
    assert str(path) in str(caught.value)
    assert {each: each.read_bytes() for each in path.parent.iterdir()} == before


def test_an_emptied_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leases.db"
    path.write_bytes(b"")
    refused(path, "it is empty.*left as it is.*restore it")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leases.db"
    path.write_bytes(b"lease 10.0.0.11 { }\n" * 100)
    refused(path, "damaged or no lease store")


@pytest.mark.parametrize("kept", [60, 4096, 0.5])
def test_a_truncated_file_is_refused(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "leases.db"
    whole = make(path)
    path.write_bytes(whole[: int(len(whole) * kept) if kept < 1 else int(kept)])
    refused(path, "damaged or no lease store")


def test_a_file_with_overwritten_pages_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leases.db"
    whole = make(path)
    path.write_bytes(whole[:8192] + os.urandom(8192) + whole[16384:])
    refused(path, "damaged or no lease store")


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leases.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE leases (x)")
    other.commit()
    other.close()
    refused(path, "SQLite file of another program")


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leases.db"
    make(path)
    later = sqlite3.connect(path)
    later.execute("PRAGMA user_version = 2")
    later.close()
    refused(path, "of version 2, this program reads version 1")


def test_a_journal_without_its_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leases.db"
    (tmp_path / "leases.db-wal").write_bytes(b"x" * 100)
    refused(path, "missing but its journal")


def test_a_store_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be"):
        SqliteStore(tmp_path / "nowhere" / "leases.db")


def test_a_store_in_use_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "leases.db")
    with pytest.raises(StoreError, match="locked"):
        SqliteStore(tmp_path / "leases.db")
    store.commit([lease(1)], [])
    store.close()


def test_a_hundred_thousand_leases_load_within_a_second(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "leases.db")
    leases = [lease(number, hostname=f"host{number}", client_id=b"\x01abcdef") for number in range(100_000)]
    store.commit(leases, [])
    store.close()
    begun = time.process_time()
    store = SqliteStore(tmp_path / "leases.db")
    loaded = store.load()
    took = time.process_time() - begun
    store.close()
    assert loaded.leases == leases
    assert took < 1.0
