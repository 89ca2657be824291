"""A course on DHCP failover and the lab under it: two real DHCP servers, a client, one wire, one clock.

Rooms, from the ground up: ``protocol``, ``engine``, ``failover``, ``client``, ``domain``, ``lab``, ``console``,
``ui``, ``course``. Imports point downwards only. ``docs/architecture.md`` is the map.
"""
