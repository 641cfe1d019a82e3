"""The closed table of what live sources read from the environment (a test holds the README to it)."""

VARIABLES: dict[str, str] = {
    "X_BEARER_TOKEN": "all of X: the app-only bearer token of an X developer app",
    "TOPTOPICS_X_URL": "all of X: base address of the X API (default https://api.x.com)",
    "TOPTOPICS_X_RULES": "x-stream: how many rules the plan allows (default 1000)",
    "TOPTOPICS_X_RULE_LENGTH": "x-stream: how long a rule may be (default 512)",
    "TOPTOPICS_BLUESKY_URL": "bluesky: a Jetstream instance (default wss://jetstream2.us-east.bsky.network/subscribe)",
    "TOPTOPICS_BLUESKY_APPVIEW": "bluesky: where handles are looked up (default https://public.api.bsky.app)",
    "MASTODON_URL": "mastodon: the instance to read from, such as https://mastodon.social",
    "MASTODON_ACCESS_TOKEN": "mastodon: a token with read scope; without one accounts are polled instead of streamed",
}
