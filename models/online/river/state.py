"""Converts river's clusterers to JSON and back exactly: objects of a closed list of classes, field by field. No pickle.

Every container is written once and then referred to by its number, so that shared containers stay shared.
"""

import math
from collections import deque
from typing import Any

from river import cluster
from river.cluster.dbstream import DBSTREAMMicroCluster
from river.cluster.denstream import DenStreamMicroCluster

CLASSES: dict[str, type] = {
    "DBSTREAM": cluster.DBSTREAM,
    "DBSTREAMMicroCluster": DBSTREAMMicroCluster,
    "DenStream": cluster.DenStream,
    "DenStreamMicroCluster": DenStreamMicroCluster,
    "DenStream.BufferItem": cluster.DenStream.BufferItem,
    "TextClust": cluster.TextClust,
    "TextClust.Distances": cluster.TextClust.Distances,
    "TextClust.MicroCluster": cluster.TextClust.MicroCluster,
}
_NAMES = {kind: name for name, kind in CLASSES.items()}
_SEQUENCES: dict[str, Any] = {"list": list, "tuple": tuple, "deque": deque}


def to_plain(value: Any, seen: dict[int, int] | None = None) -> Any:
    """Convert to JSON types.

    Raises:
        TypeError: An object has another class.
    """
    seen = {} if seen is None else seen
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else ["float", repr(value)]
    if id(value) in seen:
        return ["again", seen[id(value)]]
    seen[id(value)] = len(seen)
    if type(value) is dict:
        return ["dict", [[to_plain(key, seen), to_plain(entry, seen)] for key, entry in value.items()]]
    if type(value).__name__ in _SEQUENCES:
        return [type(value).__name__, [to_plain(entry, seen) for entry in value]]
    if type(value) not in _NAMES:
        raise TypeError(f"{type(value).__name__} has no place in a state")
    return ["object", _NAMES[type(value)], [[name, to_plain(entry, seen)] for name, entry in _fields(value)]]


def from_plain(plain: Any, seen: list[Any] | None = None) -> Any:
    """The inverse of `to_plain`.

    Raises:
        ValueError: The data are not from `to_plain`.
        KeyError: The data are not from `to_plain`.
    """
    seen = [] if seen is None else seen
    if not isinstance(plain, list):
        return plain
    kind = plain[0]
    if kind == "float":
        return float(plain[1])
    if kind == "again":
        return seen[plain[1]]
    if kind == "tuple":
        seen.append(None)  # nothing inside a tuple refers to it
        place = len(seen) - 1
        seen[place] = tuple(from_plain(entry, seen) for entry in plain[1])
        return seen[place]
    made: Any = object.__new__(CLASSES[plain[1]]) if kind == "object" else {"dict": dict, **_SEQUENCES}[kind]()
    seen.append(made)
    if kind == "object":
        for name, entry in plain[2]:
            setattr(made, name, from_plain(entry, seen))
    elif kind == "dict":
        for key, entry in plain[1]:
            made[from_plain(key, seen)] = from_plain(entry, seen)
    else:
        made.extend(from_plain(entry, seen) for entry in plain[1])
    return made


def _fields(value: Any) -> list[tuple[str, Any]]:
    """Names and values of the fields in `__slots__` and `__dict__`."""
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    fields = [(name, getattr(value, name)) for name in slots if name != "__dict__" and hasattr(value, name)]
    return fields + list(getattr(value, "__dict__", {}).items())
