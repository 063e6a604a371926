"""Starts the services, keeps them running, stops them: the body of `./grover up`.

    supervisor.py check [OPTION...]    only what can be told before building: bad options, running already
    supervisor.py up [OPTION...]

One process, one thread: a task per service waits for its end and starts it again after a pause (keeper.py). Services
run in sessions of their own, so a Ctrl-C in the terminal reaches the supervisor alone, which stops them in order;
should the supervisor itself be killed, the kernel sends them SIGTERM (setpriv --pdeathsig), so none is left behind.
"""

import argparse
import asyncio
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import preflight
from house import House, Trouble, add_data_option, add_mongo_option, main_of, on_mongo, open_house, running_pid, table, take_mongo
from keeper import Keeper

START_LIMIT_S = 60.0
LOG_BYTES_MAX = 64 << 20    # then the log moves to NAME.log.1, over the one before
LOG_CHECK_S = 10.0
ALREADY_RUNNING = 3         # what `check` exits with
READY_MARK = "\0"

TLS_HINT = """
  With TLS and HTTP/2: {address} (curl --cacert {certificate} {address}/health)
"""

FIRST_REQUEST = """
  Try it:
    curl -sS {front}/api/auth/register -H 'Content-Type: application/json' \\
      -d '{{"email":"ada@example.com","password":"correct horse battery","name":"Ada"}}'
"""


