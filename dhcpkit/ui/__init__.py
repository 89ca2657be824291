"""What a person looks at: the desk with its topology, charts and controls. Read ``desk.py`` first.

Everything shown is read from the lab's event log; every button calls the lab's public methods.
"""
