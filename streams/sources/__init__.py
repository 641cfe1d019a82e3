"""The sources of posts: one file for each source and parser, behind the small port in `port.py`.

    archive files ─ archive.py ─┐                              ┌─> `tweets`        Tweet, Deletion
    X, Bluesky, Mastodon, feeds ┴─> parsers ─> filter ─ runner ─┴─> `dead-letters`  unusable records

Parsers are pure: they take one decoded record, return `Outcome`s and raise nothing. Sources use a platform's protocol
and yield items with cursors. `runner.py` sends the items, stores acknowledged cursors, and reconnects.
"""
