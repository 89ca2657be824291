"""A DHCP client's decisions, from INIT to REBINDING (RFC 2131 section 4.4).

No I/O, no clock. Read ``client.py`` first; the state table is in ``states.py``.
"""
