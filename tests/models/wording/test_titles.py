"""What a story is called: names in full and as people write them, headlines, sentences cut visibly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import Tweet
from models.text.plain import alphanumeric, plain
from models.wording.headings import MAX_TITLE, POSTS_BY, as_heading, shortened
from models.wording.passages import verbatim
from models.wording.titles import group_name, names, title
from models.wording.usage import Usage, atoms
from tests.support.digest_weeks import linked, post

CHATTER = [
    post(500 + n, text, author=20 + n)
    for n, text in enumerate(
        (
            "the office plants are doing well this week, thank you for asking",
            "we teach apples and pears to the third class, and nobody falls asleep",
            "my lessons about Lantern glass are on the shelf of the library now",
            "a quiet morning with tea, and with a book about the women of the coast",
            "black women of the coast told us how the harbour was built by hand",
            "the Kelp museum is open again, and the guides are all volunteers there",
        )
    )
]


def told(*texts: str, **fields: object) -> list[Tweet]:
    """A post of somebody else for each text."""
    return [post(n, text, author=n, **fields) for n, text in enumerate(texts)]  # type: ignore[arg-type]


def named(posts: list[Tweet], **options: object) -> str:
    """The title, and that it holds for any order of the posts."""
    usage = Usage([*posts, *CHATTER])
    found = title(posts, usage, **options)  # type: ignore[arg-type]
    assert title(posts[::-1], usage, **options).text == found.text  # type: ignore[arg-type]
    assert found.posts
    return found.text


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        # a version stays, and the full name that two people write is the title of all
        (("Lantern Opus 4.7 is here", "i use opus 4.7 for planning", "Opus 4.7 beats me", "Lantern Opus 4.7!!"),
         "Lantern Opus 4.7"),
        (("KLP-5.5 is out today, and it is fast", "we ran klp-5.5 all night", "KLP 5.5 or nothing, says my boss"),
         "KLP-5.5"),
        (("Registration for #KelpConf2031 is open", "see you at KelpConf 2031", "KelpConf2031 has three tracks"),
         "KelpConf 2031"),
        (("all of us read for Harbour Women's Day", "the talks of Harbour Women’s Day are online",
          "so Harbour Women's Day it is"),
         "Harbour Women's Day"),
        (("The wav2kelp-U code is public now", "reading about wav2kelp-U tonight", "so wav2kelp-U needs no labels"),
         "wav2kelp-U"),
    ],
)  # fmt: skip
def test_a_name_is_written_in_full_and_as_people_write_it(texts: tuple[str, ...], name: str) -> None:
    """With its version or edition, not cut to a word. The title says what happened to it."""
    posts = told(*texts)
    longest = names(posts, Usage([*posts, *CHATTER]))[0].text
    assert longest in {name, name.replace(" ", "")}
    assert alphanumeric(longest) in alphanumeric(named(posts))


def test_what_a_story_is_about_is_no_common_word_with_capitals() -> None:
    """A report on a film that left them out is not called after the people whom everybody speaks of."""
    posts = told(
        "The Harbour Post finds that its film on the harbour left out Black Women, and says sorry",
        "a film on the harbour without black women in it, in this year",
        "How can a harbour film leave out black women?",
    )
    assert "film" in named(posts).casefold()


def test_a_plain_name_gives_way_to_a_headline_that_says_more() -> None:
    """The name is in it."""
    posts = told(
        "Marlow Admits That Its Lamp Is Biased Towards Large Ships https://t.co/aaaaaaaaaa",
        "so the lamp of Marlow is biased, who would have thought",
        "what Marlow says about ships is not enough for me",
    )
    assert named(posts) == "Marlow Admits That Its Lamp Is Biased Towards Large Ships"


def test_a_place_gives_way_to_what_happened_there() -> None:
    """Also where the verb is in no list of verbs of news."""
    posts = told(
        "Port Ellery shuts its three schools as the fever spreads", "Fever in Port Ellery: a bus with doctors tours"
    )
    assert named(posts).startswith(("Port Ellery shuts", "Fever in Port Ellery"))


def test_a_channels_hashtag_is_no_part_of_a_heading() -> None:
    """It stands at the end of the posts of many people; a tag that only the story has stays."""
    channel = [post(600 + n, f"one more talk about bread number {n} #KelpConf31", author=40 + n) for n in range(9)]
    texts = ("the lights of the harbour hall are out again", "no lights in the harbour hall since ten in the morning")
    for tag, ends in (("#KelpConf31", False), ("#DarkHall", True)):
        posts = told(*(f"{text} {tag}" for text in texts))
        found = title(posts, Usage([*posts, *channel, *CHATTER]))
        assert ("Conf" in found.text or "Dark" in found.text) is ends, found


def test_the_heading_of_a_long_sentence_is_its_first_clauses() -> None:
    """They are whole, so there is no mark of a cut."""
    posts = told(
        "The Kessler dam above the lower town of Tarn has collapsed after days of rain; all of its people must leave",
        "they told us in the morning that the Kessler dam would hold, and now it is gone",
    )
    assert named(posts, sensitive=True) == (
        "The Kessler dam above the lower town of Tarn has collapsed after days of rain"
    )


def test_nobody_speaks_in_the_first_person_in_a_title() -> None:
    """Where another sentence says it as well."""
    posts = told(
        "We have rebuilt the Lantern desk from the ground up and are so proud",
        "The Lantern desk is rebuilt from the ground up, with two sides for two lights",
    )
    assert named(posts).startswith("The Lantern desk")


def test_a_title_ends_where_a_clause_ends() -> None:
    """Neither before the object of a clause, nor behind the beginning of the next one, nor inside a bracket."""
    posts = told(
        "The harbour board opens the northern gate to barges of any size from the first of May, and as long as the "
        "tide allows it (which it does on most days of the spring, as the board says) it stays open"
    )
    assert named(posts) == "The harbour board opens the northern gate to barges of any size from the first of May"


def test_a_title_is_one_sentence() -> None:
    """The first, also where it ends with a number."""
    posts = told("The harbour board closes gate CVE-2031. One barge too many, no lights")
    assert named(posts) == "The harbour board closes gate CVE-2031"
    assert named(told("Orlop-5 is live. We have been testing it over two weeks on our barges")) == "Orlop-5 is live"


def test_the_title_of_a_work_is_found_inside_a_sentence_that_promotes_it() -> None:
    """The appointment is no news, the work is."""
    posts = told('Come by the quay session 4 today to hear about our work "Counting Barges by Ear: A Study in Fog"')
    assert named(posts) == "Counting Barges by Ear: A Study in Fog"


def test_what_happened_comes_before_how_somebody_feels_about_it() -> None:
    """Also where the feeling is liked more and says as much."""
    posts = told(
        "Funny how the Kelp Bank now closes its harbour branch",
        "Kelp Bank closes its harbour branch after ninety years",
    )
    assert named(posts).startswith("Kelp Bank closes")


def test_a_title_calls_for_nothing() -> None:
    """An appeal is no news, also where it says most."""
    posts = told(
        "Check out our Lantern talk on the tides of the northern harbour",
        "The Lantern talk on the tides is at the harbour museum",
    )
    assert named(posts).startswith("The Lantern talk")


def test_a_sensitive_story_is_called_by_what_happened() -> None:
    """Not by a name alone, and without a shout."""
    posts = told(
        "Eleven people died when the Marlow ferry sank.",
        "The Marlow ferry sank, and eleven died",
        "All my thoughts are with Marlow today!",
    )
    found = named(posts, sensitive=True)
    assert "died" in found
    assert "!" not in found


def test_last_weeks_title_is_not_a_title_again() -> None:
    """What is new about it is."""
    posts = told(
        "Kelp Cable 3 carries light to the island now",
        "Kelp Cable 3 is lit: the island has light",
        "light from Kelp Cable 3, at last",
    )
    last = named(posts)
    found = named(posts, taken=frozenset({last.casefold()}))
    assert found != last
    assert "Kelp Cable 3" in found


def test_a_name_in_one_post_of_one_person_is_not_the_storys() -> None:
    """One voice is told by what it says, however often it is passed on."""
    said = "The new breakwater of Port Ellery takes waves of nine metres."
    posts = [post(1, said, author=1), *(
        post(n, f"RT @bo1: {said}", author=n, kind="retweet", related_id=f"{10**18 + 1}", related_author="bo1")
        for n in (2, 3)
    )]  # fmt: skip
    assert named(posts) == "The new breakwater of Port Ellery takes waves of nine metres"


def test_the_title_of_a_link_that_most_share_is_the_title() -> None:
    """Without the site that it ends with."""
    page = linked("https://post.example/a", "Harbour robots learn to tie a bowline | The Post")
    posts = [post(n, text, author=n, links=page) for n, text in enumerate(("nice", "wow, look", "this is the way"))]
    assert named(posts) == "Harbour robots learn to tie a bowline"


def test_a_long_sentence_is_cut_at_a_word_and_shows_it() -> None:
    """So does one that the platform has cut."""
    long = (
        "They have measured for eleven years how the tide moves the sand along the northern beaches of the old harbour "
        "and of both islands"
    )
    found = named(told(long))
    assert found.endswith(" …")
    assert long.startswith(verbatim(found))
    assert len(found) <= MAX_TITLE
    assert named(told("RT @x: The tide moves the sand along the north…")) == "The tide moves the sand along …"


def test_posts_without_words_are_called_after_their_author() -> None:
    """There is nothing else."""
    assert named(told("https://t.co/abcdefghij")) == f"{POSTS_BY}ada0"


@pytest.mark.parametrize(
    ("sentence", "heading"),
    [
        ("How #Kelp and #MachineLearning meet", "How Kelp and Machine Learning meet"),
        ("“All of it is quoted”", "All of it is quoted"),
        ('"Kelp" is a lovely word.', '"Kelp" is a lovely word'),
        ("kelp is \U0001f33f out by @bo1", "Kelp is out"),
        ("iKelp 3 is out!", "iKelp 3 is out"),
        ("what you *need* is kelp", "What you need is kelp"),
        ("How the harbour counts its boats | Kelp Weekly", "How the harbour counts its boats"),
    ],
)
def test_a_heading_has_no_signs_of_posts(sentence: str, heading: str) -> None:
    """Hashtags as words, no pictures, no stray marks."""
    assert as_heading(sentence) == heading


def test_names_of_a_story_are_those_of_two_posts() -> None:
    """The most surprising first, none inside another."""
    posts = told(
        "and so the Orrery Prize of the city goes to LanternNet 2 this year",
        "it was clear that LanternNet 2 would get the Orrery Prize",
        "well done, LanternNet 2",
    )
    assert {name.text for name in names(posts, Usage([*posts, *CHATTER]))} == {"LanternNet 2", "Orrery Prize"}


@pytest.mark.parametrize(
    ("texts", "words", "name"),
    [
        (("#lumen2vec is out", "lumen2vec beats our baseline"), ["lumen2vec", "whale"], "lumen2vec"),
        (
            ("After the Marlow Lamp sale I cannot work", "nobody buys a Marlow Lamp", "so the Marlow Lamp is sold"),
            ["sale", "marlow lamp"],
            "Marlow Lamp",
        ),
        (
            ("we need shoes that are warm: ultrasonic shoes", "the ultrasonic shoes of my uncle"),
            ["ultrasonic", "ultrasonic shoes"],
            "Ultrasonic shoes",
        ),
        (("it is a quilt that sold", "nobody needs the quilt that sold"), ["quilt", "sold"], "Quilt, sold"),
        (("!!! ??? 42", "???"), ["量子", "計算"], f"{POSTS_BY}ada0"),
    ],
)
def test_a_theme_is_called_by_a_name_else_by_its_keywords_as_people_write_them(
    texts: tuple[str, ...], words: list[str], name: str
) -> None:
    """Of other people's words none is taken, and no name twice."""
    posts = told(*texts)
    usage = Usage([*posts, *CHATTER])
    found = group_name(posts, words, usage)
    assert found.casefold() == name.casefold()
    assert group_name(posts, words, usage, {found.casefold()}) != found or found.startswith(POSTS_BY)


