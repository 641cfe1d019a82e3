"""Delivery of digests and alerts: push, alert rules, subscriptions, feeds."""
