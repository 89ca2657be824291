"""Where a server's leases and documents survive it: on disk in SQLite, or in memory beside the node.

What ``commit`` took is there after the server was killed at any later moment; what it refused with ``StoreError``
left no trace.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

from dhcpkit.engine.actions import Document
from dhcpkit.engine.lease import Lease
from dhcpkit.protocol.failover.codes import BindingStatus

LEASE_COLUMNS = tuple(each.name for each in fields(Lease))
"""Names of a lease's fields, in the order of its constructor."""

SCHEMA_VERSION = 1
APPLICATION_ID = 0x64686370
"""Marks a SQLite file as a lease store ("dhcp" in ASCII)."""

_row_of = attrgetter(*LEASE_COLUMNS)
_STATUSES = {int(status): status for status in BindingStatus}

_SCHEMA = """
CREATE TABLE leases (
    address INTEGER PRIMARY KEY, scope INTEGER NOT NULL, status INTEGER NOT NULL, client_id BLOB NOT NULL,
    hardware BLOB NOT NULL, hostname TEXT NOT NULL, relay_info BLOB NOT NULL, started INTEGER NOT NULL,
    expires INTEGER NOT NULL, contacted INTEGER NOT NULL, sent_potential INTEGER NOT NULL,
    acked_potential INTEGER NOT NULL, received_potential INTEGER NOT NULL, granted_by INTEGER NOT NULL,
    unacknowledged INTEGER NOT NULL
);
CREATE TABLE documents (
    kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, name)
) WITHOUT ROWID;
"""
_COLUMNS = ", ".join(LEASE_COLUMNS)
_SELECT_LEASES = f"SELECT {_COLUMNS} FROM leases"
_PUT_LEASE = f"INSERT OR REPLACE INTO leases ({_COLUMNS}) VALUES ({', '.join('?' * len(LEASE_COLUMNS))})"
_PUT_DOCUMENT = "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)"
_FORGET_DOCUMENT = "DELETE FROM documents WHERE kind = ? AND name = ?"


class StoreError(Exception):
    """The store could not be read or written. The text says what is wrong and what to do; nothing was changed."""


@dataclass(slots=True)
class Saved:
    """What a store holds: the leases, and the documents by kind and name."""

    leases: list[Lease] = field(default_factory=list)
    documents: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


class Store(Protocol):
    """Keeps what a server must not forget. Used by one node at a time."""

    def load(self) -> Saved:
        """Return everything committed so far, as objects that are the caller's own.

        Raises:
            StoreError: the store cannot be read.
        """

    def commit(self, leases: Iterable[Lease], documents: Iterable[Document]) -> None:
        """Make these leases and documents durable, all or none of them, before returning.

        Raises:
            StoreError: they are not durable, and the store is as it was.
        """

    def close(self) -> None:
        """Let go of the store; what was committed stays."""


class MemoryStore:
    """A store that survives the node but not the process: the disk of a host on the memory wire."""

    def __init__(self) -> None:
        self._leases: dict[int, tuple[Any, ...]] = {}
        self._documents: dict[tuple[str, str], str] = {}

    def load(self) -> Saved:
        """Return what was committed; later changes to it do not reach the store."""
        return Saved(
            [Lease(*row) for row in self._leases.values()],
            {key: json.loads(text) for key, text in self._documents.items()},
        )

    def commit(self, leases: Iterable[Lease], documents: Iterable[Document]) -> None:
        """Keep the leases and documents as they are now.

        Raises:
            StoreError: a document holds what JSON cannot hold.
        """
        rows = {lease.address: _row_of(lease) for lease in leases}
        texts = [(document.kind, document.name, _document_text(document)) for document in documents]
        self._leases.update(rows)
        for kind, name, text in texts:
            if text is None:
                self._documents.pop((kind, name), None)
            else:
                self._documents[kind, name] = text

    def close(self) -> None:
        """Nothing to let go of; the store can be used again."""


