"""What is checked before anything starts, so that what would fail later is one line now."""

import errno
import os
import secrets
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

from certificate import self_signed
from house import House, Service, Trouble, on_mongo, variable

FREE_BYTES_MIN = 64 << 20
CERTIFICATE_DAYS = 365


def check_place(house: House) -> None:
    """Throws Trouble. Makes the folders of the house and its internal key."""
    listeners = list(house.services)
    if house.tls_port:
        listeners.append(replace(house.front, name=f"{house.front.name}_tls", port=house.tls_port))
    check_apart(listeners)
    make_folders(house)
    for listener in listeners:
        check_port(listener)
    if house.tls_port:
        make_certificate(house)


def check_databases() -> None:
    """Throws Trouble. Each service has a database of its own; in files their folders keep them apart."""
    if on_mongo() and os.environ.get("DB_NAME"):
        raise Trouble("DB_NAME is for one service: all would share that database; unset it")


def check_programs(house: House) -> None:
    for service in house.services:
        if not os.access(house.programs / service.program, os.X_OK):
            raise Trouble(f"{house.programs / service.program} is not there; ./grover build release makes it")


def make_folders(house: House) -> None:
    try:
        house.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (house.run, house.key.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        house.log_of("supervisor").parent.mkdir(exist_ok=True)
        for service in house.services:
            (house.data / service.name).mkdir(exist_ok=True)
        if os.statvfs(house.data).f_bavail * os.statvfs(house.data).f_frsize < FREE_BYTES_MIN:
            raise Trouble(f"the disk under {house.data} is full: less than {FREE_BYTES_MIN >> 20} MiB are free")
        make_key(house.key)
    except OSError as error:
        what = "the disk is full" if error.errno == errno.ENOSPC else (error.strerror or str(error)).lower()
        raise Trouble(f"cannot write to the data folder {house.data}: {what}") from None


def make_key(path: Path) -> None:
    """The secret that signs identities between the services: made once, readable by this user alone."""
    if path.exists() and path.stat().st_size > 0:
        return
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(descriptor)
    part.rename(path)


def make_certificate(house: House) -> None:
    """For localhost, signed by itself: made once, and again when it ends within a day."""
    if is_current(house.certificate) and house.certificate_key.exists():
        return
    house.certificate.parent.mkdir(mode=0o700, exist_ok=True)
    parts = [house.certificate.with_suffix(".part"), house.certificate_key.with_suffix(".part")]
    try:
        self_signed(*parts, days=CERTIFICATE_DAYS)
    except FileNotFoundError:
        raise Trouble("openssl is not installed, which makes the certificate for --tls") from None
    except subprocess.CalledProcessError as failure:
        raise Trouble(f"no certificate could be made: {(failure.stderr.strip().splitlines() or ['openssl failed'])[-1]}") from None
    parts[1].rename(house.certificate_key)
    parts[0].rename(house.certificate)


def is_current(certificate: Path) -> bool:
    if not certificate.exists():
        return False
    asked = subprocess.run(["openssl", "x509", "-noout", "-checkend", "86400", "-in", str(certificate)],
                           stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return asked.returncode == 0


def check_apart(listeners: list[Service]) -> None:
    """Our own would share a port and never know, each answering a part of what comes."""
    by_port: dict[int, Service] = {}
    for listener in listeners:
        other = by_port.setdefault(listener.port, listener)
        if other is not listener:
            raise Trouble(f"{setting_of(other)} and {setting_of(listener)} are both {listener.port}; "
                          "set one of them to another port")


def setting_of(listener: Service) -> str:
    return f"{variable(listener.name)}_PORT"


def check_port(service: Service) -> None:
    """Binds as a stranger would, without SO_REUSEPORT: two services would otherwise share a port and never know."""
    family = socket.AF_INET6 if ":" in service.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((service.host, service.port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Trouble(f"port {service.port} for {service.name} is taken{by_whom(service.port)}; "
                              f"stop that, or set {setting_of(service)}") from None
            raise Trouble(f"cannot listen on {service.host} port {service.port} for {service.name}: "
                          f"{(error.strerror or str(error)).lower()}") from None


def by_whom(port: int) -> str:
    """" by NAME (pid N)" of the listener, as far as this user may see; empty otherwise."""
    inodes = set()
    for listing in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            for line in Path(listing).read_text(encoding="ascii").splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and int(words[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{words[9]}]")
        except OSError:
            continue
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(descriptor) in inodes for descriptor in (process / "fd").iterdir()):
                return f" by {(process / 'comm').read_text(encoding='utf-8').strip()} (pid {process.name})"
        except OSError:
            continue
    return ""
