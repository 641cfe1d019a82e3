"""The dashboard: one page, no build step, nothing from a third party. Files of `static/` are served as they are."""
