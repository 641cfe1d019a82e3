"""Bluesky: Jetstream, the AppView, and the posts that they carry."""
