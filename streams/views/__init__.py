"""The live view: the topics of the moment, stored in Redis and read by the API, the dashboard, the terminal and the
alerts.

In: `Assignment`, `TopicEvent`, `Digest` with its record headers. Out: nothing. The view may be wiped at any time; it is
rebuilt by reading `assignments`, `topic-events` and `digests` again.

The state is a function of the *set* of applied events. The order between partitions, the division into batches and
redeliveries have no effect.

* A post counts once, by its id. `duplicate` outcomes change nothing. A post without its `tweet` is not shown.
* A post older than the horizon (newest post minus `ViewLimits.retention` in event time, or the oldest of the
  `ViewLimits.posts` newest) is removed with everything that it was counted in. A late one is not added.
* A deletion removes the post everywhere: text, counts, people, links, its verbatim retweets, and quotations in stored
  digests. When it comes first, the post is not added. An edit does the same with the version that it replaces.
* merged: the posts of the other topics belong to the survivor, now and later, and their ids lead to it. alias: the same
  for a digest's id. Both are statements about ids, so a post assigned to an old id is counted under the new one.
* A topic of candidates only is kept but not listed, until it has another post or is `born`.
* `models.live.naming` decides a topic's name.

Keys start with `<settings.prefix>{tt}:`; the braces put all of them into one slot of a Redis Cluster. Across topics:
posts, refs, text, gone, copies:ID, people, who, alias, aliases, topics, live, infos, applied, changed, meta, digests,
weeks, events and pulse (streams). For each topic `t:ID:`: buckets (posts per ten minutes, `o…` originals), ab (posts
per bucket and author), people, last (author's newest bucket), words, links, targets, posts, shown, info, named and
events. Alerts have keys under `<prefix>{tt-alerts}:`, which a wipe leaves, so that a rebuild does not send them again.

Limits: every structure of a topic contains at most what the posts in the horizon added, and the number of those posts
is limited. `ViewLimits` has the other limits.
"""
