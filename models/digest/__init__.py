"""Builds, checks and compares digests from the stories of a week."""
