"""Bytes and messages: DHCPv4, Ethernet frames, the failover protocol.

Nothing here does I/O, reads a clock or keeps state. Read ``dhcp.py`` first, then ``failover/message.py``.
IPv4 addresses are plain ``int`` throughout (see ``addresses.py``), absolute times are seconds since the epoch.
"""
