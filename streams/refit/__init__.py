"""The process that refits a week, and the data that it reads."""
