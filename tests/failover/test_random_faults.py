"""Random clients and random faults, seeded: no address is ever with two clients, and in the end both tables agree."""

import random
from dataclasses import replace

import pytest

from dhcpkit.failover.settings import Mode
from dhcpkit.protocol.failover.codes import ServerState as S
from tests.failover.pair import Client, Pair

MCLT = 60


class World:
    """Clients that live by their leases while servers and cable fail."""

    def __init__(self, seed, **changes):
        self.random = random.Random(seed)
        self.pair = Pair(**changes).normal()
        self.clients = [Client(self.pair, number, client_id=number % 3 > 0) for number in range(1, 60)]
        self.ends = {}  # client -> when its lease ends
        self.down = None

    def holders(self):
        """Address -> clients that believe in it now."""
        held = {}
        for client, end in self.ends.items():
            if end > self.pair.now:
                held.setdefault(client.address, []).append(client)
        return held

    def step(self):
        pair, choose = self.pair, self.random
        client = choose.choice(self.clients)
        holds = self.ends.get(client, 0) > pair.now
        hidden = choose.choice([None, None, None, *pair.servers])  # a server this client's packets do not reach
        was_up = hidden is not None and hidden.up
        if was_up:
            hidden.up = False
        act = choose.choice([client.renew, client.rebind, client.rebind, client.release] if holds else [client.get])
        try:
            granted = act()
        finally:
            if was_up:
                hidden.up = True
        if act == client.release:
            self.ends.pop(client, None)
        elif granted is not None:
            self.ends[client] = pair.now + granted
        for address, clients in self.holders().items():
            assert len(clients) == 1, (address, clients, pair.now)
        pair.run(choose.choice([0, 0.0005, 0.01, 0.3, 1, 3]))

    def fault(self):
        pair, choose = self.pair, self.random
        server = choose.choice(pair.servers)
        what = choose.choice(["kill", "stop", "cut", "mend", "boot", "boot", "settings", "down", "wait"])
        if what in ("kill", "stop") and server.up:
            getattr(server, what)()
        elif what == "boot" and not server.up:
            server.boot()
        elif what in ("cut", "mend"):
            pair.cut = what == "cut"
        elif what == "settings" and all(one.up for one in pair.servers):
            change = choose.choice(
                [
                    {"primary_percent": choose.choice([0, 30, 50, 100])},
                    {"mode": choose.choice(list(Mode))},
                    {"reserve_percent": choose.choice([0, 5, 50])},
                ]
            )
            for one in pair.servers:
                one.settings = replace(one.settings, **change)
                one.do(one.endpoint.change_settings(one.settings, one.now))
                pair.run(0.1)
        elif what == "down":
            # An administrator who tells the truth: the partner does not run.
            left = pair.other(server)
            if not server.up and left.up and left.state is S.COMMUNICATIONS_INTERRUPTED:
                left.do(left.endpoint.partner_down(left.now))
        elif what == "wait":
            pair.run(choose.choice([20, 70, 200]))

    def rest(self):
        """Everything works again; wait until nobody has anything to say."""
        self.pair.cut = False
        for server in self.pair.servers:
            if not server.up:
                server.boot()
        self.pair.run(700)


@pytest.mark.parametrize("seed", range(16))
def test_random_faults(seed):
    world = World(seed, **({"mode": Mode.HOT_STANDBY} if seed % 4 == 3 else {}))
    world.pair.secondary.skew = (0, 0, 25, -25)[seed % 4]
    for _ in range(40):
        for _ in range(world.random.randrange(25)):
            world.step()
        world.fault()
    world.rest()
    pair = world.pair
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2
    pair.assert_equal_tables()
    for _ in range(100):  # and they still serve
        world.step()
