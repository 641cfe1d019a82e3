"""The only table of the stages: their names in the order of the flow, each with the topic that it consumes."""

from typing import Final

from streams.kafka.topics import ASSIGNMENTS, EMBEDDED, TWEETS

STAGE_INPUTS: Final = {"embed": TWEETS, "assign": EMBEDDED, "view": ASSIGNMENTS, "week-close": EMBEDDED}
STAGE_NAMES: Final = tuple(STAGE_INPUTS)
