"""The failover protocol on the wire (draft-ietf-dhc-failover-12): codes, messages, digest, framing.

Read ``message.py`` first, then ``payloads.py``. What the messages mean is decided in ``dhcpkit.failover``.
"""
