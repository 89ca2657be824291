"""Which relationship a connection from a partner is for, told from its first message.

Two servers may share several relationships, each with a connection of its own on the same port. A primary's connection
begins with a CONNECT, which names the relationship; a secondary's nudge says nothing, and is for every relationship in
which this server is the primary (``Endpoint.nudged``).
"""

from __future__ import annotations

from dhcpkit.protocol.failover.codes import MessageType
from dhcpkit.protocol.failover.message import FailoverMalformed, FailoverMessage, Framer
from dhcpkit.protocol.failover.payloads import ConnectParameters


def relationship_named(data: bytes) -> str | None:
    """Return the relationship's name in the CONNECT that a connection begins with; None while more bytes are needed.

    Args:
        data: Everything received on the connection so far. It is to be handed to the endpoint as it is.

    Raises:
        FailoverMalformed: the bytes are no proper message, or another one than CONNECT; close the connection.
    """
    messages = Framer().feed(data)
    if not messages:
        return None
    message = FailoverMessage.decode(messages[0])
    if message.type != MessageType.CONNECT:
        raise FailoverMalformed("unexpected-message", f"a connection begins with CONNECT, not {message.name}")
    return ConnectParameters.from_options(message.options).relationship_name
