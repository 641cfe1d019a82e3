"""Which fault happens after which record: a pure function of the seed, so that a failing run can be repeated."""

import random
from dataclasses import dataclass

from streams.stages.table import STAGE_NAMES
from tests.integration.faults.posts import POISON

# places of a stage at which it can be killed; week-close acknowledges at any time, so only its own two places matter
BOUNDARIES = {
    "embed": ("before", "linger", "encode", "produce", "confirm", "letter", "after"),
    "assign": ("before", "linger", "produce", "confirm", "after", "snapshot"),
    "view": ("before", "linger", "after"),
    "week-close": ("refit", "digest"),
}


@dataclass(frozen=True)
class Fault:
    """One fault: its kind, the stage or kind of poison, and the number of records before it."""

    after: int
    kind: str
    target: str = ""
    place: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.target, self.place) if part)


# kind -> frequency in per cent
WEIGHTS = {
    "poison": 15,
    "kill at": 20,  # kill -9 at a boundary
    "kill stage": 7,  # kill -9 at any moment
    "terminate stage": 6,
    "drain": 2,  # SIGTERM during a batch
    "kill worker": 4,  # the supervisor, and with it all stages
    "terminate worker": 4,
    "second worker": 5,  # joins, stays for a while, leaves
    "take over": 3,  # a second worker stands by, and the single writer is killed, stopped or frozen for long
    "forget queue": 3,  # records waiting for the stage are dropped, as after some rebalances
    "pause stage": 5,  # SIGSTOP for a while: a slow consumer
    "raise": 5,
    "hang": 1,
    "full disk": 3,
    "damage snapshot": 3,
    "drop snapshots": 2,
    "older snapshot": 2,  # as from a backup
    "clock skew": 2,  # the stages' clocks are suddenly off by up to a day
    "flush redis": 4,
    "flush in a batch": 1,
    "restart redis": 1,
    "stop redis": 1,
    "kill redis": 1,
    "restart broker": 1,
    "stop broker": 1,  # for a minute
    "kill broker": 1,
}
AIMED = {"hang": ("embed", "encode"), "full disk": ("assign", "snapshot"), "flush in a batch": ("view", "advance")}
# an exception ends a stage in order, a kill does not: it writes a snapshot, also with unconfirmed outputs
RAISED = dict.fromkeys(("embed", "assign"), ("before", "confirm", "after"))
WAYS = ("kill", "terminate", "freeze")  # how the single writer is lost
SKEWS = (-86_400, -3_600, -60, 60, 3_600, 43_200)  # seconds; a day ahead would accept poison


def schedule(seed: int, faults: int, records: int, stages: tuple[str, ...] = STAGE_NAMES) -> list[Fault]:
    """Distribute `faults` faults over `records`: every kind and every boundary, as far as there is room."""
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
        if kind == "poison":
            poisons = poisons or list(POISON)
            target, place = poisons.pop(), ""
        elif kind == "kill at":
            boundaries = boundaries or [(s, p) for s in stages for p in BOUNDARIES[s]]
            target, place = boundaries.pop()
        else:
            target, place = _aim(kind, stages, chance)
        found.append(Fault(after, kind, target, place))
    return found


def _aim(kind: str, stages: tuple[str, ...], chance: random.Random) -> tuple[str, str]:
    """Target and place of a fault whose kind leaves a choice; empty otherwise."""
    if kind in AIMED:
        return AIMED[kind]
    if kind in ("raise", "drain"):
        stage = chance.choice([stage for stage in stages if stage != "week-close"])
        return stage, chance.choice(RAISED.get(stage, ("before", "after"))) if kind == "raise" else "drain"
    if kind == "forget queue":
        return chance.choice(stages), "queue"
    if kind == "take over":
        return chance.choice(WAYS), ""
    if kind == "clock skew":
        return str(chance.choice(SKEWS)), ""
    return (chance.choice(stages) if kind.endswith(" stage") else ""), ""
