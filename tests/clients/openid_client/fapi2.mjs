// An app under the FAPI 2.0 Security Profile: pushed request, private_key_jwt, tokens and code bound to its key.
import * as client from 'openid-client'
import { codeFlow, configuration } from './setup.mjs'

const config = await configuration('fapi2')

export async function fapi2() {
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
  const { parameters, expected } = await codeFlow()
  const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
  return { url, finish: (request) => finish(request, url, expected, { DPoP }) }
}

async function finish(request, url, expected, options) {
  const tokens = await client.authorizationCodeGrant(config, request, expected, undefined, options)
  const claims = tokens.claims()
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub, options)
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options)
  const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
  const stolen = await client
    .fetchUserInfo(config, refreshed.access_token, claims.sub, { DPoP: other })
    .then(() => 'accepted', (error) => error.cause?.[0]?.parameters?.error ?? error.error ?? error.code)
  return { claims, userinfo, type: tokens.token_type, sent: [...url.searchParams.keys()].sort(), rotated: refreshed.refresh_token !== undefined, stolen }
}
