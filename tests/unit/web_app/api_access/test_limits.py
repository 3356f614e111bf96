"""Limits of requests: by token, by address, for reading and for writing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stream_app.errors import ConfigError
from stream_app.settings import Settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access import tokens
from stream_app.web_app.api.access.rates import Buckets
from stream_app.web_app.api.access.tokens import Limits
from stream_app.web_app.api.running import start_api
from tests.support.web.programs import Program, error_of, json_body, make_token


def answered(ask: Callable[[int], Any], code: int) -> int:
    """Return how many requests are answered by a code before they are limited."""
    for number in range(1000):
        answer = ask(number)
        if answer.status_code == 429:
            return number
        assert answer.status_code == code
    raise AssertionError


def test_tokens_have_their_own_limits_for_reading_and_writing() -> None:
    start_api(Settings(api_reads_per_min=3, api_writes_per_min=2))  # of which one comes back every 20 seconds or later
    first, second = (Program(make_token("viewer")) for _ in range(2))
    assert [first.get("/api/policies").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = first.get("/api/policies")
    assert error_of(answer)["code"] == "too_many_requests"
    assert 1 <= int(answer["Retry-After"]) <= 20
    assert second.get("/api/policies").status_code == 200
    codes = [first.ask("POST", "/api/policies", **json_body("POST")).status_code for _ in range(3)]
    assert codes == [405, 405, 429]


def test_a_token_with_limits_of_its_own_has_these_from_its_next_request_on() -> None:
    start_api(Settings(api_reads_per_min=3, api_writes_per_min=2))
    token, text = tokens.create("x", Role.ANALYST, [], 1, limits=Limits(1, 4))
    program = Program(text)
    assert [program.get("/api/policies").status_code for _ in range(2)] == [200, 429]
    codes = [program.ask("POST", "/api/policies", **json_body("POST")).status_code for _ in range(5)]
    assert codes == [405] * 4 + [429]
    costly = program.get("/api/monitor_fairness")  # counts as both, and neither is left
    assert costly.status_code == 429
    tokens.limit(token.id, Limits(60_000, None))  # one every millisecond
    assert answered_soon(lambda: program.get("/api/policies"), 200)
    assert Program(make_token("viewer")).get("/api/policies").status_code == 200


def answered_soon(ask: Callable[[], Any], code: int) -> bool:
    """Return whether one of many requests is answered so."""
    return any(ask().status_code == code for _ in range(1000))


@pytest.mark.parametrize("limits", [Limits(0, None), Limits(None, -1), Limits(1_000_001, None)])
def test_a_limit_that_is_none_is_rejected(limits: Limits) -> None:
    with pytest.raises(ConfigError, match="1 to 1,000,000 requests"):
        tokens.create("x", Role.VIEWER, [], 1, limits=limits)
    token, _ = tokens.create("x", Role.VIEWER, [], 1)
    with pytest.raises(ConfigError, match="1 to 1,000,000 requests"):
        tokens.limit(token.id, limits)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Request-Id"])
def test_requests_without_a_token_are_limited_by_address_whatever_headers_say(name: str) -> None:
    program = Program(peer=f"198.51.100.{len(name)}")
    n = answered(lambda number: program.get("/api/policies", {name: f"10.0.{number // 256}.{number % 256}"}), 401)
    assert n >= 60
    token = make_token("viewer")
    assert Program(token, peer=f"198.51.100.{len(name)}").get("/api/policies").status_code == 200


def test_the_addresses_of_one_network_are_one_peer() -> None:
    n = answered(lambda number: Program(peer=f"2001:db8:0:1::{number:x}").get("/api/health"), 503)
    assert n >= 60


def test_a_bucket_fills_again_and_the_oldest_are_dropped() -> None:
    now = [0.0]
    buckets = Buckets(60, now=lambda: now[0])
    assert [buckets.take("a") for _ in range(60)] == [0.0] * 60
    assert buckets.take("a") == pytest.approx(1.0)
    now[0] = 2.5
    assert [buckets.take("a") == 0.0 for _ in range(3)] == [True, True, False]
    for number in range(10_000):
        buckets.take(str(number))
    assert buckets.take("a") == 0.0
