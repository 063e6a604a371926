"""Whether a MongoDB server answers, asked of sockets that do and do not."""

import socket
import struct
import threading
import unittest
from unittest import mock

import mongo_server


class Answers(unittest.TestCase):
    def setUp(self):
        self.server = mongo_server.MongoServer.__new__(mongo_server.MongoServer)    # which starts nothing
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server.port = self.listener.getsockname()[1]
        self.addCleanup(self.listener.close)

    def asked(self, answer: bytes | None) -> tuple[bool, bytes]:
        """What answers() says of a server that sends `answer` and hangs up, and what it was sent."""
        got = []

        def serve():
            connection, _ = self.listener.accept()
            with connection:
                got.append(connection.recv(4096))
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        said = self.server.answers()
        thread.join()
        return said, got[0]

    def test_one_that_answers(self):
        said, message = self.asked(b"\x10\0\0\0" + bytes(12))
        self.assertTrue(said)
        length, _, _, operation, _, kind, document = struct.unpack_from("<iiiiIbi", message)
        self.assertEqual((length, operation, kind, document), (len(message), 2013, 0, len(message) - 21))
        self.assertIn(b"hello\0", message)

    def test_one_that_hangs_up(self):
        self.assertFalse(self.asked(b"")[0])

    def test_one_that_breaks_off(self):
        self.assertFalse(self.asked(b"\x10\0")[0])

    def test_one_that_is_silent(self):
        with mock.patch.object(mongo_server, "ANSWER_S", 0.05):
            self.assertFalse(self.server.answers())    # taken by the kernel, and by nobody else

    def test_none(self):
        self.listener.close()
        self.assertFalse(self.server.answers())
