// What needs no browser: an app registers itself, gets a token of its own, asks about it, and gives it back. Told by INITIAL_ACCESS_TOKEN.
import * as client from 'openid-client'
import { execute, issuer } from './setup.mjs'

const metadata = {
  client_name: '课表同步',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_post',
  introspection_signed_response_alg: 'ES256',
}
const register = (initialAccessToken) => client.dynamicClientRegistration(issuer, metadata, undefined, { initialAccessToken, execute: [...execute, client.enableNonRepudiationChecks] })
const refused = (attempt) => attempt.then(() => 'accepted', (error) => error.error ?? error.cause?.[0]?.parameters?.error ?? error.code)

const config = await register(process.env.INITIAL_ACCESS_TOKEN)
const registered = config.clientMetadata()
const again = await refused(register(process.env.INITIAL_ACCESS_TOKEN))
const tokens = await client.clientCredentialsGrant(config)
const known = await client.tokenIntrospection(config, tokens.access_token)
await client.tokenRevocation(config, tokens.access_token)
const revoked = await client.tokenIntrospection(config, tokens.access_token)
const noPerson = await refused(client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck))
const wrongSecret = await client.discovery(issuer, registered.client_id, 'not the secret', client.ClientSecretPost('not the secret'), { execute })
const stranger = await refused(client.clientCredentialsGrant(wrongSecret))

const { client_id, client_name, token_endpoint_auth_method } = registered
console.log(JSON.stringify({ client_id, client_name, token_endpoint_auth_method, again, type: tokens.token_type, known, revoked: revoked.active, noPerson, stranger }))
