// Everything signed and encrypted: private_key_jwt, a signed request (RFC 9101), a signed and encrypted answer (JARM), and so the ID token
// and UserInfo.
import * as client from 'openid-client'
import { codeFlow, configuration, privateKey } from './setup.mjs'

const decryption = { ...(await privateKey('signed', 'ECDH-ES')), alg: 'ECDH-ES' }
const config = await configuration('signed', client.useJwtResponseMode, (one) =>
  client.enableDecryptingResponses(one, ['A256GCM'], decryption))

export async function signed() {
  const { parameters, expected } = await codeFlow()
  const url = await client.buildAuthorizationUrlWithJAR(config, parameters, await privateKey('signed', 'ES256'))
  return { url, finish: (request) => finish(request, url, expected) }
}

async function finish(request, url, expected) {
  const tokens = await client.authorizationCodeGrant(config, request, expected)
  const claims = tokens.claims()
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
  return {
    claims,
    userinfo: { ...userinfo },
    sent: [...url.searchParams.keys()].sort(),
    received: [...new URL(request.url ?? request).searchParams.keys()],
    idTokenParts: tokens.id_token.split('.').length,
    userinfoWasEncrypted: client.getDecryptedResponses(userinfo) !== undefined,
  }
}
