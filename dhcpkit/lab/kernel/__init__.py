"""The kernel wire: every host is a process of its own in a Linux network namespace of its own.

Read ``wire.py`` first: it is the lab's side, in the notebook's process. It starts a helper (``helper.py``), which is
the lab's PID 1 and holds the namespaces; the helper forks the hosts' processes (``host_process.py``). Nothing outside
those namespaces is touched, and all of it dies with the helper, and the helper dies with whoever started it.
``probe.py`` says whether this machine allows all that, and what to do if not.
"""
