"""Ranks the stories of a week and matches them with those of earlier weeks."""
