"""Drawings in SVG without scripts, style sheets or font files."""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.render.escaping import escape

INK, FAINT, GRID = "#1a1a1a", "#595959", "#e0e0e0"  # both inks have a contrast above 7 on white

Point = tuple[float, float]


class Drawing:
    """A drawing on a white background; shapes are in the order in which they were drawn.

    Args:
        width: In pixels.
        title: Title, for screen readers.
        description: What the drawing shows, in a sentence, for screen readers.
    """

    def __init__(self, width: int, title: str, description: str) -> None:
        self._width = width
        self._title = title
        self._description = description
        self._shapes: list[str] = []

    def line(self, start: Point, end: Point, *, color: str, width: float = 1.0, dash: str = "") -> None:
        """Draw a straight line."""
        (x1, y1), (x2, y2) = start, end
        self._shapes.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"'
            f' stroke-width="{width}"{_dashed(dash)}/>'
        )

    def path(self, points: Iterable[Point], *, color: str, width: float = 1.8, dash: str = "") -> None:
        """Draw a line through points."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._shapes.append(
            f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="{width}"'
            f' stroke-linejoin="round"{_dashed(dash)}/>'
        )

    def area(self, points: Iterable[Point], *, color: str, opacity: float) -> None:
        """Fill a polygon."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._shapes.append(f'<polygon points="{places}" fill="{color}" fill-opacity="{opacity}"/>')

    def disc(self, center: Point, *, color: str, radius: float = 2.6) -> None:
        """Draw a filled circle."""
        self._shapes.append(f'<circle cx="{center[0]:.1f}" cy="{center[1]:.1f}" r="{radius}" fill="{color}"/>')

    def square(self, center: Point, *, color: str, side: float = 5.0) -> None:
        """Draw the outline of a square, filled with white."""
        x, y = center[0] - side / 2, center[1] - side / 2
        self._shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{side}" height="{side}" fill="#ffffff" stroke="{color}"'
            ' stroke-width="1.4"/>'
        )

    def text(
        self, place: Point, text: str, *, size: int = 13, color: str = INK, anchor: str = "start", is_bold: bool = False
    ) -> None:
        """Write a line of text with a white outline; ``anchor`` is ``start``, ``middle`` or ``end``."""
        weight = ' font-weight="bold"' if is_bold else ""
        rim = 'stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
        self._shapes.append(
            f'<text x="{place[0]:.1f}" y="{place[1]:.1f}" font-size="{size}" fill="{color}"'
            f' text-anchor="{anchor}"{weight} {rim}>{escape(text)}</text>'
        )

    def as_svg(self, height: int) -> str:
        """Return the document with a height in pixels.

        >>> Drawing(10, "A < B", "Nothing").as_svg(5).splitlines()[1]
        '<title>A &lt; B</title>'
        """
        size = f'width="{self._width}" height="{height}" viewBox="0 0 {self._width} {height}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"'
            ' font-family="Arial, Helvetica, &quot;Liberation Sans&quot;, &quot;DejaVu Sans&quot;, sans-serif">'
        )
        return "\n".join(
            [
                head,
                f"<title>{escape(self._title)}</title>",
                f"<desc>{escape(self._description)}</desc>",
                f'<rect width="{self._width}" height="{height}" fill="#ffffff"/>',
                *self._shapes,
                "</svg>\n",
            ]
        )


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""
