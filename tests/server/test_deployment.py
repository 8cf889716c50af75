"""The files that put a server on a machine say what the server does, and hold what they promise."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from collabterm.protocol.access_lists import parse_authorized_keys
from collabterm.protocol.signaling import ErrorCode
from collabterm_server.addresses import client_address, parse_networks
from collabterm_server.limits import describe_limits
from collabterm_server.metrics import render_metrics
from collabterm_server.stats import Census, Stats
from healthcheck import is_alive
from server_requirements import EXTRA, SERVER_PACKAGES, server_requirements
from tests.network import free_port
from tests.product import COLLABTERM, environment

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "server"
README = (SERVER / "README.md").read_text("utf-8")
UNIT = (SERVER / "collabterm-server.service").read_text("utf-8")
DOCKERFILE = (SERVER / "Dockerfile").read_text("utf-8")
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
ROUTES = {"/healthz", "/readyz", "/api/stats", "/metrics"}

HARDENING = {
    "DynamicUser": "yes",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "RestrictAddressFamilies": "AF_INET AF_INET6",
    "MemoryDenyWriteExecute": "yes",
    "LimitNOFILE": "65536",
    "MemoryMax": "512M",
    "Restart": "on-failure",
    "ExecReload": "/bin/kill -HUP $MAINPID",
}

RUN_WITH_NOTHING_ELSE = """
import sys
from importlib import import_module
from pkgutil import walk_packages

allowed = set(sys.argv.pop(1).split(",")) | sys.stdlib_module_names | {"collabterm", "collabterm_server"}

class NothingElse:
    def find_spec(name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in allowed and not top.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NothingElse)
import collabterm_server
from collabterm.cli import main

for module in walk_packages(collabterm_server.__path__, "collabterm_server."):
    import_module(module.name)
assert "collabterm_server.instances.redis_link" in sys.modules, "also what only --redis needs"
main()
"""


@cache
def options(command: str) -> frozenset[str]:
    done = subprocess.run([*COLLABTERM, command, "--help"], capture_output=True, text=True, check=True)
    left_column = re.findall(r"^  (-.*?)(?:  |$)", done.stdout, re.MULTILINE)
    return frozenset(re.findall(r"--[a-z-]+", " ".join(left_column)))


def options_in(command: str) -> set[str]:
    return set(re.findall(r"(?<!\S)--[a-z][a-z-]*", command))


def serve_commands(text: str) -> list[str]:
    """Return what follows the server's name wherever a text runs it."""
    joined = re.sub(r"\\\n *", " ", text)
    runs = r"collabterm serve(.*)|docker run.* collabterm-server (.*)|OPTIONS=\"(.*)\""
    return [next(filter(None, match.groups()), "") for match in re.finditer(runs, joined)]


def limits_table() -> str:
    rows = (f"| `{row.name}` | {row.default} | {row.bounds} | {row.reason} |" for row in describe_limits())
    return "\n".join(["| name | default | from … to | why |", "|---|---|---|---|", *rows])


def settings(unit: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    lines = re.sub(r"\\\n *", "", re.sub(r"^#.*\n", "", dockerfile, flags=re.MULTILINE)).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line)]


def last_stage(dockerfile: str) -> dict[str, str]:
    _, _, stage = dockerfile.rpartition("\nFROM ")
    return dict(instructions("FROM " + stage))


def services() -> Mapping[str, dict[str, Any]]:
    blueprint = yaml.safe_load((SERVER / "render.yaml").read_text("utf-8"))
    return {service["type"]: service for service in blueprint["services"]}


def installed_with(names: Iterator[str]) -> set[str]:
    """Return the distributions that pip installs for these, by what is installed here."""
    found: set[str] = set()
    waiting = [Requirement(name) for name in names]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            found.add(name)
            waiting += map(Requirement, requires(name) or ())
    return found


@pytest.mark.parametrize("name", ["README.md", "collabterm-server.service", "Dockerfile", "render.yaml"])
def test_every_option_that_a_file_gives_to_the_server_exists(name: str) -> None:
    text = (SERVER / name).read_text("utf-8")
    if name == "Dockerfile":
        text = " ".join(json.loads(last_stage(text)["ENTRYPOINT"]))
    if name == "render.yaml":
        text = services()["web"]["startCommand"]
    commands = serve_commands(text)
    assert commands
    assert options_in(" ".join(commands)) <= options("serve")


def test_the_readme_explains_every_option_of_the_server_and_no_other() -> None:
    named = set(re.findall(r"(?<=`)--[a-z-]+", README)) | options_in(" ".join(serve_commands(README)))
    assert options("serve") - {"--help", "--stun"} <= named  # --stun is what it does anyway
    assert named <= options("serve") | options("join")


def test_the_table_of_limits_is_that_of_the_code() -> None:
    assert limits_table() in README, f"put this table into server/README.md:\n{limits_table()}"