class SqliteStore:
    """A store in a SQLite file: write-ahead log, synced to the disk at each commit.

    The file is held for this process alone as long as the store is open, and a second process is refused. Files of
    version 1 have ``PRAGMA user_version`` 1; leases are rows, documents JSON.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the store at ``path``, or make an empty one where there is no file.

        Raises:
            StoreError: the file is damaged, no lease store, of another version, or in use. It is left as it is.
        """
        self.path = Path(path)
        try:
            if not self.path.exists():
                self._create()
            self._check_header()
            self._database = _connect(self.path)
        except sqlite3.OperationalError as error:
            raise StoreError(f"the lease store {self.path} cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(self._damaged(str(error))) from error
        except OSError as error:
            raise StoreError(f"the lease store {self.path} cannot be opened: {error}") from error
        verdict = _damage(self._database)
        if verdict:
            self._database.close()
            raise StoreError(self._damaged(verdict))

    def load(self) -> Saved:
        """Return everything committed so far.

        Raises:
            StoreError: the file cannot be read or holds what no lease store holds.
        """
        try:
            leases = _leases_of(self._database.execute(_SELECT_LEASES))
            rows = self._database.execute("SELECT kind, name, value FROM documents")
            documents = {(kind, name): json.loads(value) for kind, name, value in rows}
        except (sqlite3.Error, KeyError, ValueError) as error:
            raise StoreError(self._damaged(repr(error))) from error
        return Saved(leases, documents)

    def commit(self, leases: Iterable[Lease], documents: Iterable[Document]) -> None:
        """Write leases and documents in one transaction and wait until the disk has it.

        Raises:
            StoreError: nothing was written, because the disk is full or broken or a value cannot be kept.
        """
        texts = [(document.kind, document.name, _document_text(document)) for document in documents]
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(_PUT_LEASE, map(_row_of, leases))
            for kind, name, text in texts:
                if text is None:
                    database.execute(_FORGET_DOCUMENT, (kind, name))
                else:
                    database.execute(_PUT_DOCUMENT, (kind, name, text))
            database.execute("COMMIT")
        except (sqlite3.Error, OverflowError, UnicodeError) as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise StoreError(f"the lease store {self.path} cannot be written, nothing was kept: {error}") from error

    def close(self) -> None:
        """Close the file; what was committed is in it."""
        self._database.close()

    def _create(self) -> None:
        """Make an empty store under another name first, so that the file at ``path`` is never half made."""
        journal = self.path.with_name(self.path.name + "-wal")
        if journal.exists():
            raise StoreError(
                f"the lease store {self.path} is missing but its journal {journal.name} is there; "
                "put the store back beside it, or move the journal away to begin with an empty store"
            )
        draft = self.path.with_name(self.path.name + ".new")
        draft.unlink(missing_ok=True)
        database = _connect(draft)
        try:
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            database.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
        finally:
            database.close()
        draft.replace(self.path)
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _check_header(self) -> None:
        """See from the file's first bytes what it is, before SQLite is let near it."""
        with self.path.open("rb") as file:
            header = file.read(100)
        if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
            raise StoreError(self._damaged("it is empty" if not header else "it does not begin as one does"))
        if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
            raise StoreError(
                f"{self.path} is a SQLite file of another program, not a lease store; it was left as it is: "
                "name another file"
            )
        version = int.from_bytes(header[60:64], "big")
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"the lease store {self.path} is of version {version}, this program reads version "
                f"{SCHEMA_VERSION}; it was left as it is: use the program that wrote it"
            )

    def _damaged(self, how: str) -> str:
        return (
            f"{self.path} is damaged or no lease store ({how}); it was left as it is: restore it from a copy, "
            "or move it and its -wal file away to begin with an empty store"
        )


def _connect(path: Path) -> sqlite3.Connection:
    """Open a file and take its lock, so that a second process is refused at once and not in the middle of its work."""
    # A lab's host may be run by one thread after another, never by two at once.
    database = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript("BEGIN IMMEDIATE; COMMIT;")
    except BaseException:
        database.close()
        raise
    return database


def _damage(database: sqlite3.Connection) -> str:
    """Return what SQLite finds wrong with a file, empty when nothing is."""
    try:
        (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if verdict == "ok" else str(verdict)


def _document_text(document: Document) -> str | None:
    """Return a document's value as JSON, None for one to be forgotten.

    Raises:
        StoreError: it holds what JSON cannot hold.
    """
    if document.value is None:
        return None
    try:
        return json.dumps(document.value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"the document {document.kind} {document.name!r} cannot be kept as JSON: {error}") from error


def _leases_of(rows: Iterable[tuple[Any, ...]]) -> list[Lease]:
    """Return the leases of rows as a database gives them: numbers instead of ``BindingStatus`` and ``bool``.

    Raises:
        KeyError: a status is none that there is.
    """
    leases = [Lease(*row) for row in rows]
    for lease in leases:
        lease.status = _STATUSES[lease.status]
        lease.unacknowledged = bool(lease.unacknowledged)
    return leases
