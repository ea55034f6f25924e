#!/usr/bin/env python3
"""Follows change events of the simulated org as any Python program would: grpcio, fastavro, plain HTTP for the edits.

    tandem sim --pubsub 127.0.0.1:0 > ready.json &
    python3 pubsub.py ready.json

With `--tls` as well, both connections are encrypted.

The argument is the line that `tandem sim` prints when it is ready, in a file; `-` reads it from standard input. Needs
grpcio, grpcio-tools and fastavro (requirements.txt). Ends with 0 when everything was as the platform does it.
"""

import importlib
import io
import json
import queue
import ssl
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import fastavro
import grpc
from grpc_tools import protoc

PROTO = Path(__file__).resolve().parents[2] / "proto" / "pubsub_api.proto"
PATIENCE = 30
CODE = "sfdc.platform.eventbus.grpc."


def generated():
    """The client, made from the API's public description."""
    folder = tempfile.mkdtemp(prefix="pubsub-")
    done = protoc.main(
        ["protoc", f"-I{PROTO.parent}", f"--python_out={folder}", f"--grpc_python_out={folder}", str(PROTO)]
    )
    if done != 0:
        sys.exit(f"{PROTO} could not be compiled")
    sys.path.insert(0, folder)
    return importlib.import_module("pubsub_api_pb2"), importlib.import_module("pubsub_api_pb2_grpc")


def changed(header, schema, name="changedFields"):
    """The fields that a set in the header names; bit n is field n of the schema."""

    def bits(text):
        number = int(text, 16)
        return [bit for bit in range(number.bit_length()) if number >> bit & 1]

    def record(field):
        kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
        for kind in kinds:
            if isinstance(kind, dict) and kind.get("type") == "record":
                return kind
            if isinstance(kind, str) and kind not in ("null", "string", "double", "long", "int", "boolean"):
                return named[kind.rsplit(".", 1)[-1]]
        return None

    named = {}
    for field in schema["fields"]:
        for kind in field["type"] if isinstance(field["type"], list) else [field["type"]]:
            if isinstance(kind, dict) and kind.get("type") == "record":
                named[kind["name"].rsplit(".", 1)[-1]] = kind
    found = set()
    for text in header[name]:
        if "-" not in text:
            found.update(schema["fields"][bit]["name"] for bit in bits(text))
            continue
        at, part_bits = text.split("-", 1)
        whole = schema["fields"][int(at)]
        parts = record(whole)["fields"]
        found.update(f'{whole["name"]}.{parts[bit]["name"]}' for bit in bits(part_bits))
    return found


class Org:
    """The org over REST, as its user edits it."""

    def __init__(self, access, authority):
        self.trust = ssl.create_default_context(cadata=authority) if authority else None
        self.url = access["instance_url"]
        self.token = access["access_token"]

    def call(self, method, path, body=None, client="checks"):
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Sforce-Call-Options": f"client={client}",
            },
        )
        with urllib.request.urlopen(request, timeout=PATIENCE, context=self.trust) as response:
            text = response.read()
        return json.loads(text) if text else None

    def make(self, kind, fields):
        return self.call("POST", f"/services/data/v62.0/sobjects/{kind}", fields)["id"]

    def edit(self, kind, record, fields):
        self.call("PATCH", f"/services/data/v62.0/sobjects/{kind}/{record}", fields)

    def delete(self, kind, record):
        self.call("DELETE", f"/services/data/v62.0/sobjects/{kind}/{record}")

    def settings(self, cdc):
        self.call("POST", "/_sim/settings", {"cdc": cdc})


class Bus:
    """The Pub/Sub API."""

    def __init__(self, access, authority, messages, services):
        self.messages = messages
        endpoint = access["pubsub_endpoint"]
        if authority:
            trust = grpc.ssl_channel_credentials(root_certificates=authority.encode())
            channel = grpc.secure_channel(endpoint, trust)
        else:
            channel = grpc.insecure_channel(endpoint)
        self.stub = services.PubSubStub(channel)
        self.headers = (
            ("accesstoken", access["access_token"]),
            ("instanceurl", access["instance_url"]),
            ("tenantid", access["org_id"]),
        )
        self.schemas = {}

    def schema(self, schema_id):
        if schema_id not in self.schemas:
            request = self.messages.SchemaRequest(schema_id=schema_id)
            answer = self.stub.GetSchema(request, metadata=self.headers, timeout=PATIENCE)
            plain = json.loads(answer.schema_json)
            self.schemas[schema_id] = (plain, fastavro.parse_schema(json.loads(answer.schema_json)))
        return self.schemas[schema_id]

    def follow(self, topic, preset="LATEST", replay_id=b"", count=100):
        return Subscription(self, topic, preset, replay_id, count)

    def refusal(self, call):
        try:
            call()
        except grpc.RpcError as error:
            trailers = dict(error.trailing_metadata() or ())
            assert "rpcId:" in error.details(), error.details()
            return error.code(), trailers.get("error-code", "").removeprefix(CODE)
        raise AssertionError("nothing was refused")


