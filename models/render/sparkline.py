"""A topic's week as seven bars: as Unicode blocks and as cells of a small table."""

from collections.abc import Sequence

from markupsafe import Markup

BLOCKS = "▁▂▃▄▅▆▇█"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BAR, GAP, HEIGHT = 9, 3, 24  # pixels
COLOUR = "#0b57d0"


def sparkline(series: Sequence[int]) -> str:
    """One block a day, the tallest for the busiest day, the lowest for a day without posts."""
    top = max(series, default=0)
    if top <= 0:
        return BLOCKS[0] * len(series)
    return "".join(BLOCKS[0] if value <= 0 else BLOCKS[max(1, round(value / top * 7))] for value in series)


def in_words(series: Sequence[int]) -> str:
    """ "Monday 3, Tuesday 0, …", for readers without the picture."""
    return ", ".join(f"{day} {value}" for day, value in zip(DAYS, series, strict=False))


def bars(series: Sequence[int]) -> Markup:
    """The bars as cells of a table, because mail clients remove SVG. Numbers only, so nothing needs escaping."""
    top = max([*series, 1])
    cells = []
    for value in series:
        height = max(1, round(max(0, int(value)) / top * HEIGHT))
        size = f'width="{BAR}" height="{height}" style="width:{BAR}px;height:{height}px;font-size:0;line-height:0;"'
        bar = f'<tr><td class="tt-bar" bgcolor="{COLOUR}" {size}></td></tr>'
        table = f'<table role="presentation" cellpadding="0" cellspacing="0" border="0">{bar}</table>'
        cells.append(f'<td valign="bottom" style="padding:0 {GAP}px 0 0;vertical-align:bottom;">{table}</td>')
    words = f"Posts per day: {in_words([int(value) for value in series])}"
    return Markup(  # noqa: S704 (integers and fixed words only)
        f'<table role="img" aria-label="{words}" cellpadding="0" cellspacing="0" border="0" height="{HEIGHT}">'
        f"<tr>{''.join(cells)}</tr></table>"
    )
