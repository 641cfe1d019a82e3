"""Mastodon: the streaming API, the REST API, and the statuses that they carry."""
