"""An ISO week: its bounds, when it closes, its posts, and the settings of its digest."""
