"""Faults of the topics' snapshots on a disk: damaged, lost, or replaced by an old one from a backup."""

from pathlib import Path

import orjson

Kept = dict[str, bytes]  # file name -> contents


class Backup:
    """The first snapshots that `take` found. Behind `floor`, the log has lost what a restart would need."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: Kept = {}
        self.floor = 0

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.safetensors"))

    def oldest(self) -> int:
        """The position of the oldest present snapshot; 0 without any."""
        return min((int(path.stem.rsplit("-", 2)[1]) for path in self._paths()), default=0)

    def take(self) -> bool:
        """Keep the present snapshots, unless some are kept already. Returns whether any are kept."""
        self._kept = self._kept or {path.name: path.read_bytes() for path in self._paths()[:1]}
        return bool(self._kept)

    def raise_floor(self) -> None:
        """From now on, no fault leaves the stage without the oldest present snapshot or a newer one."""
        self.floor, self._kept = self.oldest(), {}
        self.take()

    def put_back(self) -> None:
        """Replace all present snapshots by the kept ones."""
        self._delete()
        self._restore()

    def drop(self) -> None:
        """Delete all snapshots that may be lost."""
        self._delete()
        if self.floor:
            self._restore()

    def damage(self) -> None:
        """Damage the newest one."""
        for path in self._paths()[-1:]:
            data = path.read_bytes()
            path.write_bytes(damaged(data) if b'"model"' in data[:1_000] else data[:-1])
        if self.floor:
            self._restore()

    def _delete(self) -> None:
        for path in self._paths():
            path.unlink(missing_ok=True)

    def _restore(self) -> None:
        for name, data in self._kept.items():
            (self._folder / name).write_bytes(data)


def damaged(data: bytes) -> bytes:
    """The bytes of a snapshot with a valid form but reversed centroids. Only its hash reveals it."""
    start, end = _place(data, "model")
    inner = data[start:end]
    first, last = _place(inner, "centroids")
    turned = bytes(byte ^ 0xFF for byte in inner[first:last])
    return data[:start] + inner[:first] + turned + inner[last:] + data[end:]


def _place(data: bytes, name: str) -> tuple[int, int]:
    """The place of a tensor's bytes in a safetensors file."""
    header = 8 + int.from_bytes(data[:8], "little")
    start, end = orjson.loads(data[8:header])[name]["data_offsets"]
    return header + start, header + end
