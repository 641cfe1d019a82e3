"""What of a story's posts is told first: announcements before opinions, quoted words in their author's name."""

from typing import Any

from models.digest.section import brief, section, themed_list
from models.digest.verify import check_digest
from models.events import Digest, Tweet
from models.wording.passages import Passage
from models.wording.quotations import quality
from models.wording.statements import representative, statements, tellable
from models.wording.usage import Usage
from tests.support.digest_weeks import digest_of, inputs_of, linked, post, story_of, week_of

NOISE = [post(90 + n, f"Something else about number {n} of the garden office lessons", author=10 + n) for n in range(8)]
LAUNCH = "Lantern Labs releases LanternNet 2.5, depth maps on any phone."


def _first(posts: list[Tweet]) -> str:
    found = representative(posts, Usage([*posts, *NOISE]))
    assert found is not None
    return found[1]


def test_the_announcement_comes_before_opinions_on_it() -> None:
    """Whatever the order, and though the opinion is liked more."""
    posts = [
        post(1, "I love LanternNet 2.5, honestly the best depth maps I have seen on any phone.", author=1),
        post(2, LAUNCH, author=2, day=0),
        post(3, "Is LanternNet 2.5 better than other depth maps on a phone?", author=3, day=1),
    ]
    assert _first(posts) == LAUNCH
    assert _first(posts[::-1]) == LAUNCH


def test_the_party_itself_is_heard_before_others() -> None:
    """Its handle has the story's name; an answer and a call to download come last."""
    own = post(1, "LanternNet now sees depth in the dark, with one camera.", author=1, handle="lanternnet")
    other = post(2, "LanternNet sees depth in the dark, from one camera now.", author=2)
    call = post(3, "Download LanternNet and get started with depth in the dark.", author=3)
    assert _first([other, call, own]) == own.text


def test_a_sentence_that_is_cut_off_or_asks_is_worth_less() -> None:
    """And one of brackets that are never closed is worth nothing."""
    whole = quality(Passage("The kelp cable carries light over eleven miles of cold water", 0), 1.0)
    assert whole > quality(Passage("The kelp cable carries light over eleven miles of cold …", 0), 1.0) > 0
    assert whole > quality(Passage("Does the kelp cable carry light over eleven miles of cold water?", 0), 1.0)
    assert quality(Passage("The kelp cable (carries light over eleven miles of cold water", 0), 1.0) == 0


def _quote(number: int, text: str) -> Tweet:
    return post(number, text, author=number, kind="quote", related_id="777", related_author="lanternlabs",
                quoted_text=LAUNCH)  # fmt: skip


def _checked(posts: list[Tweet], **fields: Any) -> Digest:
    week = week_of([*posts, *NOISE])
    ids = {one.id for one in posts}
    members = [index for index, one in enumerate(week.posts) if one.id in ids]
    digest = digest_of(week, [story_of(week, members, ["lanternnet"])], **fields)
    assert check_digest(digest, {one.id: one for one in week.posts}) == []
    return digest


def test_what_is_quoted_by_several_is_told_in_its_authors_name() -> None:
    """Wordless quotes of an announcement: it leads, and the quoters are named as such; nobody of them said it."""
    digest = _checked([_quote(1, "WOW"), _quote(2, "finally!!"), _quote(3, "I have waited for this for years")])
    summary = digest.topics[0].summary.text
    assert summary.startswith(f"“{LAUNCH}” – @lanternlabs, quoted by ")
    assert all(item.quotation != LAUNCH for item in digest.topics[0].items)


def test_the_checker_finds_quoted_words_put_into_the_quoters_mouth() -> None:
    """The same sentence without "quoted by"."""
    from msgspec.structs import replace

    posts = [_quote(1, "WOW"), _quote(2, "finally!!"), _quote(3, "I have waited for this for years")]
    digest = _checked(posts)
    topic = digest.topics[0]
    text = f"“{LAUNCH}” – Bo Castell (@bo1). Also on it: Cy Dunmore (@cy2) and Di Esker (@di3)."
    spoilt = replace(digest, topics=[replace(topic, summary=replace(topic.summary, text=text))])
    by_id = {one.id: one for one in [*posts, *NOISE]}
    assert [problem.kind for problem in check_digest(spoilt, by_id)] == ["wrong person"]


def test_the_title_of_a_link_is_a_statement_of_all_who_share_it() -> None:
    """Two who share the page, a third who does not."""
    page = "https://lantern.example/report"
    posts = [
        post(n, text, author=n, links=linked(page, "Lantern Labs admits that its cameras dream | Lantern Post"))
        for n, text in ((1, "wow"), (2, "this one again"))
    ]
    found = statements(posts, Usage([*posts, *NOISE]))
    assert (found[0].text, found[0].is_title) == ("Lantern Labs admits that its cameras dream", True)
    week = week_of([*posts, *NOISE])
    line = brief(inputs_of(week), story_of(week, [0, 1], []))
    assert line is not None
    assert line.sentence.text.startswith("“Lantern Labs admits that its cameras dream” – shared by ")