class Subscription:
    def __init__(self, bus, topic, preset, replay_id, count):
        self.bus = bus
        self.asks = queue.Queue()
        self.asks.put(
            bus.messages.FetchRequest(
                topic_name=topic,
                replay_preset=bus.messages.ReplayPreset.Value(preset),
                replay_id=replay_id,
                num_requested=count,
            )
        )
        self.answers = bus.stub.Subscribe(iter(self.asks.get, None), metadata=bus.headers, timeout=PATIENCE)
        self.heard = []
        self.replay_id = b""

    def ask(self, count):
        self.asks.put(self.bus.messages.FetchRequest(num_requested=count))

    def batch(self):
        answer = next(self.answers)
        self.replay_id = answer.latest_replay_id
        for event in answer.events:
            plain, parsed = self.bus.schema(event.event.schema_id)
            payload = io.BytesIO(event.event.payload)
            read = fastavro.schemaless_reader(payload, parsed, parsed)
            assert payload.read() == b"", "the event is longer than its schema says"
            self.heard.append((read, plain, event.replay_id))
        return answer

    def take(self):
        """The next event: its header, its values, its schema."""
        while not self.heard:
            self.batch()
        read, plain, replay_id = self.heard.pop(0)
        return read["ChangeEventHeader"], read, plain, replay_id

    def close(self):
        self.asks.put(None)
        self.answers.cancel()


def edits_are_told(org, bus):
    live = bus.follow("/data/ChangeEvents", "EARLIEST")
    contact = org.make("Contact", {"FirstName": "Ada", "LastName": "Byron", "Title": "Ms", "Email": "ada@a.example"})
    header, values, _, first = live.take()
    while contact not in header["recordIds"]:
        header, values, _, first = live.take()
    assert (header["changeType"], header["entityName"]) == ("CREATE", "Contact"), header
    assert header["changeOrigin"] == "com/salesforce/api/rest/62.0;client=checks", header
    assert values["Name"] == {"Salutation": None, "FirstName": "Ada", "LastName": "Byron"}, values["Name"]

    time.sleep(1.1)  # the platform tells time in seconds
    org.edit("Contact", contact, {"LastName": "Lovelace", "MailingCity": "London", "Title": None})
    header, values, schema, _ = live.take()
    wanted = {"Name.LastName", "MailingAddress.City", "Title", "LastModifiedDate"}
    assert changed(header, schema) == wanted, changed(header, schema)
    assert changed(header, schema, "nulledFields") == {"Title"}, header
    assert values["Name"]["LastName"] == "Lovelace" and values["Name"]["FirstName"] is None, values["Name"]
    assert values["Email"] is None, "a field that did not change has no value"

    org.delete("Contact", contact)
    header, values, _, _ = live.take()
    assert header["changeType"] == "DELETE" and values["Name"] is None, header
    live.close()

    again = bus.follow("/data/ContactChangeEvent", "CUSTOM", first)
    kinds = [again.take()[0]["changeType"] for _ in range(2)]
    assert kinds == ["UPDATE", "DELETE"], kinds
    again.close()


def one_event_tells_of_many_records(org, bus):
    live = bus.follow("/data/LeadChangeEvent", "EARLIEST")
    rows = [{"attributes": {"type": "Lead"}, "LastName": "Same", "Company": "Same"} for _ in range(3)]
    made = org.call("POST", "/services/data/v62.0/composite/sobjects", {"allOrNone": True, "records": rows})
    header, _, _, _ = live.take()
    assert header["recordIds"] == [row["id"] for row in made], header
    live.close()


def requests_add_up(org, bus):
    for number in range(4):
        org.make("Account", {"Name": f"Company {number}"})
    live = bus.follow("/data/AccountChangeEvent", "EARLIEST", count=1)
    assert len(live.batch().events) == 1
    live.ask(2)
    assert len(live.batch().events) == 2
    live.ask(50)
    answer = live.batch()
    assert len(answer.events) == 1 and answer.pending_num_requested == 49, answer
    live.close()


