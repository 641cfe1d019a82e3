"""`toptopics doctor`: checks of the installation, each with a fix."""

from typing import TYPE_CHECKING, Annotated

import typer

from models.text.terminal import printable
from streams.cli.common import fail, run, settings_or_exit, with_addresses

if TYPE_CHECKING:
    from streams.operations.checks import Finding


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check the installation and print a fix for each problem.

    The checks: variables, data folder, disk, orphans, encoder, broker, topics, lag, retention, dead letters, Redis and
    clock. Exit code 1: a check failed. A note is not a failure.

    Examples:

    * `toptopics doctor`
    * `KAFKA_BOOTSTRAP_SERVERS=broker:9092 REDIS_URL=redis://cache toptopics doctor --json`
    """
    from streams.clock import system_clock
    from streams.local.errors import LocalServiceError
    from streams.operations.doctor import diagnose_machine, diagnose_services, not_started

    settings = settings_or_exit()
    tell = _keep_silent if as_json else _print
    findings = run(diagnose_machine(settings, tell))
    try:
        with with_addresses(settings) as connected:
            findings += run(diagnose_services(connected, system_clock, tell))
    except LocalServiceError as error:
        findings.append(not_started(error))
        tell(findings[-1])
    if as_json:
        import json
        from dataclasses import asdict

        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    failing = sum(not finding.ok for finding in findings)
    if failing:
        fail(f"{failing} of {len(findings)} checks failed", 1)


def _keep_silent(_: "Finding") -> None:
    """JSON is printed at the end."""


def _print(finding: "Finding") -> None:
    """One line as soon as it is known, and one with what to do."""
    mark = "FAIL" if not finding.ok else "note" if finding.fix else "ok"
    typer.echo(printable(f"{mark:<4}  {finding.name:<16} {finding.detail}"))
    if finding.fix:
        typer.echo(printable(f"{'':6}{'':16} fix: {finding.fix}"))
