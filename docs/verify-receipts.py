#!/usr/bin/env python3
"""Verifies receipts of checks without any of Team6's own code, as docs/checks.md describes them.

    team6 checks verify 12 --save receipts.json
    python3 docs/verify-receipts.py receipts.json
"""

import hashlib
import json
import sys


def text(value):
    return json.dumps(value, ensure_ascii=False)


def whole(value):
    if type(value) is not int:
        raise ValueError(f"{value!r} is no whole number")
    return str(value)


def run_lines(name, run):
    end = dict(run["end"])
    how = end.pop("ended")
    said = {
        "exited": lambda: ("exited", whole(end.pop("status"))),
        "stopped": lambda: ("stopped", text(end.pop("how"))),
        "timed_out": lambda: ("timed out", "-"),
        "could_not_run": lambda: ("could not run", text(end.pop("why"))),
    }[how]()
    if end:
        raise ValueError(f"nobody knows {end}")
    known(run, "commit tree end log log_bytes began ended", "beside")
    beside = run.get("beside", {})
    for checkout in beside.values():
        known(checkout, "commit tree")
    return [
        (f"{name} commit", run["commit"]),
        (f"{name} tree", run["tree"] or "-"),
        *((f"{name} beside", f"{at} {one['commit']} {one['tree'] or '-'}") for at, one in sorted(beside.items())),
        (f"{name} {said[0]}", said[1]),
        (f"{name} log", run["log"]),
        (f"{name} log bytes", whole(run["log_bytes"])),
        (f"{name} began", whole(run["began"])),
        (f"{name} ended", whole(run["ended"])),
    ]


def known(value, names, also=""):
    if set(value) - set(also.split()) != set(names.split()):
        raise ValueError(f"the fields are {sorted(value)}")
    if not all(value[name] for name in also.split() if name in value):
        raise ValueError("what is empty is left out")


def canonical(receipt):
    known(receipt, "number previous sprint task delivery repository check outcome run base hash")
    check = receipt["check"]
    known(check, "name command seconds", "together")
    lines = [
        ("number", whole(receipt["number"])),
        ("previous", receipt["previous"]),
        ("sprint", whole(receipt["sprint"])),
        ("task", whole(receipt["task"])),
        ("delivery", whole(receipt["delivery"])),
        ("repository", receipt["repository"]),
        ("check", check["name"]),
        ("command", text(check["command"])),
        ("seconds", whole(check["seconds"])),
        *([("together", " ".join(check["together"]))] if "together" in check else []),
        ("outcome", receipt["outcome"]),
    ]
    lines += run_lines("run", receipt["run"])
    if receipt["base"] is not None:
        lines += run_lines("base", receipt["base"])
    return "team6 receipt 1\n" + "".join(f"{name}: {value}\n" for name, value in lines)


def outcome(receipt):
    ends = [run["end"] if run else None for run in (receipt["run"], receipt["base"])]
    if ends[0] == {"ended": "exited", "status": 0}:
        return "passed"
    if ends[0]["ended"] == "timed_out":
        return "timed_out"
    if ends[1] is None or "could_not_run" in (ends[0]["ended"], ends[1]["ended"]):
        return "could_not_run"
    return "broke" if ends[1] == {"ended": "exited", "status": 0} else "red_before"


def sha256(value):
    return hashlib.sha256(value.encode("utf-8")).hexdigest()


def verify(exported):
    """The number of receipts; raises an error that says what is wrong."""
    export = json.loads(exported)
    known(export, "receipts logs")
    # Not a byte may differ, not even one that says the same in another way.
    if json.dumps(export, ensure_ascii=False, separators=(",", ":")) != exported:
        raise ValueError("the file is not as it was exported")
    logs, used, previous = export["logs"], set(), "0" * 64
    for place, receipt in enumerate(export["receipts"], 1):
        if sha256(canonical(receipt)) != receipt["hash"]:
            raise ValueError(f"receipt {place} was changed")
        if receipt["previous"] != previous or receipt["number"] != place:
            raise ValueError(f"receipt {place} does not follow the one before it")
        if receipt["outcome"] != outcome(receipt):
            raise ValueError(f"the outcome of receipt {place} does not follow from its runs")
        for run in filter(None, (receipt["run"], receipt["base"])):
            used.add(run["log"])
            log = logs[run["log"]] if run["log_bytes"] else ""
            if sha256(log) != run["log"] or len(log.encode("utf-8")) != run["log_bytes"]:
                raise ValueError(f"the log of receipt {place} was changed")
        previous = receipt["hash"]
    if set(logs) - used:
        raise ValueError("there are logs that no receipt speaks of")
    return len(export["receipts"])


if __name__ == "__main__":
    try:
        with open(sys.argv[1], encoding="utf-8", newline="") as file:
            count = verify(file.read())
    except (IndexError, OSError) as error:
        sys.exit(f"give the file that `team6 checks verify TASK --save FILE` wrote: {error}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        sys.exit(f"not verified: {error}")
    print(f"verified {count} receipts")