def schemas_follow_the_object(org, bus):
    topic = bus.messages.TopicRequest(topic_name="/data/OpportunityChangeEvent")
    before = bus.stub.GetTopic(topic, metadata=bus.headers)
    assert before.can_subscribe and not before.can_publish
    plain, _ = bus.schema(before.schema_id)
    assert plain["name"] == "OpportunityChangeEvent" and plain["fields"][0]["name"] == "ChangeEventHeader"
    field = {"FullName": "Opportunity.Depth__c", "Metadata": {"type": "Number", "label": "Depth", "precision": 9, "scale": 1}}
    org.call("POST", "/services/data/v62.0/tooling/sobjects/CustomField", field)
    after = bus.stub.GetTopic(topic, metadata=bus.headers)
    assert after.schema_id != before.schema_id
    plain, _ = bus.schema(after.schema_id)
    depth = next(field for field in plain["fields"] if field["name"] == "Depth__c")
    assert depth["type"] == ["null", "double"], depth


def refusals_have_their_codes(org, bus):
    messages, stub = bus.messages, bus.stub
    topic = messages.TopicRequest(topic_name="/data/ChangeEvents")
    stranger = (("accesstoken", "nobody"),) + bus.headers[1:]
    said = bus.refusal(lambda: stub.GetTopic(topic, metadata=stranger))
    assert said == (grpc.StatusCode.UNAUTHENTICATED, "service.auth.error"), said
    missing = messages.TopicRequest(topic_name="/data/NothingChangeEvent")
    said = bus.refusal(lambda: stub.GetTopic(missing, metadata=bus.headers))
    assert said == (grpc.StatusCode.NOT_FOUND, "topic.not.found"), said
    for preset, replay_id, count, code in [
        ("CUSTOM", b"nonsense", 1, "subscription.fetch.replayid.corrupted"),
        ("CUSTOM", b"", 1, "subscription.fetch.replayid.validation.failed"),
        ("LATEST", b"", 0, "subscription.fetch.requested.events.invalid"),
    ]:
        said = bus.refusal(lambda: bus.follow("/data/ChangeEvents", preset, replay_id, count).batch())
        assert said == (grpc.StatusCode.INVALID_ARGUMENT, code), said


def channels_select_their_objects(org, bus):
    org.settings({"channels": {"Checks__chn": ["Lead"]}})
    live = bus.follow("/data/Checks__chn")
    time.sleep(0.5)  # until the subscription is open
    org.make("Account", {"Name": "Not here"})
    lead = org.make("Lead", {"LastName": "Here", "Company": "Here"})
    header, _, _, _ = live.take()
    assert header["recordIds"] == [lead], header
    live.close()


def platform_events_go_both_ways(org, bus):
    org.settings({"platform_events": {"Order__e": {"Number__c": "Text", "Paid__c": "Checkbox"}}})
    topic = "/event/Order__e"
    info = bus.stub.GetTopic(bus.messages.TopicRequest(topic_name=topic), metadata=bus.headers)
    assert info.can_publish
    _, schema = bus.schema(info.schema_id)
    payload = io.BytesIO()
    event = {"CreatedDate": 1_700_000_000_000, "CreatedById": "005000000000001AAA", "Number__c": "A-1", "Paid__c": True}
    fastavro.schemaless_writer(payload, schema, event)
    written = bus.messages.ProducerEvent(id="one", schema_id=info.schema_id, payload=payload.getvalue())
    request = bus.messages.PublishRequest(topic_name=topic, events=[written])
    result = bus.stub.Publish(request, metadata=bus.headers).results[0]
    assert result.correlation_key == "one" and not result.HasField("error"), result
    live = bus.follow(topic, "EARLIEST")
    live.batch()
    read, _, replay_id = live.heard[0]
    assert read == event and replay_id == result.replay_id, read
    live.close()
    refused = bus.messages.PublishRequest(topic_name="/data/ChangeEvents", events=[written])
    status, _ = bus.refusal(lambda: bus.stub.Publish(refused, metadata=bus.headers))
    assert status == grpc.StatusCode.PERMISSION_DENIED, status


CHECKS = [
    edits_are_told,
    one_event_tells_of_many_records,
    requests_add_up,
    schemas_follow_the_object,
    refusals_have_their_codes,
    channels_select_their_objects,
    platform_events_go_both_ways,
]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    text = sys.stdin.readline() if sys.argv[1] == "-" else Path(sys.argv[1]).read_text()
    ready = json.loads(text)
    access, authority = ready["salesforce"], ready.get("ca_pem")
    if not access.get("pubsub_endpoint"):
        sys.exit("the simulator serves no change events; start it with --pubsub 127.0.0.1:0")
    org, bus = Org(access, authority), Bus(access, authority, *generated())
    failed = 0
    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        try:
            check(org, bus)
            print(f"ok      {name}")
        except Exception as error:  # the rest is still worth knowing
            failed += 1
            print(f"FAILED  {name}: {type(error).__name__}: {error}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
