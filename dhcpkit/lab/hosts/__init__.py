"""What runs on a host of the lab: the DHCP server with its failover relationships, and the DHCP client.

Each is a node (``dhcpkit/lab/node.py``): no I/O of its own, so it runs unchanged on either wire.
"""
