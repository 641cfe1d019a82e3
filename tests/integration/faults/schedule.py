"""Which fault happens after which record: a pure function of the seed, so that a failing run can be run again."""

import random
from dataclasses import dataclass

from tests.integration.faults.posts import POISON

STAGES = ("embed", "assign", "view", "week-close")
# places of a stage at which it can be killed; week-close acknowledges freely, so only its own two matter
BOUNDARIES = {
    "embed": ("before", "linger", "encode", "produce", "after"),
    "assign": ("before", "linger", "produce", "after", "snapshot"),
    "view": ("before", "linger", "after"),
    "week-close": ("refit", "digest"),
}


@dataclass(frozen=True)
class Fault:
    """One fault: what, to which stage or kind of poison, after so many records of the flow."""

    after: int
    kind: str
    target: str = ""
    place: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.target, self.place) if part)


# kind -> how often among 100
WEIGHTS = {
    "poison": 19,
    "kill at": 21,  # kill -9 at a boundary
    "kill stage": 8,  # kill -9 at any moment
    "terminate stage": 6,
    "kill worker": 4,  # the supervisor and with it all stages
    "terminate worker": 4,
    "second worker": 5,  # joins, stays for a while, leaves
    "pause stage": 6,  # SIGSTOP for a while: a slow consumer
    "raise": 6,
    "hang": 1,
    "full disk": 3,
    "damage snapshot": 3,
    "drop snapshots": 2,
    "clock skew": 2,  # the stages' clocks are suddenly off by up to a day
    "flush redis": 4,
    "restart redis": 1,
    "stop redis": 1,
    "kill redis": 1,
    "restart broker": 1,
    "stop broker": 1,  # for a minute
    "kill broker": 1,
}
SKEWS = (-86_400, -3_600, -60, 60, 3_600, 43_200)  # seconds; a day ahead would let in what is poison


def schedule(seed: int, faults: int, records: int, stages: tuple[str, ...] = STAGES) -> list[Fault]:
    """`faults` faults spread over `records`: of every kind, at every boundary, as far as there is room."""
    chance = random.Random(seed)
    named = [kind for kind, weight in WEIGHTS.items() for _ in range(max(1, round(weight * faults / 100)))]
    chance.shuffle(named)
    kinds = named[:faults] + chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=max(0, faults - len(named)))
    poisons, boundaries = list(POISON), [(s, p) for s in stages for p in BOUNDARIES[s]]
    chance.shuffle(poisons)
    chance.shuffle(boundaries)
    moments = sorted(chance.sample(range(records // 20, records * 19 // 20), len(kinds)))
    found = []
    for after, kind in zip(moments, kinds, strict=True):
        target = place = ""
        if kind == "poison":
            poisons = poisons or list(POISON)
            target = poisons.pop()
        elif kind == "kill at":
            boundaries = boundaries or [(s, p) for s in stages for p in BOUNDARIES[s]]
            target, place = boundaries.pop()
        elif kind == "raise":
            target, place = chance.choice([s for s in stages if s != "week-close"]), chance.choice(["before", "after"])
        elif kind == "hang":
            target, place = "embed", "encode"
        elif kind == "full disk":
            target, place = "assign", "snapshot"
        elif kind == "clock skew":
            target = str(chance.choice(SKEWS))
        elif kind.endswith(" stage"):
            target = chance.choice(stages)
        found.append(Fault(after, kind, target, place))
    return found
