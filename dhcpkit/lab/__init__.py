"""Hosts, wires, clock, faults and the event log: what makes the rooms below run.

``lab.py`` holds ``Lab``, the place to start. A host's decisions are a node (``node.py``); a wire carries nodes:
``kernel/`` in Linux network namespaces, one process a host, ``memory/`` in one process under virtual time.
"""
