"""Archives of posts in files, and how they are put onto `tweets`."""
