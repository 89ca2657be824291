"""One DHCP server's decisions: scopes, leases, who gets what.

No I/O, no clock: ``server.py`` takes a datagram and the time, and returns actions (``actions.py``). Read
``server.py`` first, then ``leasing.py`` for how a client's request is decided, and ``authority.py`` for how a failover
relationship takes part without being known here. ``leases.py`` keeps what is known of every address.
"""
