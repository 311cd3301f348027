// A school app on npm's openid-client 6: /start/FLOW sends the browser on its way, /callback or /result/FLOW tells in JSON what came of it.
import { createServer } from 'node:http'
import { base } from './setup.mjs'

const flows = {}
for (const file of process.env.FLOWS.split(',')) Object.assign(flows, await import(`./${file}.mjs`))
const begun = {}
let latest

async function read(request) {
  let body = ''
  for await (const part of request) body += part
  return body
}

async function answer(request, url) {
  const [, step, flow] = url.pathname.split('/')
  if (step === 'result') return begun[flow]()
  if (request.method === 'GET') return begun[latest](url)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return begun[latest](new Request(url, { method: 'POST', body: await read(request), headers }))
}

createServer(async (request, response) => {
  const url = new URL(request.url, base)
  try {
    if (url.pathname.startsWith('/start/')) {
      latest = url.pathname.split('/')[2]
      const { url: location, finish } = await flows[latest](url.searchParams)
      begun[latest] = finish
      response.writeHead(302, { location: location.href }).end()
    } else if (url.pathname === '/callback' || url.pathname.startsWith('/result/')) {
      const found = await answer(request, url)
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(found))
    } else {
      response.writeHead(200).end('ready')
    }
  } catch (error) {
    const cause = JSON.stringify(error.cause ?? null)
    response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end(`${error.code} ${error.message} ${cause} ${error.stack}`)
  }
}).listen(Number(process.env.PORT), '127.0.0.1')
