"""The server, the home and the party of each end-to-end test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.people import Party
from tests.network import LoopbackOnly, NamespacePair, ServerProcess, free_port, why_no_namespaces
from tests.product import environment


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "namespaces: needs to make Linux network namespaces, which takes root")


@pytest.fixture(autouse=True)
def _namespaces(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("namespaces") and (reason := why_no_namespaces()):
        pytest.skip(reason)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def server(home: Path) -> Iterator[ServerProcess]:
    with ServerProcess(free_port(), environment(home)) as server:
        yield server


@pytest.fixture
def party(home: Path, folder: Path, server: ServerProcess) -> Iterator[Party]:
    with Party(home, folder, server.url) as party:
        yield party


@pytest.fixture
def offline(_namespaces: None) -> Iterator[LoopbackOnly]:
    with LoopbackOnly() as network:
        yield network


@pytest.fixture
def offline_party(home: Path, folder: Path, offline: LoopbackOnly) -> Iterator[Party]:
    with Party(home, folder, server=None) as party:
        yield party


@pytest.fixture
def cable(_namespaces: None) -> Iterator[NamespacePair]:
    with NamespacePair() as network:
        yield network