class Supervisor:
    def __init__(self, house: House) -> None:
        self.house = house
        self.keepers: list[Keeper] = []
        self.stop_asked = asyncio.Event()
        self.quiet = False    # once detached: the log alone hears of it

    def said(self, text: str) -> None:
        line = f"{datetime.now(timezone.utc).isoformat(timespec='milliseconds')} {text}\n"
        try:
            with self.house.log_of("supervisor").open("a", encoding="utf-8") as log:
                log.write(line)
        except OSError:
            pass    # a full disk must not stop the one that restarts what it broke
        if not self.quiet:
            print(f"grover: {text}", flush=True)

    def changed(self) -> None:
        part = self.house.state.with_suffix(".part")
        record = {"pid": os.getpid(), "services": [keeper.record() for keeper in self.keepers]}
        try:
            part.write_text(json.dumps(record, indent=1), encoding="utf-8")
            part.rename(self.house.state)
        except OSError as error:
            self.said(f"cannot write {self.house.state}: {error.strerror}")

    def on_signal(self) -> None:
        if self.stop_asked.is_set():
            self.said("asked to stop twice, so what still runs is killed")
            for keeper in self.keepers:
                keeper.kill()
        self.stop_asked.set()

    async def run(self, on_ready) -> None:
        """Returns once all is stopped. Throws Trouble, with nothing left running, when it never got ready."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.on_signal)
        self.keepers = [Keeper(self.house, service, self.said) for service in self.house.services]
        tasks = []
        try:
            await self.start()
            self.changed()
            on_ready()
            stop = loop.create_task(self.stop_asked.wait())
            tasks = [loop.create_task(keeper.keep(self.changed)) for keeper in self.keepers]
            tasks += [loop.create_task(self.cut_logs()), stop]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stop}:
                task.result()    # none of them ends but by a fault of its own, which is thrown here
            self.said("stopping")
        finally:
            for keeper in self.keepers:
                keeper.stopping = True
            # What clients talk to stops first, so that its requests in flight still find the others.
            for front in (True, False):
                await asyncio.gather(*(keeper.stop() for keeper in self.keepers if keeper.service.front == front))
            for task in tasks:
                task.cancel()
            self.house.state.unlink(missing_ok=True)
        self.said("stopped")

    async def start(self) -> None:
        """Returns once all are ready."""
        for keeper in self.keepers:
            try:
                keeper.start()
            except OSError as error:
                raise Trouble(f"{keeper.service.name} cannot be started: {error}") from None
        stop = asyncio.ensure_future(self.stop_asked.wait())
        waits = {asyncio.ensure_future(keeper.wait_ready()): keeper for keeper in self.keepers}
        pending = set(waits)
        ends_at = time.monotonic() + START_LIMIT_S
        try:
            while pending:
                done, _ = await asyncio.wait(pending | {stop}, timeout=ends_at - time.monotonic(),
                                             return_when=asyncio.FIRST_COMPLETED)
                if stop in done:
                    raise Trouble("stopped before all were ready")
                if not done:
                    names = sorted(waits[wait].service.name for wait in pending)
                    raise Trouble(f"{', '.join(names)} not ready after {START_LIMIT_S:.0f} s; its log: {self.house.log_of(names[0])}")
                for wait in done:
                    if not wait.result():
                        raise Trouble(waits[wait].failure())
                pending -= done
        finally:
            for wait in (stop, *pending):
                wait.cancel()

    async def cut_logs(self) -> None:
        while True:
            await asyncio.sleep(LOG_CHECK_S)
            for name in ["supervisor", *(keeper.service.name for keeper in self.keepers)]:
                try:
                    cut_log(self.house.log_of(name), LOG_BYTES_MAX)
                except OSError as error:
                    self.said(f"cannot cut the log of {name}: {error.strerror}")


def cut_log(log: Path, bytes_max: int) -> None:
    """Copied, then emptied: the service goes on writing to the same file, at its new end."""
    if log.stat().st_size > bytes_max:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


def overview(house: House, last_line: str) -> str:
    rows = [["service", "address", "docs", "log"]]
    for service in sorted(house.services, key=lambda service: service.port):
        rows.append([service.name, service.address, f"{service.address}/docs", str(house.log_of(service.name))])
    secure = TLS_HINT.format(address=house.tls_address, certificate=house.certificate) if house.tls_port else ""
    stored = "\n  The data of user and post is on MongoDB.\n" if on_mongo() else ""
    return f"\n{table(rows)}\n{secure}{stored}{FIRST_REQUEST.format(front=house.front.address)}\n  {last_line}"


def already_running(house: House, pid: int) -> str:
    return (f"grover: it runs already on {house.data} (supervisor pid {pid}); "
            f"see {house.command('status')}, or stop it with {house.command('down')}")


def supervise(house: House, on_ready=None) -> int:
    """Runs the house under its lock until it is told to stop."""
    with house.lock.open("ab") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Trouble(f"another ./grover up is starting on {house.data} just now") from None

        async def whole_life() -> None:
            supervisor = Supervisor(house)

            def ready() -> None:
                supervisor.said("ready")
                if on_ready:
                    on_ready()
                    supervisor.quiet = True
                else:
                    print(overview(house, "Ctrl-C stops everything."), flush=True)

            await supervisor.run(ready)

        asyncio.run(whole_life())
    return 0


def detach(house: House) -> int:
    """Leaves the supervisor behind in a session of its own and returns when it is ready, or has failed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.close(reader)
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        for descriptor in (1, 2):
            os.dup2(writer, descriptor)
        os.close(writer)

        def let_go() -> None:
            print(overview(house, f"{house.command('down')} stops it; {house.command('status')} and {house.command('logs')} tell how it is.") +
                  "\n" + READY_MARK, end="", flush=True)
            with house.log_of("supervisor").open("ab") as log:
                for descriptor in (1, 2):
                    os.dup2(log.fileno(), descriptor)

        main_of(lambda: supervise(house, let_go))

    os.close(writer)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os.kill(child, signal.SIGTERM))
    with os.fdopen(reader, encoding="utf-8") as pipe:
        text = pipe.read()
    if text.endswith(READY_MARK):
        print(text.removesuffix(READY_MARK), end="")
        return 0
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(text, end="", file=sys.stderr if status else sys.stdout)
    return status


def main() -> int:
    parser = argparse.ArgumentParser(prog="./grover up", add_help=False, usage="./grover up [--detach] [--data DIR] "
                                     "[--port-base N] [--tls] [--mongo URL]")
    parser.add_argument("step", choices=["check", "up"])
    parser.add_argument("--detach", action="store_true")
    parser.add_argument("--port-base", type=int)
    parser.add_argument("--tls", action="store_true")
    add_mongo_option(parser)
    add_data_option(parser)
    options = parser.parse_args()

    take_mongo(options)
    house = open_house(options.data, options.port_base, options.tls)
    pid = running_pid(house)
    if pid:
        print(already_running(house, pid))
        return ALREADY_RUNNING if options.step == "check" else 0
    preflight.check_databases()
    if options.step == "check":
        preflight.check_place(house)
        return 0
    preflight.check_programs(house)
    preflight.check_place(house)
    return detach(house) if options.detach else supervise(house)


if __name__ == "__main__":
    main_of(main)
