"""Services are stored as whole aggregates, and nobody overwrites what he has not seen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from allgreen.domain.check import (
    Check,
    CheckKind,
    CheckState,
    Confirmation,
    DnsOptions,
    HttpOptions,
    Options,
    RecordType,
    TcpOptions,
    TlsOptions,
)
from allgreen.domain.expectation import AllOf, BodyContains, StatusIs
from allgreen.domain.flapping import Flaps
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.incident import Resolution
from allgreen.domain.result import SlotKey
from allgreen.domain.service import Service
from allgreen.domain.status import Mode, ServiceHealth, TimeKind
from allgreen.errors import NotFoundError, VersionConflictError
from tests.contract.build import (
    CHECK,
    MINUTE,
    NOON,
    SECOND,
    SERVICE,
    a_check,
    a_service,
    a_slot,
    an_incident,
)
from tests.contract.conftest import Storage

EVERY_FIELD = Check(
    id=CHECK,
    workspace_id=a_check().workspace_id,
    service_id=SERVICE,
    kind=a_check().kind,
    options=HttpOptions(
        method="POST",
        url="https://a.example/?q=é",
        headers={"Authorization": "Bearer hidden", "X-Empty": ""},
        body='{"secret": "ø"}',
        follow_redirects=False,
        verify_tls=False,
        announce=False,
    ),
    expectation=AllOf(parts=(StatusIs(classes=(2,)), BodyContains(text="ok"))),
    schedule=a_check().schedule,
    timeout=timedelta(milliseconds=1500),
    answers_within=timedelta(milliseconds=800),
    upside_down=True,
    confirmation=Confirmation(down=2, up=3, slow=4, blind=5),
    version=7,
    state=CheckState(
        health=ServiceHealth.DEGRADED,
        counts_as=TimeKind.DEGRADED,
        bad=1,
        good=2,
        slow=3,
        blind=4,
        first_bad_slot=NOON,
        first_good_at=NOON + SECOND,
        last=SlotKey(NOON + MINUTE, 2),
        last_evidence_at=NOON,
        reason="920 ms",
        since=NOON + timedelta(microseconds=1),
        blocked_told=True,
    ),
)


async def _store(storage: Storage, *services: Service) -> None:
    async with storage.unit_of_work() as unit:
        for service in services:
            await unit.services.add(service)
        await unit.services.save(services)
        await unit.commit()


async def test_service_comes_back_with_every_field(storage: Storage) -> None:
    await _store(storage, a_service("above", checks=()), a_service("higher", checks=()))
    service = Service(
        depends_on=(ServiceId("higher"), ServiceId("above")),
        remind_every=timedelta(hours=2),
        flaps=Flaps(
            turns=(NOON, NOON + MINUTE), since=NOON + MINUTE, summaries=2, restless_at=NOON
        ),
        id=SERVICE,
        workspace_id=EVERY_FIELD.workspace_id,
        name="Checkout – Übersee",
        mode=Mode.PAUSED,
        version=3,
        health=ServiceHealth.DEGRADED,
        since=NOON,
        checks=(EVERY_FIELD, a_check("check-0")),
    )

    await _store(storage, service)

    async with storage.unit_of_work() as unit:
        assert await unit.services.get(SERVICE) == service


KINDS: dict[CheckKind, Options] = {
    CheckKind.HTTP: HttpOptions(method="GET", url="https://a.example/"),
    CheckKind.DNS: DnsOptions(
        name="a.example", record_type=RecordType.MX, server="[2001:db8::53]:5353"
    ),
    CheckKind.TCP: TcpOptions(hostname="2001:db8::1", port=5432, send="AUTH hidden\r\n"),
    CheckKind.TLS: TlsOptions(hostname="a.example", server_name="b.example", verify=False),
}


@pytest.mark.parametrize("kind", CheckKind)
async def test_check_of_each_kind_comes_back(storage: Storage, kind: CheckKind) -> None:
    check = replace(a_check(), kind=kind, options=KINDS[kind])

    await _store(storage, a_service(checks=(check,)))

    async with storage.unit_of_work() as unit:
        assert (await unit.services.get(SERVICE)).checks == (check,)


async def test_service_comes_with_its_open_incident_only(storage: Storage) -> None:
    await _store(storage, a_service())
    over = an_incident("incident-0").resolve(NOON + MINUTE, Resolution.HOLDS_AGAIN)
    async with storage.unit_of_work() as unit:
        await unit.incidents.save(over)
        await unit.incidents.save(an_incident("incident-1", began_at=NOON + 2 * MINUTE))
        await unit.commit()

    async with storage.unit_of_work() as unit:
        service = await unit.services.get(SERVICE)

    assert service.incident == an_incident("incident-1", began_at=NOON + 2 * MINUTE)


async def test_unknown_service_is_not_found(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        with pytest.raises(NotFoundError):
            await unit.services.get(ServiceId("nobody"))


async def test_deleted_service_is_not_found(storage: Storage) -> None:
    await _store(storage, replace(a_service(), mode=Mode.DELETED))

    async with storage.unit_of_work() as unit:
        with pytest.raises(NotFoundError):
            await unit.services.get(SERVICE)
        assert await unit.services.list_of_checks([CHECK]) == []


async def test_services_of_checks_come_each_once(storage: Storage) -> None:
    first = a_service("service-1", checks=(a_check("check-1"), a_check("check-2")))
    second = a_service("service-2", checks=(a_check("check-3", service_id="service-2"),))
    await _store(storage, first, second, a_service("service-3", checks=()))

    async with storage.unit_of_work() as unit:
        asked = [CheckId(name) for name in ("check-1", "check-2", "check-3", "no such check")]
        assert await unit.services.list_of_checks(asked) == [first, second]


async def test_check_that_is_no_longer_part_is_gone(storage: Storage) -> None:
    await _store(storage, a_service(checks=(a_check("check-1"), a_check("check-2"))))

    async with storage.unit_of_work() as unit:
        service = await unit.services.get(SERVICE, lock=True)
        await unit.services.save([replace(service, checks=service.checks[1:])])
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert [check.id for check in (await unit.services.get(SERVICE)).checks] == ["check-2"]
        assert await unit.services.list_of_checks([CheckId("check-1")]) == []


async def test_edited_check_keeps_its_schedule_row(storage: Storage) -> None:
    await _store(storage, a_service())
    async with storage.unit_of_work() as unit:
        await unit.checks.plan_many({CHECK: a_slot()})
        await unit.commit()

    async with storage.unit_of_work() as unit:
        service = await unit.services.get(SERVICE, lock=True)
        edited = replace(service.checks[0], version=2, timeout=SECOND)
        await unit.services.save([replace(service, version=2, checks=(edited,))])
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert (await unit.services.get(SERVICE)).checks == (edited,)
        assert await unit.checks.planned(CHECK) == a_slot()


async def test_save_states_stores_states_and_leaves_definitions(storage: Storage) -> None:
    await _store(storage, a_service())
    state = replace(EVERY_FIELD.state, health=ServiceHealth.DOWN)

    async with storage.unit_of_work() as unit:
        service = await unit.services.get(SERVICE, lock=True)
        check = replace(service.checks[0], state=state, timeout=SECOND)
        down = replace(service, health=ServiceHealth.DOWN, since=NOON, revision=1, checks=(check,))
        await unit.services.save_states([replace(down, name="other")])
        await unit.commit()

    async with storage.unit_of_work() as unit:
        stored = await unit.services.get(SERVICE)
    assert stored == replace(down, checks=(replace(a_check(), state=state),))


async def test_second_transition_in_one_unit_of_work_is_no_conflict(storage: Storage) -> None:
    await _store(storage, a_service())

    async with storage.unit_of_work() as unit:
        service = await unit.services.get(SERVICE, lock=True)
        await unit.services.save_states([replace(service, revision=1)])
        await unit.services.save_states([replace(service, revision=3)])
        await unit.services.save([replace(service, revision=4)])
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert (await unit.services.get(SERVICE)).revision == 4


async def test_service_that_changed_meanwhile_is_not_overwritten(storage: Storage) -> None:
    await _store(storage, a_service())
    async with storage.unit_of_work() as unit:
        stale = await unit.services.get(SERVICE)
    async with storage.unit_of_work() as unit:
        service = await unit.services.get(SERVICE, lock=True)
        await unit.services.save_states([replace(service, revision=1)])
        await unit.commit()

    async with storage.unit_of_work() as unit:
        with pytest.raises(VersionConflictError):
            await unit.services.save([replace(stale, name="stale")])
        with pytest.raises(VersionConflictError):
            await unit.services.save_states([stale])


async def test_saving_an_unknown_service_is_a_conflict(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        with pytest.raises(VersionConflictError):
            await unit.services.save([a_service()])


async def test_saving_nothing_does_nothing(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.services.save([])
        await unit.services.save_states([])
        assert await unit.services.list_of_checks([]) == []


async def test_dependencies_are_found_from_both_ends(storage: Storage) -> None:
    database, page = a_service("database"), a_service("page", checks=())
    page = replace(page, depends_on=(database.id,))
    await _store(storage, database, page)

    async with storage.unit_of_work() as unit:
        upstream = await unit.services.list_upstream([page.id])
        downstream = await unit.services.list_downstream([database.id])
        nothing = await unit.services.list_upstream([database.id])

    assert upstream == [database]
    assert downstream == [page]
    assert nothing == []


async def test_paused_service_stands_in_nobodys_way(storage: Storage) -> None:
    database = a_service("database")
    page = replace(a_service("page", checks=()), depends_on=(database.id,))
    await _store(storage, database, page)

    async with storage.unit_of_work() as unit:
        await unit.services.save([replace(database, mode=Mode.PAUSED)])
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert await unit.services.list_upstream([page.id]) == []


async def test_dependencies_can_be_changed_and_dropped(storage: Storage) -> None:
    one, other = a_service("one", checks=()), a_service("other", checks=())
    page = replace(a_service("page", checks=()), depends_on=(one.id,))
    await _store(storage, one, other, page)

    async with storage.unit_of_work() as unit:
        await unit.services.get(page.id, lock=True)
        await unit.services.save([replace(page, depends_on=(other.id,))])
        moved = await unit.services.get(page.id, lock=True)
        await unit.services.save([replace(page, depends_on=())])
        dropped = await unit.services.get(page.id)

    assert moved.depends_on == (other.id,)
    assert dropped.depends_on == ()


async def test_incident_of_a_related_service_comes_with_it(storage: Storage) -> None:
    database = a_service("database")
    page = replace(a_service("page", checks=()), depends_on=(database.id,))
    await _store(storage, database, page)

    async with storage.unit_of_work() as unit:
        incident = an_incident(service_id=database.id)
        await unit.incidents.save(incident)
        [above] = await unit.services.list_upstream([page.id])

    assert above.incident == incident
