"""The queues of all endpoints, in one SQLite file of the data folder, which survives `kill -9` and restarts.

A delivery is identified by subscription, week, revision and hash, so adding it twice changes nothing: each digest goes
to each subscriber once, and a correction is another delivery. A correction replaces the digest before it when that one
is still waiting: a subscriber does not need the wrong one first. States: waiting -> delivered, or dead after the last
attempt; `revive` makes dead deliveries wait again.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from streams.delivery.subscription import Subscription

_SCHEMA = """
CREATE TABLE IF NOT EXISTS subscription (
    name TEXT PRIMARY KEY, value TEXT NOT NULL, caught_up INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS delivery (
    subscription TEXT NOT NULL REFERENCES subscription (name) ON DELETE CASCADE,
    week TEXT NOT NULL, hash TEXT NOT NULL, revision INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead', 'skipped')),
    attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
    changed REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (subscription, week, hash, revision)
) WITHOUT ROWID;
"""
_INSERT = "INSERT OR IGNORE INTO delivery (subscription, week, hash, revision, state) VALUES (?, ?, ?, ?,"


@dataclass(frozen=True)
class Delivery:
    """One digest for one endpoint."""

    subscription: str
    week: str
    hash: str
    revision: int
    attempts: int  # failed attempts
    due: float  # time of the next attempt, seconds since 1970


@dataclass(frozen=True)
class EndpointState:
    """The state of an endpoint, for people."""

    subscription: Subscription
    state: str  # "ok", "waiting", "failing" or "dead"
    delivered: int  # number of delivered digests
    waiting: int
    dead: int
    attempts: int  # failed attempts of the last failing delivery
    next_at: datetime | None
    error: str  # its last error

    def shown(self) -> dict[str, object]:
        """The state for command and API, without secrets. `since` and `next_at` may be None."""
        return {
            "name": self.subscription.name,
            "url": self.subscription.shown_url,
            "since": self.subscription.since,
            "state": self.state,
            "delivered": self.delivered,
            "waiting": self.waiting,
            "dead": self.dead,
            "attempts": self.attempts,
            "next_at": self.next_at,
            "error": self.error,
        }


class QueueCopy(msgspec.Struct, frozen=True):
    """All rows of the queues, for a backup. They contain secrets."""

    subscriptions: list[tuple[str, str, int]]  # in the order of the columns of the tables above
    deliveries: list[tuple[str, str, str, int, str, int, float, str, float]]


class DeliveryQueue:
    """The queues of all endpoints. One process delivers; others may read and add.

    Raises:
        sqlite3.Error: The file cannot be used.
        OSError: The file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        path.touch(mode=0o600)  # it contains secrets
        with self._open() as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.executescript(_SCHEMA)

    def put_subscription(self, subscription: Subscription) -> None:
        """Add a subscription or replace the one of that name. Past deliveries stay known."""
        value = msgspec.json.encode(subscription).decode()
        with self._open() as database:
            database.execute(
                "INSERT INTO subscription (name, value) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (subscription.name, value),
            )

    def remove_subscription(self, name: str) -> bool:
        """Delete the subscription with its queue. False when there is none of that name."""
        with self._open() as database:
            return database.execute("DELETE FROM subscription WHERE name = ?", (name,)).rowcount > 0

    def subscriptions(self) -> list[Subscription]:
        """All subscriptions, by name."""
        with self._open() as database:
            rows = database.execute("SELECT value FROM subscription ORDER BY name").fetchall()
        return [msgspec.json.decode(row[0], type=Subscription) for row in rows]

    def add(self, name: str, week: str, value_hash: str, revision: int) -> bool:
        """Queue a digest for an endpoint. False when it is known already, or when there is no such endpoint.

        Args:
            name: The subscription.
            week: The digest's week.
            value_hash: Hash of its value.
            revision: Its revision.
        """
        with self._open() as database:
            known = database.execute("SELECT 1 FROM subscription WHERE name = ?", (name,)).fetchone()
            if known is None:
                return False
            added = database.execute(
                f"{_INSERT} 'waiting')",
                (name, week, value_hash, revision),
            ).rowcount
            if added:
                database.execute(
                    "UPDATE delivery SET state = 'skipped' "
                    "WHERE subscription = ? AND week = ? AND state = 'waiting' AND NOT (hash = ? AND revision = ?)",
                    (name, week, value_hash, revision),
                )
            return bool(added)

    def catch_up(self, subscription: Subscription, there: list[tuple[str, str, int]]) -> None:
        """Compare an endpoint with the digests on the log (week, hash, revision).

        The first time, digests before its `since` are skipped. Later, digests that were skipped so and are no longer
        before `since` wait after all. Delivered digests are not sent again.
        """
        with self._open() as database:
            row = database.execute("SELECT caught_up FROM subscription WHERE name = ?", (subscription.name,)).fetchone()
            if row is None:
                return
            if row[0]:
                database.executemany(
                    "UPDATE delivery SET state = 'waiting', attempts = 0, due = 0 "
                    "WHERE subscription = ? AND week = ? AND hash = ? AND revision = ? AND state = 'skipped'",
                    [(subscription.name, *entry) for entry in there if (subscription.since or "~") <= entry[0]],
                )
                return
            old = [entry for entry in there if subscription.since is None or entry[0] < subscription.since]
            database.executemany(
                f"{_INSERT} 'skipped')",
                [(subscription.name, *entry) for entry in old],
            )
            database.execute("UPDATE subscription SET caught_up = 1 WHERE name = ?", (subscription.name,))

    def next_of(self, name: str) -> Delivery | None:
        """The oldest waiting week: an endpoint gets its digests in order."""
        with self._open() as database:
            row = database.execute(
                "SELECT subscription, week, hash, revision, attempts, due FROM delivery "
                "WHERE subscription = ? AND state = 'waiting' ORDER BY week LIMIT 1",
                (name,),
            ).fetchone()
        return None if row is None else Delivery(*row)

    def delivered(self, delivery: Delivery, now: float) -> None:
        """Record that the delivery was accepted."""
        self._set(delivery, "delivered", delivery.attempts, 0.0, "", now)

    def skipped(self, delivery: Delivery, now: float) -> None:
        """Record that the digest is no longer on the log: a correction has replaced it."""
        self._set(delivery, "skipped", delivery.attempts, 0.0, "", now)

    def failed(self, delivery: Delivery, error: str, due: float | None, now: float) -> None:
        """Record a failed attempt.

        Args:
            delivery: The delivery.
            error: The reason.
            due: Time of the next attempt; None makes the delivery dead.
            now: The present time.
        """
        state = "dead" if due is None else "waiting"
        self._set(delivery, state, delivery.attempts + 1, due or 0.0, error[:500], now)

    def revive(self, name: str) -> int:
        """Make the failed and dead deliveries of an endpoint due now, with all attempts. Returns their number."""
        with self._open() as database:
            return database.execute(
                "UPDATE delivery SET state = 'waiting', attempts = 0, due = 0 "
                "WHERE subscription = ? AND state IN ('dead', 'waiting') AND attempts > 0",
                (name,),
            ).rowcount

    def backlog(self) -> dict[str, tuple[int, int]]:
        """subscription -> the number of its waiting and of its dead deliveries."""
        with self._open() as database:
            rows = database.execute(
                "SELECT name, coalesce(sum(state = 'waiting'), 0), coalesce(sum(state = 'dead'), 0) "
                "FROM subscription LEFT JOIN delivery ON subscription = name GROUP BY name"
            ).fetchall()
        return {name: (waiting, dead) for name, waiting, dead in rows}

    def copy(self) -> QueueCopy:
        """All rows, of one moment."""
        with self._open() as database:
            database.execute("BEGIN")
            subscriptions = database.execute("SELECT * FROM subscription ORDER BY name").fetchall()
            return QueueCopy(subscriptions, database.execute("SELECT * FROM delivery").fetchall())

    def fill(self, rows: QueueCopy) -> None:
        """Add all rows of a copy."""
        with self._open() as database:
            database.executemany("INSERT INTO subscription VALUES (?, ?, ?)", rows.subscriptions)
            database.executemany("INSERT INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows.deliveries)

    def states(self) -> list[EndpointState]:
        """The state of every endpoint, by name."""
        return [self._state(subscription) for subscription in self.subscriptions()]

    def _state(self, subscription: Subscription) -> EndpointState:
        with self._open() as database:
            rows = database.execute(
                "SELECT state, attempts, due, error FROM delivery WHERE subscription = ? ORDER BY changed",
                (subscription.name,),
            ).fetchall()
        waiting = [row for row in rows if row[0] == "waiting"]
        dead = [row for row in rows if row[0] == "dead"]
        failing = [row for row in waiting if row[1]]
        last = (failing or dead or [("", 0, 0.0, "")])[-1]
        return EndpointState(
            subscription=subscription,
            state="failing" if failing else "dead" if dead else "waiting" if waiting else "ok",
            delivered=sum(row[0] == "delivered" for row in rows),
            waiting=len(waiting),
            dead=len(dead),
            attempts=last[1],
            next_at=datetime.fromtimestamp(last[2], UTC) if failing else None,
            error=last[3],
        )

    def _set(self, delivery: Delivery, state: str, attempts: int, due: float, error: str, now: float) -> None:
        with self._open() as database:
            database.execute(
                "UPDATE delivery SET state = ?, attempts = ?, due = ?, error = ?, changed = ? "
                "WHERE subscription = ? AND week = ? AND hash = ? AND revision = ?",
                (
                    *(state, attempts, due, error, now),
                    *(delivery.subscription, delivery.week, delivery.hash, delivery.revision),
                ),
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=30)) as database:
            database.execute("PRAGMA foreign_keys=ON")
            with database:  # one transaction
                yield database
