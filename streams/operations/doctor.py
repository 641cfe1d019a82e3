"""Diagnoses an installation: a list of checks, each with its finding and, when it fails, with what to do.

A check that another failed check makes impossible (lag without a broker) is left out.
"""

import asyncio
import os
from collections.abc import Callable, Sequence

from streams.clock import Clock
from streams.operations.checks import Check, Finding, examine
from streams.operations.machine_checks import machine_checks, variables
from streams.operations.service_checks import (
    broker_check,
    clock_check,
    kafka_checks,
    redis_check,
    topics_check,
    view_check,
)
from streams.settings import Settings

Tell = Callable[[Finding], None]


def _quiet(_: Finding) -> None:
    """Report nothing before the end."""


async def diagnose_machine(settings: Settings, tell: Tell = _quiet) -> list[Finding]:
    """The checks that need neither Kafka nor Redis. The first failed one is the first to repair.

    Args:
        settings: of the installation.
        tell: gets each finding as soon as it is known.
    """
    findings = [variables(os.environ)]
    tell(findings[0])
    for check in machine_checks(settings):
        findings.append(await examine(check))
        tell(findings[-1])
    return findings


async def diagnose_services(settings: Settings, clock: Clock, tell: Tell = _quiet) -> list[Finding]:
    """The checks of Kafka and Redis at the addresses in `settings`.

    Args:
        settings: with the addresses.
        clock: the time now.
        tell: gets each finding as soon as it is known.
    """
    findings: list[Finding] = []

    async def found(checks: Sequence[Check]) -> list[Finding]:
        """All of them at the same time."""
        new = await asyncio.gather(*(examine(check) for check in checks))
        for finding in new:
            tell(finding)
        findings.extend(new)
        return new

    broker, redis = await found([broker_check(settings), redis_check(settings)])
    if broker.ok:
        topics, _ = await found([topics_check(settings), clock_check(settings, clock)])
        if topics.ok and not topics.fix:
            await found(kafka_checks(settings))
        if redis.ok:
            await found([view_check(settings)])
    return findings


def not_started(error: Exception) -> Finding:
    """The finding for local Kafka and Redis that did not start because of `error`."""
    why = str(error).splitlines()[0]
    return Finding("local services", False, why, "repair that, or set KAFKA_BOOTSTRAP_SERVERS and REDIS_URL to others")
