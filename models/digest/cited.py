"""Which posts a digest rests on: those of which a deletion or an edit makes it false."""

from models.events import Digest


def cited_posts(digest: Digest) -> set[str]:
    """Ids of all posts that a digest names."""
    sentences = [digest.headline, *digest.overview]
    posts = {post for sentence in sentences for post in sentence.posts}
    items = [item for topic in digest.topics for item in topic.items]
    for topic in digest.topics:
        posts.update(topic.post_ids, topic.summary.posts, topic.change.posts if topic.change else (), topic.label_posts)
    for item in (*items, *digest.briefs):
        posts.update(item.sentence.posts, [item.quotation_post] if item.quotation_post else ())
    for brief in digest.briefs:
        posts.update(brief.label_posts)
    return posts
