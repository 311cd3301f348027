// Where the person answers on another screen: the device flow (RFC 8628), and CIBA in poll mode.
import * as client from 'openid-client'
import { configuration } from './setup.mjs'

const screenConfig = await configuration('screen')
const deskConfig = await configuration('desk')

async function told(config, polling) {
  const tokens = await polling
  return { claims: tokens.claims(), userinfo: await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub) }
}

export async function device() {
  const started = await client.initiateDeviceAuthorization(screenConfig, { scope: 'openid profile' })
  const polling = client.pollDeviceAuthorizationGrant(screenConfig, started)
  return { url: new URL(started.verification_uri_complete), finish: () => told(screenConfig, polling) }
}

export async function ciba(parameters) {
  const login_hint = parameters.get('login_hint')
  const started = await client.initiateBackchannelAuthentication(deskConfig, { scope: 'openid profile', login_hint, binding_message: '服务台 7' })
  const polling = client.pollBackchannelAuthenticationGrant(deskConfig, started)
  return { url: new URL('/approvals', deskConfig.serverMetadata().issuer), finish: () => told(deskConfig, polling) }
}
