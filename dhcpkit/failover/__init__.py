"""The relationship of two servers: states, updates, balancing.

No I/O, no clock. ``endpoint.py`` is one server's end of one relationship and the place to start; the rules it follows
are tables in files of their own (``states.py``, ``bindings.py``, ``lease_times.py``, ``hash.py``).
"""
