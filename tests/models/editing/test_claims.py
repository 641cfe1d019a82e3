"""A claim of a model stands only when the cited posts say it."""

import pytest

from models.editing.claims import check
from models.events import Tweet
from tests.support.digest_weeks import linked, post

LAID_OFF = post(
    0, "Harbour Robotics lets 40 people go, not the gripper team. Rumour has it that the lab in Oslo closes.",
    author_name="Flo Gard", handle="flo",
)  # fmt: skip
ONLINE = post(
    1, "The gripper data of Harbour Robotics is still online", author=1, author_name="Bo Castell", handle="bo",
    links=linked("https://harbour.example/data", "Gripper data, version 2.1, with 1,663 grasps"),
)  # fmt: skip
AGREED = post(2, "Good that the gripper data of Harbour Robotics is still online!", author=2)
MOVED = post(3, "We moved our Thursday meetup to May. Is Harbour Robotics coming?", author=3, handle="di")
TAKEN_BACK = post(5, "Imagine Heron buys Acme. Orca cures colds. Kidding!", author=0)
TWO_TASKS = post(6, "Orca beats Heron on MNIST. Heron beats Orca on COCO.", author=1)
REPORTED = post(
    4, "Acme did not say whether the Orca model beats Heron. Orca wins on 3 of 5 tasks, says Acme.", author=4,
    author_name="Ed Fenn", handle="ed",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Flo Gard (@flo) writes that Harbour Robotics lets 40 people go.", [LAID_OFF]),
        ("Harbour Robotics lets 40 people go, according to @flo.", [LAID_OFF]),
        ("“Harbour Robotics lets 40 people go”, writes Flo Gard.", [LAID_OFF]),
        ("Flo Gard notes a rumour that the lab in Oslo closes.", [LAID_OFF]),
        ("Gripper data of Harbour Robotics are still online.", [ONLINE, AGREED]),
        ("The gripper data are version 2.1 with 1663 grasps.", [ONLINE]),
        ("Di Esker (@di) moved their Thursday meetup to May.", [MOVED]),
        ("Di Esker asks: Is Harbour Robotics coming?", [MOVED]),
        ("Ed Fenn writes that Orca wins on 3 of 5 tasks, says Acme.", [REPORTED]),
    ],
)
def test_what_the_posts_say_stands(text: str, cited: list[Tweet]) -> None:
    """It rests on the posts that say so."""
    verdict = check(text, cited)
    assert verdict.stands, verdict.reason
    assert set(verdict.posts) <= {one.id for one in cited}


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Ada Birch writes that Orca cures colds.", [TAKEN_BACK]),
        ("Ada Birch writes that Heron buys Acme.", [TAKEN_BACK]),
        ("Bo Castell writes that Orca beats Heron on COCO.", [TWO_TASKS]),  # two sentences merged
        ("Ed Fenn writes that the Orca model beats Heron.", [REPORTED]),
        ("Ed Fenn writes that Orca wins on 3 of 5 tasks.", [REPORTED]),  # he reports what Acme says
        ("Ed Fenn writes that Orca wins on 5 tasks, says Acme.", [REPORTED]),
        ("Flo Gard writes that Harbour Robotics lets 400 people go.", [LAID_OFF]),  # number
        ("Flo Gard writes that Lantern Robotics lets 40 people go.", [LAID_OFF]),  # name
        ("Flo Gard writes that Harbour Robotics lets 40 people and the gripper team go.", [LAID_OFF]),  # negation
        ("Flo Gard writes that the lab in Oslo closes.", [LAID_OFF]),  # a rumour
        ("Bo Castell writes that Harbour Robotics lets 40 people go.", [LAID_OFF, ONLINE]),  # another speaker
        ("Harbour Robotics lets 40 people go.", [LAID_OFF]),  # one person, not named
        ("Flo Gard says “the gripper team goes”.", [LAID_OFF]),  # nobody said so
        ("Bo Castell says “Harbour Robotics lets 40 people go”.", [LAID_OFF, ONLINE]),
        ("Flo Gard writes that Harbour Robotics lets 40 grasps go.", [LAID_OFF, ONLINE]),  # two stories merged
        ("The gripper data are version 1.2 with 1663 grasps.", [ONLINE]),
        ("Di Esker moved their Friday meetup to May.", [MOVED]),  # date
        ("Di Esker says that Harbour Robotics is coming.", [MOVED]),  # a question
        ("Flo Gard writes that people let Harbour Robotics go.", [LAID_OFF]),  # roles
        ("Harbour Robotics moved their Thursday meetup to May.", [MOVED]),
        ("The gripper data of Harbour Robotics is still online, see https://evil.example/x", [ONLINE, AGREED]),
        ("<b>The gripper data of Harbour Robotics is still online</b>", [ONLINE, AGREED]),
        ("The gripper data of Harbour Robotics is online today.", [ONLINE, AGREED]),
        ("The gripper data of Harbour Robotics is still online.", []),
        ("Flo Gard (@flo) writes:", [LAID_OFF]),
        ("", [LAID_OFF]),
        ("gripper data " * 60, [ONLINE]),
    ],
)
def test_what_they_do_not_say_is_refused(text: str, cited: list[Tweet]) -> None:
    """With a reason."""
    verdict = check(text, cited)
    assert not verdict.stands
    assert verdict.reason


def test_a_title_names_nobody_and_is_held_to_the_posts_as_well() -> None:
    """One post is enough for it."""
    assert check("Harbour Robotics lets 40 people go", [LAID_OFF], is_title=True).stands
    assert not check("Harbour Robotics lets the gripper team go", [LAID_OFF], is_title=True).stands


def test_a_claim_rests_on_the_posts_that_say_it() -> None:
    """Others that it cites are left out."""
    verdict = check("The gripper data of Harbour Robotics is still online.", [LAID_OFF, ONLINE, AGREED])
    assert verdict.posts == (ONLINE.id, AGREED.id)
