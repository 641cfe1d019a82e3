"""What happens to snapshots of the topics on a disk: damaged, lost, or an old one put back from a backup."""

from pathlib import Path

import orjson

Kept = dict[str, bytes]  # file name -> contents


class Backup:
    """The first snapshots that were there when anybody looked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: Kept = {}

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.safetensors"))

    def take(self) -> bool:
        """Keep what there is, unless something is kept already; whether something is kept now."""
        self._kept = self._kept or {path.name: path.read_bytes() for path in self._paths()[:1]}
        return bool(self._kept)

    def put_back(self) -> None:
        """In the place of all that are there."""
        self.drop()
        for name, data in self._kept.items():
            (self._folder / name).write_bytes(data)

    def drop(self) -> None:
        """All of them are lost."""
        for path in self._paths():
            path.unlink(missing_ok=True)

    def damage(self) -> None:
        """The newest one."""
        for path in self._paths()[-1:]:
            data = path.read_bytes()
            path.write_bytes(damaged(data) if b'"model"' in data[:1_000] else data[:-1])


def damaged(data: bytes) -> bytes:
    """As a disk may return it: whole as far as its form goes, and every centroid turned round. Only its hash tells."""
    start, end = _place(data, "model")
    inner = data[start:end]
    first, last = _place(inner, "centroids")
    turned = bytes(byte ^ 0xFF for byte in inner[first:last])
    return data[:start] + inner[:first] + turned + inner[last:] + data[end:]


def _place(data: bytes, name: str) -> tuple[int, int]:
    """Where a tensor's bytes are in a safetensors file."""
    header = 8 + int.from_bytes(data[:8], "little")
    start, end = orjson.loads(data[8:header])[name]["data_offsets"]
    return header + start, header + end
