"""The files of `toptopics deploy` name what exists: metrics, commands, settings, topics; their tools accept them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from typer.testing import CliRunner

from streams.api.limits import ApiLimits
from streams.cli.commands import app
from streams.cli.deploy import Target, texts_of
from streams.cli.metrics import SERVED
from streams.kafka.log import group_name
from streams.kafka.topics import TWEETS
from streams.operations.environment import KNOWN
from streams.settings import Settings, load_settings
from streams.sources.variables import VARIABLES
from streams.stages.table import STAGE_INPUTS
from streams.system.metrics import TABLE, Metrics

RULES = texts_of(Target.PROMETHEUS)["prometheus-rules.yaml"]
DASHBOARD = texts_of(Target.GRAFANA)["grafana.json"]
MANIFESTS: list[dict[str, Any]] = list(yaml.safe_load_all(texts_of(Target.KUBERNETES)["kubernetes.yaml"]))
UNITS = texts_of(Target.SYSTEMD)
KUBERNETES = "1.30"  # a version that clusters of today have; the manifests use nothing newer
PODS = {one["metadata"]["name"]: one for one in MANIFESTS if one["kind"] in ("Deployment", "StatefulSet")}
RUNNING = "toptopics_stage_running"


def containers() -> Iterator[Any]:
    """Of all pods."""
    for pod in PODS.values():
        yield from pod["spec"]["template"]["spec"]["containers"]


def exported() -> set[str]:
    """The names of all series that a process can export."""
    metrics = Metrics()
    metrics.describe_process()
    labels = {"stage": "s", "topic": "t"}
    for one in TABLE:
        instrument = getattr(metrics, one.kind)(one.name)
        if one.labels:
            instrument.labels(**{label: labels.get(label, "x") for label in one.labels})
    return {sample.name for family in metrics.registry.collect() for sample in family.samples}


def expressions() -> Iterator[str]:
    """Of all rules and all panels."""
    for group in yaml.safe_load(RULES)["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    board = json.loads(DASHBOARD)
    yield from (target["expr"] for panel in board["panels"] for target in panel.get("targets", []))
    yield from (one["expr"] for one in board["annotations"]["list"])


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_every_metric_and_label_that_a_rule_or_panel_names_exists(expression: str) -> None:
    """A renamed one would leave an alert silent for ever."""
    named = set(re.findall(r"\b(?:toptopics|process)_\w+", expression))
    assert named
    assert named <= exported()
    used = {label for group in re.findall(r"\bby \(([^)]*)\)", expression) for label in re.split(r",\s*", group)}
    used |= set(re.findall(r"[{,]\s*(\w+)\s*(?:=~|!=|=)", expression))
    assert used <= {label for one in TABLE for label in one.labels} | {"le", "job"}


def test_a_panel_has_a_place_of_its_own() -> None:
    """Grafana shifts panels that overlap."""
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD)["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken
        taken |= cells


# alert -> series (name and labels -> values, one a minute), and the labels of the alert that they raise
CASES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "ServiceAway": ({RUNNING: "_x240"}, {}),
    "StageDown": ({f'{RUNNING}{{stage="assign"}}': "1x200 0x40"}, {"stage": "assign"}),
    "StageRestarts": (
        {'process_start_time_seconds{job="toptopics-embed",instance="a"}': "100x220 200 300 400 500 600x20"},
        {"job": "toptopics-embed", "instance": "a"},
    ),
    "PartStuck": ({'toptopics_progress_seconds{part="embed"}': "0+60x200 12000x40"}, {"part": "embed"}),
    "StageBehind": ({'toptopics_lag_records{stage="embed",topic="tweets"}': "0x200 60000x40"}, {"stage": "embed"}),
    "DigestLate": ({"toptopics_weeks_due": "0x60 1x180"}, {}),
    "LogTooShort": ({'toptopics_digests_total{outcome="kept"}': "0x230 1x10"}, {}),
    "FeedSilent": ({'toptopics_source_last_post_seconds{source="rss"}': "-80000x240"}, {"source": "rss"}),
    "SourceDisconnected": ({'toptopics_source_connected{source="x-stream"}': "1x200 0x40"}, {"source": "x-stream"}),
    "DeadLettersRising": (
        {
            'toptopics_records_total{stage="embed"}': "0+100x240",
            'toptopics_dead_letters_total{stage="embed"}': "0x200 0+20x40",
        },
        {"stage": "embed"},
    ),
    "EndpointDead": ({'toptopics_deliveries_dead{endpoint="team"}': "0x200 1x40"}, {"endpoint": "team"}),
}
# every part works, and nothing is late
HEALTHY = {
    f'{RUNNING}{{stage="embed"}}': "1x240",
    'toptopics_lag_records{stage="view",topic="assignments"}': "5x240",
    'toptopics_progress_seconds{part="view"}': "0+60x240",
    "toptopics_weeks_due": "0x100 1x3 0x137",
    'toptopics_digests_total{outcome="published"}': "0x100 1x140",
    'toptopics_source_last_post_seconds{source="bluesky"}': "0+60x240",
    'toptopics_source_connected{source="bluesky"}': "1x100 0x5 1x135",
    'toptopics_records_total{stage="view"}': "0+100x240",
    'toptopics_dead_letters_total{stage="view"}': "0x100 1x140",
    'toptopics_deliveries_dead{endpoint="other"}': "0x240",
}


def test_every_rule_has_a_case() -> None:
    """A new alert is shown to fire."""
    rules = [rule for group in yaml.safe_load(RULES)["groups"] for rule in group["rules"]]
    assert [rule["alert"] for rule in rules] == list(CASES)
    assert all({"summary", "action"} == rule["annotations"].keys() for rule in rules)
    assert f"> {ApiLimits().max_lag}" in next(rule["expr"] for rule in rules if rule["alert"] == "StageBehind")


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is not installed")
def test_each_trouble_raises_its_alert_and_no_other(tmp_path: Path) -> None:
    """Prometheus' own evaluation; a healthy installation raises none."""
    rules = yaml.safe_load(RULES)
    severity = {rule["alert"]: rule["labels"] for group in rules["groups"] for rule in group["rules"]}
    (tmp_path / "whole.yaml").write_text(RULES)
    for group in rules["groups"]:
        for rule in group["rules"]:
            del rule["annotations"]  # their texts are not compared
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    tests = []
    for raised, (trouble, labels) in {**CASES, "": ({}, {})}.items():
        series = {**({} if raised == "ServiceAway" else HEALTHY), **trouble}
        expected = [
            {
                "eval_time": "4h",
                "alertname": alert,
                "exp_alerts": [{"exp_labels": {**severity[alert], **labels}}] if alert == raised else [],
            }
            for alert in CASES
        ]
        inputs = [{"series": name, "values": values} for name, values in series.items()]
        tests.append(
            {"name": raised or "healthy", "interval": "1m", "input_series": inputs, "alert_rule_test": expected}
        )
    (tmp_path / "tests.yaml").write_text(
        yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests})
    )
    for call in (["check", "rules", "whole.yaml"], ["test", "rules", "tests.yaml"]):
        done = subprocess.run(["promtool", *call], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_kubernetes_accepts_the_manifests(manifest: dict[str, Any]) -> None:
    """By its own schemas, unknown fields refused. KEDA's kinds are checked below."""
    if manifest["apiVersion"].startswith("keda.sh/"):
        return
    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_the_pods_run_commands_and_settings_that_exist() -> None:
    """All stages, with their ports; the variables are known."""
    stages = []
    for one in containers():
        command, *rest = one["args"]
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
        if command == "worker":
            stages += rest[1].split(",")
        port = one["ports"][0]["containerPort"]
        if command == "serve":
            assert port == load_settings().port
            continue
        name = next(part for part in (*rest, command) if part in SERVED)
        assert port == 9100 + SERVED.index(name)
        assert one["livenessProbe"]["exec"]["command"][1:] == ["-m", "streams.operations.health", str(port)]
    assert sorted(stages) == sorted(STAGE_INPUTS)
    named = {
        name
        for one in MANIFESTS
        if one["metadata"]["name"] == "toptopics"
        for name in {**one.get("data", {}), **one.get("stringData", {})}
    }
    aliases = {
        str(name) for field in Settings.model_fields.values() for name in getattr(field.validation_alias, "choices", [])
    }
    assert named
    assert named <= KNOWN | aliases | VARIABLES.keys()


def test_no_pod_runs_as_root_or_writes_to_its_image() -> None:
    """Nor may a process get more rights than it has."""
    for pod in PODS.values():
        spec = pod["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["automountServiceAccountToken"] is False
    for one in containers():
        assert one["securityContext"]["readOnlyRootFilesystem"]
        assert one["securityContext"]["allowPrivilegeEscalation"] is False
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in one["resources"]["limits"]


def test_what_selects_pods_finds_some() -> None:
    """Services, budgets and policies; the autoscaler looks at the group of the stage that it scales."""
    for one in MANIFESTS:
        spec = one.get("spec", {})
        if one["kind"] == "Service":
            wanted = spec["selector"]
        elif one["kind"] in ("PodDisruptionBudget", "NetworkPolicy"):
            wanted = (spec.get("selector") or spec["podSelector"])["matchLabels"]
        else:
            continue
        labels = [pod["spec"]["template"]["metadata"]["labels"] for pod in PODS.values()]
        assert any(wanted.items() <= there.items() for there in labels), one["metadata"]["name"]
    (scaled,) = [one for one in MANIFESTS if one["kind"] == "ScaledObject"]
    (trigger,) = scaled["spec"]["triggers"]
    assert scaled["spec"]["scaleTargetRef"]["name"] in PODS
    assert "replicas" not in PODS["embed"]["spec"]
    assert trigger["metadata"]["consumerGroup"] == group_name(load_settings(), "embed")
    assert trigger["metadata"]["topic"] == TWEETS.name
    assert scaled["spec"]["maxReplicaCount"] == TWEETS.partitions
    assert PODS["assign"]["spec"]["replicas"] == 2


@pytest.mark.parametrize("name", UNITS)
def test_systemd_starts_commands_that_exist(name: str, tmp_path: Path) -> None:
    """The path of this program stands in the units, and systemd's own check accepts them."""
    text = UNITS[name]
    found = re.search(r"^ExecStart=(\S+) (.*)$", text, re.MULTILINE)
    assert found is not None
    program, command = found[1], found[2].split()[0]
    assert Path(program).is_absolute()
    assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
    if shutil.which("systemd-analyze") is not None:
        (tmp_path / name).write_text(text.replace(program, "/bin/true"))
        done = subprocess.run(
            ["systemd-analyze", "verify", tmp_path / name], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_the_command_prints_or_writes_the_files(tmp_path: Path) -> None:
    """One to standard output, or each to a folder."""
    runner = CliRunner()
    assert runner.invoke(app, ["deploy", "prometheus"]).output == RULES
    assert json.loads(runner.invoke(app, ["deploy", "grafana"]).output)["title"] == "Top Topics"
    assert runner.invoke(app, ["deploy", "systemd", "--out", str(tmp_path)]).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(UNITS)
    assert runner.invoke(app, ["deploy", "nothing"]).exit_code == 2
