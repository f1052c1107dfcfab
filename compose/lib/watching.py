"""Checks that alerts, their tests, the runbook and the dashboards fit together.

Writes the queries of the dashboards as rules to the file that it is given, so that promtool can read them.
"""

import json
import re
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent
DASHBOARDS = {"fleet", "logs", "machine", "overview", "streams", "tasks"}


def alerts():
    found = {}
    for path in sorted((HERE / "prometheus" / "rules").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            found.update({rule["alert"]: rule for rule in group["rules"] if "alert" in rule})
    return found


def tested():
    """The alerts of which a test says when they fire, and when not yet."""
    fires, rests = set(), set()
    for path in sorted((HERE / "prometheus" / "tests").glob("*.yaml")):
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test["alert_rule_test"]:
                (fires if case.get("exp_alerts") else rests).add(case["alertname"])
    return fires, rests


def check_alerts():
    known = alerts()
    fires, rests = tested()
    headings = re.findall(r"^### (\w+)$", (ROOT / "docs" / "RUNBOOK.md").read_text(), flags=re.M)
    yield from (f"no test lets {name} fire" for name in sorted(set(known) - fires))
    yield from (f"no test lets {name} rest" for name in sorted(set(known) - rests - {"Watchdog"}))
    yield from (f"the runbook lacks {name}" for name in sorted(set(known) - set(headings)))
    yield from (f"the runbook has {name}, and no rule does" for name in sorted(set(headings) - set(known)))
    for name, rule in known.items():
        if rule["annotations"].get("runbook") != f"docs/RUNBOOK.md#{name.lower()}":
            yield f"{name} does not lead to its paragraph"
        if rule["labels"].get("severity") not in {"critical", "warning", "info"}:
            yield f"{name} has no severity"
        if not rule["annotations"].get("summary"):
            yield f"{name} says nothing"


def check_links():
    """What the runbook leads to is there."""
    text = (ROOT / "docs" / "RUNBOOK.md").read_text()
    anchors = {heading.lower() for heading in re.findall(r"^### (\w+)$", text, flags=re.M)}
    yield from (f"the runbook leads to #{link}" for link in re.findall(r"\]\(#([^)]+)\)", text) if link not in anchors)
    yield from (f"there is no {path}" for path in re.findall(r"`(docs/[^`#]+\.md)`", text) if not (ROOT / path).exists())


def queries(board):
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel, target


def check_board(name, board, uids):
    if board["uid"] in uids:
        yield f"{name}: its uid is taken"
    uids.add(board["uid"])
    ids = [panel["id"] for panel in board["panels"]]
    if len(ids) != len(set(ids)):
        yield f"{name}: two panels have one id"
    if "__inputs" in board or board["editable"]:
        yield f"{name}: it is an export, or may be changed by hand"
    for panel, target in queries(board):
        if target["datasource"]["uid"] != "${datasource}":
            yield f"{name}: {panel['title']} has a source of its own"


def check_boards(rules_path):
    boards = {path.stem: json.loads(path.read_text()) for path in (HERE / "grafana" / "dashboards").glob("*.json")}
    if set(boards) != DASHBOARDS:
        yield f"there are the dashboards {sorted(boards)}"
    uids, rules = set(), []
    for name, board in sorted(boards.items()):
        yield from check_board(name, board, uids)
        of_prometheus = (t for _, t in queries(board) if t["datasource"]["type"] == "prometheus")
        rules += [{"record": f"{name}:{number}", "expr": t["expr"]} for number, t in enumerate(of_prometheus)]
    rules_path.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))


def main():
    troubles = [*check_alerts(), *check_links(), *check_boards(Path(sys.argv[1]))]
    print("\n".join(troubles))
    return int(bool(troubles))


if __name__ == "__main__":
    sys.exit(main())
