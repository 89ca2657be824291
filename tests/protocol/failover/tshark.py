"""What tshark makes of failover messages: a dissector that we did not write."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

from tests.tools import require

_TAKEN_FOR_TEXT = {"dhcpfo.clientidentifier", "dhcpfo.ftddns", "dhcpfo.messagedigest"}
_NUL_IN_TEXT = "Expert Info (Warning/Undecoded): Trailing stray characters"


@dataclass
class Dissected:
    """One message as tshark understands it.

    ``options`` holds code and value of each option; ``shown`` what tshark says of the values, by its name of the field;
    ``complaints`` the texts of its expert notes, and ``malformed`` that it gave up on the message. Left out is the note
    on bytes behind a NUL in those options that hold bytes and that tshark prints as if they were text.
    """

    type: int
    type_name: str
    xid: int
    time: int
    offset: int
    options: list[tuple[int, bytes]] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    malformed: bool = False


def write_segments(path: Path, segments: Iterable[bytes], sender_port: int = 40000) -> None:
    """Write a capture in which 10.0.0.1 sends these TCP segments to port 647 of 10.0.0.2."""
    frames, sequence = [], 1
    for segment in segments:
        frames.append(
            Ether(src="02:00:00:00:00:0a", dst="02:00:00:00:00:0b")
            / IP(src="10.0.0.1", dst="10.0.0.2")
            / TCP(sport=sender_port, dport=647, flags="PA", seq=sequence, ack=1)
            / Raw(segment)
        )
        sequence += len(segment)
    wrpcap(str(path), frames)


def dissect(path: Path) -> list[Dissected]:
    """Return every failover message that tshark finds in a capture, in its order."""
    command = [require("tshark", "tshark"), "-r", str(path), "-T", "pdml", "-o", "tcp.desegment_tcp_streams:TRUE"]
    output = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    return [message for packet in ElementTree.fromstring(output).iter("packet") for message in _messages(packet)]


def _messages(packet: ElementTree.Element) -> Iterator[Dissected]:
    message = None
    for proto in packet.iter("proto"):
        if proto.get("name") == "dhcpfo":
            if message is not None:
                yield message
            message = _message(proto)
        elif proto.get("name") == "_ws.malformed" and message is not None:
            message.malformed = True
    if message is not None:
        yield message


def _message(proto: ElementTree.Element) -> Dissected:
    fields = {found.get("name"): found for found in proto.iter("field")}
    kind = fields["dhcpfo.type"]
    message = Dissected(
        type=int(kind.get("value"), 16),
        type_name=kind.get("showname").removeprefix("Message Type: "),
        xid=int(fields["dhcpfo.xid"].get("value"), 16),
        time=int(fields["dhcpfo.time"].get("value"), 16),
        offset=int(fields["dhcpfo.poffset"].get("value"), 16),
    )
    for parent in proto.iter():
        for note in parent.findall("field[@name='_ws.expert']"):
            if not (parent.get("name") in _TAKEN_FOR_TEXT and note.get("showname") == _NUL_IN_TEXT):
                message.complaints.append(note.get("showname"))
    for option in proto.iter("field"):
        if option.get("name") == "dhcpfo.dhcpstyleoption":
            code, length, *values = list(option)
            message.options.append((int(code.get("value"), 16), _value(int(length.get("show")), values)))
            message.shown |= {value.get("name"): value.get("show") for value in values}
    return message


def _value(length: int, values: list[ElementTree.Element]) -> bytes:
    """Return the option's value: the bytes of the fields that tshark divides it into, in order.

    Of a vendor-specific option it tells the place only.
    """
    covered = sum(int(value.get("size")) for value in values)
    assert covered == length, f"tshark's fields cover {covered} of {length} bytes"
    return b"".join(bytes.fromhex(value.get("value", "")) for value in values)
