// A school app on npm's openid-client 6: signs in by code with PKCE, then uses everything else that the provider offers.
// Told by the environment: PORT, ISSUER, CLIENT_ID, CLIENT_SECRET. What came of it is the JSON of /callback.
import { createServer } from 'node:http'
import * as client from 'openid-client'

const { PORT, ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env
const base = `http://localhost:${PORT}`
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, client.ClientSecretBasic(CLIENT_SECRET), {
  execute: [client.allowInsecureRequests], // the loopback address has no TLS; every other check stays on
})
let expected

async function begin() {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  expected = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce(), idTokenExpected: true }
  return client.buildAuthorizationUrl(config, {
    redirect_uri: `${base}/callback`,
    scope: 'openid profile school',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expected.expectedState,
    nonce: expected.expectedNonce,
    acr_values: 'urn:yima:acr:2',
  }).href
}

async function finish(url) {
  const tokens = await client.authorizationCodeGrant(config, new URL(url, base), expected)
  const claims = tokens.claims()
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
  const active = await client.tokenIntrospection(config, refreshed.access_token)
  await client.tokenRevocation(config, refreshed.refresh_token)
  const revoked = await client.tokenIntrospection(config, refreshed.access_token)
  const replay = await client
    .authorizationCodeGrant(config, new URL(url, base), expected)
    .then(() => 'accepted', (error) => error.error ?? error.code)
  const signOut = client.buildEndSessionUrl(config, { post_logout_redirect_uri: `${base}/bye`, id_token_hint: tokens.id_token }).href
  return { claims, userinfo, active: active.active, revoked: revoked.active, replay, signOut }
}

createServer(async (request, response) => {
  try {
    if (request.url === '/start') {
      response.writeHead(302, { location: await begin() }).end()
    } else if (request.url.startsWith('/callback')) {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(await finish(request.url)))
    } else {
      response.writeHead(200).end('ready')
    }
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end(`${error.code} ${error.message} ${error.cause}`)
  }
}).listen(Number(PORT), '127.0.0.1')
