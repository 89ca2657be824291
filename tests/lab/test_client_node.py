"""The client as a node: its memory, its commands, and what it tells."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import pytest

from dhcpkit.client.events import LeaseBound
from dhcpkit.engine.actions import Actions, Commit, Configure, Document, Log, Reply, Send
from dhcpkit.lab.hosts.client import LEASE_DOCUMENT, ClientNode, ClientStatus, NothingToRelease, RenewalFailed
from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.lab.node import Node
from dhcpkit.lab.store import MemoryStore, Saved
from dhcpkit.protocol.dhcp import DhcpMessage, MessageType
from tests.client.driver import ADDRESS, MAC, MEMORY, OTHER_MAC, OTHER_SERVER, SERVER, START, datagram_of, make_reply

SPEC = HostSpec("Client1", "client", (InterfaceSpec(MAC),), seed=5)


class Host:
    """Carries a node: virtual time, a store, and a server that answers when it is told to."""

    def __init__(self, saved: Saved | None = None, now: float = START, **options: object) -> None:
        self.node: Node = ClientNode(SPEC, saved, **{"probe": False, **options})
        self.now = now
        self.store = MemoryStore()
        self.replies: dict[int, Reply] = {}
        self.sent: list[DhcpMessage] = []
        self.take(self.node.start(now))

    def take(self, actions: Actions) -> Actions:
        for action in actions:
            if isinstance(action, Commit):
                self.store.commit(action.leases, action.documents)
            elif isinstance(action, Reply):
                assert action.command not in self.replies
                self.replies[action.command] = action
            elif isinstance(action, Send):
                self.sent.append(DhcpMessage.decode(action.datagram.payload))
        return actions

    def answer(self, kind: MessageType) -> Actions:
        return self.take(self.node.datagram(datagram_of(make_reply(self.sent[-1], kind)), self.now))

    def bind(self) -> Host:
        self.answer(MessageType.OFFER)
        self.answer(MessageType.ACK)
        return self

    def run_until(self, time: float) -> None:
        while (due := self.node.next_deadline()) is not None and due <= time:
            self.now = due
            self.take(self.node.tick(due))
        self.now = time

    def command(self, number: int, name: str, **arguments: object) -> Reply | None:
        self.take(self.node.command(number, name, arguments, self.now))
        return self.replies.get(number)

    def status(self) -> ClientStatus:
        number = len(self.replies) + 1000
        reply = self.command(number, "status")
        assert reply is not None
        return reply.value


class TestMemory:
    def test_lease_is_committed_with_the_list_that_uses_it(self) -> None:
        host = Host()
        host.answer(MessageType.OFFER)
        actions = host.answer(MessageType.ACK)
        assert isinstance(actions[0], Commit)
        assert isinstance(actions[1], Configure)
        assert isinstance(actions[2], Log)
        document = host.store.load().documents[LEASE_DOCUMENT]
        assert json.loads(json.dumps(document)) == document
        assert (document["address"], document["expires"]) == (ADDRESS, START + 120)

    def test_new_node_asks_for_the_lease_of_the_old_one(self) -> None:
        host = Host().bind()
        after = Host(host.store.load(), now=START + 50)
        request = after.sent[-1]
        assert (request.name, request.requested_address, request.server_identifier) == ("DHCPREQUEST", ADDRESS, 0)
        assert after.status().state == "REBOOTING"
        actions = after.answer(MessageType.ACK)
        assert [a.event.how for a in actions if isinstance(a, Log) and isinstance(a.event, LeaseBound)] == ["rebooted"]

    def test_new_node_after_the_end_of_the_lease(self) -> None:
        host = Host().bind()
        after = Host(host.store.load(), now=START + 120)
        assert (after.sent[-1].name, after.sent[-1].requested_address) == ("DHCPDISCOVER", ADDRESS)
        assert after.store.load().documents == {}

    def test_stop_keeps_the_lease_release_forgets_it(self) -> None:
        host = Host().bind()
        assert Configure(0) in host.take(host.node.stop(START + 1))
        assert LEASE_DOCUMENT in host.store.load().documents
        host.take(host.node.start(START + 2))
        host.answer(MessageType.ACK)
        host.command(1, "release")
        assert host.store.load().documents == {}

    def test_renewal_commits_the_new_times_and_nothing_else_does(self) -> None:
        host = Host().bind()
        host.run_until(START + 60)
        actions = host.answer(MessageType.ACK)
        assert actions[0] == Commit(documents=(Document(*LEASE_DOCUMENT, host.status().lease.to_document()),))
        assert host.store.load().documents[LEASE_DOCUMENT]["expires"] == START + 180
        assert not any(isinstance(action, Commit) for action in host.take(host.node.tick(START + 120)))

    def test_expired_lease_is_forgotten(self) -> None:
        host = Host().bind()
        host.run_until(START + 120)
        assert host.store.load().documents == {}

    def test_unreadable_memory_is_named(self) -> None:
        with pytest.raises(ValueError, match="saved lease of a client cannot be read"):
            ClientNode(SPEC, Saved(documents={LEASE_DOCUMENT: {"address": 1}}))


class TestCommands:
    def test_status_of_a_bound_client(self) -> None:
        status = Host().bind().status()
        assert (status.name, status.primary_suffix, status.state) == ("Client1", "", "BOUND")
        (adapter,) = status.adapters
        assert (adapter.name, adapter.mac, adapter.dhcp_enabled) == ("Ethernet", MAC, True)
        assert (adapter.address, adapter.prefix_length, adapter.router) == (ADDRESS, 24, 0)
        assert (adapter.dns, adapter.suffix) == ((OTHER_SERVER,), "contoso.com")
        assert status.lease is not None
        assert status.lease.server == SERVER
        assert not adapter.released
        assert pickle.loads(pickle.dumps(status)) == status

    def test_status_while_looking_for_a_server(self) -> None:
        host = Host()
        adapter = host.status().adapters[0]
        assert (adapter.address, adapter.lease, adapter.autoconfigured, adapter.released) == (0, None, False, False)
        host.run_until(START + 40)
        adapter = host.status().adapters[0]
        assert (adapter.address >> 16, adapter.prefix_length, adapter.autoconfigured) == (0xA9FE, 16, True)
        assert adapter.lease is None

    def test_release(self) -> None:
        host = Host().bind()
        reply = host.command(1, "release")
        assert reply is not None
        assert reply.value.adapters[0].released
        assert (reply.value.state, reply.value.lease) == ("INIT", None)
        assert host.sent[-1].name == "DHCPRELEASE"
        host.run_until(START + 1000)
        assert host.sent[-1].name == "DHCPRELEASE"

    def test_release_without_a_lease(self) -> None:
        host = Host()
        reply = host.command(1, "release")
        assert reply is not None
        assert isinstance(reply.error, NothingToRelease)
        assert str(pickle.loads(pickle.dumps(reply.error))) == "Client1 has no lease to release"
        assert len(host.sent) == 1

    def test_renew_answers_at_once(self) -> None:
        host = Host().bind()
        host.now += 10
        reply = host.command(1, "renew")
        assert reply is not None
        assert (reply.value.state, host.sent[-1].ciaddr) == ("RENEWING", ADDRESS)

    def test_renew_that_waits_is_answered_with_the_new_lease(self) -> None:
        host = Host().bind()
        host.now += 10
        assert host.command(1, "renew", wait=True) is None
        assert host.command(2, "renew", wait=True) is None
        host.answer(MessageType.ACK)
        for number in (1, 2):
            assert host.replies[number].value.lease.obtained == START + 10

    def test_renew_that_waits_for_a_first_lease(self) -> None:
        host = Host(probe=True)
        host.command(1, "renew", wait=True)
        host.bind()
        assert 1 not in host.replies
        host.run_until(START + 1)
        assert host.replies[1].value.lease.address == ADDRESS

    @pytest.mark.parametrize("bound", [True, False])
    def test_renew_that_waits_in_vain(self, bound: bool) -> None:
        host = Host().bind() if bound else Host()
        host.now += 1
        host.command(1, "renew", wait=True)
        host.run_until(START + 50)
        error = host.replies[1].error
        assert isinstance(error, RenewalFailed)
        assert "no DHCP server answered" in str(error)
        assert (host.status().lease is not None) == bound

    @pytest.mark.parametrize(("act", "why"), [("stop", "was stopped"), ("release", "was released")])
    def test_renew_that_is_broken_off(self, act: str, why: str) -> None:
        host = Host().bind()
        host.command(1, "renew", wait=True)
        if act == "stop":
            host.take(host.node.stop(host.now))
        else:
            host.command(2, "release")
            assert host.replies[2].error is None
        assert isinstance(host.replies[1].error, RenewalFailed)
        assert why in str(host.replies[1].error)

    @pytest.mark.parametrize(
        ("name", "arguments", "says"),
        [
            ("reboot", {}, "no command 'reboot'; it knows renew, release and status"),
            ("status", {"all": True}, "status takes no argument 'all'"),
            ("release", {"wait": True}, "release takes no argument 'wait'"),
            ("renew", {"wait": "yes"}, "True or False, not 'yes'"),
        ],
    )
    def test_wrong_command_changes_nothing(self, name: str, arguments: dict[str, object], says: str) -> None:
        host = Host().bind()
        before = host.status()
        reply = host.command(1, name, **arguments)
        assert reply is not None
        assert says in str(reply.error)
        assert host.status() == before


def test_conflict_is_declined() -> None:
    host = Host(probe=True)
    host.bind()
    host.take(host.node.address_in_use(ADDRESS, OTHER_MAC, host.now))
    assert host.sent[-1].name == "DHCPDECLINE"
    assert host.store.load().documents == {}


def test_a_client_has_one_card() -> None:
    with pytest.raises(ValueError, match="Client1 needs exactly one network card, eth0"):
        ClientNode(replace(SPEC, interfaces=()))


def test_remembered_lease_survives_the_store() -> None:
    store = MemoryStore()
    store.commit((), (Document(*LEASE_DOCUMENT, MEMORY.to_document()),))
    host = Host(store.load())
    host.run_until(START + 40)
    assert host.status().lease == MEMORY


def test_seed_makes_the_numbers() -> None:
    def numbers(seed: int) -> list[int]:
        node = ClientNode(replace(SPEC, seed=seed))
        return [DhcpMessage.decode(a.datagram.payload).xid for a in node.start(START) if isinstance(a, Send)]

    assert numbers(1) == numbers(1) != numbers(2)


def test_restarted_client_has_new_numbers() -> None:
    host = Host().bind()
    after = Host(host.store.load(), now=START + 1)
    assert after.sent[0].xid not in {message.xid for message in host.sent}
