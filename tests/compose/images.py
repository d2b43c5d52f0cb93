"""The images the compose file names: pulled, else stood in for, under those names, by what runs natively.

A stand-in copies what compose relies on: paths, users, directories with their owners, shells.
"""

import hashlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from deploy.native import build
from deploy.native.cached import cache_root
from tests.e2e import prometheus

from .engine import Engine
from .shell import StageError, asked, say, shown

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
LABEL = "spanshop.stand-in"
# What Java the stand-in for MongoDB needs; a whole JRE would be four times as large.
JAVA_MODULES = "java.base,java.logging,java.management,java.naming,java.sql,java.xml,jdk.unsupported"
NOT_IN_AN_IMAGE = ["dev/*", "proc/*", "sys/*", "var/cache/*", "var/lib/apt/lists/*", "var/log/*"]
NOT_IN_AN_IMAGE += ["usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*"]


def compose_file() -> dict[str, Any]:
    """What docker-compose.yml says, with the memory it gives by default."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    for service in document["services"].values():
        service["mem_limit"] = re.sub(r"^\$\{\w+:-(\w+)\}$", r"\1", service["mem_limit"])
    return document


def base_image() -> str:
    """What the services' Dockerfiles begin with."""
    found = re.search(r"(?m)^FROM (\S+)", (ROOT / "services/order/Dockerfile").read_text())
    assert found
    return found[1]


def wanted() -> dict[str, str]:
    """Image by the name of its stand-in."""
    services = compose_file()["services"]
    images = {"jaeger": "jaeger", "collector": "otel-collector", "mongo": "mongo", "prometheus": "prometheus"}
    return {"python": base_image()} | {name: services[key]["image"] for name, key in images.items()}


def provide(engine: Engine) -> list[str]:
    """Have every image on the engine; returns the names of those that are stand-ins. Raises StageError."""
    stand_ins: list[str] = []
    registry: bool | None = None
    for number, (name, image) in enumerate(images := list(wanted().items()), 1):
        title = f"Image {number} of {len(images)}: {image}"
        label = engine.ask("image", "inspect", "--format", f'{{{{index .Config.Labels "{LABEL}"}}}}', image)
        if label is not None and not label.strip():
            say(f"{title} is there")
            continue
        if label is None or not engine.ours:
            # One question tells whether a registry answers at all; a pull alone would not say so for minutes.
            registry = registry if registry is not None else bool(engine.ask("manifest", "inspect", image))
            if registry and _pull(engine, title, image):
                continue
        _stand_in(engine, title, name, image, (label or "").strip())
        stand_ins.append(image)
    return stand_ins


def forget(engine: Engine, stand_ins: list[str]) -> None:
    """On an engine that others use, nothing may stay under a name that is not ours."""
    if stand_ins and not engine.ours:
        engine.ask("rmi", *stand_ins)


def _pull(engine: Engine, title: str, image: str) -> bool:
    try:
        shown(f"{title}, pulling", ["docker", "pull", image], seconds=1200, env=engine.environment)
    except StageError as error:
        say(str(error))
        return False
    return True


def _stand_in(engine: Engine, title: str, name: str, image: str, present: str) -> None:
    with tempfile.TemporaryDirectory(prefix="spanshop-image-") as scratch:
        context = Path(scratch)
        shutil.copytree(HERE / "images" / name, context, dirs_exist_ok=True)
        FILL[name](context)
        digest = _digest(context)
        if present == digest:
            say(f"{title}: its stand-in is there")
            return
        command = ["docker", "build", "--tag", image, "--label", f"{LABEL}={digest}"]
        command += ["--build-arg", f"base={base_image()}"] if name in ("mongo", "prometheus") else []
        env = engine.environment
        shown(f"{title}: no registry has it, building a stand-in", [*command, scratch], seconds=600, env=env)


def _digest(context: Path) -> str:
    """Of all that goes into the image."""
    digest = hashlib.sha256()
    for file in sorted(context.rglob("*")):
        digest.update(f"{file.relative_to(context)} {file.lstat().st_mode}\0".encode())
        if file.is_file():
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()[:16]


