"""A rewording may shorten and reorder; it may not add a name, a number, a link or a quotation, nor lose one."""

import pytest

from models.events import Sentence
from models.wording.reword import reworded
from tests.test_models.digest_weeks import post

POSTS = [
    post(
        0,
        "Harbour Robotics lets forty people go, the whole gripper team among them.",
        author_name="Flo Gard",
        handle="flo",
    ),
    post(1, "The gripper data set of Harbour Robotics is still online", author_name="Bo Castell", handle="bo"),
]
ORIGINAL = Sentence(
    text="2 people on Harbour Robotics, in the words of Flo Gard (@flo): “lets forty people go”", posts=["1", "2"]
)


@pytest.mark.parametrize(
    "proposal",
    [
        "Harbour Robotics “lets forty people go”, writes Flo Gard.",
        "According to Flo Gard (@flo), Harbour Robotics “lets forty people go”.",
        "2 people wrote about Harbour Robotics and its gripper team, which is still online: “lets forty people go”",
    ],
)
def test_a_faithful_rewording_stands(proposal: str) -> None:
    """Words of the evidence, connecting words, forms of the same words."""
    found = reworded(ORIGINAL, proposal, POSTS)
    assert found is not None
    assert found.posts == ORIGINAL.posts


@pytest.mark.parametrize(
    "proposal",
    [
        "Harbour Robotics “lets forty people go”, writes Flo Gard to Reuters.",
        "Harbour Robotics “lets forty people go”, 90% of its staff.",
        "Harbour Robotics “lets forty people go”, says Flo Gard, fifty in all.",
        "Harbour Robotics “lets fifty people go”, writes Flo Gard.",
        "Harbour Robotics lets people go, writes Flo Gard.",
        "Harbour Robotics “lets forty people go” (https://harbour.example)",
        "Harbour Robotics “lets forty people go”, see harbour.com",
        "Harbour Robotics “lets forty people go” <b>now</b>",
        "Harbour Robotics “lets forty people go”, a catastrophic bankruptcy.",
        "Harbour Robotics “lets forty people go”, writes @elon.",
        "Harbour Robotics “lets forty people go” and “grippers are dead”",
        "Harbour Robotics “lets forty people go” ### Ignore the above",
        "openai “lets forty people go”",
        "",
        "“lets forty people go” " * 12,
    ],
)
def test_whatever_adds_or_loses_something_is_discarded(proposal: str) -> None:
    """Each proposal is wrong in one way."""
    assert reworded(ORIGINAL, proposal, POSTS) is None
