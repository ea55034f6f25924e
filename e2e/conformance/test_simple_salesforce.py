"""simple-salesforce works with the simulated org."""

import datetime

import pytest
import requests
from simple_salesforce import Salesforce, SalesforceExpiredSession, SalesforceMalformedRequest, SFType
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceResourceNotFound
from simple_salesforce.login import SalesforceLogin

VERSION = "62.0"


@pytest.fixture(scope="module")
def session(simulators):
    session = requests.Session()
    session.verify = simulators.ca_file
    return session


def org_of(simulators, session, session_id=None):
    access = simulators.salesforce
    return Salesforce(
        instance_url=access["instance_url"],
        session_id=session_id or access["access_token"],
        session=session,
        version=VERSION,
    )


@pytest.fixture(scope="module")
def org(simulators, session):
    return org_of(simulators, session)


def test_a_record_is_created_read_updated_upserted_and_deleted(org):
    made = org.Contact.create({"LastName": "Lovelace", "Email": "ada@simple.example"})
    assert made["success"] is True and made["errors"] == []
    read = org.Contact.get(made["id"])
    assert read["LastName"] == "Lovelace" and read["attributes"]["type"] == "Contact"
    assert org.Contact.update(made["id"], {"Title": "Countess"}) == 204
    assert org.Contact.upsert(f"Id/{made['id']}", {"FirstName": "Ada"}) in (200, 204)
    found = org.query(f"SELECT FirstName, Title FROM Contact WHERE Id = '{made['id']}'")
    assert [(row["FirstName"], row["Title"]) for row in found["records"]] == [("Ada", "Countess")]
    assert org.Contact.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        org.Contact.get(made["id"])


