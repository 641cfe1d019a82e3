"""The `toptopics` command: a module per group of commands, composed in `main`."""
