"""`pip-audit` over the lock file: the vulnerabilities that are known, or honestly that nothing could be looked up.

An index without advisories answers "not found" for every package, and pip-audit then calls that no vulnerability. So
what was really looked up is counted here, from its JSON report.
"""

import subprocess
import sys

import orjson

UNREACHABLE = ("ConnectionError", "Max retries exceeded", "ServiceError", "Name or service not known", "Timeout", "403")
ELSEWHERE = "run `make check` where the database of vulnerabilities can be reached"


def verdict(code: int, output: str, errors: str) -> tuple[int, str]:
    """(exit code, what to tell) of a run of `pip-audit --format json`: its exit code, output and standard error."""
    try:
        packages = orjson.loads(output)["dependencies"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        if code and any(sign in errors for sign in UNREACHABLE):
            return 0, f"pip-audit: NOTHING was audited, no database was reached; {ELSEWHERE}"
        return code or 1, errors.strip() or f"pip-audit gave no report, and exit code {code}"
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if len(skipped) == len(packages):
        return 0, f"pip-audit: NOTHING was audited, the index knows no advisories; {ELSEWHERE}"
    found = [
        f"{package['name']} {package['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or '-'}"
        for package in packages
        for flaw in package.get("vulns", ())
    ]
    audited = len(packages) - len(skipped)
    told = f"pip-audit: {audited} of {len(packages)} packages audited, {len(found)} vulnerabilities"
    if skipped:
        told += f"; not audited: {', '.join(skipped)}"
    return (1 if found or code else 0), "\n".join([told, *found])


def main() -> int:
    """Exit code 1 when a locked package has a known vulnerability."""
    command = [
        *(sys.executable, "-m", "pip_audit", "-r", "requirements.lock"),
        *("--disable-pip", "--progress-spinner=off", "--format=json"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        code, told = verdict(done.returncode, done.stdout, done.stderr)
    except subprocess.TimeoutExpired:
        code, told = verdict(1, "", "Timeout")
    print(told)
    return code


if __name__ == "__main__":
    sys.exit(main())
