"""Sealing: what goes in comes out, only whole, only with its key, only at its place."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InstallationError
from engine.vault import ALGORITHM, NONCE, STEP, TAG, VaultError, digests, new_key, open_sealed, seal, unwrap, wrap

KEY = bytes(range(32))
PLACE = b"case:QH-2026-0001"


class TestSeal:
    """`seal` and `open_sealed`."""

    @given(st.binary(max_size=200))
    @settings(max_examples=100)
    def test_round_trip(self, plain: bytes) -> None:
        """Any value comes out as it went in."""
        assert plain == open_sealed(KEY, seal(KEY, plain, PLACE), PLACE)

    @given(st.binary(max_size=100))
    @settings(max_examples=50)
    def test_padding(self, plain: bytes) -> None:
        """The sealed length tells the length of a name only in steps of 32 bytes."""
        assert 0 == (len(seal(KEY, plain, PLACE)) - len(ALGORITHM) - NONCE - TAG) % STEP

    def test_names_of_different_length_look_alike(self) -> None:
        """Names of two and of four characters give sealed values of one length."""
        assert len(seal(KEY, "王明".encode(), PLACE)) == len(seal(KEY, "欧阳小明".encode(), PLACE))

    def test_names_its_algorithm(self) -> None:
        """A sealed value begins with the name of its algorithm."""
        assert seal(KEY, b"", PLACE).startswith(ALGORITHM)

    def test_nonce_is_fresh(self) -> None:
        """The same value sealed twice gives different bytes."""
        assert seal(KEY, b"x", PLACE) != seal(KEY, b"x", PLACE)

    def test_every_changed_byte_is_noticed(self) -> None:
        """Whichever byte is changed, the value does not open."""
        sealed = seal(KEY, b"secret", PLACE)
        for at in range(len(sealed)):
            changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
            with pytest.raises(VaultError):
                open_sealed(KEY, changed, PLACE)

    def test_every_truncation_is_noticed(self) -> None:
        """However much is cut off, the value does not open, and the error is ours."""
        sealed = seal(KEY, b"secret", PLACE)
        for length in range(len(sealed)):
            with pytest.raises(VaultError):
                open_sealed(KEY, sealed[:length], PLACE)

    def test_other_place(self) -> None:
        """A value that was moved to another case does not open."""
        with pytest.raises(VaultError, match="密钥不符，或数据被改动"):
            open_sealed(KEY, seal(KEY, b"x", PLACE), b"case:QH-2026-0002")

    def test_other_key(self) -> None:
        """A value does not open with another key."""
        with pytest.raises(VaultError):
            open_sealed(new_key(), seal(KEY, b"x", PLACE), PLACE)

    def test_unknown_algorithm(self) -> None:
        """A value of an algorithm that is not known says so."""
        with pytest.raises(VaultError, match="算法标记不认识"):
            open_sealed(KEY, b"Z9" + seal(KEY, b"x", PLACE)[2:], PLACE)

    def test_is_the_installation_s_fault(self) -> None:
        """A value that does not open is a fault of the installation: exit 3, page 503."""
        assert issubclass(VaultError, InstallationError)


class TestWrap:
    """`new_key`, `wrap` and `unwrap`."""

    def test_keys_are_fresh_and_long(self) -> None:
        """Keys have 256 bits and no two are equal."""
        assert (32, False) == (len(new_key()), new_key() == new_key())

    def test_round_trip(self) -> None:
        """A wrapped key is unwrapped under the same name."""
        key = new_key()
        assert key == unwrap(KEY, wrap(KEY, key, "G1/case"), "G1/case")

    def test_other_name(self) -> None:
        """A key wrapped for one subject does not serve another."""
        with pytest.raises(VaultError):
            unwrap(KEY, wrap(KEY, new_key(), "G1/case"), "G2/case")

    def test_other_installation(self) -> None:
        """A key wrapped by another installation's key file is not unwrapped."""
        with pytest.raises(VaultError):
            unwrap(new_key(), wrap(KEY, new_key(), "G1/case"), "G1/case")


class TestDigests:
    """`digests`."""

    @given(st.lists(st.text(max_size=100), max_size=4))
    @settings(max_examples=50)
    def test_same(self, values: list[str]) -> None:
        """Many digests at once are those that the standard library gives one by one."""
        assert [hmac.digest(KEY, value.encode(), "sha256") for value in values] == list(digests(KEY, values))
