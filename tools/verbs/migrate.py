#!/usr/bin/env python3
# Move a stopped installation's data between the embedded store and MongoDB.
#
# usage: ./grover migrate sqlite-to-mongo|mongo-to-sqlite [--mongo URL] [--data DIR]
#   --mongo URL   the MongoDB (default: $MONGO_URL, or the file that $MONGO_URL_FILE names)
#   --data DIR    where the embedded stores are (default: $DATA_DIR, or ./data)
#
# Each service's documents are copied, versions included, then both sides are read whole and compared by count and hash (but
# for what expires within minutes); the source stays as it is. Nobody may write to either meanwhile: an installation that runs
# on DIR is refused, others on the same MongoDB are not seen. An interrupted run is run again and goes on; until then no service starts on the half. A target
# that holds something else is compared and left as it is.
import argparse
import os
import re
import subprocess

import preflight
from house import Trouble, add_data_option, add_mongo_option, main_of, on_mongo, open_house, running_pid, take_mongo


def main() -> int:
    parser = argparse.ArgumentParser(prog="./grover migrate", add_help=False)
    parser.add_argument("direction", choices=["sqlite-to-mongo", "mongo-to-sqlite"])
    add_mongo_option(parser)
    add_data_option(parser)
    options = parser.parse_args()
    take_mongo(options)
    if not on_mongo():
        raise Trouble("which MongoDB? set --mongo URL, MONGO_URL or MONGO_URL_FILE")
    preflight.check_databases()

    house = open_house(options.data)
    if running_pid(house):
        raise Trouble(f"it runs on {house.data}: stop it first with {house.command('down')}")
    if not os.environ.get("GROVER_PROGRAMS"):
        subprocess.run([os.environ["GROVER"], "build", "release", "services"], check=True)
    preflight.check_programs(house)
    preflight.make_folders(house)
    documents = 0
    for service in house.services:
        done = subprocess.run([house.programs / service.program, "--copy-store", options.direction],
                              env=house.environment_of(service), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout, end="", flush=True)
        documents += sum(int(count) for count in re.findall(r"(?m): (\d+) documents,", done.stdout))
        if done.returncode != 0:
            raise Trouble(f"the data of {service.name} was not moved; the source is as it was")
    if documents == 0:
        raise Trouble("the source holds nothing: look at the URL, DB_NAME and --data")
    print(f"grover: moved, and compared: {options.direction}")
    return 0


if __name__ == "__main__":
    main_of(main)
