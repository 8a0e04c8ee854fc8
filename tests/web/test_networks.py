"""Who counts as one asker."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliefpath.identity.networks import network_of
from reliefpath.web.rate_limit import Limit

BITS_64 = st.integers(0, 2**64 - 1)


@given(BITS_64.filter(bool), BITS_64, BITS_64, BITS_64)
def test_every_address_of_a_household_counts_as_one_and_of_another_as_another(
    household: int, one: int, other: int, elsewhere: int
) -> None:
    first, second = (str(IPv6Address((household << 64) + host)) for host in (one, other))
    assert network_of(first) == network_of(second)
    another = str(IPv6Address((elsewhere << 64) + one))
    assert (network_of(another) == network_of(first)) == (elsewhere == household)


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_counts_as_itself_however_it_is_written(number: int) -> None:
    plain = str(IPv4Address(number))
    assert network_of(plain) == network_of(f"::ffff:{plain}") == plain


@pytest.mark.parametrize("said", ["", "a", "testclient", "999.1.1.1", "::x"])
def test_what_is_no_address_counts_as_it_is(said: str) -> None:
    assert network_of(said) == said


def test_a_link_local_address_counts_without_its_interface() -> None:
    assert network_of("fe80::1%eth0") == network_of("fe80::2%eth1") == "fe80::/64"


def test_so_many_requests_a_minute_from_one_household() -> None:
    limit = Limit(2, clock=lambda: 0.0)
    assert [limit.allows(f"2001:db8::{n}") for n in (1, 2, 3)] == [True, True, False]
    assert limit.allows("2001:db8:0:1::1")
