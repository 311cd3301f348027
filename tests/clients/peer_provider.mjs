// npm's oidc-provider as its documentation starts it, in memory: what `make bench` measures beside ours.
// PORT is where it listens. GET /bench/tokens?count=N mints tokens, so that a load need not sign in first.
import { createServer } from 'node:http'
import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'

const port = Number(process.env.PORT)
const jwk = (type, options, extra) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), use: 'sig', ...extra })

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{
    client_id: 'bench',
    client_secret: 'bench-secret',
    grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
    redirect_uris: ['https://app.example.edu.cn/callback'],
    id_token_signed_response_alg: 'ES256',
  }],
  jwks: { keys: [jwk('ec', { namedCurve: 'P-256' }, { alg: 'ES256', kid: 'ec' }), jwk('rsa', { modulusLength: 2048 }, { alg: 'RS256', kid: 'rsa' })] },
  cookies: { keys: ['bench'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: () => ({ scope: '', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } }, accessTokenTTL: 3600 }),
      useGrantedResource: () => true,
    },
  },
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  ttl: { AccessToken: 3600, ClientCredentials: 3600, IdToken: 3600, RefreshToken: 86400, Grant: 86400 },
})

async function mint(count) {
  const client = await provider.Client.find('bench')
  const one = async () => {
    const grant = new provider.Grant({ accountId: 'somebody', clientId: 'bench' })
    grant.addOIDCScope('openid profile offline_access')
    const grantId = await grant.save()
    const common = { accountId: 'somebody', client, grantId, gty: 'authorization_code', scope: 'openid profile offline_access' }
    const refresh = await new provider.RefreshToken({ ...common, authTime: Math.floor(Date.now() / 1000), rotations: 0 }).save()
    const access = await new provider.AccessToken({ ...common, extra: {} }).save()
    return { refresh, access }
  }
  const all = []
  for (let n = 0; n < count; n += 1) all.push(await one())
  return { refresh: all.map((token) => token.refresh), access: all[0].access }
}

const answer = provider.callback()
createServer(async (request, response) => {
  if (request.url.startsWith('/bench/tokens')) {
    const count = Number(new URL(request.url, 'http://localhost').searchParams.get('count'))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(await mint(count)))
  } else {
    answer(request, response)
  }
}).listen(port, 'localhost')
