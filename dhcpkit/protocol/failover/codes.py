"""Numbers of the failover protocol (draft-ietf-dhc-failover-12) and their names.

The numbers are the draft's final ones, as ISC dhcpd 4.4 sends them. RECOVER-WAIT has no number in the draft; 254 is
what ISC uses.
"""

from __future__ import annotations

from enum import IntEnum

FAILOVER_PORT = 647
PROTOCOL_VERSION = 1


class MessageType(IntEnum):
    """Message types (draft section 6.1)."""

    POOLREQ = 1
    POOLRESP = 2
    BNDUPD = 3
    BNDACK = 4
    CONNECT = 5
    CONNECTACK = 6
    UPDREQALL = 7
    UPDDONE = 8
    UPDREQ = 9
    STATE = 10
    CONTACT = 11
    DISCONNECT = 12


class Option(IntEnum):
    """Option codes (draft section 12)."""

    ADDRESSES_TRANSFERRED = 1
    ASSIGNED_IP_ADDRESS = 2
    BINDING_STATUS = 3
    CLIENT_IDENTIFIER = 4
    CLIENT_HARDWARE_ADDRESS = 5
    CLIENT_LAST_TRANSACTION_TIME = 6
    CLIENT_REPLY_OPTIONS = 7
    CLIENT_REQUEST_OPTIONS = 8
    DDNS = 9
    DELAYED_SERVICE_PARAMETER = 10
    HASH_BUCKET_ASSIGNMENT = 11
    IP_FLAGS = 12
    LEASE_EXPIRATION_TIME = 13
    MAX_UNACKED_BNDUPD = 14
    MCLT = 15
    MESSAGE = 16
    MESSAGE_DIGEST = 17
    POTENTIAL_EXPIRATION_TIME = 18
    RECEIVE_TIMER = 19
    PROTOCOL_VERSION = 20
    REJECT_REASON = 21
    RELATIONSHIP_NAME = 22
    SERVER_FLAGS = 23
    SERVER_STATE = 24
    START_TIME_OF_STATE = 25
    TLS_REPLY = 26
    TLS_REQUEST = 27
    VENDOR_CLASS_IDENTIFIER = 28
    VENDOR_SPECIFIC_OPTIONS = 29


class BindingStatus(IntEnum):
    """What an address is to the pair (draft section 12.3)."""

    FREE = 1
    ACTIVE = 2
    EXPIRED = 3
    RELEASED = 4
    ABANDONED = 5
    RESET = 6
    BACKUP = 7


class ServerState(IntEnum):
    """Endpoint states (draft section 12.24). STARTUP travels as a flag, never as this number."""

    STARTUP = 1
    NORMAL = 2
    COMMUNICATIONS_INTERRUPTED = 3
    PARTNER_DOWN = 4
    POTENTIAL_CONFLICT = 5
    RECOVER = 6
    PAUSED = 7
    SHUTDOWN = 8
    RECOVER_DONE = 9
    RESOLUTION_INTERRUPTED = 10
    CONFLICT_DONE = 11
    RECOVER_WAIT = 254

    @property
    def label(self) -> str:
        """The protocol's spelling, ``COMMUNICATIONS-INTERRUPTED``."""
        return self.name.replace("_", "-")


class RejectReason(IntEnum):
    """Why a CONNECT or a binding update was refused (draft section 12.21)."""

    ILLEGAL_IP_ADDRESS = 1
    FATAL_CONFLICT = 2
    MISSING_BINDING_INFORMATION = 3
    TIME_MISMATCH = 4
    INVALID_MCLT = 5
    CONNECTION_REJECTED = 6
    DUPLICATE_CONNECTION = 7
    INVALID_PARTNER = 8
    TLS_NOT_SUPPORTED = 9
    TLS_NOT_CONFIGURED = 10
    TLS_REQUIRED = 11
    DIGEST_NOT_SUPPORTED = 12
    DIGEST_NOT_CONFIGURED = 13
    VERSION_MISMATCH = 14
    OUTDATED_BINDING_INFORMATION = 15
    LESS_CRITICAL_BINDING_INFORMATION = 16
    NO_TRAFFIC = 17
    HASH_BUCKET_CONFLICT = 18
    NOT_RESERVED_HERE = 19
    DIGEST_MISMATCH = 20
    DIGEST_MISSING = 21
    UNKNOWN = 254


STARTUP_FLAG = 0x01
"""Bit of the server-flags option in a STATE message: the sender is in STARTUP."""
