"""Who is named for a quotation: its author and those who pass it on, each once."""

from models.wording.people import people_of
from models.wording.statements import statements
from models.wording.summary import summary
from models.wording.usage import Usage
from tests.support.made_weeks import post

LAUNCH = "LanternNet 2.5 sees depth in the dark, with one camera"


def test_whoever_passes_on_an_own_post_is_its_author_alone() -> None:
    """The original is of another week; its author and one more person retweet it."""
    posts = [
        post(number, f"RT @ann: {LAUNCH}", author=author, kind="retweet", related="000001", related_author="ann")
        for number, author in ((2, "ann"), (3, "bo"))
    ]
    lead = statements(posts, Usage(posts))[0]
    text = summary(posts, lead, "LanternNet", people_of(posts, {}), {}).text
    assert text == f"“{LAUNCH}” – @ann, passed on by @bo."
