#!/usr/bin/env python3
# Show what the services wrote.
#
# usage: ./grover logs [-f] [-n LINES] [--data DIR] [SERVICE...]
#   SERVICE    user, post, gateway ... or supervisor (default: all)
#   -f         go on as they write; Ctrl-C ends it
#   -n LINES   how many of the last lines of each to show (default: 50)
import argparse
import os

from house import Trouble, add_data_option, main_of, open_house


def main() -> int:
    parser = argparse.ArgumentParser(prog="./grover logs", add_help=False)
    parser.add_argument("-f", dest="follow", action="store_true")
    parser.add_argument("-n", dest="lines", type=int, default=50)
    parser.add_argument("names", nargs="*")
    add_data_option(parser)
    options = parser.parse_args()
    house = open_house(options.data)
    known = [service.name for service in house.services] + ["supervisor"]
    for name in options.names:
        if name not in known:
            raise Trouble(f"there is no service '{name}'; there are {', '.join(known)}")
    logs = [str(house.log_of(name)) for name in options.names or known]
    logs = [log for log in logs if os.path.exists(log)]
    if not logs:
        raise Trouble(f"no logs under {house.data}; has it been started?")
    # -F follows the name, so a log that was cut or made anew is followed too.
    follow = ["-F"] if options.follow else []
    os.execvp("tail", ["tail", "-n", str(max(0, options.lines)), *follow, "--", *logs])


main_of(main)
