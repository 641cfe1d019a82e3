"""The help of `toptopics` itself: the commands in their groups, as plain text.

Each command's own help is drawn by rich, whose import takes longer than all else that the list needs.
"""

from typing import Any

import typer
from typer.core import TyperGroup

_WHOLE = 500  # more characters than a first sentence has: lines are wrapped, and none is cut


class Overview(TyperGroup):
    """A group that lists its commands under the panels that they are given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Without arguments, show the help: wrong usage, as click has it."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write usage, help, options and commands, by typer's own plain formatter."""
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each panel; all have the same first column."""
        width = max(map(len, self.commands))
        panels: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            line = command.get_short_help_str(_WHOLE).replace("`", "")
            panels.setdefault(str(getattr(command, "rich_help_panel", "")), []).append((name.ljust(width), line))
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows)
