// Apps that authenticate with a TLS certificate (RFC 8705) at the provider's other name, and hold tokens bound to it: one under FAPI 2.0 by
// pushed request, and one with a certificate of its own making, which needs no browser.
import { lookup as resolve } from 'node:dns'
import { readFileSync } from 'node:fs'
import * as client from 'openid-client'
import { Agent, fetch } from 'undici'
import { certificates, codeFlow, configuration } from './setup.mjs'

// RFC 6761 §6.3: names under localhost are this machine, whatever the resolver says.
const here = [{ address: '127.0.0.1', family: 4 }]
const lookup = (name, options, done) =>
  name.endsWith('.localhost') ? done(null, options.all ? here : here[0].address, 4) : resolve(name, options, done)

function showing(name) {
  const { certificate, key } = certificates[name] ?? {}
  const connect = certificate ? { lookup, cert: readFileSync(certificate), key: readFileSync(key) } : { lookup }
  const dispatcher = new Agent({ connect })
  return (url, options) => fetch(url, { ...options, dispatcher })
}

const tls = (name, shown = name) => configuration(name, (one) => (one[client.customFetch] = showing(shown)))
const config = await tls('certified')
const withoutIt = await tls('certified', 'nobody')
const withAnother = await tls('certified', 'other')
const own = await tls('self-signed')
const refused = (attempt) => attempt.then(() => 'accepted', (error) => error.cause?.[0]?.parameters?.error ?? error.error ?? error.code)

export async function certificate() {
  const { parameters, expected } = await codeFlow()
  const unknown = await refused(client.buildAuthorizationUrlWithPAR(withAnother, parameters))
  const url = await client.buildAuthorizationUrlWithPAR(config, parameters)
  return { url, finish: (request) => finish(request, expected, unknown) }
}

async function finish(request, expected, unknown) {
  const tokens = await client.authorizationCodeGrant(config, request, expected)
  const claims = tokens.claims()
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
  const told = await client.tokenIntrospection(config, tokens.access_token)
  const stolen = await Promise.all(
    [withoutIt, withAnother].map((one) => refused(client.fetchUserInfo(one, tokens.access_token, claims.sub))))
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
  const { token_endpoint } = config.serverMetadata().mtls_endpoint_aliases
  return { claims, userinfo, cnf: Object.keys(told.cnf), stolen, unknown, refreshed: refreshed.token_type, token_endpoint }
}

export async function selfSigned() {
  const tokens = await client.clientCredentialsGrant(own)
  const told = await client.tokenIntrospection(own, tokens.access_token)
  const { cnf, active } = told
  return { url: new URL('https://localhost/'), finish: async () => ({ active, cnf: Object.keys(cnf) }) }
}
