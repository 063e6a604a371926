// A real OpenID Connect provider (oidc-provider) on loopback, with its own development pages for login and consent, for
// tests/e2e/test_login.py.
//
//     node provider.mjs PORT REDIRECT_URI...
//
// POST /spoil?how=NAME makes the next answers of its token endpoint wrong in one way (see `spoils`); how=nothing ends
// that. It prints one line when it listens, and ends with its standard input.

import Provider from 'oidc-provider';
import * as jose from 'jose';

const [port, ...redirect_uris] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

async function makeKey(kid) {
  const { privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
  return { ...(await jose.exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' };
}

const publicPart = ({ kty, n, e, kid, alg, use }) => ({ kty, n, e, kid, alg, use });
const key = await makeKey('first');
const later = await makeKey('later');
let how = 'nothing';

const sign = async (claims, jwk = key, kid = jwk.kid) =>
  new jose.SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid }).sign(await jose.importJWK(jwk, 'RS256'));

// What becomes of an ID token. All but `rotated` must be refused.
const spoils = {
  nothing: (token) => token,
  audience: (token, claims) => sign({ ...claims, aud: 'another-client' }),
  audiences: (token, claims) => sign({ ...claims, aud: ['another-client', claims.aud], azp: 'another-client' }),
  issuer: (token, claims) => sign({ ...claims, iss: 'https://id.example' }),
  expired: (token, claims) => sign({ ...claims, iat: claims.iat - 7200, exp: claims.iat - 3600 }),
  future: (token, claims) => sign({ ...claims, iat: claims.iat + 7200, exp: claims.exp + 7200 }),
  nonce: (token, claims) => sign({ ...claims, nonce: 'another-sign-in' }),
  nobody: (token, { sub, ...claims }) => sign(claims),
  'unknown key': (token, claims) => sign(claims, later),
  'wrong key': (token, claims) => sign(claims, later, key.kid),
  none: (token, claims) => new jose.UnsecuredJWT(claims).encode(),
  hmac: (token, claims) =>
    new jose.SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: key.kid })
      .sign(new TextEncoder().encode(JSON.stringify(publicPart(key)))),
  signature: (token) => {
    const at = token.lastIndexOf('.') + 10;
    return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
  },
  unsigned: (token) => token.slice(0, token.lastIndexOf('.') + 1),
  garbage: () => 'a.b.c',
  rotated: (token, claims) => sign(claims, later),    // and /jwks lists its key
};

// What becomes of the whole answer.
const failures = {
  fails: (ctx) => Object.assign(ctx, { status: 500, body: 'secret stack of the provider' }),
  'is busy': (ctx) => Object.assign(ctx, { status: 503, body: '' }),
  'is no JSON': (ctx) => Object.assign(ctx, { body: '<html>hello</html>' }),
  'has no token': (ctx) => Object.assign(ctx, { body: { access_token: 'a' } }),
  'has a number': (ctx) => Object.assign(ctx, { body: { id_token: 5 } }),
  redirects: (ctx) => ctx.redirect('http://127.0.0.1:9/elsewhere'),
  hangs: () => new Promise(() => {}),
};

const provider = new Provider(issuer, {
  clients: [{ client_id: 'grover', client_secret: 'a secret of the tests: 100% &+', redirect_uris }],
  jwks: { keys: [key] },
  cookies: { keys: ['for the tests'] },
  pkce: { required: () => true },
  scopes: ['openid', 'email', 'profile'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
  // The e-mail is in the ID token for people whose name begins with "inside", else at the userinfo endpoint only.
  conformIdTokenClaims: false,
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: (use) => ({
      sub: id,
      ...(use === 'id_token' && !id.startsWith('inside') ? {} : {
        email: `${id}@id.example`, email_verified: !id.startsWith('unproven'),
        name: id.startsWith('long') ? 'é'.repeat(5000) : `Name of ${id}`,
      }),
    }),
  }),
});

provider.use(async (ctx, next) => {
  if (ctx.method === 'POST' && ctx.path === '/spoil') {
    how = ctx.query.how;
    ctx.status = how in spoils || how in failures ? 204 : 404;
    return;
  }
  await next();
  if (ctx.path === '/jwks' && how === 'rotated') ctx.body = { keys: [...ctx.body.keys, publicPart(later)] };
  if (ctx.path !== '/token' || ctx.status !== 200) return;
  if (how in failures) await failures[how](ctx);
  else ctx.body.id_token = await spoils[how](ctx.body.id_token, jose.decodeJwt(ctx.body.id_token));
});

process.stdin.resume().on('end', () => process.exit(0));
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
