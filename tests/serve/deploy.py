#!/usr/bin/env python3
"""What is in deploy/ can be read by those for whom it is, and asks for no more than it says."""

import json
import shutil
import subprocess
import sys
import tempfile
import pathlib

from common import ROOT, Skip, releases, require, run_tests

DEPLOY = ROOT / "deploy"
RIGHTS = {"runAsUser": 0, "runAsGroup": 0, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
          "capabilities": {"drop": ["ALL"], "add": ["SYS_PTRACE"]}, "seccompProfile": {"type": "RuntimeDefault"}}


def check_container(pod):
    """The container of nodemem: its rights, and that its command line is one that nodemem takes."""
    container = next(one for one in pod["containers"] if one["name"] == "nodemem")
    require(container["securityContext"] == RIGHTS, container["securityContext"])
    require(all(mount["readOnly"] for mount in container["volumeMounts"]), container["volumeMounts"])
    for word in container["args"]:
        if word.startswith("--"):
            text = subprocess.run([releases.nodemem(), "serve", "--help"], capture_output=True, text=True,
                                  check=True).stdout
            require(f"{word} " in text, f"no option {word}")
    require("--token-file" in container["args"], "no token")
    probes = [container[name]["httpGet"]["path"] for name in ("readinessProbe", "livenessProbe") if name in container]
    require(set(probes) == {"/healthz"}, probes)


def manifests():
    """The manifests for Kubernetes are well-formed, and have the rights that docs/kubernetes.md tells."""
    try:
        import yaml
    except ImportError as why:
        raise Skip("no python3-yaml") from why
    daemon = yaml.safe_load((DEPLOY / "kubernetes" / "daemonset.yaml").read_text())
    pod = daemon["spec"]["template"]["spec"]
    require(daemon["kind"] == "DaemonSet" and pod["hostPID"] is True, "hostPID")
    require(not pod.get("hostNetwork") and pod["automountServiceAccountToken"] is False, pod)
    require([volume["hostPath"]["path"] for volume in pod["volumes"] if "hostPath" in volume] == ["/sys/fs/cgroup"],
            pod["volumes"])
    check_container(pod)
    pod = yaml.safe_load((DEPLOY / "kubernetes" / "sidecar.yaml").read_text())["spec"]
    require(pod["shareProcessNamespace"] is True and not pod.get("hostPID"), pod)
    require(not any("hostPath" in volume for volume in pod["volumes"]), pod["volumes"])
    check_container(pod)


def unit():
    """systemd understands the unit, and finds it safe."""
    program = shutil.which("systemd-analyze")
    if not program:
        raise Skip("no systemd-analyze")
    text = (DEPLOY / "systemd" / "nodemem.service").read_text()
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder, "nodemem.service")
        # The program need not be installed, nor its man page.
        place.write_text(text.replace("/usr/local/bin/nodemem", releases.nodemem()).replace("Documentation=", "#"))
        done = subprocess.run([program, "verify", place], capture_output=True, text=True, check=False)
        require(done.returncode == 0 and "nodemem.service" not in done.stderr, done.stderr)
        done = subprocess.run([program, "security", "--offline=yes", "--threshold=30", place], capture_output=True,
                              text=True, check=False)
        require(done.returncode == 0, done.stdout[-300:] + done.stderr)


def dashboard():
    """The dashboard is JSON, each panel with queries and a place of its own."""
    document = json.loads((DEPLOY / "grafana" / "nodemem.json").read_text())
    cells = set()
    for panel in document["panels"]:
        require(panel["targets"] and panel["description"].endswith("."), panel["title"])
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                require((x, y) not in cells and x < 24, f"{panel['title']} lies on another")
                cells.add((x, y))
    require(len({panel["id"] for panel in document["panels"]}) == len(document["panels"]), "two of one id")


if __name__ == "__main__":
    sys.exit(run_tests([manifests, unit, dashboard]))
