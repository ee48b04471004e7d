#!/usr/bin/env python3
"""Measures how many executions `hunt --bug SLUG` needs for each historic bug, for docs/trophies.json.

usage: ci/trophies.py [--bin PATH] [--runs N] [--seeds 1,2,3] [--missing] [SLUG...]

Without SLUG, every historic bug with an expected finding. --missing: only seeds that are not in the file yet. The file
is written after every hunt. A change of --runs begins a new file. Then `BLESS=1 cargo test --test trophies`.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

STORE = Path(__file__).resolve().parent.parent / "docs" / "trophies.json"


def last_json(command):
    """The JSON value a command prints as its last line. 0 and 1 (a finding) are its good exits."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    if done.returncode not in (0, 1, 3):
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def soft_kinds(binary):
    """What only counts where `--checks` names it."""
    checks = last_json([binary, "list", "checks", "--format", "json"])
    return {f"{c['name']}/{k['name']}" for c in checks for k in c["kinds"] if k["class"] == "soft"}


def hunt(binary, bug, others, seed, runs, soft):
    """The execution that shows the bug, the only one in the newest kernel that has it, or None."""
    with tempfile.TemporaryDirectory() as out:
        kernel = (bug["kernels"] or bug["applies"])[-1]
        command = [binary, "hunt", "--kernel", kernel, "--bug", bug["slug"], "--runs", str(runs)]
        for other in others[kernel]:
            if other != bug["slug"]:
                command += ["--fix", other]
        if bug["expect"]["predictive"] in soft:
            command += ["--checks", bug["expect"]["predictive"]]
        summary = last_json(command + ["--seed", str(seed), "--out", out, "--format", "json"])
    first = [f["first_exec"] for f in summary["findings"]]
    return min(first, default=None)


def save(store):
    """Whole or not at all."""
    beside = STORE.with_suffix(".json.new")
    beside.write_text(json.dumps(store, indent=1, sort_keys=True) + "\n")
    os.replace(beside, STORE)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="target/release/foliofuzz")
    parser.add_argument("--runs", type=int, default=2_000_000)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("slugs", nargs="*")
    args = parser.parse_args()
    store = json.loads(STORE.read_text()) if STORE.exists() else {}
    if store.get("runs") != args.runs:
        store = {"runs": args.runs, "bugs": {}}
    bugs = last_json([args.bin, "list", "bugs", "--format", "json"])
    bugs = [b for b in bugs if b["category"] == "historic" and b["expect"]["predictive"] and not b["brings"]]
    others = {k["name"]: k["bugs"] for k in last_json([args.bin, "list", "kernels", "--format", "json"])}
    soft = soft_kinds(args.bin)
    unknown = set(args.slugs) - {b["slug"] for b in bugs}
    if unknown:
        sys.exit(f"no historic bug {', '.join(sorted(unknown))}: expected slugs of `list bugs`")
    for bug in bugs:
        if args.slugs and bug["slug"] not in args.slugs:
            continue
        for seed in args.seeds.split(","):
            found = store["bugs"].setdefault(bug["slug"], {})
            if args.missing and seed in found:
                continue
            found[seed] = hunt(args.bin, bug, others, seed, args.runs, soft)
            save(store)
            print(bug["slug"], "seed", seed, "found" if found[seed] else "not found", found[seed] or "", flush=True)


if __name__ == "__main__":
    main()
