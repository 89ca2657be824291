import hashlib

import pytest

from dhcpkit.failover.hash import (
    MIXING_TABLE,
    bucket_of,
    buckets_of_percent,
    hba_to_primary_buckets,
    pearson,
    primary_buckets_to_hba,
)


def test_the_mixing_table_is_the_rfcs():
    assert sorted(MIXING_TABLE) == list(range(256))
    assert (
        hashlib.sha256(MIXING_TABLE).hexdigest() == "50015bcb049a75f57f1224b2d303a4d75485a0de3a772a30e06256daa1c873a7"
    )


# Who answered a DHCPDISCOVER of this client between two ISC dhcpd 4.4.3 with "split 128", taken from their packets.
SEEN = [
    ("01020000000011", "01020000000011", 214, "secondary"),
    ("0162726176", "01020000000012", 170, "secondary"),
    ("", "01020000000013", 38, "primary"),
    ("01020000000014", "01020000000014", 13, "primary"),
    ("ff000000010001000102aabbccdd", "01020000000015", 199, "secondary"),
]


@pytest.mark.parametrize(("client_id", "hardware", "bucket", "server"), SEEN)
def test_clients_fall_where_real_servers_put_them(client_id, hardware, bucket, server):
    found = bucket_of(bytes.fromhex(client_id), bytes.fromhex(hardware))
    assert found == bucket
    assert (found in buckets_of_percent(50)) == (server == "primary")


@pytest.mark.parametrize(
    ("key", "bucket"),
    [
        ("", 0),
        ("001122334455", 135),
        ("020000000011", 61),
        ("00155d000003", 129),
        ("0100155d000003", 84),
        ("00155d000101", 41),
        ("0100155d000101", 90),
        ("0003ffe71700", 225),
        ("010003ffe71700", 145),
    ],
)
def test_known_keys(key, bucket):
    assert pearson(bytes.fromhex(key)) == bucket


@pytest.mark.parametrize(("percent", "count"), [(0, 0), (1, 2), (50, 128), (99, 253), (100, 256)])
def test_a_percentage_gives_the_primary_the_low_buckets(percent, count):
    assert buckets_of_percent(percent) == frozenset(range(count))


def test_the_assignment_on_the_wire():
    half = buckets_of_percent(50)
    assert primary_buckets_to_hba(half, one_is_primary=True) == b"\xff" * 16 + b"\x00" * 16  # as ISC sends split 128
    assert primary_buckets_to_hba(half, one_is_primary=False) == b"\x00" * 16 + b"\xff" * 16
    odd = frozenset({0, 9, 255})
    for one_is_primary in (True, False):
        wire = primary_buckets_to_hba(odd, one_is_primary=one_is_primary)
        assert hba_to_primary_buckets(wire, one_is_primary=one_is_primary) == odd
