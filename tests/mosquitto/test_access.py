"""Every broker user against every owner's topics, on a real Mosquitto with the product's access rules."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from common.topics import Topics
from tests.mosquitto.client import Client, GuardedBroker
from tools.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

USERS: Final = ("watcher", "writer", "provider", "operator", "reader", "health")
LOOK: Final = {"operator", "reader"}
TOPICS: Final = Topics()


class Grant(NamedTuple):
    """Who may publish on a topic, and who is sent what is published there."""

    writes: set[str]
    reads: set[str]


SCENES = Grant({"watcher"}, {"watcher", "writer", "provider"} | LOOK)
OUTCOMES = Grant({"writer", "operator"}, {"writer", "provider"} | LOOK)
PROVIDED = Grant({"provider"}, {"provider", "writer"} | LOOK)
ASKERS = {"provider", "operator"}

GRANTS: Final[Mapping[str, Grant]] = {
    TOPICS.scene(17): SCENES,
    TOPICS.stash("state"): SCENES,
    TOPICS.stash("info"): SCENES,
    TOPICS.outcome("plex", 17): OUTCOMES,
    TOPICS.plex("attic", "state"): OUTCOMES,
    TOPICS.plex("attic", "gaps"): OUTCOMES,
    TOPICS.provider("state"): PROVIDED,
    f"{TOPICS.unmatched}/0f": PROVIDED,
    TOPICS.request("stash", "sweep"): Grant(ASKERS, {"watcher"} | LOOK),
    TOPICS.request("plex/attic", "retry"): Grant(ASKERS, {"writer"} | LOOK),
    TOPICS.request("provider", "check"): Grant({"operator"}, {"provider"} | LOOK),
    TOPICS.response("stash", "sweep"): Grant({"watcher"}, {"provider"} | LOOK),
    TOPICS.response("plex/attic", "retry"): Grant({"writer"}, {"provider"} | LOOK),
    TOPICS.response("provider", "check"): Grant({"provider"}, LOOK),
    TOPICS.selftest("stash", "end"): Grant({"watcher"}, {"watcher"} | LOOK),
    TOPICS.selftest("plex/attic", "end"): Grant({"writer"}, {"writer"} | LOOK),
    TOPICS.selftest("provider", "end"): Grant({"provider"}, {"provider"} | LOOK),
    "stash2plex/else/where": Grant(set(), set()),
    "other/stash/scene/17": Grant(set(), set()),
}


class Exchange(NamedTuple):
    """What happened when every user had published on every topic while every user was subscribed to everything."""

    wrote: Mapping[str, set[str]]
    read: Mapping[str, set[str]]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedBroker]:
    with GuardedBroker(tmp_path_factory.mktemp("guarded")) as running:
        yield running


@pytest.fixture(scope="module")
def exchange(broker: GuardedBroker) -> Exchange:
    with ExitStack() as stack:
        clients = {user: stack.enter_context(broker.client(user)) for user in USERS}
        for client in clients.values():
            client.subscribe("#")
        wrote = {user: {topic for topic in GRANTS if client.publish(topic)} for user, client in clients.items()}
        for client in clients.values():
            client.subscribe("end/of/this")
        return Exchange(wrote, {user: {topic for topic, _ in client.received} for user, client in clients.items()})


@pytest.mark.parametrize("user", USERS)
def test_a_user_publishes_only_where_it_is_the_owner_or_may_ask(exchange: Exchange, user: str) -> None:
    """The broker answers every other publication with Not authorized."""
    assert exchange.wrote[user] == {topic for topic, grant in GRANTS.items() if user in grant.writes}


@pytest.mark.parametrize("user", USERS)
def test_a_user_is_sent_only_what_it_may_read(exchange: Exchange, user: str) -> None:
    """A subscription to everything brings what the rules grant and no more."""
    assert exchange.read[user] == {topic for topic, grant in GRANTS.items() if user in grant.reads}


@pytest.mark.parametrize("user", USERS)
def test_only_tools_and_the_health_check_see_the_brokers_own_topics(broker: GuardedBroker, user: str) -> None:
    """`$SYS` is for the people who look after the broker."""
    with broker.client(user) as client:
        client.subscribe("$SYS/broker/uptime", "$SYS/broker/version")
        expected = {
            "operator": {"$SYS/broker/uptime", "$SYS/broker/version"},
            "reader": {"$SYS/broker/uptime", "$SYS/broker/version"},
            "health": {"$SYS/broker/uptime"},
        }.get(user, set())
        wait_until(lambda: {topic for topic, _ in client.received} >= expected, "the retained $SYS topics")
        client.subscribe("end/of/this")
        assert {topic for topic, _ in client.received} == expected


@pytest.mark.parametrize(("user", "password"), [("", ""), ("watcher", ""), ("watcher", "guess"), ("root", "x")])
def test_nobody_gets_in_without_a_password(broker: GuardedBroker, user: str, password: str) -> None:
    """No anonymous access, no unknown users, no wrong passwords."""
    with Client(broker.port, user, password) as client:
        assert client.reason == "Not authorized"


def test_the_rules_follow_the_base_topic(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Under another base the owners own that one, and nothing of the usual one."""
    with (
        GuardedBroker(tmp_path_factory.mktemp("based"), base="home/s2p") as broker,
        broker.client("watcher") as watcher,
    ):
        assert watcher.publish(Topics("home/s2p").scene(17))
        assert not watcher.publish(Topics().scene(17))
