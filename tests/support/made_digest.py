"""An empty digest, for tests of everything around its topics."""

from models.events import Digest, Manifest, Sentence, Statistics
from models.week.week import Week


def empty_digest(week: Week, encoder: str = "") -> Digest:
    """The digest of a week without posts. Identities match only within the space of `encoder`."""
    return Digest(
        week=str(week),
        start=week.start,
        end=week.end,
        timezone="UTC",
        headline=Sentence(text="", posts=[]),
        overview=[],
        topics=[],
        faded=[],
        statistics=Statistics(
            posts=0,
            originals=0,
            retweets=0,
            near_duplicates=0,
            people=0,
            deleted=0,
            topics_found=0,
            topics_published=0,
            outlier_share=0.0,
        ),
        identities=[],
        manifest=Manifest(slice_hash="", records=0, encoder=encoder, settings_hash="", versions={}, previous_hash=None),
    )
