"""Opens a file as streams of UTF-8 bytes; recognises compression, containers and encodings by the first bytes.

gzip, bzip2, xz and zstd are decompressed while reading, also inside a zip, whose files are read one after another.
UTF-16 and UTF-32, with or without a byte order mark, are recoded. A file of an unsupported format gives the format's
name instead of a stream.
"""

import bz2
import codecs
import gzip
import io
import lzma
import re
import sys
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import zstandard

from streams.sources.files import foreign, x_archive

CHUNK = 256 * 1024
HEAD = 512
_DATA = re.compile(r"\.(jsonl?|ndjson|js|csv|tsv|txt|log|gz|bz2|xz|zst)$", re.IGNORECASE)
_OFFICE = {"xl/workbook.xml": "an Excel file", "word/document.xml": "a Word file", "mimetype": "an OpenDocument file"}

# errors of the openers for a damaged or truncated file
DAMAGE = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, zstandard.ZstdError, OSError)


def is_of_the_disk(error: BaseException) -> bool:
    """Whether the error is the disk's, not the file's."""
    return isinstance(error, OSError) and error.errno is not None


@dataclass(frozen=True)
class Part:
    """A file, or one file of a container."""

    name: str  # "" outside a container
    stream: BinaryIO | None  # None: not supported
    refused: str = ""  # reason why it is not supported
    account: dict[str, Any] | None = None  # from X's own archive


@contextmanager
def opened(path: Path | str) -> Iterator[tuple[Iterator[Part], Callable[[], int]]]:
    """Yield the parts of a file ("-": standard input), and the number of its bytes read so far.

    Raises:
        OSError: The file cannot be read.
    """
    with _raw(path) as raw:
        yield _parts(raw, path), _Position(raw)


class _Position:
    """Bytes read of the file itself, compressed or not; 0 if the position is unknown (a pipe)."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw if raw.seekable() else None

    def __call__(self) -> int:
        return self._raw.tell() if self._raw is not None else 0


def _raw(path: Path | str) -> BinaryIO:
    if str(path) == "-":
        return io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))
    return Path(path).open("rb")


def _parts(raw: BinaryIO, path: Path | str) -> Iterator[Part]:
    if _peek(raw)[:4] != b"PK\x03\x04":
        account = x_archive.account_beside(Path(path)) if str(path) != "-" else None
        yield _part("", raw, account)
        return
    seekable = raw if raw.seekable() else io.BytesIO(raw.read())
    try:
        with zipfile.ZipFile(seekable) as container:
            yield from _members(container)
    except zipfile.BadZipFile as error:
        yield Part("", None, f"the zip is damaged or cut off: {error}")


def _members(container: zipfile.ZipFile) -> Iterator[Part]:
    names = sorted(info.filename for info in container.infolist() if not info.is_dir())
    names = [name for name in names if not name.startswith("__MACOSX/")]
    office = next((kind for name, kind in _OFFICE.items() if name in names), None)
    if office:
        yield Part("", None, foreign.refusal(office))
        return
    account = None
    for name in filter(x_archive.is_account, names):
        account = x_archive.account_of(container.read(name))
    wanted = [name for name in names if (x_archive.holds_posts(name) if account else _DATA.search(name))]
    if not wanted:
        yield Part("", None, f"a zip without posts: {', '.join(names[:5])}")
    for name in wanted:
        try:
            with container.open(name) as member:
                yield _part(PurePosixPath(name).name, io.BufferedReader(member), account)  # type: ignore[type-var]
        except (RuntimeError, NotImplementedError) as error:  # encrypted, or an unknown compression
            yield Part(name, None, f"{name} in the zip cannot be read: {error}")


def _part(name: str, raw: BinaryIO, account: dict[str, Any] | None) -> Part:
    stream = _decompressed(raw)
    head = _peek(stream)
    foreign_name = foreign.name_of_bytes(head)
    if foreign_name is not None:
        return Part(name, None, foreign.refusal(foreign_name))
    encoding = encoding_of(head)
    if encoding is None and foreign.is_binary(head):
        return Part(name, None, foreign.refusal("no text, in no format that is known here"))
    return Part(name, stream if encoding is None else _buffered(_Recoded(stream, encoding)), account=account)


def _decompressed(raw: BinaryIO, layers: int = 3) -> BinaryIO:
    opener = next((opener for magic, opener in _COMPRESSED if magic.match(_peek(raw))), None)
    if opener is None or not layers:
        return raw
    return _decompressed(opener(raw), layers - 1)


def encoding_of(head: bytes) -> str | None:
    """Return the encoding of a text by its first bytes; None for UTF-8 and for unknown encodings."""
    for mark, name in (
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    fours = head[: len(head) // 4 * 4][:64]
    if len(fours) >= 8 and not any(fours[2::4] + fours[3::4]) and all(fours[::4]):
        return "utf-32-le"
    if len(fours) >= 8 and not any(fours[::4] + fours[1::4]) and all(fours[3::4]):
        return "utf-32-be"
    pairs = head[: len(head) // 2 * 2][:64]
    even, odd = pairs[::2], pairs[1::2]
    if len(even) >= 2 and not any(odd) and all(even):
        return "utf-16-le"
    return "utf-16-be" if len(odd) >= 2 and not any(even) and all(odd) else None


def _buffered(stream: Any) -> BinaryIO:
    return io.BufferedReader(stream, CHUNK)


def _peek(stream: BinaryIO) -> bytes:
    """Return the first bytes; empty if they are damaged, because reading will report that."""
    try:
        head: bytes = stream.peek(HEAD)[:HEAD]  # type: ignore[attr-defined] # every opener has it
    except DAMAGE as error:
        if is_of_the_disk(error):
            raise
        return b""
    return head


class _Made(io.RawIOBase):
    """A stream whose bytes are converted from those of another one, chunk by chunk."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._made = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._made and not self._ended:
            chunk = self._source.read1(CHUNK)  # type: ignore[attr-defined]
            self._ended = not chunk
            self._made = self._make(chunk)
        size = min(len(buffer), len(self._made))
        buffer[:size], self._made = self._made[:size], self._made[size:]
        return size

    @abstractmethod
    def _make(self, chunk: bytes) -> bytes:
        """Convert a chunk; an empty one is the last."""


class _Recoded(_Made):
    def __init__(self, source: BinaryIO, encoding: str) -> None:
        super().__init__(source)
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def _make(self, chunk: bytes) -> bytes:
        return self._decoder.decode(chunk, final=not chunk).encode("utf-8", "replace")


class _Zstd(_Made):
    """One or more frames; unlike the library's reader, it detects that the last one is truncated."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__(source)
        self._frame: Any = None

    def _make(self, chunk: bytes) -> bytes:
        if not chunk and self._frame is not None and not self._frame.eof:
            raise EOFError("it ends within a frame")
        made = b""
        while chunk:
            if self._frame is None or self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            made += self._frame.decompress(chunk)
            chunk = self._frame.unused_data if self._frame.eof else b""
        return made


_COMPRESSED: tuple[tuple[re.Pattern[bytes], Callable[[BinaryIO], Any]], ...] = (
    (re.compile(rb"\x1f\x8b"), lambda raw: gzip.GzipFile(fileobj=raw)),
    (re.compile(rb"BZh\d"), bz2.BZ2File),
    (re.compile(rb"\xfd7zXZ\x00|\x5d\x00\x00.{2}.{8}\x00", re.DOTALL), lzma.LZMAFile),
    (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), lambda raw: _buffered(_Zstd(raw))),
)
