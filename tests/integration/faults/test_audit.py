"""`make check` never reports an audit as passed that checked no package."""

import json

import pytest

from tests.audit import verdict

CLEAN = {"name": "wheel", "version": "1.0", "vulns": []}
SKIPPED = {"name": "torch", "skip_reason": "Dependency not found on PyPI and could not be audited: torch (2.0)"}
FLAWED = {"name": "lamp", "version": "3", "vulns": [{"id": "CVE-1", "fix_versions": ["4"]}]}


def _report(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize(
    ("code", "output", "errors", "expected", "told"),
    [
        (0, _report(SKIPPED, SKIPPED), "No known vulnerabilities found", 0, "NOTHING was audited"),
        (0, _report(), "", 0, "NOTHING was audited"),
        (1, "", "requests.exceptions.ConnectionError: no route", 0, "NOTHING was audited"),
        (0, _report(CLEAN, SKIPPED), "", 0, "1 of 2 packages audited, 0 vulnerabilities; not audited: torch"),
        (1, _report(CLEAN, FLAWED), "Found 1 known vulnerability", 1, "lamp 3: CVE-1, mended in 4"),
        (2, "", "no such file: requirements.lock", 2, "no such file"),
        (0, "nonsense", "", 1, "no report"),
    ],
)
def test_what_an_audit_says(code: int, output: str, errors: str, expected: int, told: str) -> None:
    """A pass needs a package that was checked; a vulnerability and a broken run fail."""
    given, shown = verdict(code, output, errors)
    assert given == expected
    assert told in shown
    assert ("NOTHING" in shown) == ("NOTHING" in told)
