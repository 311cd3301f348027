// What every flow starts from: where the provider is, the apps that the test registered, and their keys.
// Told by the environment: ISSUER, PORT, and APPS, a JSON object of name -> { id, secret, metadata, keys } with private JWKs.
import * as client from 'openid-client'

const { ISSUER, PORT, APPS, OUTSIDE } = process.env
const apps = JSON.parse(APPS ?? '{}')
export const issuer = new URL(ISSUER)
export const base = OUTSIDE ?? `http://localhost:${PORT}`
// The loopback address has no TLS; every other check stays on.
export const execute = issuer.protocol === 'http:' ? [client.allowInsecureRequests] : []

const ALGORITHMS = {
  ES256: [{ name: 'ECDSA', namedCurve: 'P-256' }, ['sign']],
  'ECDH-ES': [{ name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits']],
}

export async function privateKey(name, alg) {
  const jwk = apps[name].keys.find((each) => each.alg === alg)
  return { key: await crypto.subtle.importKey('jwk', jwk, ALGORITHMS[alg][0], false, ALGORITHMS[alg][1]), kid: jwk.kid }
}

// The configuration of one app, by discovery: signatures are verified although the answers come over a channel of our own.
export async function configuration(name, ...use) {
  const { id, secret, metadata } = apps[name]
  const authentication = secret ? client.ClientSecretBasic(secret) : client.PrivateKeyJwt(await privateKey(name, 'ES256'))
  return client.discovery(issuer, id, metadata, authentication, { execute: [...execute, client.enableNonRepudiationChecks, ...use] })
}

// Parameters of a code flow with PKCE, and what its answer has to be checked against.
export async function codeFlow(more = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expected = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce(), idTokenExpected: true }
  const parameters = {
    redirect_uri: `${base}/callback`,
    scope: 'openid profile school',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expected.expectedState,
    nonce: expected.expectedNonce,
    ...more,
  }
  return { parameters, expected }
}
