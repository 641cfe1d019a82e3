"""Alerts: rules about the board, and how they reach people."""
