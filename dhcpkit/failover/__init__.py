"""The relationship of two servers: states, updates, balancing.

No I/O, no clock. ``endpoint.py`` is one server's end of one relationship and the place to start; it names the layers
it is built in. The rules it follows are tables and functions in files of their own: ``states.py`` (endpoint states),
``bindings.py`` (which updates are accepted), ``lease_times.py`` (the MCLT), ``hash.py`` (load balancing),
``balance.py`` (free addresses), ``handshake.py`` (who is a partner), ``dialect.py`` (Windows, the draft, ISC).
"""
