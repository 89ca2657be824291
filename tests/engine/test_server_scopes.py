from __future__ import annotations

from dataclasses import replace

import pytest

from dhcpkit.engine.actions import Commit, Document, Log
from dhcpkit.engine.events import ScopeChanged
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.scope import Scope, ScopeError
from dhcpkit.engine.server import DhcpServer
from dhcpkit.protocol.failover.codes import BindingStatus

from .talk import SERVER, START, Talk, guide_scope, ip

ID = ip("10.0.0.0")


def test_a_scope_is_committed_when_it_is_added_changed_and_removed():
    server = DhcpServer({"eth0": (SERVER, 24)}, LeaseTable())
    scope = guide_scope()
    assert server.add_scope(scope, START) == [
        Commit((), (Document("scope", "10.0.0.0", scope.to_document()),)),
        Log(ScopeChanged(ID, "Contoso-scope1", "added")),
    ]
    for changed, what in (
        (replace(scope, active=False), "deactivated"),
        (scope, "activated"),
        (replace(scope, lease_duration=60), "changed"),
    ):
        assert server.replace_scope(changed, START) == [
            Commit((), (Document("scope", "10.0.0.0", changed.to_document()),)),
            Log(ScopeChanged(ID, "Contoso-scope1", what)),
        ]
        assert server.scopes == {ID: changed}
    assert server.remove_scope(ID, START) == [
        Commit((), (Document("scope", "10.0.0.0", None),)),
        Log(ScopeChanged(ID, "Contoso-scope1", "removed")),
    ]
    assert server.scopes == {}


def test_what_a_store_kept_is_served_again():
    first = Talk()
    address = first.lease()
    document = first.server.scopes[ID].to_document()
    table = LeaseTable()
    server = DhcpServer({"eth0": (SERVER, 24)}, table, scopes=[Scope.from_document(document)])
    table.load(list(first.table))
    again = Talk()
    again.table, again.server = table, server
    assert again.renew(address).answer == "DHCPACK 10.0.0.11"
    assert again.discover(2).answer == "DHCPOFFER 10.0.0.12"


def test_leases_of_a_removed_scope_do_not_come_back_from_the_store():
    talk = Talk()
    address = talk.lease()
    commit, _ = talk.server.remove_scope(ID, talk.now)
    assert [(lease.address, lease.status, lease.client) for lease in commit.leases] == [
        (address, BindingStatus.FREE, b"")
    ]
    assert talk.server.next_deadline() is None
    assert "no scope" in talk.renew(address).rule
    talk.server.add_scope(guide_scope(), talk.now)
    talk.now += 100
    assert talk.discover(2).answer == "DHCPOFFER 10.0.0.11"


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda server: server.add_scope(guide_scope(), START), "is there already"),
        (lambda server: server.replace_scope(guide_scope(prefix_length=20), START), "cannot be changed to 20"),
        (lambda server: server.remove_scope(7, START), r"there is no scope 0\.0\.0\.7"),
        (lambda server: server.free_ended(7, START), r"there is no scope 0\.0\.0\.7"),
    ],
)
def test_a_wrong_act_names_what_is_wrong_and_changes_nothing(act, text):
    talk = Talk()
    talk.discover(1)
    with pytest.raises(ScopeError, match=text):
        act(talk.server)
    assert list(talk.server.scopes.values()) == [guide_scope()]
    assert talk.discover(1).answer == "DHCPOFFER 10.0.0.11"


def test_a_changed_scope_withdraws_its_offers():
    talk = Talk()
    talk.discover(1)
    talk.server.replace_scope(guide_scope(exclusions=[(ip("10.0.0.1"), ip("10.0.0.40"))]), talk.now)
    assert talk.select(ip("10.0.0.11"), 1).answer == "DHCPNAK"
    assert talk.discover(1).answer == "DHCPOFFER 10.0.0.41"


def test_a_servers_own_address_is_not_given_after_a_change_either():
    talk = Talk(guide_scope(exclusions=()))
    talk.server.replace_scope(guide_scope(start=ip("10.0.0.2"), exclusions=()), talk.now)
    assert talk.discover(1).answer == "DHCPOFFER 10.0.0.3"
