"""Attributes of CloudEvents 1.0 in binary mode: headers describe a message, and its value stays as it is.

The same event has the same `source` and `id` on every way of delivery, so that a consumer of two recognises it.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

SPECIFICATION = "1.0"
SOURCE = "urn:toptopics"
# HTTP: everything printable in ASCII except these two, and the space, stands as it is
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


@dataclass(frozen=True)
class CloudEvent:
    """One event. `id` is unique within the source."""

    id: str
    type: str  # such as "digest.published"
    subject: str  # what it is about, such as "2021-W18"
    time: datetime | None = None  # when it happened

    def kafka_headers(self) -> dict[str, str]:
        """As the Kafka binding names them."""
        return {f"ce_{name}": value for name, value in self._attributes().items()} | {
            "content-type": "application/json"
        }

    def http_headers(self) -> dict[str, str]:
        """As the HTTP binding names them; `Content-Type` is the request's own."""
        return {f"ce-{name}": quote(value, safe=_SAFE) for name, value in self._attributes().items()}

    def _attributes(self) -> dict[str, str]:
        known = {
            "specversion": SPECIFICATION,
            "id": self.id,
            "source": SOURCE,
            "type": self.type,
            "subject": self.subject,
        }
        return known if self.time is None else known | {"time": self.time.isoformat()}
