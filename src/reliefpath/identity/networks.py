"""Who counts as one asker: an IPv4 address, or a network of IPv6 such as one household has."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address


def network_of(address: str) -> str:
    """Return what an address is counted as.

    An IPv6 address is counted by its first 64 bits, since whoever has one has all 2**64 of them; an
    IPv4 address that is written as IPv6 is counted as IPv4. What is no address stays as it is.

    >>> network_of("2001:db8:0:1:aaaa::1"), network_of("::ffff:192.0.2.1"), network_of("192.0.2.1")
    ('2001:db8:0:1::/64', '192.0.2.1', '192.0.2.1')
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or IPv6Network((ip, 64), strict=False))
