// A WebSocket service that sends every message back as it came. Paths with "deflate" compress. Says its port, and ends when its
// standard input does.
//
// Messages that are orders: "close 1001 why" closes, "drop" ends the connection without a word.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const MAX_PAYLOAD = 2 << 20;
const PROTOCOL = 'grover.v1';

const server = createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ upgrade: request.headers.upgrade ?? null }));
});
const handleProtocols = (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false);
const options = { noServer: true, maxPayload: MAX_PAYLOAD, handleProtocols };
const plain = new WebSocketServer({ ...options, perMessageDeflate: false });
const deflating = new WebSocketServer({ ...options, perMessageDeflate: { threshold: 0 } });

function serve(socket) {
  socket.on('error', () => {});
  socket.on('message', (data, binary) => {
    const [order, code, why] = binary ? [] : data.toString().split(' ');
    if (order === 'close') socket.close(Number(code), why);
    else if (order === 'drop') socket.terminate();
    else socket.send(data, { binary });
  });
}

server.on('upgrade', (request, socket, head) => {
  const acceptor = request.url.includes('deflate') ? deflating : plain;
  acceptor.handleUpgrade(request, socket, head, serve);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit(0));
