"""The closed table of the variables that live sources read (a test compares `streams/sources/README.md` with it)."""

VARIABLES: dict[str, str] = {
    "X_BEARER_TOKEN": "X: app-only bearer token of an X developer app",
    "TOPTOPICS_X_URL": "X: base address of the X API (default https://api.x.com)",
    "TOPTOPICS_X_RULES": "x-stream: rules that the plan allows (default 1000)",
    "TOPTOPICS_X_RULE_LENGTH": "x-stream: maximum length of a rule (default 512)",
    "TOPTOPICS_BLUESKY_URL": "bluesky: a Jetstream v1 instance (default wss://jetstream2.us-east.bsky.network/subscribe)",
    "TOPTOPICS_BLUESKY_APPVIEW": "bluesky: where handles are looked up (default https://public.api.bsky.app)",
    "BLUESKY_ARCHIVE_KEY": "backfill bluesky: key of the archive, from https://bsky.network/account; unset: feeds",
    "TOPTOPICS_BLUESKY_ARCHIVE": "backfill bluesky: a v2 host (default wss://jetstream.us-east.bsky.network/xrpc)",
    "MASTODON_URL": "mastodon: instance to read from, such as https://mastodon.social",
    "MASTODON_ACCESS_TOKEN": "mastodon: token for streaming; without a token, accounts are polled",
}
