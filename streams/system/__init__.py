"""Processes, files, logs and metrics on the local machine."""
