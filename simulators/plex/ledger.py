"""What happened to the server: every write it committed, how often it was asked what, whom it called."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

MAX_WRITES = 200_000
MAX_CALLS = 10_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes: method and path of the request, and the client's identifier; "person" and "agent" are Plex's own."""

    method: str
    path: str
    client: str


@dataclass(frozen=True, slots=True)
class Write:
    """One committed write of one item; `n` counts up from 1, `at` is Unix time, `before` and `after` what changed."""

    n: int
    at: float
    key: int
    origin: Origin
    before: dict[str, Any]
    after: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the record as the control API shows it."""
        head = {"n": self.n, "at": self.at, "ratingKey": str(self.key)}
        origin = {"method": self.origin.method, "path": self.origin.path, "client": self.origin.client}
        return head | origin | {"before": self.before, "after": self.after}


class Ledger:
    """The last writes, the last calls to providers, and the counts of requests by kind since they were reset."""

    def __init__(self) -> None:
        self.writes: deque[Write] = deque(maxlen=MAX_WRITES)
        self.requests: Counter[str] = Counter()
        self.refused = 0
        self.calls: deque[dict[str, Any]] = deque(maxlen=MAX_CALLS)
        self._n = 0

    def wrote(self, key: int, origin: Origin, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Record one committed write."""
        self._n += 1
        self.writes.append(Write(self._n, time.time(), key, origin, before, after))

    def since(self, n: int, key: str | None) -> list[dict[str, Any]]:
        """Return the writes after number `n`, of one item if `key` is given."""
        wanted = (write for write in self.writes if write.n > n and key in {None, str(write.key)})
        return [write.as_dict() for write in wanted]

    def called(self, method: str, url: str, status: int | None, body: object) -> None:
        """Record one call to a provider; `status` is None when no answer came."""
        self.calls.append({"at": time.time(), "method": method, "url": url, "status": status, "body": body})

    def failed(self, problem: str) -> None:
        """Record what was wrong with a provider's answer."""
        self.calls.append({"at": time.time(), "problem": problem})

    def reset_counts(self) -> None:
        """Forget how often what was asked."""
        self.requests.clear()
        self.refused = 0
