"""Digests and alerts out: push, alerts, subscriptions, feeds."""
