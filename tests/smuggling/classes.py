"""Requests that two readers could understand in two ways, as bytes: one entry for each class of request smuggling.

Every entry goes to the gateway with CANARY behind it: another request that must never be answered as one of its own
unless the entry is a good one. `refused` entries must be answered with one of their statuses, and nothing of them may
reach the service; `passed` entries must reach it as exactly the given (method, target, body), the canary second.
The classes follow what has been found in servers and proxies over the years (RFC 9112 section 11.2 and the public
lists of parsing differences); the bytes are ours.
"""

from dataclasses import dataclass

CANARY = b"GET /api/posts/canary HTTP/1.1\r\nHost: canary\r\n\r\n"
HOST = b"Host: example.org"
PATH = b"/api/posts/x"


@dataclass(frozen=True)
class Entry:
    name: str
    data: bytes
    statuses: tuple[int, ...] = ()                              # refused with one of these
    passed: tuple[bytes, bytes, bytes] | None = None            # or: method, target, body, as the service gets them
    canary: bool = True                                         # of a passed one: the canary is a request of its own


def message(*fields: bytes, body: bytes = b"", line: bytes = b"POST " + PATH + b" HTTP/1.1", host: bytes | None = HOST) -> bytes:
    lines = [line, *([host] if host is not None else []), *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def bad(name: str, data: bytes, *statuses: int) -> Entry:
    return Entry(name, data, statuses or (400,))


def good(name: str, data: bytes, method: bytes = b"POST", target: bytes = PATH, body: bytes = b"", canary: bool = True) -> Entry:
    return Entry(name, data, passed=(method, target, body), canary=canary)


def length(value: bytes, name: str, body: bytes = b"hello") -> Entry:
    return bad(f"Content-Length {name}", message(b"Content-Length:" + value, body=body))


def coding(value: bytes, name: str, *statuses: int) -> Entry:
    return bad(f"Transfer-Encoding {name}", message(b"Transfer-Encoding:" + value, body=b"5\r\nhello\r\n0\r\n\r\n"), *(statuses or (400, 501)))


def chunks(name: str, body: bytes) -> Entry:
    return bad(f"chunks: {name}", message(b"Transfer-Encoding: chunked", body=body))


def line(name: str, start: bytes, *statuses: int) -> Entry:
    return bad(f"request line: {name}", start + b"\r\n" + HOST + b"\r\n\r\n", *statuses)


def field(name: str, text: bytes) -> Entry:
    return bad(f"field: {name}", message(text))


CHUNKED = b"5\r\nhello\r\n0\r\n\r\n"

GOOD = [
    good("GET", message(line=b"GET " + PATH + b" HTTP/1.1"), b"GET"),
    good("a body of known length", message(b"Content-Length: 5", body=b"hello"), body=b"hello"),
    good("a body of length 0, then another request", message(b"Content-Length: 0")),
    good("GET with a body", message(b"Content-Length: 5", line=b"GET " + PATH + b" HTTP/1.1", body=b"hello"), b"GET", body=b"hello"),
    good("a chunked body", message(b"Transfer-Encoding: chunked", body=CHUNKED), body=b"hello"),
    good("a chunked body in small pieces", message(b"Transfer-Encoding: chunked", body=b"1\r\nh\r\n4\r\nello\r\n0\r\n\r\n"), body=b"hello"),
    good("CHUNKED in capitals", message(b"Transfer-Encoding: CHUNKED", body=CHUNKED), body=b"hello"),
    good("a chunk extension", message(b"Transfer-Encoding: chunked", body=b"5;name=value\r\nhello\r\n0\r\n\r\n"), body=b"hello"),
    good("a quoted chunk extension", message(b"Transfer-Encoding: chunked", body=b'5;a="b;c"\r\nhello\r\n0\r\n\r\n'), body=b"hello"),
    good("a trailer", message(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\nX-Check: 1\r\n\r\n"), body=b"hello"),
    good("an empty line before", b"\r\n" + message(b"Content-Length: 0")),
    good("blanks around a value", message(b"Content-Length:  \t5 \t", body=b"hello"), body=b"hello"),
    good("a chunk that looks like a request", message(b"Transfer-Encoding: chunked", body=b"31\r\n" + CANARY[:49].ljust(49, b" ") + b"\r\n0\r\n\r\n"),
         body=CANARY[:49].ljust(49, b" ")),
    good("a body that looks like a request", message(b"Content-Length: %d" % len(CANARY), body=CANARY), body=CANARY),
    good("absolute form", message(line=b"GET http://example.org" + PATH + b" HTTP/1.1"), b"GET"),
    good("absolute form, another Host: the target's counts", message(line=b"GET http://other.example" + PATH + b" HTTP/1.1"), b"GET"),
    good("Connection names a framing field: it stays", message(b"Content-Length: 5", b"Connection: Content-Length", body=b"hello"), body=b"hello"),
    good("Connection names Transfer-Encoding: it stays", message(b"Transfer-Encoding: chunked", b"Connection: Transfer-Encoding", body=CHUNKED), body=b"hello"),
    good("Upgrade that nobody asked for here", message(b"Upgrade: websocket2", b"Connection: Upgrade", line=b"GET " + PATH + b" HTTP/1.1"), b"GET"),
    good("h2c upgrade is not taken", message(b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", b"Connection: Upgrade, HTTP2-Settings",
                                             line=b"GET " + PATH + b" HTTP/1.1"), b"GET"),
]

LENGTHS = [
    length(b" +5", "with a plus"), length(b" -5", "negative"), length(b" -0", "minus zero"), length(b" 0x5", "in hex"), length(b" 5_0", "with an underscore"),
    length(b" 005", "that may be octal"), length(b" 010", "that may be octal, 8 or 10"), length(b" 5 5", "of two numbers"), length(b" 5x", "with a tail"),
    length(b" 5;", "with a semicolon"), length(b"", "empty"), length(b" ", "of blanks"), length(b" 5, 5", "a list of equals"), length(b" 5,6", "a list"),
    length(b" ,5", "a list that begins empty"), length(b" 5,", "a list that ends empty"), length(b" 18446744073709551616", "that overflows 64 bits"),
    length(b" 18446744073709551621", "that overflows to 5"), length(b" 99999999999999999999999999", "far too large"), length(b" 5.0", "with a fraction"),
    length(b" 5e0", "with an exponent"), length(b' "5"', "quoted"), length(b" \xb2", "in another script's digits"), length(b" \xef\xbc\x95", "in fullwidth digits"),
    length(b" five", "in letters"), length(b" 5\x00", "with NUL"), length(b" 5\x0b", "with a vertical tab"), length(b" 5\xa0", "with a no-break space"),
    bad("two lengths, the same", message(b"Content-Length: 5", b"Content-Length: 5", body=b"hello")),
    bad("two lengths, first smaller", message(b"Content-Length: 0", b"Content-Length: 5", body=b"hello")),
    bad("two lengths, last smaller", message(b"Content-Length: 5", b"Content-Length: 0", body=b"hello")),
    bad("an empty length beside a good one", message(b"Content-Length:", b"Content-Length: 5", body=b"hello")),
    bad("a length beside one in other letters", message(b"content-length: 5", b"CONTENT-LENGTH: 6", body=b"hello")),
    bad("length and chunks", message(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=CHUNKED)),
    bad("chunks and length", message(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=CHUNKED)),
    bad("length and an unknown coding", message(b"Content-Length: 5", b"Transfer-Encoding: identity", body=b"hello"), 400, 501),
    bad("length and an empty coding", message(b"Content-Length: 5", b"Transfer-Encoding:", body=b"hello"), 400, 501),
]

CODINGS = [
    coding(b" chunked, chunked", "chunked twice"), coding(b" ,chunked", "list that begins empty"), coding(b" chunked,", "list that ends empty"),
    coding(b" gzip, chunked", "of two codings"), coding(b" chunked, gzip", "with chunked not last"), coding(b" chunked, identity", "with identity last"),
    coding(b" identity", "identity"), coding(b" gzip", "gzip alone"), coding(b" xchunked", "with a prefix"), coding(b" chunkedx", "with a tail"),
    coding(b" chunked;q=1", "with a parameter"), coding(b' "chunked"', "quoted"), coding(b" 'chunked'", "in single quotes"), coding(b"", "empty"),
    coding(b" \x0bchunked", "after a vertical tab"), coding(b" chunked\x0b", "before a vertical tab"), coding(b" chunked\x00", "before NUL"),
    coding(b" chunk\xe9d", "with an 8-bit byte"), coding(b" chunked\xa0", "with a no-break space"), coding(b" cow", "unknown"),
    bad("two codings, both chunked", message(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=CHUNKED), 400, 501),
    bad("two codings, chunked first", message(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=CHUNKED), 400, 501),
    bad("two codings, chunked last", message(b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked", body=CHUNKED), 400, 501),
    bad("HTTP/1.0 with chunks", message(b"Transfer-Encoding: chunked", line=b"POST " + PATH + b" HTTP/1.0", body=CHUNKED), 400, 501),
    bad("a coding over two lines", message(b"Transfer-Encoding:\r\n chunked", body=CHUNKED)),
    bad("a coding with a folded tail", message(b"Transfer-Encoding: chunked\r\n , identity", body=CHUNKED)),
    bad("a blank before the colon of the coding", message(b"Transfer-Encoding : chunked", body=CHUNKED)),
    bad("a tab before the colon of the coding", message(b"Transfer-Encoding\t: chunked", body=CHUNKED)),
    bad("a blank before the colon of the length", message(b"Content-Length : 5", body=b"hello")),
    bad("the coding behind a lone line feed", message(b"X: y\nTransfer-Encoding: chunked", body=CHUNKED)),
    bad("the coding behind a lone carriage return", message(b"X: y\rTransfer-Encoding: chunked", body=CHUNKED)),
]

CHUNKS = [
    chunks("plus", b"+5\r\nhello\r\n0\r\n\r\n"), chunks("minus", b"-5\r\nhello\r\n0\r\n\r\n"), chunks("0x", b"0x5\r\nhello\r\n0\r\n\r\n"), chunks("underscore", b"0_5\r\nhello\r\n0\r\n\r\n"),
    chunks("blank before the size", b" 5\r\nhello\r\n0\r\n\r\n"), chunks("blank behind the size", b"5 \r\nhello\r\n0\r\n\r\n"), chunks("tab behind the size", b"5\t\r\nhello\r\n0\r\n\r\n"),
    chunks("no size", b"\r\nhello\r\n0\r\n\r\n"), chunks("an extension alone", b";a=b\r\nhello\r\n0\r\n\r\n"), chunks("a size with a tail", b"5g\r\nhello\r\n0\r\n\r\n"),
    chunks("a size with a fraction", b"5.0\r\nhello\r\n0\r\n\r\n"), chunks("a size that overflows 64 bits", b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    chunks("a size that overflows 32 bits to nothing", b"100000000000000000000\r\nhello\r\n0\r\n\r\n"), chunks("the largest size", b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    chunks("LF ends the size", b"5\nhello\r\n0\r\n\r\n"), chunks("LF ends the chunk", b"5\r\nhello\n0\r\n\r\n"), chunks("CR and another byte end the size", b"5\rXhello\r\n0\r\n\r\n"),
    chunks("two other bytes end the chunk", b"5\r\nhelloXX0\r\n\r\n"), chunks("nothing ends the chunk", b"5\r\nhello0\r\n\r\n"), chunks("CR in an extension", b"5;a=\rb\r\nhello\r\n0\r\n\r\n"),
    chunks("LF in an extension", b"5;a=\nb\r\nhello\r\n0\r\n\r\n"), chunks("NUL in an extension", b"5;a=\x00\r\nhello\r\n0\r\n\r\n"), chunks("an endless extension", b"5;" + b"a" * 40000 + b"\r\nhello\r\n0\r\n\r\n"),
    chunks("an empty line before the last chunk", b"5\r\nhello\r\n\r\n0\r\n\r\n"), chunks("more than the chunk's size", b"3\r\nhello\r\n0\r\n\r\n"), chunks("LF ends the last line", b"5\r\nhello\r\n0\r\n\n"),
    chunks("CR X ends the message", b"5\r\nhello\r\n0\r\n\rX"), chunks("Content-Length as trailer", b"5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n"),
    chunks("Transfer-Encoding as trailer", b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"), chunks("Host as trailer", b"5\r\nhello\r\n0\r\nHost: evil\r\n\r\n"),
    chunks("a trailer without a colon", b"5\r\nhello\r\n0\r\nnothing\r\n\r\n"), chunks("a trailer without a name", b"5\r\nhello\r\n0\r\n: x\r\n\r\n"),
    chunks("a folded trailer", b"5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n"), chunks("NUL in a trailer", b"5\r\nhello\r\n0\r\nA: \x00\r\n\r\n"), chunks("8-bit size", b"\xb5\r\nhello\r\n0\r\n\r\n"),
]

LINES = [
    line("two blanks", b"GET  " + PATH + b" HTTP/1.1"), line("two blanks before the version", b"GET " + PATH + b"  HTTP/1.1"), line("a tab", b"GET\t" + PATH + b" HTTP/1.1"),
    line("a leading blank", b" GET " + PATH + b" HTTP/1.1"), line("a trailing blank", b"GET " + PATH + b" HTTP/1.1 "), line("a blank in the target", b"GET /api/posts/x y HTTP/1.1"),
    line("LF as blank", b"GET\n" + PATH + b" HTTP/1.1"), line("a vertical tab as blank", b"GET\x0b" + PATH + b" HTTP/1.1"), line("no version", b"GET " + PATH), line("an empty version", b"GET " + PATH + b" "),
    line("HTTP/1", b"GET " + PATH + b" HTTP/1"), line("HTTP/1.", b"GET " + PATH + b" HTTP/1."), line("HTTP/1.32", b"GET " + PATH + b" HTTP/1.32"), line("HTTP/01.1", b"GET " + PATH + b" HTTP/01.1"),
    line("HTTP/1.1x", b"GET " + PATH + b" HTTP/1.1x"), line("HTTP/1.\xb1", b"GET " + PATH + b" HTTP/1.\xb1"), line("HTTP/-1.1", b"GET " + PATH + b" HTTP/-1.1"), line("http/1.1", b"GET " + PATH + b" http/1.1", 400, 505),
    line("HTTP/1.9", b"GET " + PATH + b" HTTP/1.9", 505), line("HTTP/0.9", b"GET " + PATH + b" HTTP/0.9", 505), line("HTTP/2.0", b"GET " + PATH + b" HTTP/2.0", 505),
    line("HTTP/4294967297.1", b"GET " + PATH + b" HTTP/4294967297.1"), line("ICY/1.1", b"GET " + PATH + b" ICY/1.1", 400, 505), line("no method", PATH + b" HTTP/1.1"),
    line("a method with a colon", b"GET: " + PATH + b" HTTP/1.1"), line("a method with a slash", b"GE/T " + PATH + b" HTTP/1.1"), line("NUL in the method", b"G\x00ET " + PATH + b" HTTP/1.1"),
    line("an 8-bit method", b"G\xc9T " + PATH + b" HTTP/1.1"), line("NUL in the target", b"GET /api/posts/\x00 HTTP/1.1"), line("8 bits in the target", b"GET /api/posts/\xff HTTP/1.1"),
    line("DEL in the target", b"GET /api/posts/\x7f HTTP/1.1"), line("a fragment", b"GET /api/posts/x#y HTTP/1.1"), line("a target without a slash", b"GET api/posts/x HTTP/1.1"),
    line("another scheme", b"GET file:///api/posts/x HTTP/1.1"), line("a URL without a host", b"GET http:///api/posts/x HTTP/1.1"), line("a URL with a user", b"GET http://a@b/api/posts/x HTTP/1.1"),
    line("an asterisk", b"GET * HTTP/1.1"), line("CONNECT", b"CONNECT example.org:443 HTTP/1.1", 400, 405, 501), line("CR at the end, no LF", b"GET " + PATH + b" HTTP/1.1\rX: y"),
    line("the HTTP/2 preface", b"PRI * HTTP/2.0", 400, 505), line("LF ends the line", b"GET " + PATH + b" HTTP/1.1\nX: y"), line("CR CR LF ends the line", b"GET " + PATH + b" HTTP/1.1\r"),
]

FIELDS = [
    field("folded", b"X: a\r\n b"), field("folded with a tab", b"X: a\r\n\tb"), field("a blank before the first", b" X: y"), field("no colon", b"nothing here"), field("no name", b": value"),
    field("a blank before the colon", b"X : y"), field("a blank in the name", b"X Y: z"), field("NUL in the name", b"X\x00: y"), field("8 bits in the name", b"X\xa0: y"), field("\\x85 in the name", b"X\x85: y"),
    field("a bracket in the name", b"X[: y"), field("a quote in the name", b'X": y'), field("NUL in the value", b"X: a\x00b"), field("CR in the value", b"X: a\rb"), field("LF in the value", b"X: a\nContent-Length: 5"),
    field("a control character in the value", b"X: a\x01b"), field("DEL in the value", b"X: a\x7fb"), field("LF CR", b"X: a\n\rY: b"), field("an empty name and value", b":"), field("only a blank", b" "),
    bad("block ended by CR LF CR X", b"POST " + PATH + b" HTTP/1.1\r\n" + HOST + b"\r\nContent-Length: 0\r\n\rX"),
    bad("block ended by LF LF", b"POST " + PATH + b" HTTP/1.1\n" + HOST + b"\nContent-Length: 0\n\n"),
    bad("block ended by LF", b"POST " + PATH + b" HTTP/1.1\r\n" + HOST + b"\r\nContent-Length: 0\r\n\n"),
    bad("a blank line with a blank", b"POST " + PATH + b" HTTP/1.1\r\n" + HOST + b"\r\n \r\nContent-Length: 5\r\n\r\nhello"),
    bad("two empty lines before", b"\r\n\r\n" + message(b"Content-Length: 0")),
    bad("a lone LF before", b"\n" + message(b"Content-Length: 0")),
    bad("no Host", message(host=None)), bad("two Hosts, the same", message(HOST)), bad("two Hosts", message(b"Host: evil")), bad("an empty Host", message(host=b"Host:")),
    bad("a Host with a path", message(host=b"Host: a/b")), bad("a Host with a user", message(host=b"Host: a@b")), bad("a Host list", message(host=b"Host: a, b")),
    bad("a Host with a blank", message(host=b"Host: a b")), bad("two Hosts and an absolute target", message(b"Host: evil", line=b"GET http://example.org/api/posts/x HTTP/1.1")),
    bad("too many fields", message(*(b"X-%d: y" % i for i in range(200))), 431), bad("a huge field", message(b"X: " + b"y" * 70000), 431),
    bad("a huge target", message(line=b"GET /api/posts/" + b"x" * 20000 + b" HTTP/1.1"), 414), bad("a TLS greeting", bytes.fromhex("16030100c8010000c40303") + bytes(32)),
]

REQUESTS = GOOD + LENGTHS + CODINGS + CHUNKS + LINES + FIELDS


@dataclass(frozen=True)
class Answer:
    """What a service answers, and what the client may get: the body, or a refusal (None: the status 502, or a connection that is cut)."""
    name: str
    data: bytes
    body: bytes | None = None


def answer(*fields: bytes, body: bytes = b"hello", line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([line, *fields]) + b"\r\n\r\n" + body


ANSWERS = [
    Answer("a length", answer(b"Content-Length: 5"), b"hello"),
    Answer("chunks", answer(b"Transfer-Encoding: chunked", body=CHUNKED), b"hello"),
    Answer("until close", answer(b"Connection: close"), b"hello"),
    Answer("an interim answer first", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(b"Content-Length: 5"), b"hello"),
    Answer("length and chunks", answer(b"Content-Length: 3", b"Transfer-Encoding: chunked", body=CHUNKED)),
    Answer("two lengths", answer(b"Content-Length: 5", b"Content-Length: 3")),
    Answer("a length list", answer(b"Content-Length: 5, 5")),
    Answer("a length with a plus", answer(b"Content-Length: +5")),
    Answer("an empty length", answer(b"Content-Length:")),
    Answer("two codings", answer(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=CHUNKED)),
    Answer("an unknown coding", answer(b"Transfer-Encoding: cow", body=CHUNKED)),
    Answer("chunks of HTTP/1.0", answer(b"Transfer-Encoding: chunked", body=CHUNKED, line=b"HTTP/1.0 200 OK")),
    Answer("a folded field", answer(b"X: a\r\n b", b"Content-Length: 5")),
    Answer("a field with LF", answer(b"X: a\nSet-Cookie: evil=1", b"Content-Length: 5")),
    Answer("a field with CR", answer(b"X: a\rSet-Cookie: evil=1", b"Content-Length: 5")),
    Answer("a field with NUL", answer(b"X: a\x00b", b"Content-Length: 5")),
    Answer("a blank before the colon", answer(b"X : a", b"Content-Length: 5")),
    Answer("no status", answer(b"Content-Length: 5", line=b"HTTP/1.1 OK")),
    Answer("a status of two digits", answer(b"Content-Length: 5", line=b"HTTP/1.1 20 OK")),
    Answer("a status of four digits", answer(b"Content-Length: 5", line=b"HTTP/1.1 2000 OK")),
    Answer("another protocol that nobody asked for", answer(b"Upgrade: x", b"Connection: Upgrade", line=b"HTTP/1.1 101 Switching")),
    Answer("HTTP/0.9", b"hello"),
    Answer("a chunk size with a tail", answer(b"Transfer-Encoding: chunked", body=b"5x\r\nhello\r\n0\r\n\r\n")),
    Answer("a chunk without its end", answer(b"Transfer-Encoding: chunked", body=b"5\r\nhelloXX0\r\n\r\n")),
    Answer("a length that is not reached", answer(b"Content-Length: 50")),
    Answer("chunks that stop", answer(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n")),
]
