from dhcpkit.failover.events import ContactEstablished, FailoverMessageReceived
from dhcpkit.protocol.failover.codes import BindingStatus, ServerState as S
from tests.failover.pair import Pair


def test_a_new_relationship_reaches_normal_at_once_without_waiting_the_mclt():
    pair = Pair().start().run(0.5)
    for server in pair.servers:
        assert server.states() == [S.STARTUP, S.RECOVER, S.RECOVER_DONE, S.NORMAL]
        assert len(server.events(ContactEstablished)) == 1
        assert server.endpoint.in_contact
        assert server.endpoint.partner_state is S.NORMAL
    assert pair.primary.count(BindingStatus.FREE) == 122
    assert pair.secondary.count(BindingStatus.BACKUP) == 122
    pair.run(1)
    pair.assert_equal_tables()
