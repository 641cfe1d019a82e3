"""Faults of the topics' snapshots on a disk: damaged, lost, or replaced by an old one from a backup."""

from pathlib import Path

import orjson

Kept = dict[str, bytes]  # file name -> contents


class Backup:
    """The first snapshots that `take` found."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: Kept = {}

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.safetensors"))

    def take(self) -> bool:
        """Keep the present snapshots, unless some are kept already. Returns whether any are kept."""
        self._kept = self._kept or {path.name: path.read_bytes() for path in self._paths()[:1]}
        return bool(self._kept)

    def put_back(self) -> None:
        """Replace all present snapshots by the kept ones."""
        self.drop()
        for name, data in self._kept.items():
            (self._folder / name).write_bytes(data)

    def drop(self) -> None:
        """Delete all snapshots."""
        for path in self._paths():
            path.unlink(missing_ok=True)

    def damage(self) -> None:
        """Damage the newest one."""
        for path in self._paths()[-1:]:
            data = path.read_bytes()
            path.write_bytes(damaged(data) if b'"model"' in data[:1_000] else data[:-1])


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
