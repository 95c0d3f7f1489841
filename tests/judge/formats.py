#!/usr/bin/env python3
"""Reads reports with the libraries that others read them with: formats.py FOLDER. The folder holds a report of each format, named after
it. Prints, for each, how many findings its reader sees, and fails where a reader refuses one or sees markup that nobody wrote."""
import json, pathlib, sys
import xml.etree.ElementTree as xml

import junitparser
import markdown_it
import sarif_pydantic

folder = pathlib.Path(sys.argv[1])
read = lambda name: (folder / name).read_text(encoding="utf-8")


def sarif():
    log = sarif_pydantic.Sarif.model_validate_json(read("sarif"))
    run = log.runs[0]
    rules = {rule.id for rule in run.tool.driver.rules}
    assert all(result.rule_id in rules for result in run.results)
    return len(run.results)


def junit():
    suites = junitparser.JUnitXml.fromfile(str(folder / "junit"))
    cases = [case for suite in suites for case in suite]
    # A note is a case that passes.
    failed = [case for case in cases if case.result]
    assert failed and sum(suite.failures + suite.errors for suite in suites) == len(failed)
    assert sum(suite.tests for suite in suites) == len(cases)
    return len(cases)


def checkstyle():
    root = xml.fromstring(read("checkstyle"))
    assert root.tag == "checkstyle" and all(child.tag == "file" and child.get("name") for child in root)
    errors = root.findall("file/error")
    for error in errors:
        assert int(error.get("line")) > 0 and error.get("severity") in ("error", "warning", "info") and error.get("message")
    return len(errors)


def markdown():
    tokens = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).parse(read("markdown"))
    inner = [token for block in tokens for token in [block, *(block.children or [])]]
    # What GitHub shows folded is written in these two; everything else is a name out of a file.
    written = lambda token: token.content.strip().strip("</>").split(">")[0] in ("details", "summary", "br")
    strange = [token.content for token in inner if token.type.startswith("html") and not written(token)]
    assert not strange, strange
    rows = [token for token in tokens if token.type == "tr_open"]
    heads = [token for token in tokens if token.type == "thead_open"]
    return len(rows) - len(heads)


def rdjson():
    found = json.loads(read("rdjson"))
    for diagnostic in found["diagnostics"]:
        start = diagnostic["location"]["range"]["start"]
        assert diagnostic["location"]["path"] and start["line"] > 0 and start["column"] > 0
        assert diagnostic["severity"] in ("ERROR", "WARNING", "INFO") and diagnostic["message"]
    return len(found["diagnostics"])


def gitlab():
    found = json.loads(read("gitlab"))
    for entry in found:
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker") and entry["location"]["lines"]["begin"] > 0
    assert len({entry["fingerprint"] for entry in found}) == len(found)
    return len(found)


for reader in (sarif, junit, checkstyle, markdown, rdjson, gitlab):
    print(reader.__name__, reader())
