// A school app on npm's openid-client 6: signs in by code with PKCE, then uses everything else that the provider offers.
// Told by the environment: PORT, ISSUER, CLIENT_ID, CLIENT_SECRET. What came of it is the JSON of /callback.
// /start is the code flow, /start-par the same with a pushed request, /start-dpop with tokens bound to a key; /start-hybrid and /start-implicit get their answer by form post.
import { createServer } from 'node:http'
import * as client from 'openid-client'

const { PORT, ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env
const base = `http://localhost:${PORT}`
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, client.ClientSecretBasic(CLIENT_SECRET), {
  execute: [client.allowInsecureRequests], // the loopback address has no TLS; every other check stays on
})
let expected
let dpop // set: tokens are bound to a key of ours

async function begin(build = client.buildAuthorizationUrl) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  expected = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce(), idTokenExpected: true }
  return build(config, {
    redirect_uri: `${base}/callback`,
    scope: 'openid profile school',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expected.expectedState,
    nonce: expected.expectedNonce,
    acr_values: 'urn:yima:acr:2',
  })
}

const credentials = [CLIENT_ID, CLIENT_SECRET, client.ClientSecretBasic(CLIENT_SECRET)]
const variant = async (use) => {
  const other = await client.discovery(new URL(ISSUER), ...credentials, { execute: [client.allowInsecureRequests] })
  use(other)
  return other
}
const hybrid = await variant(client.useCodeIdTokenResponseType)
const implicit = await variant(client.useIdTokenResponseType)
let posted

async function beginByFormPost(kind) {
  const url = await begin()
  posted = { kind, ...expected }
  url.searchParams.set('response_type', kind === hybrid ? 'code id_token' : 'id_token')
  url.searchParams.set('response_mode', 'form_post')
  if (kind === implicit) url.searchParams.delete('code_challenge'), url.searchParams.delete('code_challenge_method')
  return url
}

async function finishByFormPost(body) {
  const request = new Request(`${base}/callback`, {
    method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  const { kind, expectedNonce, expectedState } = posted
  if (kind === implicit) return { claims: await client.implicitAuthentication(implicit, request, expectedNonce, { expectedState }) }
  const tokens = await client.authorizationCodeGrant(hybrid, request, posted)
  return { claims: tokens.claims() }
}

async function read(request) {
  let body = ''
  for await (const part of request) body += part
  return body
}

async function finish(url) {
  const options = { DPoP: dpop }
  const tokens = await client.authorizationCodeGrant(config, new URL(url, base), expected, undefined, options)
  const claims = tokens.claims()
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub, options)
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options)
  const active = await client.tokenIntrospection(config, refreshed.access_token)
  await client.tokenRevocation(config, refreshed.refresh_token)
  const revoked = await client.tokenIntrospection(config, refreshed.access_token)
  const replay = await client
    .authorizationCodeGrant(config, new URL(url, base), expected, undefined, options)
    .then(() => 'accepted', (error) => error.error ?? error.code)
  const signOut = client.buildEndSessionUrl(config, { post_logout_redirect_uri: `${base}/bye`, id_token_hint: tokens.id_token }).href
  return { claims, userinfo, active: active.active, type: tokens.token_type, revoked: revoked.active, replay, signOut }
}

createServer(async (request, response) => {
  try {
    if (request.url === '/start') {
      response.writeHead(302, { location: (await begin()).href }).end()
    } else if (request.url === '/start-dpop') {
      dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
      response.writeHead(302, { location: (await begin()).href }).end()
    } else if (request.url === '/start-par') {
      response.writeHead(302, { location: (await begin(client.buildAuthorizationUrlWithPAR)).href }).end()
    } else if (request.url === '/start-hybrid') {
      response.writeHead(302, { location: (await beginByFormPost(hybrid)).href }).end()
    } else if (request.url === '/start-implicit') {
      response.writeHead(302, { location: (await beginByFormPost(implicit)).href }).end()
    } else if (request.method === 'POST') {
      const found = await finishByFormPost(await read(request))
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(found))
    } else if (request.url.startsWith('/callback')) {
      const found = await finish(request.url)
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(found))
    } else {
      response.writeHead(200).end('ready')
    }
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end(`${error.code} ${error.message} ${error.cause}`)
  }
}).listen(Number(PORT), '127.0.0.1')
