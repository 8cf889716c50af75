"""People whose editors are connected to different instances of one server, which meet on a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import words
from tests.e2e.people import Party, Person, all_see, together, type_at_once
from tests.network import ServerProcess, free_port
from tests.product import environment
from tests.server.instances.redis_process import HAS_REDIS, RedisProcess

pytestmark = pytest.mark.skipif(not HAS_REDIS, reason="there is no redis-server")


@pytest.fixture
def redis() -> Iterator[RedisProcess]:
    with RedisProcess() as redis:
        yield redis


@pytest.fixture
def servers(home: Path, redis: RedisProcess) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    env = environment(home) | {"COLLABTERM_REDIS": redis.url}
    with ServerProcess(free_port(), env) as first, ServerProcess(free_port(), env) as second:
        yield first, second


@pytest.fixture
def pair(home: Path, folder: Path, servers: tuple[ServerProcess, ServerProcess]) -> Iterator[list[Person]]:
    first, second = servers
    with Party(home, folder, first.url) as party:
        ada = party.join("Ada", "ada.txt", content="1: \n2: \n")
        party.server = second.url
        bob = party.join("Bob", "bob.txt", content="bob's own file\n")
        together(ada, bob)
        yield [ada, bob]


def write_to_each_other(ada: Person, bob: Person) -> None:
    ada.press("ctrl+home", "end")
    bob.press("ctrl+home", "down", "end")
    type_at_once({ada: "from ada", bob: "from bob"})
    all_see([ada, bob], "1: from ada", "2: from bob")


def test_two_on_different_instances_edit_together(pair: list[Person]) -> None:
    ada, bob = pair
    write_to_each_other(ada, bob)
    assert "own file" not in bob.text


def test_they_go_on_when_an_instance_is_killed_and_redis_too(
    pair: list[Person], servers: tuple[ServerProcess, ServerProcess], redis: RedisProcess
) -> None:
    ada, bob = pair
    redis.kill()
    servers[0].kill()
    ada.wait_for(words.SERVER_LOST)
    write_to_each_other(ada, bob)
    redis.start()
    servers[0].start()
    ada.wait_for(lambda screen: words.SERVER_LOST not in screen.text and words.IN_SYNC in screen.text)
    servers[1].kill()
    bob.wait_for(words.SERVER_LOST)