def test_a_brief_and_a_list_say_what_happened_then_who() -> None:
    """One line each, counted and checked; a story without words to quote gives neither."""
    posts = [
        post(1, LAUNCH, author=1),
        post(2, f"RT @bo1: {LAUNCH}", author=2, kind="retweet", related_id=f"{10**18 + 1}", related_author="bo1"),
        post(3, "https://t.co/abcdefghij", author=3),
    ]
    week = week_of([*posts, *NOISE])
    inputs = inputs_of(week)
    told, mute = story_of(week, [0, 1, 2], []), story_of(week, [2], [], 1)
    line = brief(inputs, told)
    assert line is not None
    assert line.sentence.text == f"“{LAUNCH}” – Bo Castell (@bo1), passed on by Cy Dunmore (@cy2); 3 people on it"
    assert (line.people_total, line.posts, line.id) == (3, 3, told.id)
    assert brief(inputs, mute) is None
    listed = themed_list(inputs, "code", "code", [mute, told])
    assert listed is not None
    assert (listed.label, listed.kind, [item.id for item in listed.items]) == ("Code and tools", "code", [told.id])
    assert listed.summary.text == "3 people shared 1 project."
    assert themed_list(inputs, "code", "code", [mute]) is None
    assert section(inputs, mute, None) is None


def test_a_lead_stands_alone() -> None:
    """A remark in brackets, or one that goes on with another, does not lead; then what the title says does."""
    posts = [
        post(1, "The harbour opens the LanternNet archive to all schools", author=1),
        post(2, "( tell your teacher about the LanternNet archive of the harbour )", author=2),
        post(3, "And that is why the LanternNet archive of the harbour matters to schools", author=3),
    ]
    week = week_of(posts)
    made = section(inputs_of(week), story_of(week, [0, 1, 2], []), None)
    assert made is not None
    assert posts[0].text in made.summary.text


def _section(posts: list[Tweet]) -> tuple[str, str]:
    week = week_of([*posts, *NOISE])
    made = section(inputs_of(week), story_of(week, range(len(posts)), []), None)
    assert made is not None
    return made.label, made.summary.text


def test_a_lead_tells_the_event_of_the_title() -> None:
    """A remark on something else in the group comes after it, also where it is told best."""
    posts = [
        post(1, "Kelp Bank closes its harbour branch after ninety years", author=1),
        post(2, "Kelp Bank closes its oldest branch, and the harbour loses its vault", author=2),
        post(3, "The new quay lamps of Marlow are mesmerizing, and the Marlow songs are, too", author=3),
    ]
    title, lead = _section(posts)
    assert "closes" in title
    assert "closes" in lead


def test_everybody_who_is_counted_as_sharing_a_page_is_cited_with_a_post_that_shares_it() -> None:
    """They wrote about it first."""
    page = linked("https://lantern.example/report", "Lantern Labs admits that its cameras dream")
    posts = [post(n, f"Cameras are odd, says number {n} of us", author=n) for n in range(6)]
    posts += [post(10 + n, "wow", author=n, links=page) for n in range(6)]
    _checked(posts)


def test_a_label_stands_before_a_line_without_the_name_only() -> None:
    """A part of the name in the line is enough."""
    posts = [
        post(1, "GTA 5 runs on the harbour wall, in full colour", author=1),
        post(2, "The lamps show GTA 5 tonight", author=2),
    ]
    week = week_of([*posts, *NOISE])
    made = brief(inputs_of(week), story_of(week, [0, 1], []))
    assert made is not None
    assert not made.sentence.text.startswith("GTA 5:")


def test_a_story_with_nothing_to_tell_is_graded_below_one_that_reports() -> None:
    """The clearest of its sentences counts."""
    usage = Usage(NOISE)
    assert tellable([post(1, "still responding to folks, thanks for it all!")], usage) < 0.2
    assert tellable([post(1, "Thanks to all of you. The Kelp Bank closes its harbour branch.")], usage) == 1.0
    assert tellable([post(1, "https://t.co/abcdefghij")], usage) == 0.0


def test_an_entry_of_a_list_is_called_by_the_title_of_its_page() -> None:
    """Not by what somebody says about it."""
    page = linked("https://arxiv.org/abs/2405.01234", "Counting Barges by Ear")
    posts = [post(1, "Harbour Labs counts every barge of Marlow by ear, and wins the Kelp Prize", author=1, links=page)]
    week = week_of([*posts, *NOISE])
    listed = themed_list(inputs_of(week), "papers", "papers", [story_of(week, [0], [])])
    assert listed is not None
    assert listed.items[0].sentence.text.startswith("“Counting Barges by Ear” – shared by ")
