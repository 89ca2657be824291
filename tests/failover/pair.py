"""Two servers with an endpoint each, joined by pipes under virtual time. Deterministic: nothing but the inputs counts.

Every server is the real engine with the real endpoint; a store keeps what was committed, so a killed server comes back
with exactly that.
"""

import copy
import heapq
from dataclasses import replace

from dhcpkit.engine.actions import Close, Commit, Connect, Log, Send, Transmit
from dhcpkit.engine.lease import client_key
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.scope import Scope
from dhcpkit.engine.server import DhcpServer
from dhcpkit.failover.endpoint import Endpoint
from dhcpkit.failover.events import StateEntered
from dhcpkit.failover.settings import Role, Settings
from dhcpkit.protocol.addresses import BROADCAST, parse_ip
from dhcpkit.protocol.datagram import CLIENT_PORT, SERVER_PORT, Datagram
from dhcpkit.protocol.dhcp import DhcpMessage, MessageType
from dhcpkit.protocol.failover.codes import BindingStatus, ServerState

SCOPE = parse_ip("10.0.0.0")
PRIMARY, SECONDARY = parse_ip("10.0.0.2"), parse_ip("10.0.0.1")  # as in the guide: configured from DHCP2
BASE = Settings(
    "guide", Role.PRIMARY, PRIMARY, SECONDARY, partner_name="dhcp1.contoso.com", scopes=(SCOPE,), mclt=60, secret=b"s"
)
START = 1_359_104_400.0
LATENCY = 0.001


def guide_scope(lease_duration=120):
    return Scope.create(
        "Contoso-scope1",
        parse_ip("10.0.0.1"),
        parse_ip("10.0.0.254"),
        24,
        exclusions=[(parse_ip("10.0.0.1"), parse_ip("10.0.0.10"))],
        lease_duration=lease_duration,
    )


class Server:
    """One host: engine, endpoint, store and log."""

    def __init__(self, pair, name, settings):
        self.pair, self.name, self.settings = pair, name, settings
        self.skew = 0.0
        self.up = False
        self.leases, self.documents = {}, {}
        self.log = []
        self.streams = {}  # own name -> (other server, its name)
        self.sent = []  # datagrams to clients
        self.commits = 0

    @property
    def now(self):
        return self.pair.now + self.skew

    @property
    def state(self):
        return self.endpoint.state

    def boot(self, fresh=False):
        self.table = LeaseTable()
        self.endpoint = None
        self.dhcp = DhcpServer({"eth0": (self.settings.address, 24)}, self.table, lambda scope: self.endpoint)
        self.dhcp.add_scope(guide_scope(), self.now)
        self.table.load(copy.deepcopy(list(self.leases.values())))
        saved = self.documents.get(("failover-state", self.settings.name))
        self.endpoint = Endpoint(self.settings, self.table, saved=copy.deepcopy(saved), fresh=fresh)
        self.up = True
        self.do(self.endpoint.start(self.now))

    def stop(self):
        self.do(self.endpoint.stop(self.now))
        self.kill()

    def kill(self):
        self.up = False
        for stream in list(self.streams):
            self.pair.sever(self, stream)

    def lose_store(self):
        self.leases, self.documents = {}, {}

    def do(self, actions):
        for action in actions:
            if isinstance(action, Commit):
                self.commits += 1
                for lease in action.leases:
                    self.leases[lease.address] = copy.copy(lease)
                for document in action.documents:
                    self.documents[document.kind, document.name] = copy.deepcopy(document.value)
        for action in actions:
            if isinstance(action, Log):
                self.log.append((self.pair.now, action.event))
            elif isinstance(action, Connect):
                self.pair.connect(self, action)
            elif isinstance(action, Transmit):
                self.pair.transmit(self, action.stream, action.data)
            elif isinstance(action, Close):
                self.pair.sever(self, action.stream)
            elif isinstance(action, Send):
                self.sent.append(DhcpMessage.decode(action.datagram.payload))

    def deadline(self):
        if not self.up:
            return None
        times = [time for time in (self.dhcp.next_deadline(), self.endpoint.next_deadline()) if time is not None]
        return min(times) - self.skew if times else None

    def tick(self):
        self.do(self.dhcp.tick(self.now))
        self.do(self.endpoint.tick(self.now))

    def events(self, kind):
        return [event for _, event in self.log if isinstance(event, kind)]

    def states(self):
        return [event.state for event in self.events(StateEntered)]

    def count(self, status):
        return self.table.count(SCOPE, status)

    def hear(self, message, unicast=False, ciaddr=0):
        """Take a client's message; return the answer or None."""
        before = len(self.sent)
        destination = self.settings.address if unicast else BROADCAST
        datagram = Datagram(message.encode(), ciaddr, CLIENT_PORT, destination, SERVER_PORT)
        self.do(self.dhcp.handle(datagram, self.now))
        return self.sent[-1] if len(self.sent) > before else None


