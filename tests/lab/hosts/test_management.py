from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpkit.lab.hosts.management import MAX_MESSAGE, ManagementError, Reader, seal

KEY = b"k" * 32
BODY = {"call": "hello", "arguments": {"a": [1, 2], "text": "ä"}}


def test_a_message_comes_out_as_it_went_in_however_the_bytes_are_cut():
    data = seal(BODY, KEY) * 2
    for cut in range(len(data)):
        reader = Reader(KEY)
        assert reader.feed(data[:cut]) + reader.feed(data[cut:]) == [BODY, BODY]


def test_another_labs_key_is_refused():
    with pytest.raises(ManagementError, match="not sealed with this lab's key"):
        Reader(KEY).feed(seal(BODY, b"other"))


def test_an_endless_message_is_refused_before_it_is_read():
    with pytest.raises(ManagementError, match="over the limit"):
        Reader(KEY).feed((MAX_MESSAGE + 1).to_bytes(4, "big"))


@given(st.binary(max_size=300))
def test_junk_is_refused_or_awaits_more_and_never_taken(junk):
    with suppress(ManagementError):
        assert Reader(KEY).feed(len(junk).to_bytes(4, "big") + junk) == []


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_byte_is_noticed(place, flip):
    data = bytearray(seal(BODY, KEY))
    place = 4 + place % (len(data) - 4)
    data[place] ^= flip
    with suppress(ManagementError):
        assert Reader(KEY).feed(bytes(data)) in ([], [BODY])
