"""Where posts come from: one file per source and per parser, behind the small port in `port.py`.

    archive files ─ archive.py ─┐                              ┌─> `tweets`        Tweet, Deletion
    X, Bluesky, Mastodon, feeds ┴─> parsers ─> filter ─ runner ─┴─> `dead-letters`  what cannot be parsed

Parsers are pure: one decoded record in, `Outcome`s out, nothing raised. Sources speak a protocol and hand out items
with cursors; `runner.py` sends them, remembers what was acknowledged, and connects again.
"""
