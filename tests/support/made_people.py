"""Three listed people, one of them silent, and what they wrote."""

from datetime import UTC, datetime

from models.events import Influencer, Tweet

NAMES = {"ada": "Ada Birch", "bo": "Bo Castell", "ed": "Ed Fenn"}
LISTED = [Influencer(id=handle, name=name, handles={"x": handle}) for handle, name in NAMES.items()]


def posts_of() -> list[Tweet]:
    """Four posts of two people; one passes the other on, and one quotes somebody who is not listed."""
    return [
        _post(1, "ada", text="On evaluation"),
        _post(2, "ada", text="On kernels"),
        _post(3, "bo", text="RT @ada: On evaluation", kind="retweet", related_author="ada", related_id="1"),
        _post(4, "ada", text="Wise is right", kind="quote", related_author="wise", related_id="9"),
    ]


def _post(number: int, author: str, **more: object) -> Tweet:
    moment = datetime(2026, 3, 2, 8, number, tzinfo=UTC)
    fields = {"id": str(number), "author_id": author, "author": author, "created_at": moment, "source": "x", **more}
    return Tweet(**fields)  # type: ignore[arg-type]
