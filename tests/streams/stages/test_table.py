"""The table of stages is the only one: what builds the stages and what the faults know have the same names."""

from streams.runtime.pipeline import STAGES
from streams.stages.table import STAGE_NAMES


def test_every_stage_of_the_table_is_built_and_no_other() -> None:
    """In the order of the flow, which decides the metrics port of a stage."""
    assert tuple(STAGES) == STAGE_NAMES
