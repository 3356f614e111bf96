"""Running programs and use cases: each folder composes parts of ``edges`` and ``pipeline`` and runs them."""
