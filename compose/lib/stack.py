"""Checks what no schema can: that settings are known, that containers are bounded and hardened, that references lead somewhere.

With --gateway-flags it prints the gateway's flags instead, one a line.
"""

import re
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent
FILES = ("compose.yaml", "production.yaml", "observability.yaml")
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(:[-?])?([^}]*)\}")

# Whoever writes into its own folders at the start, with the reason beside it in the file.
WRITES_ITS_ROOT = {"kafka", "schema-registry"}
ENDS_BY_ITSELF = {"migrate"}
# Who may reach the world.
MAY_LEAVE = {"traefik", "api-backend", "worker-ams", "grafana", "webhooks", "alertmanager", "atalaya"}
# Who is not ours to tell by a version of its own.
OPTIONAL_EMPTY = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "WEBHOOK_SECRETS"}


def read(name):
    return yaml.safe_load((HERE / name).read_text())


def variables(text):
    """Every variable by name, and whether the stack refuses to start without it."""
    found = {}
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    for name, kind, _ in VARIABLE.findall(text):
        found[name] = found.get(name, False) or kind == ":?"
    return found


def check_variables():
    used, required = set(), set()
    for name in FILES:
        for variable, is_required in variables((HERE / name).read_text()).items():
            used.add(variable)
            if is_required:
                required.add(variable)
    example = (HERE / ".env.example").read_text()
    to_fill = set(re.findall(r"^([A-Z_]+)=$", example, flags=re.M))
    optional = dict(re.findall(r"^#([A-Z_]+)=(.*)$", example, flags=re.M))
    yield from (f".env.example lacks {name}" for name in sorted(used - to_fill - set(optional)))
    yield from (f"nothing uses {name} of .env.example" for name in sorted((to_fill | set(optional)) - used))
    yield from (f"{name} may be missing, and .env.example asks for it" for name in sorted(to_fill - required))
    yield from (f"{name} is named when it is missing, and .env.example says it may be" for name in sorted(required - to_fill))
    yield from check_defaults(optional)


def check_defaults(optional):
    """What .env.example says a variable is without it, the full stack says too."""
    for name in FILES[1:]:
        for variable, kind, default in VARIABLE.findall((HERE / name).read_text()):
            told = optional.get(variable)
            if kind == ":-" and told is not None and told != default and "DOMAIN" not in told:
                yield f"{variable} is {default!r} without it, not {told!r}"


def check_kubernetes(known):
    """Settings are known there too, and each role of the stack has its pods."""
    documents = [one for name in ("settings", "roles") for one in yaml.safe_load_all((HERE / "kubernetes" / f"{name}.yaml").read_text())]
    for one in documents:
        for setting in {**one.get("data", {}), **one.get("stringData", {})}:
            if f"`{setting}`" not in known:
                yield f"kubernetes: the pages on settings do not know {setting}"
    pods = {tuple(one["spec"]["template"]["spec"]["containers"][0]["args"]) for one in documents if one["kind"] == "Deployment"}
    roles = {tuple(service["command"]) for service in read("production.yaml")["services"].values() if "--roles" in service.get("command", [])}
    yield from (f"kubernetes and the stack do not agree on {' '.join(role)}" for role in sorted(pods ^ roles))


def check_settings():
    """The program knows every setting that the files give it."""
    pages = [ROOT / "docs" / "OPERATIONS.md", ROOT / "docs" / "PRODUCTION.md", HERE / "README.md"]
    known = "".join(page.read_text() for page in pages)
    yield from check_kubernetes(known)
    for file in FILES[:2]:
        for name, service in read(file)["services"].items():
            if "/app/atalaya" not in str(service.get("healthcheck")) and name not in ENDS_BY_ITSELF:
                continue
            for setting in service["environment"]:
                if f"`{setting}`" not in known:
                    yield f"{file}: {name}: the pages on settings do not know {setting}"


def check_service(name, service):
    healthcheck = service.get("healthcheck", {})
    if name in ENDS_BY_ITSELF:
        if service["restart"] != "no" or not healthcheck.get("disable"):
            yield "it ends by itself"
    elif "test" not in healthcheck or service["restart"] != "unless-stopped":
        yield "no health check, or no restart"
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    if not {"cpus", "memory"} <= set(limits):
        yield "no limits"
    if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get("security_opt", []):
        yield "it keeps capabilities, or may gain privileges"
    if not service.get("read_only") and name not in WRITES_ITS_ROOT:
        yield "its root can be written to"
    if not service.get("logging", {}).get("options", {}).get("max-size"):
        yield "its log grows without bound"
    if not re.search(r":\$\{[A-Z_]+:", service["image"]):
        yield f"the version in {service['image']} cannot be set"
    if "docker.sock" in str(service.get("volumes")):
        yield "it can reach the engine"


def check_references(services, networks, volumes, name, service):
    for other in service.get("depends_on", {}):
        if other not in services:
            yield f"it waits for {other}, which is not there"
    for network in service.get("networks", []):
        if network not in networks:
            yield f"there is no network {network}"
        elif not (networks[network] or {}).get("internal") and name not in MAY_LEAVE:
            yield f"it has a way out by {network}"
    for mounted in service.get("volumes", []):
        source = mounted.split(":")[0]
        if source.startswith("."):
            if not (HERE / source).exists():
                yield f"there is no {source}"
        elif not source.startswith("/") and source not in volumes:
            yield f"there is no volume {source}"


def check_stacks():
    for files in ((FILES[0],), FILES[1:]):
        stacks = [read(name) for name in files]
        merged = {part: {} for part in ("services", "networks", "volumes")}
        for stack in stacks:
            for part, found in merged.items():
                found.update(stack.get(part, {}))
        for name, service in merged["services"].items():
            for trouble in check_service(name, service):
                yield f"{name}: {trouble}"
            for trouble in check_references(*merged.values(), name, service):
                yield f"{name}: {trouble}"


def check_targets():
    """Prometheus asks every role, under the name and port that it has."""
    services = read("production.yaml")["services"]
    roles = {name for name, service in services.items() if "--roles" in service.get("command", [])}
    jobs = read("prometheus/prometheus.yaml")["scrape_configs"]
    asked = {}
    for found in next(job for job in jobs if job["job_name"] == "atalaya")["dns_sd_configs"]:
        asked.update(dict.fromkeys(found["names"], found["port"]))
    for name in sorted(roles ^ set(asked)):
        yield f"Prometheus and the stack do not agree on {name}"
    for name in roles & set(asked):
        port = int(services[name]["environment"].get("SERVER_PORT", 3000))
        if port != asked[name]:
            yield f"{name} listens on {port}, and is asked on {asked[name]}"


def main():
    if sys.argv[1:] == ["--gateway-flags"]:
        print("\n".join(read("production.yaml")["services"]["traefik"]["command"]))
        return 0
    troubles = [*check_variables(), *check_settings(), *check_stacks(), *check_targets()]
    print("\n".join(troubles))
    return int(bool(troubles))


if __name__ == "__main__":
    sys.exit(main())
