"""Posts in the platforms' formats, written for these tests."""

from typing import Any

X_PAGE: dict[str, Any] = {
    "data": [
        {
            "id": "1700000000000000001",
            "author_id": "101",
            "created_at": "2026-03-02T08:00:00.000Z",
            "text": "Short version https://t.co/aaa",
            "note_tweet": {
                "text": "A long post about &lt;models&gt; &amp; their topics https://t.co/aaa https://t.co/pic",
                "entities": {
                    "urls": [
                        {
                            "url": "https://t.co/aaa",
                            "expanded_url": "https://example.org/paper?x=1",
                            "unwound_url": "https://example.org/paper",
                            "title": "A paper",
                            "description": "What it says",
                        }
                    ],
                    "mentions": [{"username": "grace", "id": "102"}],
                },
            },
            "entities": {
                "urls": [
                    {
                        "url": "https://t.co/pic",
                        "expanded_url": "https://twitter.com/ada/status/1700000000000000001/photo/1",
                        "media_key": "3_1",
                    }
                ]
            },
            "lang": "en",
            "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4},
            "edit_history_tweet_ids": ["1700000000000000000", "1700000000000000001", "1700000000000000002"],
        },
        {
            "id": "1700000000000000003",
            "author_id": "101",
            "created_at": "2026-03-02T09:00:00.000Z",
            "text": "RT @grace: A retweet that is cut in the midd…",
            "lang": "qme",
            "referenced_tweets": [{"type": "retweeted", "id": "1600000000000000001"}],
        },
        {
            "id": "1700000000000000004",
            "author_id": "999",
            "created_at": "2026-03-02T10:00:00.000Z",
            "text": "@grace Look https://t.co/quo",
            "entities": {
                "urls": [{"url": "https://t.co/quo", "expanded_url": "https://x.com/grace/status/1600000000000000001"}],
                "mentions": [{"username": "grace"}],
            },
            "referenced_tweets": [
                {"type": "replied_to", "id": "1600000000000000009"},
                {"type": "quoted", "id": "1600000000000000001"},
            ],
        },
        {"id": "1700000000000000005", "created_at": "2026-03-02T11:00:00.000Z", "text": "no author"},
        {
            "id": "1700000000000000006",
            "author_id": "101",
            "created_at": "2026-03-02T11:00:00.000Z",
            "text": "https://t.co/pic",
            "entities": {"urls": [{"url": "https://t.co/pic", "expanded_url": "https://x.com/a/status/5/video/1"}]},
        },
    ],
    "includes": {
        "users": [
            {"id": "101", "username": "ada", "name": "Ada", "public_metrics": {"followers_count": 12}},
            {"id": "102", "username": "grace", "name": "Grace"},
        ],
        "tweets": [
            {
                "id": "1600000000000000001",
                "author_id": "102",
                "created_at": "2026-03-01T09:00:00.000Z",
                "text": "A retweet that is cut in the middle is read whole from its original @alan",
                "entities": {"mentions": [{"username": "alan"}]},
            }
        ],
    },
    "meta": {"result_count": 5},
}

X_FLAT: dict[str, Any] = {
    "id": "1700000000000000007",
    "author_id": "101",
    "author": {"id": "101", "username": "ada", "name": "Ada"},
    "created_at": "2026-03-02T12:00:00.000Z",
    "text": "@grace I agree",
    "in_reply_to_user_id": "102",
    "in_reply_to_user": {"id": "102", "username": "grace"},
    "referenced_tweets": [{"type": "replied_to", "id": "1600000000000000001"}],
}

X_V1: dict[str, Any] = {
    "created_at": "Mon Mar 02 08:00:00 +0000 2026",
    "id": 1700000000000000011,
    "id_str": "1700000000000000011",
    "text": "A long one that is c… https://t.co/self",
    "truncated": True,
    "extended_tweet": {
        "full_text": "A long one that is cut in the old field &amp; whole here https://t.co/lnk",
        "entities": {
            "urls": [
                {
                    "url": "https://t.co/lnk",
                    "expanded_url": "http://bit.example/1",
                    "unwound": {"url": "https://example.org/whole", "title": "Whole", "description": "All of it"},
                }
            ],
            "user_mentions": [{"screen_name": "grace", "id_str": "102"}],
        },
    },
    "user": {"id_str": "101", "screen_name": "ada", "name": "Ada", "followers_count": 12},
    "favorite_count": 3,
    "retweet_count": 1,
    "lang": "und",
}

X_V1_RETWEET: dict[str, Any] = {
    **X_V1,
    "id_str": "1700000000000000012",
    "text": "RT @grace: Whole or…",
    "extended_tweet": None,
    "retweeted_status": {
        "id_str": "1600000000000000012",
        "full_text": "Whole original",
        "user": {"screen_name": "grace", "id_str": "102"},
    },
}

X_V1_DELETE: dict[str, Any] = {
    "delete": {"status": {"id_str": "1700000000000000011", "user_id_str": "101"}, "timestamp_ms": "1772438400000"}
}

ACTIVITY: dict[str, Any] = {
    "id": "tag:search.twitter.com,2005:1700000000000000021",
    "objectType": "activity",
    "verb": "post",
    "postedTime": "2026-03-02T08:00:00.000Z",
    "actor": {"id": "id:twitter.com:101", "preferredUsername": "ada", "displayName": "Ada", "followersCount": 12},
    "body": "Read https://t.co/gnp",
    "twitter_lang": "en",
    "gnip": {
        "urls": [
            {
                "url": "https://t.co/gnp",
                "expanded_url": "https://example.org/gnip",
                "expanded_url_title": "Enriched",
                "expanded_url_description": "With a title",
            }
        ]
    },
    "inReplyTo": {"link": "http://twitter.com/grace/statuses/1600000000000000001"},
    "favoritesCount": 3,
    "retweetCount": 1,
}

