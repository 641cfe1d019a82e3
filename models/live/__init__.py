"""What a live board shows: trends, names and the map, as pure functions of the view's state."""
