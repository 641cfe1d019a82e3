"""`toptopics deploy`: files for the tools that run and watch the program elsewhere."""

import shutil
import sys
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

EXECUTABLE = "@toptopics@"  # in the units of systemd: the path of this program


class Target(StrEnum):
    """What a file is for."""

    GRAFANA = "grafana"
    PROMETHEUS = "prometheus"
    KUBERNETES = "kubernetes"
    SYSTEMD = "systemd"


FILES = {
    Target.GRAFANA: "grafana.json",
    Target.PROMETHEUS: "prometheus-rules.yaml",
    Target.KUBERNETES: "kubernetes.yaml",
    Target.SYSTEMD: "systemd",
}


def texts_of(target: Target) -> dict[str, str]:
    """file name -> its text."""
    found = files("streams.operations").joinpath("deploy", FILES[target])
    if found.is_file():
        return {found.name: found.read_text("utf-8")}
    program = shutil.which("toptopics") or str(Path(sys.argv[0]).resolve())
    units = {unit.name: unit.read_text("utf-8").replace(EXECUTABLE, program) for unit in found.iterdir()}
    return dict(sorted(units.items()))


def deploy(
    target: Annotated[Target, typer.Argument(help="What the file is for.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write the files to.", file_okay=False)] = None,
) -> None:
    """Print a dashboard for Grafana, alert rules for Prometheus, manifests for Kubernetes, or units for systemd.

    Examples:

    * `toptopics deploy grafana > dashboard.json`
    * `toptopics deploy kubernetes > toptopics.yaml`
    * `toptopics deploy systemd --out /etc/systemd/system`
    """
    texts = texts_of(target)
    if out is None:
        many = len(texts) > 1
        typer.echo("\n".join(f"# {name}\n{text}" if many else text for name, text in texts.items()), nl=many)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (out / name).write_text(text, "utf-8")
        typer.echo(str(out / name))
