#!/usr/bin/env python3
# Stop what ./grover up --detach started.
#
# usage: ./grover down [--data DIR]
#
# The gateway stops first, then the services; requests in flight are finished. Returns once all have ended.
import argparse
import os
import signal
import time

from house import Trouble, add_data_option, main_of, open_house, running_pid

# Two rounds of the supervisor's own limit (the gateway, then the rest), and some.
LIMIT_S = 40.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="./grover down", add_help=False)
    add_data_option(parser)
    house = open_house(parser.parse_args().data)
    pid = running_pid(house)
    if not pid:
        print(f"grover: nothing runs on {house.data}")
        return 0
    os.kill(pid, signal.SIGTERM)
    ends_at = time.monotonic() + LIMIT_S
    while running_pid(house):
        if time.monotonic() > ends_at:
            raise Trouble(f"the supervisor (pid {pid}) still runs after {LIMIT_S:.0f} s; "
                          f"its log: {house.log_of('supervisor')}")
        time.sleep(0.05)
    print("grover: stopped")
    return 0


main_of(main)
