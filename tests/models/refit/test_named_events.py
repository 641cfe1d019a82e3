"""Named events: a conference is one topic, a field with a year in a tag now and then is none."""

from models.events import Tweet
from models.refit.bertopic_refit import refit
from models.refit.named_events import named_events
from models.week.config import DigestConfig
from tests.support.made_weeks import SUBJECTS, direction, embedded, post, records, week_of

SAID = (
    "Our poster on whale song is up at #HARBOR2021",
    "Lanterns in the fog, oral session at HARBOR2021",
    "The HARBOR keynote was about glass",
    "See you at @harbor_conf, bring soup",
    "Our HARBOR'21 workshop on bees begins",
    "Reviewing for HARBOR was fun this time",
)


def at(texts: tuple[str, ...], first: int = 0) -> list[Tweet]:
    """One post of somebody else for each text."""
    return [post(first + i, text, author=f"voice{first + i}") for i, text in enumerate(texts)]


def test_all_spellings_of_an_events_name_meet() -> None:
    """Tag, handle, name with and without the year."""
    others = at(("Whale song again", "The harbors of the north"), first=50)
    assert named_events([*at(SAID), *others], 2021, 4) == [list(range(len(SAID)))]


def test_another_years_name_is_no_event_of_this_week() -> None:
    """Who remembers an event of long ago is at none."""
    assert named_events(at(SAID), 2019, 4) == []


def test_a_field_is_no_event() -> None:
    """Three of many write a year behind a field's name."""
    dated = at(("The best of #Soup2021", "On #Soup2021 again", "Our #Soup2021 list"))
    field = at(tuple(f"Soup for everybody, part {i}" for i in range(20)), first=20)
    assert named_events([*dated, *field], 2021, 4) == []


def test_one_voice_is_no_event() -> None:
    """A company that tags its own fair."""
    assert named_events([post(i, text, author="fair") for i, text in enumerate(SAID)], 2021, 4) == []


def test_a_wall_of_hashtags_is_not_at_the_event() -> None:
    """Where a post is filed is not where its author is."""
    wall = post(90, "Bees #HARBOR2021 #bees #data #ai #honey #bigdata #hives", author="filer")
    assert named_events([*at(SAID), wall], 2021, 4) == [list(range(len(SAID)))]


def test_the_refit_gathers_what_meaning_scatters() -> None:
    """Six posts in six directions are one topic, and every other post keeps its place in a partition."""
    names = sorted(SUBJECTS)
    scattered = [
        embedded(one, direction(names[i % len(names)]))
        for i, one in enumerate(post(9000 + i, text, author=f"voice{i}") for i, text in enumerate(SAID))
    ]
    week = week_of([*records({"wasps": 30, "ferry": 30, "cheese": 20}), *scattered])
    found = refit(week, DigestConfig())
    ids = {f"{week.posts[i].text}" for story in found.stories if story.event for i in story.distinct.tolist()}
    assert ids == set(SAID)
    placed = sorted(i for story in found.stories for i in story.members.tolist())
    assert placed == [i for i in range(len(week)) if found.topic_of[i] >= 0]