class Pair:
    """The two servers, the pipes between them and the clock."""

    def __init__(self, **changes):
        self.now = START
        settings = replace(BASE, **changes)
        self.primary = Server(self, "primary", settings)
        self.secondary = Server(self, "secondary", settings.for_partner("dhcp2.contoso.com"))
        self.servers = (self.primary, self.secondary)
        self._cut = False
        self._stalled = []
        self._queue = []
        self._number = 0

    @property
    def cut(self):
        """The cable is cut: what is on its way waits, as TCP sends it again until it gets through."""
        return self._cut

    @cut.setter
    def cut(self, cut):
        self._cut = cut
        if not cut:
            stalled, self._stalled = self._stalled, []
            for act in stalled:
                self.later(act)

    def over_cable(self, act):
        def arrive():
            if self._cut:
                self._stalled.append(act)
            else:
                act()

        self.later(arrive)

    def other(self, server):
        return self.secondary if server is self.primary else self.primary

    def later(self, act, delay=LATENCY):
        self._number += 1
        heapq.heappush(self._queue, (self.now + delay, self._number, act))

    # Streams

    def connect(self, server, action):
        def arrive():
            other = self.other(server)
            if self.cut:
                return  # nobody answers, nobody refuses
            if not other.up or action.address != other.settings.address:
                server.do(server.endpoint.stream_closed(action.stream, "connection refused", server.now))
                return
            self._number += 1
            far = f"in/{self._number}"
            server.streams[action.stream] = (other, far)
            other.streams[far] = (server, action.stream)
            server.do(server.endpoint.stream_opened(action.stream, server.now))
            other.do(other.endpoint.stream_accepted(far, server.settings.address, other.now))

        self.later(arrive)

    def transmit(self, server, stream, data):
        if stream not in server.streams:
            return
        other, far = server.streams[stream]

        def arrive():
            if far in other.streams and other.up:
                other.do(other.endpoint.stream_data(far, data, other.now))

        self.over_cable(arrive)

    def sever(self, server, stream):
        if stream not in server.streams:
            return
        other, far = server.streams.pop(stream)

        def arrive():
            if other.streams.pop(far, None) and other.up:
                other.do(other.endpoint.stream_closed(far, "closed by the partner", other.now))

        self.over_cable(arrive)

    # Time

    def start(self, fresh=True):
        for server in (self.secondary, self.primary):
            server.boot(fresh)
        return self

    def run(self, seconds=1.0):
        end = self.now + seconds
        while True:
            deadlines = [(d, s) for s in self.servers if (d := s.deadline()) is not None]
            when = min([d for d, _ in deadlines] + [self._queue[0][0] if self._queue else end + 1])
            if when > end:
                break
            self.now = max(self.now, when)
            if self._queue and self._queue[0][0] <= when:
                heapq.heappop(self._queue)[2]()
            else:
                for deadline, server in deadlines:
                    if deadline <= self.now:
                        server.tick()
        self.now = end
        return self

    def at(self, seconds):
        """Run until so many seconds after the start."""
        return self.run(START + seconds - self.now)

    def normal(self):
        self.start().run()
        assert [server.state for server in self.servers] == [ServerState.NORMAL] * 2
        return self

    def assert_equal_tables(self):
        """Every address is the same to both; what was committed is what is in memory.

        A client's name travels only with its lease (draft section 7.1), so of an ended one it need not be known.
        """
        views = []
        for server in self.servers:
            view = {}
            for lease in server.table:
                stored = server.leases.get(lease.address)
                assert stored == lease, (server.name, stored, lease)
                assert not lease.unacknowledged, (server.name, lease)
                view[lease.address] = (
                    lease.status,
                    lease.expires,
                    lease.client_id,
                    lease.hardware,
                    lease.hostname if lease.status is BindingStatus.ACTIVE else "",
                    lease.contacted,
                    lease.started,
                )
            views.append({key: value for key, value in view.items() if value[0] is not BindingStatus.FREE or value[3]})
        assert views[0] == views[1]


class Client:
    """As much of a client as a server needs to see."""

    def __init__(self, pair, number, client_id=True):
        self.pair = pair
        self.mac = bytes.fromhex("00155d0001") + bytes([number])
        self.client_id = b"\x01" + self.mac if client_id else b""
        self.hardware = b"\x01" + self.mac
        self.key = client_key(self.client_id, self.hardware)
        self.address = 0
        self.server = 0

    def _message(self, kind, ciaddr=0, **options):
        message = DhcpMessage(op=1, xid=7, chaddr=self.mac, ciaddr=ciaddr)
        message.options[53] = bytes([kind])
        if self.client_id:
            message.options[61] = self.client_id
        message.options[12] = b"client"
        for code, value in options.items():
            message.options[int(code[1:])] = value
        return message

    def _ask(self, message, servers, unicast=False):
        answers = [a for s in servers if s.up and (a := s.hear(message, unicast, self.address)) is not None]
        if all(server.up and server.state is ServerState.NORMAL for server in self.pair.servers):
            assert len(answers) <= 1, "two servers answered"
        return answers[0] if answers else None

    def get(self):
        """DISCOVER and REQUEST by broadcast; return the seconds granted, or None when no server offers."""
        self.address = 0
        offer = self._ask(self._message(MessageType.DISCOVER), self.pair.servers)
        if offer is None:
            return None
        asked = self._message(
            MessageType.REQUEST, o50=offer.yiaddr.to_bytes(4, "big"), o54=offer.server_identifier.to_bytes(4, "big")
        )
        return self._take(self._ask(asked, self.pair.servers))

    def renew(self):
        """REQUEST to the server that gave the lease; the seconds granted, or None for silence."""
        servers = [server for server in self.pair.servers if server.settings.address == self.server]
        return self._take(self._ask(self._message(MessageType.REQUEST, ciaddr=self.address), servers, unicast=True))

    def rebind(self):
        """REQUEST to everyone."""
        return self._take(self._ask(self._message(MessageType.REQUEST, ciaddr=self.address), self.pair.servers))

    def release(self):
        message = self._message(MessageType.RELEASE, ciaddr=self.address, o54=self.server.to_bytes(4, "big"))
        servers = [server for server in self.pair.servers if server.settings.address == self.server]
        self._ask(message, servers, unicast=True)

    def _take(self, answer):
        if answer is None:
            return None
        assert answer.message_type is MessageType.ACK, answer.summary()
        self.address = answer.yiaddr
        self.server = answer.server_identifier
        return answer.lease_time

    @property
    def served_by(self):
        return next(s.name for s in self.pair.servers if s.settings.address == self.server)
