"""Three weeks of invented posts about real events, which show the product without real users' data.

The weeks are 2021-W09 to 2021-W11. The last is the week of the reference article. Its digest must find the article's
topics by itself: AI trends for 2021, state-of-the-art deep learning resources, and the community's answer to the
Atlanta spa shootings. The other posts are smaller stories of those weeks and as much noise as in reality: link lists
with walls of hashtags, small talk, other languages, self-promotion, copies, late and broken records. Accounts and
sentences are invented; the events are public facts.

Out: ``posts.demo_posts`` (records) and ``posts.demo_lines`` (JSON Lines, some of them bad). ``story_of`` and
``stories`` name the subjects of posts, so that a test can measure a digest.
"""

from streams.demo.catalogue import DEMO_WEEKS, Story, stories
from streams.demo.posts import MALFORMED, demo_lines, demo_posts, story_of

__all__ = ["DEMO_WEEKS", "MALFORMED", "Story", "demo_lines", "demo_posts", "stories", "story_of"]
