"""Uniform integers from a key and a label: the same for both, always; unpredictable without the key.

Noise comes from here instead of a random source, so that a question asked twice, a restart, or a replay gives the same
number, and averaging over answers gains nothing; nothing has to be stored for that, and nothing can be lost. The label
contains the exact count too: should a count ever be released again with another value, its noise is independent, and
the difference of the two is not the exact difference. What it costs is that the guarantee is as good as HMAC-SHA256 and
the secrecy of the key, where a true random source needs no assumption.

Source: RFC 2104 (HMAC); Bellare, Canetti, Krawczyk 1996 (HMAC as a pseudorandom function).
"""

from __future__ import annotations

import hmac

_DIGEST = "sha256"


class KeyedNumbers:
    """A stream of uniform integers.

    Args:
        key: At least 32 secret bytes.
        label: What the numbers are for.

    >>> first, second = KeyedNumbers(bytes(32), b"a"), KeyedNumbers(bytes(32), b"a")
    >>> [first.uniform(10) for _ in range(5)] == [second.uniform(10) for _ in range(5)]
    True
    """

    def __init__(self, key: bytes, label: bytes) -> None:
        self._key = hmac.digest(key, b"fairstream/noise/v1|" + label, _DIGEST)
        self._n_blocks = 0
        self._bits = 0
        self._n_bits = 0

    def uniform(self, n: int) -> int:
        """Return an integer in [0, n), each equally likely: a draw of too many bits is thrown away, not reduced.

        Raises:
            ValueError: n is not positive.
        """
        if n <= 0:
            raise ValueError("There is no integer in an empty range")
        n_bits = (n - 1).bit_length()
        while (value := self._take(n_bits)) >= n:
            pass
        return value

    def _take(self, n_bits: int) -> int:
        while self._n_bits < n_bits:
            block = hmac.digest(self._key, self._n_blocks.to_bytes(8, "big"), _DIGEST)
            self._n_blocks += 1
            self._bits = self._bits << 256 | int.from_bytes(block, "big")
            self._n_bits += 256
        self._n_bits -= n_bits
        value = self._bits >> self._n_bits
        self._bits &= (1 << self._n_bits) - 1
        return value
