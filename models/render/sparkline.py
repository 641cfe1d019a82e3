"""A topic's week in seven bars: as Unicode blocks and as a small SVG."""

from collections.abc import Sequence

from markupsafe import Markup

BLOCKS = "▁▂▃▄▅▆▇█"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BAR, GAP, HEIGHT = 9, 3, 24


def sparkline(series: Sequence[int]) -> str:
    """One block per day, the tallest for the busiest; a day without posts has the lowest."""
    top = max(series, default=0)
    if top <= 0:
        return BLOCKS[0] * len(series)
    return "".join(BLOCKS[0] if value <= 0 else BLOCKS[max(1, round(value / top * 7))] for value in series)


def in_words(series: Sequence[int]) -> str:
    """ "Monday 3, Tuesday 0, …": for those who do not see the picture."""
    return ", ".join(f"{day} {value}" for day, value in zip(DAYS, series, strict=False))


def svg(series: Sequence[int]) -> Markup:
    """The bars as an inline SVG in the colour of the text around it; numbers only, so nothing in it needs escaping."""
    top = max([*series, 1])
    bars = []
    for day, value in enumerate(series):
        height = max(1, round(max(0, int(value)) / top * HEIGHT))
        bars.append(
            f'<rect x="{day * (BAR + GAP)}" y="{HEIGHT - height}" width="{BAR}" height="{height}" rx="1.5" '
            f'fill="currentColor"{"" if value > 0 else " opacity=" + chr(34) + ".35" + chr(34)}/>'
        )
    width = max(1, len(series) * (BAR + GAP) - GAP)
    return Markup(  # noqa: S704 (integers and fixed words only)
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" '
        f'role="img" aria-label="Posts per day: {in_words([int(value) for value in series])}">{"".join(bars)}</svg>'
    )
