"""Processes, files, logs and metrics of the machine that this runs on."""
