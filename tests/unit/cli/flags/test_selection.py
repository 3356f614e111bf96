"""The flags that select results and alerts: of judged models only."""

from __future__ import annotations

import pytest

from stream_app.cli.flags.selection import ShownFlags
from stream_app.errors import ConfigError
from stream_app.policy import load_policy


def test_a_policy_that_only_counts_has_nothing_to_show() -> None:
    with pytest.raises(ConfigError, match="Model camera is counted, not judged"):
        ShownFlags().select(load_policy("camera"))


def test_the_flags_select_from_the_models_of_the_policy() -> None:
    selection = ShownFlags(attribute="race+gender").select(load_policy("loans"), "1m")
    assert (selection.models, selection.attribute, selection.window) == (frozenset({"loans"}), "gender+race", "1m")
    with pytest.raises(ConfigError, match=r"No model 'camera' in the policy\. Known: loans"):
        ShownFlags(model="camera").select(load_policy("loans"))
