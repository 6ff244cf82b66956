#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema and the reader agree about every document of good/ and bad/: agree.py WARD SCHEMA."""
import json
import pathlib
import subprocess
import sys

import jsonschema

HERE = pathlib.Path(__file__).parent


def schema_takes(validator, path):
    return validator.is_valid(json.loads(path.read_text(encoding="utf-8")))


def reader_takes(ward, path):
    run = subprocess.run([ward, "config", "check", str(path)], capture_output=True, text=True,
                         check=False)
    if run.returncode not in (0, 1):
        sys.exit(f"{path}: ward config check failed: {run.stderr}")
    said = run.stdout.splitlines()
    if run.returncode == 1 and not all(line.startswith(f"{path}:") for line in said):
        sys.exit(f"{path}: a mistake without its place: {said}")
    return run.returncode == 0


def main():
    ward, schema = sys.argv[1], json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = 0
    documents = sorted(HERE.glob("good/*.json")) + sorted(HERE.glob("bad/*.json"))
    for path in documents:
        good = path.parent.name == "good"
        blind = path.name.startswith("reader-only-")
        for who, takes, want in (("the reader", reader_takes(ward, path), good),
                                 ("the schema", schema_takes(validator, path), good or blind)):
            if takes != want:
                print(f"{path.relative_to(HERE)}: {who} {'takes' if takes else 'refuses'} it")
                wrong += 1
    print(f"{len(documents)} documents, {wrong} disagreements")
    return wrong > 0 or len(documents) < 50


if __name__ == "__main__":
    sys.exit(main())