def test_refusals_are_the_exceptions_that_the_client_has_for_them(org, simulators, session):
    with pytest.raises(SalesforceMalformedRequest) as missing:
        org.Contact.create({"FirstName": "Nobody"})
    assert missing.value.status == 400
    assert missing.value.content[0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    with pytest.raises(SalesforceMalformedRequest) as malformed:
        org.query("SELECT Nothing FROM Contact")
    assert malformed.value.content[0]["errorCode"] == "INVALID_FIELD"
    with pytest.raises(SalesforceResourceNotFound):
        org.Contact.get("003000000000000AAA")
    with pytest.raises(SalesforceExpiredSession):
        org_of(simulators, session, "00D!gone").query("SELECT Id FROM Contact")


def test_pages_of_a_long_query_follow_each_other(org):
    rows = [{"LastName": f"Long {n}", "Department": "Long"} for n in range(5_200)]
    for at in range(0, len(rows), 200):
        batch = [{"attributes": {"type": "Contact"}, **row} for row in rows[at : at + 200]]
        done = org.restful("composite/sobjects", method="POST", json={"allOrNone": False, "records": batch})
        assert all(row["success"] for row in done)
    soql = "SELECT Id FROM Contact WHERE Department = 'Long' ORDER BY Id"
    first = org.query(soql)
    assert (first["totalSize"], first["done"], len(first["records"])) == (5_200, False, 2_000)
    second = org.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert len(second["records"]) == 2_000
    every = org.query_all(soql)
    assert len({row["Id"] for row in every["records"]}) == 5_200
    assert sum(1 for _ in org.query_all_iter(soql)) == 5_200


def test_several_calls_go_as_one_and_refer_to_each_other(org):
    base = f"/services/data/v{VERSION}/sobjects"
    answers = org.restful(
        "composite",
        method="POST",
        json={
            "allOrNone": True,
            "compositeRequest": [
                {"method": "POST", "url": f"{base}/Account", "referenceId": "firm", "body": {"Name": "Composite"}},
                {
                    "method": "POST",
                    "url": f"{base}/Contact",
                    "referenceId": "person",
                    "body": {"LastName": "Composed", "AccountId": "@{firm.id}"},
                },
            ],
        },
    )["compositeResponse"]
    assert [answer["httpStatusCode"] for answer in answers] == [201, 201]
    found = org.query("SELECT Account.Name FROM Contact WHERE LastName = 'Composed'")
    assert found["records"][0]["Account"]["Name"] == "Composite"


def test_the_org_describes_itself(org):
    names = {row["name"] for row in org.describe()["sobjects"]}
    assert {"Account", "Contact", "Lead", "Opportunity", "Task", "User"} <= names
    fields = {field["name"]: field for field in org.Contact.describe()["fields"]}
    assert fields["Email"]["type"] == "email" and fields["AccountId"]["referenceTo"] == ["Account"]
    assert org.limits()["DailyApiRequests"]["Max"] > 0
    assert org.is_sandbox() is False
    assert org.api_usage["api-usage"].used > 0


def test_changed_and_deleted_records_are_listed(org):
    made = org.Contact.create({"LastName": "Replicated"})["id"]
    gone = org.Contact.create({"LastName": "Short-lived"})["id"]
    org.Contact.delete(gone)
    now = datetime.datetime.now(datetime.timezone.utc)
    since, until = now - datetime.timedelta(minutes=10), now + datetime.timedelta(minutes=5)
    assert made in org.Contact.updated(since, until)["ids"]
    assert gone in [row["id"] for row in org.Contact.deleted(since, until)["deletedRecords"]]


def test_a_type_on_its_own_works_too(simulators, session):
    access = simulators.salesforce
    instance = access["instance_url"].removeprefix("https://")
    contact = SFType("Contact", access["access_token"], instance, sf_version=VERSION, session=session)
    made = contact.create({"LastName": "Alone"})
    assert contact.get(made["id"])["LastName"] == "Alone"


def soap_login(simulators, session, password):
    access = simulators.salesforce
    return SalesforceLogin(
        username=access["username"],
        password=password,
        security_token="",
        scratch_url=access["login_url"],
        session=session,
        sf_version=VERSION,
    )


def test_a_login_over_soap_opens_a_session(simulators, session):
    session_id, instance = soap_login(simulators, session, simulators.salesforce["password"])
    assert f"https://{instance}" == simulators.salesforce["instance_url"]
    org = Salesforce(instance=instance, session_id=session_id, session=session, version=VERSION)
    assert org.query("SELECT Id FROM Organization")["totalSize"] == 1
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        soap_login(simulators, session, "wrong")
    assert refused.value.code == "INVALID_LOGIN"


def test_bulk_2_goes_both_ways(org):
    rows = [{"LastName": f"Bulk {n}", "Department": "Bulk, \"quoted\"\nand broken"} for n in range(50_000)]
    done = org.bulk2.Contact.insert(records=rows, wait=1)
    assert sum(job["numberRecordsProcessed"] for job in done) == 50_000
    assert sum(job["numberRecordsFailed"] for job in done) == 0
    made = org.bulk2.Contact.get_successful_records(done[0]["job_id"])
    assert made.splitlines()[0].startswith('"sf__Id","sf__Created"')
    pages = org.bulk2.Contact.query(
        "SELECT Id, LastName, Department FROM Contact WHERE LastName LIKE 'Bulk %'", max_records=20_000, wait=1
    )
    ids, sizes = set(), []
    for page in pages:
        import csv

        read = list(csv.DictReader(page.splitlines(keepends=True)))
        sizes.append(len(read))
        assert all(row["Department"] == 'Bulk, "quoted"\nand broken' for row in read[:100])
        ids.update(row["Id"] for row in read)
    assert len(ids) == 50_000 and sizes == [20_000, 20_000, 10_000]
    failed = org.bulk2.Contact.insert(records=[{"FirstName": "No last name"}, {"LastName": "Fine"}], wait=1)
    assert failed[0]["numberRecordsFailed"] == 1
    assert "REQUIRED_FIELD_MISSING" in org.bulk2.Contact.get_failed_records(failed[0]["job_id"])


def test_bulk_1_inserts_and_queries(org):
    done = org.bulk.Contact.insert([{"LastName": f"Old {n}"} for n in range(500)], batch_size=200, use_serial=False)
    assert all(row["success"] for row in done) and len(done) == 500
    found = org.bulk.Contact.query("SELECT Id FROM Contact WHERE LastName LIKE 'Old %'")
    assert len(found) == 500
