"""A lease: what a server knows about one address and its client."""

from __future__ import annotations

from dataclasses import dataclass

from dhcpkit.protocol.failover.codes import BindingStatus


@dataclass(slots=True)
class Lease:
    """One address's record, changed in place by its owner and nobody else.

    Times are whole seconds since the epoch, 0 for never. ``expires`` is rounded up and everything that limits a
    promise is rounded down, so that a client never believes in more than the servers do.

    Attributes:
        address: The IPv4 address.
        scope: The scope's id (its network address).
        status: Its binding status (draft section 7).
        client_id: Option 61 as the client sent it, type byte included; empty when it sent none.
        hardware: ARP hardware type byte and hardware address.
        hostname: Option 12 of the client.
        relay_info: Option 82 as last seen, for renewals that pass the relay by.
        started: Start time of the binding status (draft option 25).
        expires: Lease expiration time as the client was told (draft option 13).
        contacted: Client's last transaction time, cltt (draft option 6).
        sent_potential: Potential expiration last sent to the partner (draft option 18).
        acked_potential: Potential expiration the partner has acknowledged.
        received_potential: Potential expiration received from the partner and acknowledged by this server.
        granted_by: Address of the server that last gave or renewed the lease.
        unacknowledged: A change of this lease waits for the partner's acknowledgement.
    """

    address: int
    scope: int
    status: BindingStatus
    client_id: bytes = b""
    hardware: bytes = b""
    hostname: str = ""
    relay_info: bytes = b""
    started: int = 0
    expires: int = 0
    contacted: int = 0
    sent_potential: int = 0
    acked_potential: int = 0
    received_potential: int = 0
    granted_by: int = 0
    unacknowledged: bool = False

    @property
    def client(self) -> bytes:
        """The key of the client that holds or last held the address; empty when nobody ever did."""
        return client_key(self.client_id, self.hardware)


def client_key(client_id: bytes, hardware: bytes) -> bytes:
    """Return what tells clients apart (RFC 2131 section 4.2): option 61 when sent, else type and hardware address.

    The first byte keeps the two kinds apart: the same hardware with and without option 61 is two clients.
    """
    if client_id:
        return b"\x01" + client_id
    return b"\x00" + hardware if hardware else b""
