// What every flow starts from: where the provider is, the apps that the test registered, and their keys.
// Told by the environment: ISSUER, PORT, and APPS, a JSON object of name -> { id, secret, metadata, keys } with private JWKs;
// CERTIFICATES, name -> { certificate, key }, are PEM files of apps that show one.
import * as client from 'openid-client'

const { ISSUER, PORT, APPS, CERTIFICATES } = process.env
const apps = JSON.parse(APPS ?? '{}')
export const certificates = JSON.parse(CERTIFICATES ?? '{}')
export const issuer = new URL(ISSUER)
export const base = `http://localhost:${PORT}`
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

async function authentication(name) {
  const { secret, metadata } = apps[name]
  if (secret) return client.ClientSecretBasic(secret)
  if (metadata.token_endpoint_auth_method === 'private_key_jwt') return client.PrivateKeyJwt(await privateKey(name, 'ES256'))
  return client.TlsClientAuth()
}

// The configuration of one app, by discovery: signatures are verified although the answers come over a channel of our own.
export async function configuration(name, ...use) {
  const { id, metadata } = apps[name]
  return client.discovery(issuer, id, metadata, await authentication(name), { execute: [...execute, client.enableNonRepudiationChecks, ...use] })
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
