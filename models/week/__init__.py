"""An ISO week: its bounds, its closing, its posts, and the settings of its digest."""