def _python(context: Path) -> None:
    shutil.copy(_debian(), context / "root.tar")
    certificates = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    shutil.copy(certificates, context / "ca-certificates.crt")
    (context / "pip.conf").write_text(_pip_settings())


def _debian() -> Path:
    """A Debian of the base image's release with its Python, packed once."""
    release = base_image().rsplit("-", 1)[-1]
    archive = cache_root() / f"compose-base-{release}.tar"
    if archive.exists():
        return archive
    if os.geteuid() or not shutil.which("debootstrap"):
        raise StageError(
            f"No registry answers for {base_image()}, and its stand-in needs root and debootstrap (Debian)."
        )
    with tempfile.TemporaryDirectory(prefix=".debian-", dir=cache_root()) as scratch:
        root, packed = Path(scratch) / "root", Path(scratch) / "root.tar"
        packages = "--include=python3,python3-venv,ca-certificates"
        command = ["debootstrap", "--variant=minbase", packages, release, str(root)]
        shown(f"Fetching a Debian {release} with Python (debootstrap)", command, seconds=900)
        left_out = [f"--exclude=./{pattern}" for pattern in NOT_IN_AN_IMAGE]
        subprocess.run(["tar", "-C", root, "--numeric-owner", *left_out, "-cf", packed, "."], check=True)
        packed.rename(archive)
    return archive


def _pip_settings() -> str:
    """What this machine's pip was told about the index: a build in a container asks the same one."""
    listed = asked([sys.executable, "-m", "pip", "config", "list"]) or ""
    keys = "index-url|extra-index-url|trusted-host|proxy|timeout|default-timeout"
    found = re.findall(rf"(?m)^(?:global|install|:env:)\.({keys})='(.*)'$", listed)
    lines = [f"{key.removeprefix('default-')} = {value}" for key, value in dict(found).items()]
    return "\n".join(["[global]", *lines, ""])


def _jaeger(context: Path) -> None:
    root = context / "root"
    for directory in ("bin", "cmd/jaeger", "tmp", "etc"):
        (root / directory).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nuser:x:10001:10001::/:/bin/sh\n")
    shutil.copy(build.jaeger(), root / "cmd/jaeger/jaeger-linux")
    shutil.copy(_busybox(), root / "bin/busybox")
    for tool in ("sh", "wget", "true", "cat", "touch", "id"):
        (root / "bin" / tool).symlink_to("busybox")


def _busybox() -> Path:
    """alpine's one binary for everything, from Debian."""
    cached = cache_root() / "compose-busybox"
    if not cached.exists():
        with tempfile.TemporaryDirectory(prefix=".busybox-", dir=cache_root()) as scratch:
            command = ["apt-get", "download", "busybox-static"]
            shown("Fetching busybox", command, seconds=120, cwd=Path(scratch))
            (package,) = Path(scratch).glob("*.deb")
            subprocess.run(["dpkg-deb", "-x", package, scratch], check=True)
            (Path(scratch) / "bin/busybox").rename(cached)
    return cached


def _collector(context: Path) -> None:
    shutil.copy(build.collector(), context / "otelcol-contrib")


def _mongo(context: Path) -> None:
    shutil.copytree(build.mongo_stand_in(), context / "stand-in")
    java = cache_root() / "compose-java"
    if not java.exists():
        with tempfile.TemporaryDirectory(prefix=".java-", dir=cache_root()) as scratch:
            command = ["jlink", "--add-modules", JAVA_MODULES, "--strip-debug", "--no-header-files"]
            command += ["--no-man-pages", "--output", f"{scratch}/java"]
            shown("Making a small Java (jlink)", command, seconds=300)
            (Path(scratch) / "java").rename(java)
    shutil.copytree(java, context / "java", symlinks=True)


def _prometheus(context: Path) -> None:
    shutil.copy(prometheus.program(), context / "prometheus")
    shutil.copy(_busybox(), context / "busybox")


FILL: dict[str, Callable[[Path], None]] = {
    "python": _python,
    "jaeger": _jaeger,
    "collector": _collector,
    "mongo": _mongo,
    "prometheus": _prometheus,
}
