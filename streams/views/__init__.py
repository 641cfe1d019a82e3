"""The live view: what is being talked about now, kept in Redis, read by the API, dashboard, terminal and alerts.

In: `Assignment`, `TopicEvent`, `Digest` with its record headers. Out: nothing; it is a view. It may be wiped at any
time and is rebuilt by reading `assignments`, `topic-events` and `digests` again.

What the state is: a function of the *set* of what was applied, whatever the order between partitions, the cut into
batches, or how often anything is delivered again.
  * A post counts once, by its id. `duplicate` outcomes change nothing. A post without its `tweet` is not shown.
  * A post older than the horizon (newest post minus `ViewLimits.retention`, event time, or the oldest of the
    `ViewLimits.posts` newest) is out, together with all that it counted for; arriving late, it stays out.
  * A deletion takes the post out wherever it is: text, counts, people, links, its verbatim retweets, and quotations
    in stored digests; arriving first, it keeps the post out. So does an edit for the version that it replaces.
  * merged: the posts of the others belong to the survivor, now and later; their ids lead to it. alias: the same for a
    digest's id. Both are statements about ids, so a post assigned to an old id is counted under the new one.
  * A topic whose posts are all candidates is kept but not listed until a post is not, or it is `born`.
  * What a topic is called: see `naming`.

Keys: everything begins with `<settings.prefix>{tt}:`; the braces put it into one slot of a Redis Cluster. Cross-topic:
posts, refs, text, gone, copies:ID, people, who, alias, aliases, topics, live, infos, applied, changed, meta, digests,
weeks, events and pulse (streams). Per topic `t:ID:`: buckets (posts per ten minutes, `o…` originals), ab (posts per
bucket and author), people, last (author's newest bucket), words, links, targets, posts, shown, info, named and events.
Alerts keep their own keys under `<prefix>{tt-alerts}:`, which a wipe leaves: a rebuild must not send them again.

Bounds: every per-topic structure holds at most what the posts in the horizon put there, and those are capped; the
caps of the rest are in `ViewLimits`.
"""
