// The code flow, told in the address, pushed (RFC 9126), and with tokens bound to a key (RFC 9449); then everything a token is good for.
import * as client from 'openid-client'
import { base, codeFlow, configuration } from './setup.mjs'

const config = await configuration('plain')

async function begin(build = client.buildAuthorizationUrl, DPoP = undefined) {
  const { parameters, expected } = await codeFlow({ acr_values: 'urn:yima:acr:2' })
  return { url: await build(config, parameters), finish: (request) => finish(request, expected, { DPoP }) }
}

async function finish(request, expected, options) {
  const exchange = () => client.authorizationCodeGrant(config, request, expected, undefined, options)
  const tokens = await exchange()
  const claims = tokens.claims()
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub, options)
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options)
  const active = await client.tokenIntrospection(config, refreshed.access_token)
  await client.tokenRevocation(config, refreshed.refresh_token)
  const revoked = await client.tokenIntrospection(config, refreshed.access_token)
  const replay = await exchange().then(() => 'accepted', (error) => error.error ?? error.code)
  const signOut = client.buildEndSessionUrl(config, { post_logout_redirect_uri: `${base}/bye`, id_token_hint: tokens.id_token }).href
  return { claims, userinfo, active: active.active, type: tokens.token_type, revoked: revoked.active, replay, signOut }
}

export const code = () => begin()
export const par = () => begin(client.buildAuthorizationUrlWithPAR)
export const dpop = async () => begin(client.buildAuthorizationUrl, client.getDPoPHandle(config, await client.randomDPoPKeyPair()))
