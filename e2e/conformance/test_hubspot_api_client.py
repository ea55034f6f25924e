"""HubSpot's own Python client works with the simulated account."""

import hubspot
import pytest
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputForCreate,
    SimplePublicObjectBatchInputUpsert,
    SimplePublicObjectId,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.contacts.exceptions import ApiException, NotFoundException, UnauthorizedException


def client_of(simulators, token=None):
    access = simulators.hubspot
    return hubspot.Client.create(
        access_token=token or access["token"], host=access["base_url"], ssl_ca_cert=simulators.ca_file
    )


@pytest.fixture(scope="module")
def client(simulators):
    return client_of(simulators)


def make(client, **properties):
    made = SimplePublicObjectInputForCreate(properties=properties, associations=[])
    return client.crm.contacts.basic_api.create(simple_public_object_input_for_create=made)


def test_a_contact_is_created_read_updated_and_archived(client):
    contacts = client.crm.contacts.basic_api
    made = make(client, email="ada@python.example", firstname="Ada")
    assert made.archived is False and made.created_at.tzinfo is not None
    read = contacts.get_by_id(made.id, properties=["email"], properties_with_history=["firstname"])
    assert read.properties["email"] == "ada@python.example"
    assert [version.value for version in read.properties_with_history["firstname"]] == ["Ada"]
    changed = contacts.update(made.id, SimplePublicObjectInput(properties={"city": "Gent"}))
    assert changed.properties["city"] == "Gent" and changed.updated_at >= made.updated_at
    contacts.archive(made.id)
    with pytest.raises(NotFoundException):
        contacts.get_by_id(made.id)
    assert contacts.get_by_id(made.id, archived=True).archived is True


def test_refusals_are_the_exceptions_that_the_client_has_for_them(client, simulators):
    with pytest.raises(NotFoundException) as missing:
        client.crm.contacts.basic_api.get_by_id("999999999")
    assert missing.value.status == 404
    make(client, email="twice@python.example")
    with pytest.raises(ApiException) as twice:
        make(client, email="twice@python.example")
    assert twice.value.status == 409 and "Contact already exists" in twice.value.body
    with pytest.raises(ApiException) as unknown:
        make(client, no_such_property="x")
    assert unknown.value.status == 400 and "PROPERTY_DOESNT_EXIST" in unknown.value.body
    with pytest.raises(UnauthorizedException):
        client_of(simulators, "nobody").crm.contacts.basic_api.get_page()


def test_a_batch_is_created_read_updated_upserted_and_archived(client):
    batch = client.crm.contacts.batch_api
    inputs = [
        SimplePublicObjectBatchInputForCreate(properties={"email": f"{n}@pybatch.example"}, associations=[])
        for n in range(100)
    ]
    made = batch.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert made.status == "COMPLETE" and len(made.results) == 100
    ids = [SimplePublicObjectId(id=row.id) for row in made.results]
    read = batch.read(
        BatchReadInputSimplePublicObjectId(
            inputs=[*ids[:5], SimplePublicObjectId(id="999999999")], properties=["email"], properties_with_history=[]
        )
    )
    assert len(read.results) == 5 and read.num_errors == 1 and read.errors[0].category == "OBJECT_NOT_FOUND"
    changed = batch.update(
        BatchInputSimplePublicObjectBatchInput(
            inputs=[SimplePublicObjectBatchInput(id=row.id, properties={"city": "Gent"}) for row in ids[:3]]
        )
    )
    assert {row.properties["city"] for row in changed.results} == {"Gent"}
    upserts = [
        SimplePublicObjectBatchInputUpsert(id=email, id_property="email", properties={"email": email})
        for email in ("1@pybatch.example", "new@pybatch.example")
    ]
    upserted = batch.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=upserts))
    assert sorted(row.new for row in upserted.results) == [False, True]
    batch.archive(BatchInputSimplePublicObjectId(inputs=ids))
    with pytest.raises(NotFoundException):
        client.crm.contacts.basic_api.get_by_id(ids[0].id)


def test_a_search_filters_sorts_and_pages(client):
    for letter in "abcde":
        make(client, email=f"{letter}@pysearch.example", lastname="Pysearched", jobtitle=letter)
    request = {
        "filter_groups": [{"filters": [{"propertyName": "lastname", "operator": "EQ", "value": "Pysearched"}]}],
        "sorts": [{"propertyName": "jobtitle", "direction": "DESCENDING"}],
        "properties": ["jobtitle"],
        "limit": 3,
    }
    search = client.crm.contacts.search_api.do_search
    first = search(PublicObjectSearchRequest(**request))
    assert first.total == 5 and [row.properties["jobtitle"] for row in first.results] == ["e", "d", "c"]
    second = search(PublicObjectSearchRequest(**request, after=first.paging.next.after))
    assert [row.properties["jobtitle"] for row in second.results] == ["b", "a"]


def test_a_list_is_read_to_its_end(client):
    every = client.crm.contacts.get_all(properties=["email"])
    assert len({row.id for row in every}) == len(every) > 5


def test_definitions_owners_and_pipelines_are_read(client):
    properties = client.crm.properties.core_api.get_all("contacts").results
    assert any(row.name == "email" and row.hubspot_defined for row in properties)
    owners = client.crm.owners.owners_api.get_page().results
    assert owners and client.crm.owners.owners_api.get_by_id(int(owners[0].id)).email == owners[0].email
    pipelines = client.crm.pipelines.pipelines_api.get_all("deals").results
    assert any(stage.id == "closedwon" for stage in pipelines[0].stages)


def test_records_are_associated_and_parted(client):
    from hubspot.crm.companies import SimplePublicObjectInputForCreate as Company

    person = make(client, email="linked@python.example")
    firm = client.crm.companies.basic_api.create(Company(properties={"name": "Linked"}, associations=[]))
    v4 = client.crm.associations.v4.basic_api
    v4.create_default("contacts", person.id, "companies", firm.id)
    assert [row.to_object_id for row in v4.get_page("contacts", person.id, "companies").results] == [firm.id] or [
        str(row.to_object_id) for row in v4.get_page("contacts", person.id, "companies").results
    ] == [firm.id]
    v4.archive("contacts", person.id, "companies", firm.id)
    assert v4.get_page("contacts", person.id, "companies").results == []


def test_a_refresh_token_buys_a_token_that_is_good(client, simulators):
    access = simulators.hubspot
    bought = client.oauth.tokens_api.create(
        grant_type="refresh_token",
        client_id=access["client_id"],
        client_secret=access["client_secret"],
        refresh_token=access["refresh_token"],
    )
    assert bought.expires_in > 0
    app = client_of(simulators, bought.access_token)
    assert app.crm.contacts.basic_api.get_page(limit=1).results
    about = client.oauth.access_tokens_api.get(bought.access_token)
    assert about.hub_id == access["account_id"]
