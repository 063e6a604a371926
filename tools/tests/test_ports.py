"""The ports that tests give to servers."""

import socket
import unittest

import ports


class PortsTest(unittest.TestCase):
    def test_different_and_free(self) -> None:
        given = ports.free_ports(50)
        self.assertEqual(len(set(given)), 50)
        for port in given:
            socket.create_server(("127.0.0.1", port)).close()

    def test_none_that_a_connection_could_be_given(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
            for port in (server.getsockname()[1], client.getsockname()[1]):
                self.assertGreaterEqual(port, ports.first_given_out())
        self.assertLess(max(ports.free_ports(50)), ports.first_given_out())

    def test_none_that_is_taken(self) -> None:
        taken = ports.free_ports(20)
        servers = [socket.create_server(("127.0.0.1", port)) for port in taken]
        try:
            self.assertFalse(set(taken) & set(ports.free_ports(500)))
        finally:
            for server in servers:
                server.close()
