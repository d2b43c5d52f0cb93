"""`make test-mutations`: break the telemetry on purpose, one thing at a time; the named test must notice.

Each mutation is applied to a copy of the project. A mutation no test notices is a hole in the tests.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("services", "tests", "tools", "docs", "deploy", "pyproject.toml", ".env.example")


@dataclass(frozen=True)
class Mutation:
    """`old` becomes `new` in `file`; `test` must fail, its output matching `says`: it names the fault."""

    name: str
    file: str
    old: str
    new: str
    test: str
    says: str


TELEMETRY, FLOW, APP = (
    "services/chassis/telemetry.py",
    "services/order/process_order.py",
    "services/chassis/app.py",
)
ORDER, CONTRACT, PROPAGATION, SET_UP = (
    f"tests/trace/test_{name}.py::test_" for name in ("order_trace", "contract", "propagation", "set_up")
)
CONFIRMED = ORDER + "confirmed_order_is_one_connected_trace_through_all_services"
STOPPED = SET_UP + "stopped_service_sends_its_last_spans_and_metrics"
HTTPX = "    HTTPXClientInstrumentor().instrument()\n"
PYMONGO = "    PymongoInstrumentor().instrument(request_hook=_name_operation, failed_hook=_hide_error_text)\n"
LIFE = "    try:\n        yield client[name]\n"

MUTATIONS = [
    Mutation("the httpx instrumentor is removed", TELEMETRY, HTTPX, "", CONFIRMED, "NOT YET"),
    Mutation(
        "the context is not injected",
        TELEMETRY,
        HTTPX,
        HTTPX + "    from opentelemetry import propagate\n"
        "    from opentelemetry.baggage.propagation import W3CBaggagePropagator\n"
        "    propagate.set_global_textmap(W3CBaggagePropagator())\n",
        CONFIRMED,
        "NOT YET",
    ),
    Mutation(
        "MongoDB is instrumented after its client was made",
        "services/chassis/mongo.py",
        LIFE,
        "    from . import telemetry\n    telemetry.instrument_mongodb_too_late()\n" + LIFE,
        CONFIRMED,
        "NOT YET",
    ),
    Mutation(
        "a step is started and not made current",
        FLOW,
        'with tracer.start_as_current_span("processPayment", record_exception=False):',
        'with __import__("contextlib").closing(tracer.start_span("processPayment")) as span:\n'
        "            span.close = span.end",
        CONFIRMED,
        "NOT YET",
    ),
    Mutation(
        "the order's id stands in a span's name",
        FLOW,
        '"processOrder", record_exception',
        'f"processOrder {order.id}", record_exception',
        CONTRACT + "every_span_is_listed_with_its_kind_service_and_parent",
        "processOrder [0-9a-f-]{36}",
    ),
    Mutation(
        "releaseInventory stands outside processOrder",
        FLOW,
        '"releaseInventory", record_exception',
        '"releaseInventory", trace.set_span_in_context(trace.INVALID_SPAN), record_exception',
        ORDER + "declined_order_gives_the_goods_back_inside_process_order",
        r"NOT YET",
    ),
    Mutation(
        "nothing is flushed on SIGTERM", APP, "telemetry.shut_down()", "pass", STOPPED, "assert .* <= set"
    ),
    Mutation(
        "an attribute is renamed",
        FLOW,
        "shop.order.status",
        "shop.order.state",
        CONFIRMED,
        "shop.order.status",
    ),
    Mutation(
        "an attribute is added and not listed",
        FLOW,
        '{"shop.order.id": order.id,',
        '{"shop.order.customer": order.customer_id, "shop.order.id": order.id,',
        CONTRACT + "every_attribute_is_listed_with_its_type",
        "shop.order.customer",
    ),
    Mutation(
        "baggage comes in without the allow-list",
        APP,
        'keep_allowed(scope["headers"], edge=self.edge)',
        'scope["headers"]',
        PROPAGATION + "a_client_can_not_claim_a_tier",
        "gold",
    ),
    Mutation(
        "baggage is copied without the allow-list",
        "services/chassis/baggage.py",
        "key in allowed and allowed[key][0].fullmatch(str(value))",
        "True",
        PROPAGATION + "baggage_that_is_not_allowed_is_dropped_at_the_edge",
        "shop.seat|baggage",
    ),
    Mutation(
        "the sampler ignores a parent's decision",
        TELEMETRY,
        "    try:\n        if not isinstance",
        '    os.environ["OTEL_TRACES_SAMPLER"] = "always_on"\n    try:\n        if not isinstance',
        PROPAGATION + "a_clients_decision_not_to_sample_is_honoured_everywhere",
        "is_sampled",
    ),
    Mutation(
        "the semantic conventions' opt-in is missing",
        TELEMETRY,
        '    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")',
        "    pass",
        CONTRACT + "every_attribute_is_listed_with_its_type",
        "http.method|db.system|net.peer",
    ),
    Mutation(
        "FastAPI's inner spans are back",
        APP,
        '"operation_spans": False',
        '"operation_spans": True',
        CONFIRMED,
        "fastapi.endpoint",
    ),
    Mutation(
        "the distro is not used",
        TELEMETRY,
        "            OpenTelemetryDistro().configure()  # defaults for OTEL_*\n",
        "",
        STOPPED,
        "assert .* <= set",
    ),
    Mutation(
        "health checks are traced",
        APP,
        "in HEALTH_PATHS",
        "in ()",
        PROPAGATION + "health_leaves_no_trace",
        "traceresponse",
    ),
    Mutation(
        "answers do not say their trace",
        APP,
        "TraceResponse(super().build_middleware_stack())",
        "super().build_middleware_stack()",
        PROPAGATION + "every_answer_says_its_trace",
        "traceresponse",
    ),
    Mutation(
        "MongoDB's error text is left on the span",
        TELEMETRY,
        ", failed_hook=_hide_error_text",
        "",
        "tests/trace/test_privacy.py::test_mongodbs_error_text_stays_off_the_span",
        "alice@example.com",
    ),
    Mutation(
        "queries are left on the span",
        "services/chassis/baggage.py",
        '"url.query" in span.attributes',
        "False",
        CONTRACT + "queries_and_unknown_paths_stay_out_of_the_spans",
        "zyzzyva",
    ),
    Mutation(
        "polling is traced",
        "services/chassis/background.py",
        "with untraced():\n                    await work()",
        "await work()",
        SET_UP + "idle_service_leaves_no_spans",
        "inventory.find|inventory.update",
    ),
    Mutation(
        "the business refusal paints processOrder red",
        FLOW,
        "        return order.rejected(refusal)\n\n    return",
        "        trace.get_current_span().set_status(trace.StatusCode.ERROR)\n"
        "        return order.rejected(refusal)\n\n    return",
        ORDER + "out_of_stock_order_marks_the_step_and_not_process_order",
        "processOrder  order internal !",
    ),
]
TOO_LATE = f"\n\ndef instrument_mongodb_too_late() -> None:\n{PYMONGO}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test-mutations", description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutations whose name has one of these words")
    words = parser.parse_args().words
    chosen = [m for m in MUTATIONS if not words or any(word in m.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="spanshop-mutations-") as directory:
        copy = Path(directory)
        tests = sorted({mutation.test for mutation in chosen})
        print(f"First all {len(tests)} tests on the code as it is: they must pass.", flush=True)
        _copy(copy)
        code, output = _pytest(copy, tests)
        if code != 0:
            print(output[-3000:])
            return 1
        missed = [mutation.name for mutation in chosen if not _is_noticed(mutation, copy)]
    print(f"{len(chosen) - len(missed)} passed, {len(missed)} failed")
    return 1 if missed else 0


def _is_noticed(mutation: Mutation, copy: Path) -> bool:
    started = time.monotonic()
    _copy(copy)
    _apply(mutation, copy)
    code, output = _pytest(copy, [mutation.test])
    noticed = code == 1 and re.search(mutation.says, output) is not None
    test = mutation.test.rpartition("::")[2]
    verdict = "noticed by" if noticed else f"NOT NOTICED (pytest ended {code}) by"
    print(f"{mutation.name}: {verdict} {test}  {time.monotonic() - started:.0f} s", flush=True)
    if not noticed:
        print(output[-2000:])
    return noticed


def _copy(copy: Path) -> None:
    for name in COPIED:
        source, target = ROOT / name, copy / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def _apply(mutation: Mutation, copy: Path) -> None:
    file = copy / mutation.file
    text = file.read_text()
    if text.count(mutation.old) != 1:
        raise SystemExit(
            f"{mutation.name}: its place in {mutation.file} is gone; bring tests/mutations.py up to date"
        )
    file.write_text(text.replace(mutation.old, mutation.new))
    if mutation.file.endswith("mongo.py"):
        telemetry = copy / TELEMETRY
        telemetry.write_text(telemetry.read_text().replace(PYMONGO, "") + TOO_LATE)


def _pytest(copy: Path, tests: list[str]) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main())
