// The origin of http-cache-tests, on loopback alone.
import http from 'node:http'

const { listen } = http.Server.prototype
http.Server.prototype.listen = function (port) { return listen.call(this, port, '127.0.0.1') }
await import('http-cache-tests/server/server.mjs')
