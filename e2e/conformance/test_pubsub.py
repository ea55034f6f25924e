"""A client generated from the public proto follows change events of an org that nobody else writes to."""

import pubsub
import pytest
from conftest import started


@pytest.fixture(scope="module")
def org_and_bus():
    with started() as ready:
        access, authority = ready.salesforce, ready.ca_pem
        yield pubsub.Org(access, authority), pubsub.Bus(access, authority, *pubsub.generated())


@pytest.mark.parametrize("check", pubsub.CHECKS, ids=lambda check: check.__name__)
def test_change_events(check, org_and_bus):
    check(*org_and_bus)


def test_a_fault_plan_turns_events_into_gaps(org_and_bus):
    org, bus = org_and_bus
    live = bus.follow("/data/TaskChangeEvent", "EARLIEST")
    org.call("POST", "/_sim/faults", {"seed": 1, "cdc": {"gap": 1}})
    task = org.make("Task", {"Subject": "Call"})
    header, values, _, _ = live.take()
    assert (header["changeType"], header["recordIds"]) == ("GAP_CREATE", [task]), header
    assert values["Subject"] is None
    org.call("POST", "/_sim/faults", {})
    org.edit("Task", task, {"Subject": "Mail"})
    assert live.take()[1]["Subject"] == "Mail"
    live.close()