BLUESKY: dict[str, Any] = {
    "did": "did:plc:ada",
    "time_us": 1772438400000000,
    "kind": "commit",
    "commit": {
        "rev": "3kabc",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3kpost",
        "record": {
            "$type": "app.bsky.feed.post",
            "createdAt": "2026-03-02T07:59:59.000Z",
            "langs": ["en"],
            "text": "Über example.org/a-pap… by @grace.test",
            "facets": [
                {
                    "index": {"byteStart": 6, "byteEnd": 26},
                    "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/a-paper"}],
                },
                {
                    "index": {"byteStart": 30, "byteEnd": 41},
                    "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:grace"}],
                },
            ],
            "embed": {
                "$type": "app.bsky.embed.recordWithMedia",
                "record": {"record": {"uri": "at://did:plc:grace/app.bsky.feed.post/3kquoted", "cid": "bafy"}},
                "media": {
                    "$type": "app.bsky.embed.external",
                    "external": {"uri": "https://example.org/a-paper", "title": "A paper", "description": "On topics"},
                },
            },
        },
    },
}

MASTODON: dict[str, Any] = {
    "id": "110000000000000001",
    "created_at": "2026-03-02T08:00:00.000Z",
    "edited_at": "2026-03-02T09:00:00.000Z",
    "in_reply_to_id": "109000000000000001",
    "in_reply_to_account_id": "12",
    "visibility": "public",
    "language": "en",
    "spoiler_text": "On topics",
    "content": (
        '<p><span class="h-card"><a href="https://elsewhere.test/@grace" class="u-url mention">@<span>grace</span></a>'
        '</span> they drift &amp; fade<br>see <a href="https://example.org/a-paper"><span class="invisible">https://'
        '</span><span class="ellipsis">example.org/a-p</span><span class="invisible">aper</span></a></p>'
        '<p>next <a href="https://home.test/tags/ml" class="mention hashtag">#<span>ml</span></a></p>'
    ),
    "account": {
        "id": "11",
        "acct": "Ada",
        "url": "https://home.test/@Ada",
        "display_name": "Ada",
        "followers_count": 12,
    },
    "mentions": [{"id": "12", "acct": "grace@elsewhere.test", "url": "https://elsewhere.test/@grace"}],
    "card": {"url": "https://example.org/a-paper", "title": "A paper", "description": "", "provider_name": "Example"},
    "favourites_count": 3,
    "reblogs_count": 1,
    "replies_count": 2,
    "reblog": None,
}

OURS: dict[str, Any] = {
    "id": 17,
    "author": "@Ada",
    "created_at": "2026-03-02T09:00:00+01:00",
    "text": "RT @grace:no space after the colon https://example.org/x.",
    "metrics": {"likes": 3},
    "unknown": {"is": "ignored"},
}

COLLECTED: dict[str, Any] = {
    "id": "18",
    "author": None,
    "created_at": "2026-03-02T08:00:00Z",
    "text": "@grace yes",
    "urls": ["https://t.co/abc", {"url": "https://example.org/", "title": "Home"}, "javascript:alert(1)"],
    "label": None,
    "extra": {"name": "Ada", "type": "REPLY", "lang": "en", "like_count": -1, "related_to": "1391000000000000001.0"},
}

X_COMPLIANCE: dict[str, Any] = {
    "data": {"delete": {"tweet": {"id": "1700000000000000007", "author_id": "101"}, "event_at": "2026-03-02T09:00:00Z"}}
}

ACTIVITY_DELETE: dict[str, Any] = {
    "verb": "delete",
    "objectType": "activity",
    "actor": {"id": "id:twitter.com:101"},
    "object": {"id": "tag:search.twitter.com,2005:1700000000000000021"},
    "timestampMs": "1772438400000",
}

BLUESKY_V2: dict[str, Any] = {
    "$type": "message",
    "payload": {
        "$type": "network.bsky.jetstream.subscribeEvents#commit",
        "did": BLUESKY["did"],
        "seq": 17,
        "time": "2026-03-02T08:00:00.000000Z",
        **BLUESKY["commit"],
    },
}

BLUESKY_VIEW: dict[str, Any] = {
    "uri": "at://did:plc:ada/app.bsky.feed.post/3kpost",
    "cid": "bafy",
    "author": {"did": "did:plc:ada", "handle": "ada.test", "displayName": "Ada"},
    "record": BLUESKY["commit"]["record"],
    "replyCount": 2,
    "repostCount": 1,
    "likeCount": 3,
    "quoteCount": 4,
    "indexedAt": "2026-03-02T08:00:00.000Z",
}

MASTODON_DELETE: dict[str, Any] = {"event": "delete", "payload": "116158763581440001"}

ALL: list[dict[str, Any]] = [
    X_PAGE, X_FLAT, X_V1, X_V1_RETWEET, X_V1_DELETE, ACTIVITY, BLUESKY, MASTODON, OURS, COLLECTED,
    X_COMPLIANCE, ACTIVITY_DELETE, BLUESKY_V2, BLUESKY_VIEW, MASTODON_DELETE,
]  # fmt: skip
