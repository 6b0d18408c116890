"""A second look at the few tests that failed in a whole run: alone, and more than once.

Tests with brokers, browsers and kills share two cores with two other processes of tests, on machines that stand still
for seconds. What fails there only now and then is named here, loudly, and has to pass `TIMES` times in a row by itself;
a test that fails again fails the run, as do more than `MOST` at once. Tests of pure code have a run of their own before
(Makefile), which nothing looks at twice.
Kafka's build does likewise (maxTestRetries, maxTestRetryFailures).
"""

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

FAILED = Path(".pytest_cache/v/cache/lastfailed")
"""Where pytest notes what failed."""
SOME_FAILED = 1
"""pytest's exit code for a run that went to its end, with failures."""
MOST = 3
TIMES = 2


def final(code: int, failed: Collection[str]) -> str:
    """Why a run that ended with `code`, in which these tests failed, stays failed; empty when they are tried again."""
    if code != SOME_FAILED:
        return f"pytest ended with {code}: the run did not come to its end"
    if not failed:
        return "no test failed, but the run did"
    if len(failed) > MOST:
        return f"{len(failed)} tests failed: too many for chance"
    if unread := [test for test in failed if "::" not in test]:
        return f"{unread[0]} cannot be loaded"
    return ""


def noted() -> list[str]:
    """The tests that failed in the last run in this folder."""
    try:
        return sorted(json.loads(FAILED.read_text()))
    except FileNotFoundError:
        return []


def look_again(code: int) -> int:
    """The exit code of the run after a second look at what failed in it."""
    failed = noted()
    if why := final(code, failed):
        print(f"not tried again: {why}", flush=True)
        return code
    names = "\n  ".join(failed)
    for turn in range(1, TIMES + 1):
        print(f"\nfailed in the whole run, tried alone ({turn} of {TIMES}):\n  {names}", flush=True)
        done = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *failed], check=False)
        if done.returncode:
            print(f"failed again:\n  {names}", flush=True)
            return done.returncode
    print(f"\nFLAKY: failed in the whole run, passed alone {TIMES} times. Find out why:\n  {names}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(look_again(int(sys.argv[1])))