def test_atoms_keep_versions_and_split_hashtags() -> None:
    """A wall of hashtags and the people who are addressed are no words."""
    text = "@bo1 @cy2 GPT-5.5 meets #KelpConf2031. Marlow’s lamp #a1 #ab #cd #ef https://t.co/aaaa"
    assert [atom.key for atom in atoms(text)] == ["gpt", "5.5", "meets", "kelpconf", "2031", "marlow", "lamp", "a1"]


WORDS = st.sampled_from(
    ["Kelp", "kelp", "KLP-5.5", "#Kelp2031", "@bo1", "the", "of", ".", "!", "…", "“", "”", "\n", "4.7", "(", "is",
     "out", "https://t.co/aaaaaaaaaa", "RT @x:", "\U0001f33f", "量子計算"]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=60)


@settings(max_examples=150)
@given(
    st.lists(st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=60), min_size=1, max_size=5), st.booleans()
)
def test_any_posts_have_a_title_whose_words_stand_in_them(texts: list[str], sensitive: bool) -> None:
    """One line, bounded, not empty, and the same in any order."""
    posts = told(*texts)
    usage = Usage(posts)
    found = title(posts, usage, sensitive=sensitive)
    assert 0 < len(found.text) <= MAX_TITLE + len(POSTS_BY)
    assert "\n" not in found.text
    known = "".join(alphanumeric(plain(posts[place].text)) for place in found.posts)
    known += "".join(alphanumeric(f"{POSTS_BY}{one.author}") for one in posts)
    assert all(alphanumeric(word) in known for word in verbatim(found.text).split())
    assert title(posts[::-1], usage, sensitive=sensitive).text == found.text


@given(st.text(max_size=200), st.integers(min_value=10, max_value=120))
def test_what_is_shortened_says_so(text: str, limit: int) -> None:
    """And fits."""
    found = shortened(text, limit=limit)
    assert len(found) <= limit
    assert found == text or found.endswith(" …")
