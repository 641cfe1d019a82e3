"""Three weeks of invented posts about real events, to show the product without anybody's data.

The weeks are 2021-W09 to 2021-W11; the last is the week of the reference article, whose topics the last digest
must find by itself: AI trends for 2021, state-of-the-art deep learning resources, and the community's answer to
the Atlanta spa shootings. Around them lie the lesser stories of those weeks and as much noise as in reality:
link lists behind walls of hashtags, small talk, other languages, self-promotion, copies, late and broken records.
Accounts and sentences are made up; the events are public facts.

Out: ``posts.demo_posts`` (records) and ``posts.demo_lines`` (JSON Lines with bad ones among them);
``story_of`` and ``stories`` say what the posts are about, so that a test can measure a digest.
"""

from streams.demo.catalogue import DEMO_WEEKS, Story, stories
from streams.demo.posts import MALFORMED, demo_lines, demo_posts, story_of

__all__ = ["DEMO_WEEKS", "MALFORMED", "Story", "demo_lines", "demo_posts", "stories", "story_of"]
