"""Which encoder the live topics stand on, for `toptopics status`: from the assign stage's newest snapshot."""

from streams.cli.services import StatusSection
from streams.settings import Settings


def topic_space_section(settings: Settings) -> StatusSection:
    """One row, or none before the first snapshot; says how to rebuild what stands on an encoder that was replaced."""
    from models.assigner import SnapshotError, state_of
    from streams.snapshots import SnapshotStore

    store = SnapshotStore(settings.data_dir / "snapshots", f"{settings.prefix}assign-{settings.topic_model}")
    rows: list[dict[str, str | int | bool | None]] = []
    for data in store.load():
        try:
            state = state_of(data)
        except SnapshotError:
            continue
        replaced = ", ".join(state["retired"])
        rows.append(
            {
                "encoder": state["encoder"],
                "records": state["position"],
                "before": replaced or None,
                "digests of before": "toptopics replay --from DAY --to DAY --source tweets --publish"
                if replaced
                else None,
            }
        )
        break
    return StatusSection("topic space", rows)
