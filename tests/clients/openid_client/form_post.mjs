// Answers that the browser posts: hybrid (code id_token) and implicit (id_token).
import * as client from 'openid-client'
import { codeFlow, configuration } from './setup.mjs'

const hybridConfig = await configuration('plain', client.useCodeIdTokenResponseType)
const implicitConfig = await configuration('plain', client.useIdTokenResponseType)

export async function hybrid() {
  const { parameters, expected } = await codeFlow({ response_mode: 'form_post' })
  const finish = async (request) => ({ claims: (await client.authorizationCodeGrant(hybridConfig, request, expected)).claims() })
  return { url: client.buildAuthorizationUrl(hybridConfig, parameters), finish }
}

export async function implicit() {
  const { parameters, expected } = await codeFlow({ response_mode: 'form_post' })
  const { code_challenge, code_challenge_method, ...rest } = parameters
  const { expectedNonce, expectedState } = expected
  const finish = async (request) => ({ claims: await client.implicitAuthentication(implicitConfig, request, expectedNonce, { expectedState }) })
  return { url: client.buildAuthorizationUrl(implicitConfig, rest), finish }
}
