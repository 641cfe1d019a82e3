"""The `toptopics` command: a module per command or group of commands; `commands` is the table of all of them."""
