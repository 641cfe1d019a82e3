"""The content of a live board: trends, names and the map, as pure functions of the view's state."""
