"""Generated text between two markers of a page, so that the page reads well without being built.

A block begins with ``<!-- NAME: begin -->`` on a line of its own and ends with ``<!-- NAME: end -->``.
"""

from __future__ import annotations

import re


def replace_block(page: str, name: str, text: str) -> str:
    r"""Return a page with new text between the markers of a block.

    Args:
        page: Markdown.
        name: Name of the block.
        text: Text that ends with a line break.

    Raises:
        ValueError: the page has no such block, or has it twice.

    >>> replace_block("a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb", "x", "new\n")
    'a\n<!-- x: begin -->\nnew\n<!-- x: end -->\nb'
    """
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    pattern = re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.DOTALL)
    changed, count = pattern.subn(lambda _: text, page)
    if count != 1:
        raise ValueError(f"Expected the block {name!r} once, got it {count} times")
    return changed
