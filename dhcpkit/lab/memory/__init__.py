"""The memory wire: a lab's hosts in one process, on a simulated Ethernet under virtual time.

Hosts exchange real frames, so a capture reads like one from the kernel wire. The same seed and the same calls give the
same events and the same frames, byte for byte. Begin with ``wire.py`` (``MemoryWire``, how time passes); a host's
network is ``host.py`` over ``interface.py`` (ARP) and ``tcp.py``, joined by ``switch.py``. Programs
cannot run here.
"""