def test_the_metrics_and_codes_that_the_readme_would_alert_on_exist() -> None:
    section = README[README.index("## Monitoring") : README.index("## Sizing")]
    metrics = render_metrics(Stats(0.0).snapshot(Census(connections=0, handshakes=0, rooms=0), 1.0))
    named = set(re.findall(r"collabterm_\w+", section))
    assert named
    assert {name for name in named if f"# TYPE {name} " not in metrics} == set()
    [codes] = re.findall(r'code=~"(.*?)"', section)
    assert set(codes.split("|")) <= set(ErrorCode)


def test_the_list_of_keys_in_the_readme_is_one_that_the_server_reads() -> None:
    [block] = re.findall(r"```\n(# /etc/collabterm/authorized_keys\n.*?)```", README, re.DOTALL)
    assert len(parse_authorized_keys(block.encode())) == 1


def test_every_link_within_the_readme_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", README, flags=re.DOTALL), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors


def test_a_server_runs_with_nothing_but_what_is_installed_for_it(tmp_path: Path) -> None:
    expected = installed_with(iter(server_requirements(PYPROJECT)))
    allowed = [
        top
        for top, distributions in packages_distributions().items()
        if expected.intersection(map(canonicalize_name, distributions))
    ]
    assert set(map(canonicalize_name, [*SERVER_PACKAGES, EXTRA])) <= expected
    assert expected.isdisjoint({"textual", "aiortc", "av", "pycrdt", "tree-sitter", "regex"})
    log = tmp_path / "log"
    port = free_port()
    with log.open("w") as errors, subprocess.Popen(
        [sys.executable, "-P", "-c", RUN_WITH_NOTHING_ELSE, ",".join(allowed), "serve", "--port", str(port)],
        env=environment(tmp_path), stdout=subprocess.PIPE, stderr=errors, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert "Listening" in process.stdout.readline(), log.read_text()
            assert is_alive(port)
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_a_requirement_of_the_server_that_is_gone_is_an_error_and_not_left_out() -> None:
    assert [line.partition(">")[0] for line in server_requirements(PYPROJECT)][:3] == list(SERVER_PACKAGES)
    with pytest.raises(KeyError, match="websockets"):
        server_requirements(re.sub(r'"websockets[^"]*",', "", PYPROJECT))


def test_the_image_runs_the_server_as_nobody_special() -> None:
    stage = last_stage(DOCKERFILE)
    assert re.fullmatch(r"([1-9]\d{3,}):\1", stage["USER"])
    assert stage["STOPSIGNAL"] == "SIGTERM"
    assert json.loads(stage["ENTRYPOINT"])[:2] == ["collabterm", "serve"]
    assert set(stage["EXPOSE"].split()) == {"3001/tcp", "3001/udp"}
    assert "PORT=3001" in stage["ENV"]
    assert "RUN" not in stage, "what is built is built in the stage before"


def test_the_image_asks_for_its_health_with_what_is_in_it() -> None:
    _, _, command = last_stage(DOCKERFILE)["HEALTHCHECK"].partition("CMD ")
    python, script = json.loads(command)
    assert python == "python"
    assert ("COPY", f"server/healthcheck.py {script}") in instructions(DOCKERFILE)


def test_no_cache_of_pip_stays_and_nothing_is_copied_that_the_builder_does_not_get() -> None:
    admitted = re.findall(r"^!(.+)$", (SERVER / "Dockerfile.dockerignore").read_text("utf-8"), re.MULTILINE)
    for word, rest in instructions(DOCKERFILE):
        assert ("pip " in rest) == ("--no-cache-dir" in rest) or "venv" in rest
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert source.rstrip("/").split("/")[0] in admitted, source


def test_the_service_is_hardened() -> None:
    found = settings(UNIT)
    assert {name: found.get(name, ["(missing)"])[-1] for name in HARDENING} == HARDENING
    assert found["SystemCallFilter"][0] == "@system-service"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_systemd_understands_the_service_and_rates_its_exposure_below_two(tmp_path: Path) -> None:
    unit = tmp_path / "collabterm-server.service"
    unit.write_text(UNIT.replace("/opt/collabterm/bin/collabterm", sys.executable))
    for check in (["verify"], ["security", "--offline=true", "--threshold=20"]):
        done = subprocess.run(["systemd-analyze", *check, unit], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_blueprint_wakes_the_very_server_that_it_runs() -> None:
    web, cron = services()["web"], services()["cron"]
    assert (web["plan"], cron["schedule"]) == ("free", "*/10 * * * *")
    [setting] = cron["envVars"]
    assert setting["fromService"]["name"] == web["name"]
    assert web["healthCheckPath"] in ROUTES
    [*_, code] = shlex.split(cron["startCommand"])
    compile(code, "the cron job", "exec")
    assert f"['{setting['key']}'] + '{web['healthCheckPath']}'" in code


def test_on_render_a_client_is_known_by_its_own_address_and_not_by_one_it_made_up() -> None:
    words = shlex.split(services()["web"]["startCommand"])
    trusted = parse_networks(words[words.index("--trust-proxy") + 1])
    claimed, client, cloudflare, router = "198.51.100.9", "203.0.113.7", "104.22.17.40", "10.21.157.68"
    assert client_address(router, [f"{client}, {cloudflare}"], trusted) == client
    assert client_address(router, [f"{claimed}, {client}, {cloudflare}"], trusted) == client
