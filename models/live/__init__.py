"""The content of a live board: trends, names and related topics, as pure functions of the view's state."""
