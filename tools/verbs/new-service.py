#!/usr/bin/env python3
# Make a new service from the template, ready to build and to change.
#
# usage: ./grover new-service NAME [--port N]
#   NAME       lower-case letters and digits, a noun in the singular: media, payment, notification
#   --port N   where it listens (default: the next free one after those that are taken or kept for media, payment, notification)
#
# Copies tools/template/sample to services/NAME, adds the service to tools/services.json, and to the gateway's configuration
# with the route /api/NAMEs/**; the build finds it by its place. In the template, `sample` stands for the name, `Sample` for it in PascalCase, 8099 for the port;
# also in file names.
import argparse
import json
import keyword
import os
import re
import shutil
import subprocess

from house import Trouble, main_of, root

KEPT = {"media": 8003, "payment": 8004, "notification": 8005}    # whose ports the API's contract names
NAME = re.compile(r"[a-z][a-z0-9]{1,30}")
# Folders of the house and words of C++ that would not compile as a namespace.
TAKEN = {"base", "reflect", "telemetry", "net", "http", "store", "resilience", "events", "auth", "service", "testing",
         "contracts", "grover", "sample", "std", "class", "struct", "namespace", "template", "default", "public",
         "private", "protected", "new", "delete", "operator", "switch", "case", "using", "union", "enum", "export",
         "import", "module", "int", "bool", "char", "long", "short", "float", "double", "void", "auto", "this", "alignas",
         "alignof", "asm", "bitand", "bitor", "catch", "compl", "concept", "const", "consteval", "constexpr", "constinit",
         "decltype", "do", "explicit", "extern", "false", "friend", "goto", "inline", "mutable", "noexcept", "nullptr",
         "register", "requires", "signed", "sizeof", "static", "throw", "true", "typedef", "typeid", "typename",
         "unsigned", "virtual", "volatile", "xor", "main", "errno", "unix", "linux"}


def substitute(text: str, name: str, port: int) -> str:
    return text.replace("8099", str(port)).replace("Sample", name.capitalize()).replace("sample", name)


def with_route(text: str, name: str, port: int) -> str:
    """gateway.yaml with an instance of the service and a route to what the template answers, first in their sections."""
    instances = f"instances: [http://127.0.0.1:{port}]"
    text, there = re.subn(rf"(?m)^(  {name}:\n    )instances: \[\]$", rf"\g<1>{instances}", text)
    if not there:
        text = re.sub(r"(?m)^services:\n", f"services:\n  {name}:\n    {instances}\n", text, count=1)
    if f"path: /api/{name}s/**" not in text:
        text = re.sub(r"(?m)^routes:\n", f"routes:\n  - {{path: /api/{name}s/**, service: {name}}}\n", text, count=1)
    return text


def main() -> int:
    parser = argparse.ArgumentParser(prog="./grover new-service", add_help=False)
    parser.add_argument("name")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    name = options.name
    if not NAME.fullmatch(name):
        raise Trouble(f"'{name}' is no name for a service: 2 to 31 lower-case letters and digits, a letter first")
    if name in TAKEN or keyword.iskeyword(name):
        raise Trouble(f"'{name}' means something else here already")
    folder, template = root() / "services" / name, root() / "tools" / "template" / "sample"
    if folder.exists():
        raise Trouble(f"services/{name} is there already")
    listing = root() / "tools" / "services.json"
    services = json.loads(listing.read_text(encoding="utf-8"))
    taken = [service["port"] for service in services]
    port = options.port or KEPT.get(name) or max([*taken, *KEPT.values()]) + 1
    if not 1024 <= port <= 65535 or port in taken:
        raise Trouble(f"port {port} is taken by another service, or is none (1024 to 65535)")

    part = folder.with_name(f".{name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for source in sorted(path for path in template.rglob("*") if path.is_file()):
        target = part / substitute(source.relative_to(template).as_posix(), name, port)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(substitute(source.read_text(encoding="utf-8"), name, port), encoding="utf-8")
    part.rename(folder)
    # A longer or shorter name breaks lines elsewhere.
    made = [str(path) for path in sorted(folder.rglob("*.[ch]pp"))]
    subprocess.run([os.environ["GROVER"], "fmt", *made], check=True)

    services.insert(-1, {"name": name, "program": f"grover-{name}-service", "port": port})
    lines = ",\n".join("  " + json.dumps(service) for service in services)
    listing.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    gateway = root() / "services" / "gateway" / "gateway.yaml"
    gateway.write_text(with_route(gateway.read_text(encoding="utf-8"), name, port), encoding="utf-8")
    print(f"grover: services/{name} is made, port {port}, behind the gateway at /api/{name}s;\n"
          f"start with services/{name}/routes.cpp, then\n"
          f"  ./grover openapi    # builds, and writes its API document and the gateway's table of access\n"
          f"  ./grover test unit openapi levels")
    return 0


main_of(main)
