// The client of `ws` as a second opinion: runs its cases at ws://.../echo and ws://.../deflate below the URL it is given, and says
// what came of each, a line of JSON per case.
import { createHash } from 'node:crypto';
import { WebSocket } from 'ws';

const SIZES = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20];
const [base] = process.argv.slice(2);

const digest = (data) => createHash('sha256').update(data).digest('hex').slice(0, 16);

function text(size) {
  return 'grover '.repeat(Math.ceil(size / 7)).slice(0, size);
}
function bytes(size) {
  return Buffer.alloc(size, 'a\u00e4\u20ac');
}

/// Resolves to what was heard until the connection was closed.
function converse(path, talk, options) {
  return new Promise((resolve) => {
    const heard = [];
    const socket = new WebSocket(base + path, options.protocols ?? [], { ...options, rejectUnauthorized: false, handshakeTimeout: 20_000 });
    socket.on('open', () => talk(socket));
    socket.on('message', (data, binary) => {
      heard.push([binary ? 'binary' : 'text', data.length, digest(data)]);
      if (heard.length === options.messages) socket.close(1000, 'enough');
    });
    socket.on('ping', (data) => heard.push(['ping', data.toString()]));
    socket.on('pong', (data) => {
      heard.push(['pong', data.toString()]);
      if (heard.length === options.messages) socket.close(1000, 'enough');
    });
    socket.on('unexpected-response', (_, answer) => resolve({ status: answer.statusCode }));
    socket.on('error', (error) => heard.push(['error', error.code ?? error.message]));
    socket.on('close', (code, why) =>
      resolve({ protocol: socket.protocol, extensions: socket.extensions, heard, code, why: why.toString() }));
  });
}

const cases = [];
for (const perMessageDeflate of [false, true]) {
  const path = perMessageDeflate ? 'deflate' : 'echo';
  for (const size of SIZES)
    for (const make of [text, bytes])
      cases.push([`${path}: ${make.name} of ${size}`, path, (s) => s.send(make(size)), { perMessageDeflate, messages: 1 }]);
  cases.push([`${path}: in three fragments`, path, (s) => {
    s.send('one ', { fin: false });
    s.send('two ', { fin: false });
    s.ping('between');
    s.send('three', { fin: true });
  }, { perMessageDeflate, messages: 2 }]);
  cases.push([`${path}: a hundred messages`, path, (s) => {
    for (let i = 0; i < 100; ++i) s.send(text(i * 37));
  }, { perMessageDeflate, messages: 100 }]);
}
for (const code of [1000, 1001, 1011, 3000, 4999])
  cases.push([`the service closes with ${code}`, 'echo', (s) => s.send(`close ${code} why`), {}]);
cases.push(['the service is gone', 'echo', (s) => s.send('drop'), {}]);
cases.push(['a sub-protocol', 'echo', (s) => s.close(1000), { protocols: ['other', 'grover.v1'] }]);

for (const [name, path, talk, options] of cases) console.log(JSON.stringify({ name, ...(await converse(path, talk, options)) }));
