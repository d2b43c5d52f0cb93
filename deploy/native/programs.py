"""What makes up a native run: the programs, their ports and health, and the environment they get."""

import hashlib
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pymongo
from pymongo.errors import PyMongoError

from deploy.native import build
from deploy.native.ports import ROOT, state_dir


@dataclass(frozen=True)
class Program:
    """One entry of supervisord.conf. The first of its ports is the one people and services use."""

    name: str
    ports: tuple[str, ...]
    health: str = ""

    def url(self, env: Mapping[str, str]) -> str:
        if self.name == "mongo":
            return "mongodb://" + env["MONGODB_URL"].rpartition("@")[2].removeprefix("mongodb://")
        return f"http://127.0.0.1:{env[self.ports[0]]}"

    def trouble(self, env: Mapping[str, str]) -> str | None:
        """Say why it is not ready; None when it is."""
        try:
            if self.name == "mongo":
                with pymongo.MongoClient[dict[str, object]](
                    env["MONGODB_URL"], serverSelectionTimeoutMS=500
                ) as mongo:
                    mongo.admin.command("ping")
                return None
            # trust_env: a proxy for the internet must not be asked about this machine.
            answer = httpx.get(self.health.format_map(env), timeout=2, trust_env=False)
        except (httpx.HTTPError, PyMongoError) as error:
            return f"{type(error).__name__}: {error}"
        return None if answer.status_code == 200 else f"HTTP {answer.status_code}: {answer.text[:300]}"


MONGO = Program("mongo", ("MONGODB_PORT",))
JAEGER = Program(
    "jaeger",
    ("JAEGER_PORT", "JAEGER_HEALTH_PORT", "JAEGER_OTLP_PORT"),
    "http://127.0.0.1:{JAEGER_HEALTH_PORT}/status",
)
COLLECTOR = Program(
    "otel-collector",
    (
        "OTLP_HTTP_PORT",
        "OTLP_GRPC_PORT",
        "COLLECTOR_HEALTH_PORT",
        "COLLECTOR_METRICS_PORT",
        "COLLECTOR_EXPORTED_METRICS_PORT",
    ),
    "http://127.0.0.1:{COLLECTOR_HEALTH_PORT}/",
)
SERVICES = tuple(
    Program(name, (f"{name.upper()}_PORT",), f"http://127.0.0.1:{{{name.upper()}_PORT}}/readyz")
    for name in ("inventory", "payment", "order")
)
TIERS = ((MONGO, JAEGER, COLLECTOR), SERVICES)
"""Started one after the other, each once the one before is ready."""
ALL = tuple(program for tier in TIERS for program in tier)


def environment(values: Mapping[str, str]) -> dict[str, str]:
    """Return what every program runs with. Whatever is already set wins over the defaults here."""
    state = state_dir(values)
    ours = {
        "SPANSHOP_STATE": str(state),
        "SPANSHOP_SUPERVISED": str(state),  # the mark by which `down` finds what a killed supervisord left
        # Short, because a socket's path may have about 100 characters, and the same whatever TMPDIR is.
        "SPANSHOP_SOCKET": f"/tmp/spanshop-{hashlib.sha256(str(state).encode()).hexdigest()[:16]}.sock",
    }
    return {**_defaults(values, state), **{name: value for name, value in values.items() if value}, **ours}


def _defaults(values: Mapping[str, str], state: Path) -> dict[str, str]:
    here = "http://127.0.0.1"
    return {
        "MONGODB_URL": f"mongodb://127.0.0.1:{values['MONGODB_PORT']}",
        "INVENTORY_URL": f"{here}:{values['INVENTORY_PORT']}",
        "PAYMENT_URL": f"{here}:{values['PAYMENT_PORT']}",
        "JAEGER_OTLP_ENDPOINT": f"127.0.0.1:{values['JAEGER_OTLP_PORT']}",
        "JAEGER_DATA_DIR": str(state / "data" / "jaeger"),
        "COLLECTOR_QUEUE_DIR": str(state / "data" / "collector-queue"),
        "FAULTS_FILE": str(state / "faults.json"),  # `make fault` writes it; until then no fault is on
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"{here}:{values['OTLP_HTTP_PORT']}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_LOGS_EXPORTER": "none",  # the Collector has no place for logs; they are in the log files
        "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=spanshop,service.version=0.1.0"
        ",deployment.environment.name=local",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
        "OTEL_PROPAGATORS": "tracecontext,baggage",
        "OTEL_BSP_SCHEDULE_DELAY": "250",  # who has placed an order wants to see its trace now
        "OTEL_METRIC_EXPORT_INTERVAL": "5000",
        "PYTHONUNBUFFERED": "1",
    }


def commands(env: Mapping[str, str], mongo: bool) -> dict[str, str]:
    """Return the command lines supervisord.conf asks for, building what is missing."""
    build.everything(mongo)
    deploy, data = ROOT / "deploy", Path(env["SPANSHOP_STATE"]) / "data"
    # COLLECTOR_OVERLAYS="tail-sampling other" puts files beside base.yaml on top of it, in this order.
    layers = ["base", *env.get("COLLECTOR_OVERLAYS", "").split()]
    configs = [f"--config={deploy / 'otel-collector' / f'{layer}.yaml'}" for layer in layers]
    storage = deploy / "jaeger" / f"{env.get('JAEGER_STORAGE', 'badger')}.yaml"
    uvicorn = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--no-access-log"]
    java = env.get("STAND_IN_JAVA", "")
    return {
        "SPANSHOP_MONGO": shlex.join(
            build.mongo_command("127.0.0.1", env["MONGODB_PORT"], data / "mongo", java)
            if mongo
            else ["false"]
        ),
        "SPANSHOP_JAEGER": shlex.join([str(build.jaeger()), f"--config={storage}"]),
        "SPANSHOP_COLLECTOR": shlex.join([str(build.collector()), *configs]),
        # uvicorn's five seconds are too few: who sends as an idle connection is closed gets no answer.
        "SPANSHOP_UVICORN": shlex.join(
            [*uvicorn, "--timeout-keep-alive", "60", "--timeout-graceful-shutdown", "5"]
        ),
    }
