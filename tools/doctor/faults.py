"""Every fault the doctor knows, as data: docs/doctor.md's table is made from it, tests plant each one."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """`says` and `fix` are templates; `{hop}` and what else stands in them is filled in on the spot."""

    id: str
    what: str
    see: str
    says: str
    fix: str


@dataclass(frozen=True)
class Finding:
    """What one hop said. `fault` and `fix` are empty when all is well."""

    hop: str
    says: str
    fix: str = ""
    fault: str = ""

    @property
    def ok(self) -> bool:
        return not self.fault


LOGS = "`make logs NAME={hop}` says why"
PARTLY, NOTHING = "the service's spans are missing in every trace", "orders are placed, Jaeger stays empty"
FAULTS = (
    Fault("nothing-runs", "Nothing was started", "nothing answers",
          "order does not answer at {url}, nor does any other part", "`make up`"),
    Fault("program-down", "A program is down: a service, Collector, Jaeger", "`make status` is red",
          "does not answer at {url}", "`make up`; if it ends again, " + LOGS),
    Fault("program-hangs", "A program runs and does not answer", "requests time out",
          "runs and does not answer at {url}", LOGS + "; then `make down up`"),
    Fault("port-taken", "Something else has a port of ours", "`make up` fails, or strange answers come",
          "does not answer at {url}: {taken}", "stop that, or set another port in .env; then `make up`"),
    Fault("mongodb-down", "MongoDB is down", "orders get 503, no service is ready",
          "no service reaches MongoDB: {problem}", "`make up`; is it yours (MONGODB_URL), start it; " + LOGS),
    Fault("mongodb-url", "One service has a wrong `MONGODB_URL`", "one service is not ready",
          "{problem}, but it answers the other services", "set MONGODB_URL of {hop} as the others have it"),
    Fault("telemetry-not-configured", "Broken `OTEL_*` variables", "orders work, no trace; /readyz is 503",
          "{problem}", "correct {hop}'s OTEL_* variables, the log names the reason: `make logs NAME={hop}`"),
    Fault("sdk-disabled", "`OTEL_SDK_DISABLED=true`", "no `traceresponse`, no trace, no error",
          "tracing is switched off", "unset OTEL_SDK_DISABLED for {hop} and restart it"),
    Fault("exporter-not-otlp", "`OTEL_TRACES_EXPORTER` is not `otlp`", PARTLY,
          "exports its spans to {exporter!r}", "set OTEL_TRACES_EXPORTER=otlp for {hop} and restart it"),
    Fault("clock-skew", "A service's clock is wrong", "spans stand hours off, searches by time miss them",
          "its clock is {seconds:+.0f} s from this machine's",
          "synchronise the clock where {hop} runs (NTP); "
          "with Docker Desktop restart its virtual machine"),
    Fault("collector-no-traces", "The Collector has no traces pipeline with the OTLP receiver", NOTHING,
          "answers {status} to traces at {url}",
          "service.pipelines.traces.receivers must list otlp: compare with deploy/otel-collector/base.yaml"),
    Fault("sampler-zero", "A sampler at zero: `always_off`, or an argument of 0", "no trace, no error",
          "makes no spans to send: its sampler is {sampler}",
          "unset OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG for {hop}, which is 100 %, and restart it"),
    Fault("propagator-missing", "A service's `OTEL_PROPAGATORS` lacks one", "one order is several traces",
          "does not pass on {missing}", "set OTEL_PROPAGATORS=tracecontext,baggage for {hop} and restart it"),
    Fault("exporter-endpoint", "A service exports to the wrong address", PARTLY,
          "sends its spans to {endpoint}; the Collector is at {expected}",
          "set OTEL_EXPORTER_OTLP_ENDPOINT=http://{expected} for {hop} and restart it"),
    Fault("exporter-protocol", "gRPC sent to the HTTP port, or the other way round", PARTLY,
          "speaks {protocol} to {endpoint}, the Collector's port for {other}",
          "set OTEL_EXPORTER_OTLP_PROTOCOL={other} for {hop} and restart it"),
    Fault("service-out-of-reach", "order has a wrong `INVENTORY_URL` or `PAYMENT_URL`", "orders stay pending",
          "could not reach {callee} ({why})", "correct {variable} of {hop} and restart it"),
    Fault("spans-missing", "A service's spans are lost and its settings look right", PARTLY,
          "its spans are missing in the trace", "`make logs NAME={hop}` says what its exporter was answered"),
    Fault("spans-never-arrive", "No service's spans reach the Collector, for no reason seen", NOTHING,
          "the Collector got no spans", "`make logs` says what the exporters were answered"),
    Fault("collector-refuses", "The Collector is out of memory", NOTHING + ", exporters log 503",
          "refuses spans", "give it more memory: memory_limiter in base.yaml, and its container's limit"),
    Fault("collector-no-exporter", "The Collector's traces pipeline lacks the exporter to Jaeger", NOTHING,
          "has the spans, but its pipeline leads to no exporter",
          "service.pipelines.traces.exporters must list otlp_grpc: see deploy/otel-collector/base.yaml"),
    Fault("jaeger-out-of-reach", "A wrong `JAEGER_OTLP_ENDPOINT`", NOTHING + "; the Collector's queue grows",
          "has the spans and can't hand them to Jaeger, which is up",
          "correct or unset JAEGER_OTLP_ENDPOINT and restart the Collector; its queue on disk is sent then"),
    Fault("jaeger-shows-nothing", "Jaeger takes spans and does not show them", NOTHING,
          "got the spans and does not show them", LOGS + ": is its disk full, is another JAEGER_PORT ours?"),
    Fault("collector-metrics", "The Collector's own metrics can't be read", NOTHING,
          "does not say what it did with the spans: nothing answers at {url}",
          "set COLLECTOR_METRICS_PORT here as the Collector has it"),
    Fault("semconv-old", "`OTEL_SEMCONV_STABILITY_OPT_IN` overridden", "attributes as in 2021: `http.method`",
          "its spans carry old names ({names})",
          "set OTEL_SEMCONV_STABILITY_OPT_IN=http,database for {hop} and restart it"),
    Fault("order-fails", "order does not take the doctor's order", "orders get an error", "{problem}", LOGS),
    Fault("gave-up", "A hop answers so slowly that the doctor gives up", "everything is slow",
          "did not come to an end in {seconds:.0f} s",
          "has the machine memory left? `make status`, `make logs`"),
)  # fmt: skip
BY_ID = {fault.id: fault for fault in FAULTS}


def ill(fault: str, hop: str, **facts: object) -> Finding:
    """Return the finding of a fault at a hop."""
    known = BY_ID[fault]
    return Finding(hop, known.says.format(hop=hop, **facts), known.fix.format(hop=hop, **facts), fault)


def table() -> str:
    """Return the Markdown table of docs/doctor.md; what is filled in on the spot stands as {name}."""
    lines = ["| fault | what you see | diagnosis | the doctor says | fix |", "|---|---|---|---|---|"]
    for fault in FAULTS:
        says, fix = (re.sub(r"{(\w+)[^}]*}", r"{\1}", text) for text in (fault.says, fault.fix))
        lines.append(f"| {fault.what} | {fault.see} | `{fault.id}` | {says} | {fix} |")
    return "\n".join(lines)
