// A person's token for one resource (RFC 8707), exchanged there for one to the next (RFC 8693), which asks about it and is told by a JWT (RFC 9701).
import * as client from 'openid-client'
import { codeFlow, configuration } from './setup.mjs'

const [front, middle, library] = await Promise.all(['front', 'grades', 'library'].map((name) => configuration(name)))
const { GRADES, LIBRARY } = process.env

export async function exchange() {
  const { parameters, expected } = await codeFlow({ resource: GRADES })
  return { url: client.buildAuthorizationUrl(front, parameters), finish: (request) => finish(request, expected) }
}

async function finish(request, expected) {
  const tokens = await client.authorizationCodeGrant(front, request, expected, { resource: GRADES })
  const exchanged = await client.genericGrantRequest(middle, 'urn:ietf:params:oauth:grant-type:token-exchange', {
    subject_token: tokens.access_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    resource: LIBRARY,
  })
  const known = await client.tokenIntrospection(library, exchanged.access_token)
  const notForIt = await client.tokenIntrospection(library, tokens.access_token)
  return { issued: exchanged.issued_token_type, known, notForIt: notForIt.active }
}
