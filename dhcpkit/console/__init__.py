"""What an administrator types and reads: text in, text out. ``ipconfig.py`` is the client's command."""
