"""Which fault happens after which record: a pure function of the seed, so that a failing run can be repeated."""

import random
from collections.abc import Collection
from dataclasses import dataclass

from streams.stages.table import STAGE_NAMES
from tests.integration.faults.kinds import COMMANDS
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


# kind -> frequency in per cent, 100 in all
WEIGHTS = {
    "poison": 11,
    "kill at": 13,  # kill -9 at a boundary
    "kill stage": 5,  # kill -9 at any moment
    "terminate stage": 4,
    "drain": 2,  # SIGTERM during a batch
    "kill worker": 3,  # the supervisor, and with it all stages
    "kill starting": 3,  # the same while its stages start
    "terminate worker": 3,
    "second worker": 3,  # joins, stays for a while, leaves
    "take over": 3,  # a second worker stands by, and the single writer is killed, stopped or frozen for long
    "forget queue": 3,  # records waiting for the stage are dropped, as after some rebalances
    "pause stage": 3,  # SIGSTOP for a while: a slow consumer
    "kill refit": 2,
    "raise": 3,
    "hang": 1,
    "full disk": 2,
    "damage snapshot": 2,
    "drop snapshots": 1,
    "older snapshot": 2,  # as from a backup
    "clock skew": 2,  # the stages' clocks are suddenly off by up to a day
    "late posts": 3,  # of a closed week
    "late deletion": 2,  # of a post that a digest shows
    "costly texts": 2,
    "trim": 2,  # the log loses a part of a published week
    "reset group": 2,  # to earlier offsets, by hand
    "grow partitions": 1,
    "command": 4,  # replay --publish, retries of dead letters, rebuild-views, down
    "flush redis": 2,
    "flush in a batch": 1,
    "restart redis": 1,
    "stop redis": 1,
    "kill redis": 1,
    "freeze redis": 2,
    "restart broker": 1,
    "stop broker": 1,  # for most of a minute
    "kill broker": 1,
    "freeze broker": 2,
}
# these need published digests: they happen after this share of the posts
LATER = {"late posts": 0.4, "late deletion": 0.4, "trim": 0.5, "command": 0.3, "kill refit": 0.35}
AIMED = {"hang": ("embed", "encode"), "full disk": ("assign", "snapshot"), "flush in a batch": ("view", "advance")}
# an exception ends a stage in order, a kill does not: it writes a snapshot, also with unconfirmed outputs
RAISED = dict.fromkeys(("embed", "assign"), ("before", "confirm", "after"))
WAYS = ("kill", "terminate", "freeze")  # how the single writer is lost
SKEWS = (-86_400, -3_600, -60, 60, 3_600, 43_200)  # seconds; a day ahead would accept poison


def schedule(
    seed: int, faults: int, records: int, stages: tuple[str, ...] = STAGE_NAMES, only: Collection[str] = ()
) -> list[Fault]:
    """Distribute `faults` faults over `records`: every kind and every boundary, as far as there is room.

    Args:
        seed: The same seed gives the same faults.
        faults: How many.
        records: Records of the load.
        stages: The stages of the run.
        only: The kinds to choose from; all of them when empty.
    """
    chance = random.Random(seed)
    weights = {kind: weight for kind, weight in WEIGHTS.items() if not only or kind in only}
    share = faults / sum(weights.values())
    named = [kind for kind, weight in weights.items() for _ in range(max(1, round(weight * share)))]
    chance.shuffle(named)
    kinds = named[:faults] + chance.choices(list(weights), list(weights.values()), k=max(0, faults - len(named)))
    kinds = [kind for _, kind in sorted((chance.uniform(LATER.get(kind, 0.0), 1.0), kind) for kind in kinds)]
    choices = {  # all of them in turn
        "poison": [(name, "") for name in POISON],
        "kill at": [(stage, place) for stage in stages for place in BOUNDARIES[stage]],
        "command": [(name, "") for name in COMMANDS],
        "reset group": [(stage, "") for stage in stages],
    }
    left: dict[str, list[tuple[str, str]]] = {}
    moments = sorted(chance.sample(range(records // 20, records * 19 // 20), len(kinds)))
    found = []
    for after, kind in zip(moments, kinds, strict=True):
        if kind in choices:
            left[kind] = left.get(kind) or chance.sample(choices[kind], len(choices[kind]))
            target, place = left[kind].pop()
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
