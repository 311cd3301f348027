// npm's oidc-provider with its own development pages, as a provider that people come from.
// PORT is where it listens, REDIRECT_URI the client's. Whoever types any name is that person.
import { Provider } from 'oidc-provider'

const port = Number(process.env.PORT)
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{
    client_id: 'yima',
    client_secret: 'a secret/with+odd characters',
    redirect_uris: [process.env.REDIRECT_URI],
    id_token_signed_response_alg: 'RS256',
  }],
  claims: { openid: ['sub'], profile: ['name', 'staff_number'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: '林小雨', staff_number: id.toUpperCase() }) }),
})
provider.listen(port, 'localhost')
