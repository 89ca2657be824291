"""What DHCP1 is besides a DHCP server: the names of contoso.com.

No I/O. ``names.py`` holds the zone's host names; servers ask it for their partner's address.
"""
