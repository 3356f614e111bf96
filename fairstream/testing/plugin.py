"""A pytest plugin: the fixture ``fairstream_pipeline``.

Name it in your ``conftest.py``: ``pytest_plugins = ["fairstream.testing.plugin"]``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fairstream.testing.pipeline import InMemoryPipeline


@pytest.fixture
def fairstream_pipeline() -> Callable[..., InMemoryPipeline]:
    """Return a function that opens an ``InMemoryPipeline`` for a policy; it takes the same arguments."""
    return InMemoryPipeline
